# SPDX-License-Identifier: MIT
"""Call stacks in dumps are those of the program, in every mode; and the unwinder leaves nothing in it that it could notice."""
import bisect
import math
import re

import hcdump
import pytest
from census import Census
from crawlers import CRAWLERS
from server import Server
from site_pages import Site

LEAVES = ["by_malloc", "by_calloc", "by_realloc", "by_memalign", "by_new", "by_new_array", "by_strdup"]
CHAIN = ["inner"] * 4 + ["outer", "main"]


class Chain:
    """What the program said, and its dump."""

    def __init__(self, program, preload, folder, **options):
        env = {f"HEAPCENSUS_{name}": value for name, value in options.items()}
        self.said, self.starts = {}, []
        with Census([program("chain")], preload, folder, env=env) as run:
            for line in iter(lambda: run.process.stdout.readline().decode().split(), ["ready"]):
                assert line, run.rest_of_stderr() + run.log()
                if line[0] == "function":
                    self.starts.append((int(line[2], 16), line[1], int(line[3])))
                else:
                    self.said[line[0]] = int(line[1])
            self.dump = run.dump()
            run.say()
            assert run.finish()[0] == 0
        self.starts.sort()

    def name(self, pc):
        """The function that a return address is in: '?' below the first of those that the program named."""
        at = bisect.bisect_left(self.starts, (pc,))
        return self.starts[at - 1][1] if at and pc - self.starts[at - 1][0] < 4096 else "?"

    def stack_of(self, leaf):
        size = next(s for _, name, s in self.starts if name == leaf)
        block, = [b for b in self.dump.blocks if b.size == size]
        return [self.name(pc) for pc in self.dump.stack(block.stack)]


@pytest.fixture(scope="module", params=["caller", "full", "python", "off"])
def mode(request):
    return request.param


@pytest.fixture(scope="module")
def chain(mode, program, preload, tmp_path_factory):
    return Chain(program, preload, tmp_path_factory.mktemp(mode), STACKS=mode)


@pytest.mark.parametrize("leaf", LEAVES)
def test_stack(mode, chain, leaf):
    stack = chain.stack_of(leaf)
    if mode == "off":
        assert stack == []
    elif mode in ("caller", "python"):
        assert stack == [leaf]
    else:
        assert stack[:7] == [leaf, *CHAIN]
        assert len(stack) <= 12


def test_unnoticed(chain):
    assert chain.said == {"fd": 3, "stolen": 0}
    assert not {name for name in chain.dump.counts if name.startswith(("stacks_", "blocks_"))}


def test_depth(program, preload, tmp_path):
    chain = Chain(program, preload, tmp_path, STACKS="full", DEPTH="3")
    assert chain.stack_of("by_new") == ["by_new", "inner", "inner"]
    assert chain.dump.counts["stacks_truncated"] > 0


def compared(log):
    """How many stacks were compared with the reference unwinder's, and how many differ."""
    told = re.findall(r"(\d+) stacks compared with libunwind's, (\d+) differ", log)
    return tuple(map(sum, zip(*(map(int, pair) for pair in told)))) if told else (0, 0)


def run_verified(argv, preload, tmp_path):
    """(exit status, stdout, stderr) of a program each of whose stacks is compared, and what compared() says."""
    with Census(argv, preload, tmp_path, env={"HEAPCENSUS_STACKS": "verify"}) as run:
        return run.finish(), compared(run.log())


def test_odd_stacks(program, preload, tmp_path):
    """Coroutines, signals, exceptions, long jumps, aligned frames, code that nobody knows: the stacks are the reference's."""
    ended, (number, differing) = run_verified([program("odd_stacks")], preload, tmp_path)
    assert ended == (0, "", "")
    assert number > 50000
    assert differing == 0


def test_odd_stacks_alone(program, preload, tmp_path):
    """The same without the reference, whose frames would hide a wrong address that is never used, and which does not survive all of it."""
    env = {"HEAPCENSUS_STACKS": "full", "HEAPCENSUS_EXIT": "1"}
    with Census([program("odd_stacks"), "alone"], preload, tmp_path, env=env) as run:
        assert run.finish() == (0, "", "")
        assert {"stacks_truncated", "stacks_lost"} == {n for n in hcdump.Dump(run.new_file()).counts if n.startswith("stacks_")}


def test_reloaded_code(program, build, preload, tmp_path):
    """Objects that come to where another one has been, with other frames: what was known of the code there is forgotten."""
    objects = [build / f"tests/unit/libunload_{size}.so" for size in ("small", "large")]
    (status, out, err), (number, differing) = run_verified([program("reload"), *objects], preload, tmp_path)
    assert (status, err) == (0, "")
    assert int(out) > 10
    assert number > 100
    assert differing == 0


@pytest.mark.parametrize("crawler", CRAWLERS, ids=lambda crawler: crawler.name)
def test_crawler_stacks(crawler, preload, tmp_path):
    server = Server(Site(60))
    env = {"LD_PRELOAD": str(preload), "HEAPCENSUS_DIR": str(tmp_path), "HEAPCENSUS_STACKS": "verify"}
    try:
        crawler.run(server.url, tmp_path / "crawl", env)
    finally:
        server.stop()
    number, differing = compared("".join(log.read_text() for log in tmp_path.glob("*.log")))
    assert number > 5000
    assert differing == 0


def test_sample(program, preload, tmp_path):
    """Blocks have whole stacks as often as their bytes say, and all of them their caller."""
    env = {"HEAPCENSUS_STACKS": "sample:16k", "HEAPCENSUS_EXIT": "1"}
    with Census([program("sampled")], preload, tmp_path, env=env) as run:
        assert run.finish() == (0, "", "")
        dump = hcdump.Dump(run.new_file())
    for size, number in (32, 200000), (1920, 10000):
        stacks = [dump.stack(block.stack) for block in dump.blocks if block.size == size]
        assert len(stacks) == number
        assert len({stack[0] for stack in stacks}) <= 2
        expected = number * -math.expm1(-size / 16384)
        assert abs(sum(len(stack) > 1 for stack in stacks) - expected) < 5 * expected ** 0.5


def test_sample_of_much(program, preload, tmp_path):
    """A mapping that holds very many points of the sample takes no longer than another one."""
    with Census([program("sampled"), str(1 << 36)], preload, tmp_path, env={"HEAPCENSUS_STACKS": "sample:1"}) as run:
        assert run.finish() == (0, "", "")


@pytest.mark.parametrize("value", ["sample", "sample:", "sample:0", "sample:x", "full:3", "sample:1kk"])
def test_no_such_sample(value, program, preload, tmp_path):
    env = {"HEAPCENSUS_STACKS": value, "HEAPCENSUS_EXIT": "1"}
    with Census([program("sampled")], preload, tmp_path, env=env) as run:
        assert run.finish() == (0, "", "")
        assert f"HEAPCENSUS_STACKS={value}: not understood" in run.log()
        assert hcdump.Dump(run.new_file()).proc["stacks"] == "caller"
