# SPDX-License-Identifier: MIT
"""Python's frames in stacks: what the interpreter itself says, on every version, from every sort of frame."""
import json
import pathlib
import re

import hcdump
import pytest
from census import Census, kind_name
from pythons import VERSIONS, find_python
from tables import counts

FOLDER = pathlib.Path(__file__).with_name("python")
DEPTH = 64


class Told:
    """What python/frames.py told, and its dump."""

    def __init__(self, python, preload, folder, environ=None, **options):
        env = {f"HEAPCENSUS_{name}": value for name, value in options.items()}
        env.update(environ or {})
        with Census([python, "-B", FOLDER / "frames.py"], preload, folder, env=env) as run:
            run.expect("begun")
            line = run.process.stdout.readline()
            assert line, run.rest_of_stderr()
            self.truth = {int(size): [tuple(frame) for frame in frames] for size, frames in json.loads(line).items()}
            run.wait_until_blocked()
            self.dump = run.dump()
            self.path = next(iter(run.seen))
            run.say()
            assert run.finish()[0] == 0
        self.blocks = {b.size: b for b in self.dump.blocks if b.size in self.truth and kind_name(b) != "arena"}

    def frames(self, size):
        return [(frame.file, frame.line, frame.function) for frame in self.dump.python_stack(self.blocks[size].stack)]


def expected(frames, depth, number):
    """As the preload writes them: names of more than 1 KB are cut; a chain deeper than `depth` keeps `number` frames."""
    assert number == len(frames) if len(frames) <= depth else depth - depth // 8 <= number <= depth
    return [(file if len(file) < 1000 else file[:1017] + "...", *rest) for file, *rest in frames[:number]]


@pytest.fixture(scope="module", params=VERSIONS)
def python(request):
    return find_python(request.param) or pytest.skip(f"no Python {request.param} on this machine")


@pytest.fixture(scope="module")
def told(python, preload, tmp_path_factory):
    return Told(python, preload, tmp_path_factory.mktemp("frames"), STACKS="full", DEPTH=str(DEPTH))


def check_frames(told, depth):
    assert len(told.truth) > 120 and set(told.blocks) == set(told.truth)
    wrong = {size: (told.frames(size), frames) for size, frames in told.truth.items()
             if told.frames(size) != expected(frames, depth, len(told.frames(size)))}
    assert not wrong
    assert told.dump.counts["python_stacks_truncated"] > 0
    assert "python_frames_lost" not in told.dump.counts


def test_frames(told):
    check_frames(told, DEPTH)


def test_python_only(python, preload, tmp_path):
    told = Told(python, preload, tmp_path, STACKS="python", DEPTH="10")
    check_frames(told, 10)
    assert all(len(told.dump.stack(block.stack)) == 1 for block in told.blocks.values())


def test_caller_only(python, preload, tmp_path):
    told = Told(python, preload, tmp_path, STACKS="caller")
    assert not told.dump.places
    assert all(len(told.dump.stack(block.stack)) == 1 for block in told.blocks.values())


@pytest.mark.parametrize("name, value", [("PYTHONMALLOC", "malloc"), ("PYTHONMALLOC", "debug"), ("PYTHONTRACEMALLOC", "5")])
def test_other_allocators(python, name, value, preload, tmp_path):
    check_frames(Told(python, preload, tmp_path, environ={name: value}, STACKS="python", DEPTH=str(DEPTH)), DEPTH)


def is_python(line):
    return not line.split()[1].startswith("0x")


def test_merged(told, heapcensus):
    """As a reader sees them: Python's frames where the interpreter's loop ran them."""
    rows = json.loads(heapcensus("iter", "--stack", "--json", told.path, "bytes").stdout)
    texts = {row["size"]: row["stack"].splitlines() for row in rows if row["size"] in told.truth}
    assert len(texts) > 80
    for size, lines in texts.items():
        frames = [line.split(maxsplit=1)[1] for line in lines if is_python(line)]
        wanted = [f"{file}:{line} {function}" for file, line, function in
                  expected(told.truth[size], DEPTH, len(frames))]
        if all(name.isprintable() for name in wanted):
            assert frames == wanted
        # Cut, or on a greenlet's stack: the loops of others are in it, too.
        if len(told.dump.stack(told.blocks[size].stack)) >= DEPTH - DEPTH // 8 or any("greenlet" in line for line in lines):
            continue
        assert not is_python(lines[0]) and not is_python(lines[-1])
        assert not any("_PyEval_EvalFrameDefault" in line for line in lines)


def test_sites(told, heapcensus):
    """bysite names Python's objects by their line, native blocks by the function."""
    lines = counts(heapcensus, told.path, "heap.bysite")
    made = [frames[0] for size, frames in told.truth.items() if kind_name(told.blocks[size]) == "python"]
    (file, line, function), = set(made)
    assert lines[f"{file}:{line} {function}"] >= len(made)
    size = next(size for size in told.truth if kind_name(told.blocks[size]) == "malloc")
    site, = counts(heapcensus, told.path, f"heap.bysize['{size:9d}'].bysite")
    assert ".py:" not in site


def compared(log):
    """How many chains of Python frames were compared with what they are, and how many differ."""
    told = re.findall(r"(\d+) chains of Python frames compared with what they are, (\d+) differ", log)
    return tuple(map(sum, zip(*(map(int, pair) for pair in told)))) if told else (0, 0)


@pytest.mark.parametrize("depth", [DEPTH, 8])
def test_remembered(python, depth, preload, tmp_path):
    """What is kept of the chain before is never taken for what it is not."""
    with Census([python, "-B", "-W", "ignore", FOLDER / "frames_again.py"], preload, tmp_path,
                env={"HEAPCENSUS_STACKS": "verify", "HEAPCENSUS_DEPTH": str(depth)}) as run:
        assert run.finish() == (0, "", "")
        number, differing = compared(run.log())
    assert number > 300000
    assert differing == 0


@pytest.mark.parametrize("where", ["interpreter", "fork"])
def test_elsewhere(python, where, preload, tmp_path):
    with Census([python, "-B", FOLDER / "frames_elsewhere.py", where], preload, tmp_path,
                env={"HEAPCENSUS_STACKS": "full"}) as run:
        line = run.process.stdout.readline()
        assert line, run.rest_of_stderr()
        truth = {int(size): [tuple(frame) for frame in frames] for size, frames in json.loads(line).items()}
        if where == "interpreter":
            run.wait_until_blocked()
            run.signal()
        dump = hcdump.Dump(run.new_file())
        run.say()
        assert run.finish()[0] == 0
    told = {b.size: [(frame.file, frame.line, frame.function) for frame in dump.python_stack(b.stack)]
            for b in dump.blocks if b.size in truth}
    assert len(truth) == 2 and told == truth
    small = [dump.python_stack(b.stack) for b in dump.blocks if b.size == 488 and kind_name(b) == "python"]
    assert sum(stack[:1] != [] and stack[0].function == "small" for stack in small) >= 500


def test_end(python, preload, build, tmp_path):
    """Threads that go on allocating while the interpreter takes their frames away."""
    for attempt in range(5):
        with Census([python, "-B", FOLDER / "daemons.py", build / "tests/e2e/e2e_for_ever.so"], preload, tmp_path / str(attempt),
                    env={"HEAPCENSUS_STACKS": "python"}) as run:
            assert run.finish() == (0, "", "")


def test_storm(python, preload, tmp_path):
    """Dumps in the middle of everything: each is sound, and has no frame that it does not know."""
    with Census([python, "-B", FOLDER / "frames.py"], preload, tmp_path, env={"HEAPCENSUS_STACKS": "python"}) as run:
        run.expect("begun")
        dumps = [run.dump() for _ in range(5)]
        run.say()
        assert run.finish()[0] == 0
    for dump in dumps:
        assert "python_frames_lost" not in dump.counts
        for block in dump.blocks:
            dump.python_stack(block.stack)


@pytest.mark.parametrize("mode, said", [("full", 1), ("python", 1), ("caller", 0)])
def test_unexpected(mode, said, program, preload, tmp_path):
    """A Python of a known version that lacks what frames are found by: said once where it matters."""
    with Census([program("plain_python")], preload, tmp_path,
                env={"PYTHON_VERSION_TEXT": "3.12.0 (main)", "HEAPCENSUS_STACKS": mode}) as run:
        assert run.process.stdout.readline().startswith(b"touched ")
        dump = run.dump()
        run.say()
        assert run.finish()[0] == 0
        assert run.log().count("stacks have native frames only") == said
    assert not dump.places
