# SPDX-License-Identifier: MIT
"""Python's objects are blocks of kind python with exact sizes, whatever the version, its allocator, and how it came into the process."""
import bisect
import collections
import os
import pathlib
import signal

import hcdump
import pytest
from census import Census, kind_name
from pythons import SYSTEM, VERSIONS, find_libpython, find_python, version_of

SCRIPT = pathlib.Path(__file__).with_name("python_objects.py")
OWN_GIL = pathlib.Path(__file__).with_name("python_interpreters.py")

OTHERS = 5			# objects that happen to be as large as those that the script counts


class Said:
    """What the script said until it was ready."""

    def __init__(self, run):
        self.objects, self.freed, self.locals = [], [], []
        for words in iter(lambda: run.process.stdout.readline().decode().split(), ["ready"]):
            assert words, run.rest_of_stderr() + run.log()
            numbers = [int(word) for word in words[1:]]
            {"object": self.objects, "freed": self.freed, "local": self.locals}[words[0]].append(numbers)


class Blocks:
    def __init__(self, dump):
        self.dump = dump
        self.python = [b for b in dump.blocks if kind_name(b) == "python"]
        self.starts = [b.addr for b in self.python]

    def over(self, addr):
        """The innermost block of kind python that holds addr."""
        at = bisect.bisect_right(self.starts, addr) - 1
        assert at >= 0 and addr < self.python[at].addr + self.python[at].size, f"no block at {addr:#x}"
        return self.python[at]


def check(said, dump):
    blocks = Blocks(dump)
    assert len(said.objects) > 1500
    for addr, size in said.objects:
        b = blocks.over(addr)
        assert (b.addr, b.size) == (addr, size)
    sizes = collections.Counter(b.size for b in blocks.python)
    for size, count in said.freed:
        assert count <= sizes[size] <= count + OTHERS
    # One block a request: none of them in another, but in arenas.
    for before, after in zip(blocks.python, blocks.python[1:]):
        assert before.addr + before.size <= after.addr
    has_arenas = dump.proc["python_allocator"] not in ("malloc",)
    assert any(kind_name(b) == "arena" for b in dump.blocks) == has_arenas
    return blocks


def check_losses(dump, allowed=()):
    assert {name for name in dump.counts if name.startswith("python_") or "unknown" in name} <= set(allowed)


def census(argv, preload, folder, env=None):
    """Runs the script: what it said, and the dump."""
    with Census(argv, preload, folder, env=env) as run:
        said = Said(run)
        dump = run.dump()
        run.say()
        status, _, err = run.finish()
        assert status == 0, err
        assert not run.log()
    return said, dump


def python(version):
    found = find_python(version)
    if not found:
        pytest.skip(f"no Python {version} on this machine")
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_version(version, preload, tmp_path):
    said, dump = census([python(version), SCRIPT], preload, tmp_path)
    check(said, dump)
    check_losses(dump)
    assert dump.proc["python_version"].startswith(version + ".")
    assert dump.proc["python_allocator"] == "default"
    assert dump.proc["python_free_threaded"] == 0
    assert dump.proc["python_runtime"] and dump.proc["python_type_type"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("allocator", ["debug", "malloc", "malloc_debug", "pymalloc", "mimalloc"])
def test_allocator(version, allocator, preload, tmp_path):
    if allocator == "mimalloc" and version != "3.13":
        pytest.skip("mimalloc is new in 3.13")
    said, dump = census([python(version), SCRIPT], preload, tmp_path, {"PYTHONMALLOC": allocator})
    check(said, dump)
    check_losses(dump)
    name = "pymalloc_debug" if allocator == "debug" else allocator
    assert dump.proc["python_allocator"] == name


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_own_gil(version, preload, tmp_path):
    """Interpreters that allocate at the same time, each in pools of its own."""
    said, dump = census([python(version), OWN_GIL], preload, tmp_path)
    assert len(said.objects) == 4 * 3000
    check(said, dump)
    check_losses(dump)


@pytest.mark.parametrize("options", ["-I -E", "-X dev", "-X tracemalloc"])
def test_options(options, preload, tmp_path):
    said, dump = census([SYSTEM, *options.split(), SCRIPT], preload, tmp_path)
    check(said, dump)
    check_losses(dump)


@pytest.mark.parametrize("stacks", ["full", "off"])
def test_stacks(stacks, preload, tmp_path):
    said, dump = census([SYSTEM, SCRIPT], preload, tmp_path, {"HEAPCENSUS_STACKS": stacks})
    blocks = check(said, dump)
    known = [b for b in blocks.python if b.stack]
    assert len(known) == (len(blocks.python) if stacks == "full" else 0)


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("version", VERSIONS)
def test_loaded_later(version, rounds, program, preload, tmp_path):
    """A libpython that a C program loads with RTLD_LOCAL; ended and started again."""
    python(version)
    found = find_libpython(version)
    if not found:
        pytest.skip(f"Python {version} has no shared library here")
    argv = [program("python_host"), found[0], SCRIPT.read_text(encoding="ascii"), rounds]
    with Census(argv, preload, tmp_path, env={"PYTHONHOME": found[1]}) as run:
        for _ in range(rounds):
            said = Said(run)
            dump = run.dump()
            check(said, dump)
            assert dump.proc["python_version"].startswith(version + ".")
            run.say()
        status, _, err = run.finish()
        assert status == 0, err
        assert not run.log()


def test_many_rounds(program, preload, tmp_path):
    """Ended and started again and again: the census starts anew with each, and what it costs does not grow.  (In 3.10 and 3.11: other versions
    keep objects, or whole arenas, of each round themselves.)"""
    found = find_libpython("3.11") or find_libpython("3.10")
    if not found:
        pytest.skip("no libpython 3.10 or 3.11 on this machine")
    script = ("import sys\n"
              "keep = [bytearray(4999) for i in range(300)]\n"
              "sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.readline()\n")
    dumps = []
    with Census([program("python_host"), found[0], script, 20], preload, tmp_path, env={"PYTHONHOME": found[1]}) as run:
        for number in range(20):
            run.expect("ready")
            if number in (2, 19):
                dumps.append(run.dump())
            run.say()
        assert run.finish()[0] == 0
        assert not run.log()
    for dump in dumps:
        assert collections.Counter(b.size for b in Blocks(dump).python)[5000] == 300
        check_losses(dump)
    assert dumps[1].proc["profiler_bytes"] - dumps[0].proc["profiler_bytes"] < 512 << 10
    assert len(dumps[1].blocks) - len(dumps[0].blocks) < 200


@pytest.mark.parametrize("version", VERSIONS)
def test_frames_are_roots(version, preload, tmp_path):
    """What only a local variable holds is found from memory that is no block (3.11 and later: the frames' stack)."""
    said, dump = census([python(version), SCRIPT], preload, tmp_path)
    (addr,), = said.locals
    word = addr.to_bytes(8, "little")
    Blocks(dump).over(addr)
    roots = [r for r in dump.ranges if hcdump.f.RANGE_KINDS[r.kind] == "other"]
    held_by_roots = any(r.data.find(word) >= 0 for r in roots)
    assert held_by_roots == (int(version.split(".")[1]) >= 11)


def test_unknown_python(preload, tmp_path):
    """A Python that heapcensus does not know: the census goes on, its log says so once."""
    script = "import sys; sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.readline()"
    found = next((path for path in map(find_python, ["3.7", "3.6"]) if path), None)
    if not found:
        pytest.skip("no Python older than 3.8 on this machine")
    with Census([found, "-c", script], preload, tmp_path) as run:
        run.expect("ready")
        dump = run.dump()
        run.say()
        assert run.finish()[0] == 0
        assert run.log().count("is not known to heapcensus") == 1
    assert dump.proc["python_version"].startswith(version_of(found))
    assert not Blocks(dump).python


CHURN = """
import sys, threading
if sys.version_info >= (3, 13):
    import _interpreters
    create, run = (lambda: _interpreters.create('isolated')), _interpreters.exec
else:
    import _xxsubinterpreters
    create, run = _xxsubinterpreters.create, _xxsubinterpreters.run_string
churn = '''
keep = []
for i in range(20000):
    x = [str(i), {i: i}]
    if i %% 10 == 0:
        keep.append(bytearray(%d))
'''
ids = [create() for _ in range(4)]
threads = [threading.Thread(target=run, args=(which, churn % (441 + 2 * k))) for k, which in enumerate(ids)]
[t.start() for t in threads]
[t.join() for t in threads]
sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.readline()
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_interpreters(version, preload, tmp_path):
    """Sub-interpreters, from 3.12 each with a GIL of its own, allocate at once, and are dumped meanwhile."""
    with Census([python(version), "-c", CHURN], preload, tmp_path, env={"HEAPCENSUS_EVERY": "1"}) as run:
        run.expect("ready")
        run.seen.update(run.files())
        run.signal()
        dump = next(d for d in iter(lambda: hcdump.Dump(run.new_file()), None) if d.proc["reason"] == "signal")
        run.say()
        assert run.finish()[0] == 0
        assert not run.log()
    sizes = collections.Counter(b.size for b in Blocks(dump).python)
    assert all(2000 <= sizes[442 + 2 * k] <= 2000 + 100 for k in range(4)), "others of these sizes are few"
    check_losses(dump)


@pytest.mark.parametrize("text", ["3.13.1 experimental free-threading build (main)", "3.12.0a4 (heads/nogil)"])
def test_free_threaded(text, program, preload, tmp_path):
    """Without the GIL nobody's allocators are replaced: said once, and the census goes on."""
    with Census([program("threaded_python")], preload, tmp_path, env={"PYTHON_VERSION_TEXT": text}) as run:
        run.expect("touched 0")
        dump = run.dump()
        run.say()
        assert run.finish()[0] == 0
        assert run.log().count("(free-threaded) is not known to heapcensus") == 1
    assert dump.proc["python_free_threaded"] == 1
    assert not Blocks(dump).python


def test_two_pythons(program, preload, heapcensus, tmp_path):
    """Of two the first one's objects are in the census; that there is another is said once, and nothing of it gets a wrong type."""
    first, second = find_libpython("3.11"), next(filter(None, map(find_libpython, ["3.12", "3.10", "3.13", "3.9", "3.8"])), None)
    if not first or not second:
        pytest.skip("no two libpythons on this machine")
    script = ("import sys\n"
              "Only = type('Only%d%d' % sys.version_info[:2], (), {})\n"
              "sys.keep = [Only() for _ in range(3000)]\n"
              "sys.big = [bytearray(5000) for _ in range(500)]\n")
    with Census([program("two_pythons"), *first, *second, script], preload, tmp_path) as run:
        run.expect("ready")
        run.signal()
        path = run.new_file()
        run.say()
        assert run.finish()[0] == 0
        assert run.log().count("a second CPython is in this process") == 1
    sizes = collections.Counter(b.size for b in Blocks(hcdump.Dump(path)).python)
    assert 500 <= sizes[5001] <= 500 + OTHERS
    kinds = heapcensus("show", path, "heap.bytype.all").stdout
    counts = {line.split()[-1]: int(line.split()[1]) for line in kinds.splitlines() if "Only" in line}
    assert counts == {"__main__.Only311": 3000}


def test_children(preload, tmp_path):
    """Forked workers go on."""
    script = ("import os, sys\n"
              "keep = [b'p' * 461 for _ in range(3)]\n"
              "pid = os.fork()\n"
              "if pid == 0:\n"
              "    keep += [bytes(bytearray(b'c' * 477)) for i in range(1000)]\n"
              "    sys.stdout.write('%d\\n' % os.getpid()); sys.stdout.flush(); sys.stdin.readline(); os._exit(0)\n"
              "sys.exit(os.waitpid(pid, 0)[1])\n")
    with Census([SYSTEM, "-c", script], preload, tmp_path) as run:
        child = int(run.process.stdout.readline())
        os.kill(child, signal.SIGUSR1)
        dump = hcdump.Dump(run.new_file())
        run.say()
        assert run.finish()[0] == 0
    sizes = collections.Counter(b.size for b in Blocks(dump).python)
    assert 1000 <= sizes[477 + 33] <= 1000 + OTHERS


def test_replaced_while_running(preload, tmp_path):
    """Whoever puts pymalloc back in our place is noticed when it asks for an arena; what was born before that is counted when it goes."""
    script = ("import ctypes, sys\n"
              "PYMALLOC = 5\n"
              "assert ctypes.pythonapi._PyMem_SetupAllocators(PYMALLOC) == 0\n"
              "missed = [bytes(bytearray(b'm' * 445)) for i in range(9000)]\n"
              "seen = [bytes(bytearray(b's' * 477)) for i in range(9000)]\n"
              "del missed\n"
              "sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.readline()\n")
    with Census([SYSTEM, "-c", script], preload, tmp_path) as run:
        run.expect("ready")
        dump = run.dump()
        run.say()
        assert run.finish()[0] == 0
    sizes = collections.Counter(b.size for b in Blocks(dump).python)
    assert 9000 <= sizes[477 + 33] <= 9000 + OTHERS
    assert dump.counts["python_rewrapped"] == 1
    assert 0 < dump.counts["python_unknown_freed"] < 9000
