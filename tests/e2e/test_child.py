# SPDX-License-Identifier: MIT
"""The process that writes a dump leaves the processors to the program."""
import pathlib
import time

import hcdump
import pytest
from census import Census
from pythons import SYSTEM

# Contents that take a while: random bytes do not compress.
SCRIPT = """
import os, sys
os.nice(3)
keep = [os.urandom(1 << 20) for i in range(150)]
sys.stdout.write("ready\\n"); sys.stdout.flush()
for line in sys.stdin:
    pass
"""


def child_state(pid):
    """(nice value, allowed processors) of the children of pid."""
    states = []
    for child in (pathlib.Path("/proc") / str(pid) / "task" / str(pid) / "children").read_text().split():
        proc = pathlib.Path("/proc") / child
        try:
            stat = (proc / "stat").read_text().rpartition(")")[2].split()
            status = (proc / "status").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        states.append((int(stat[16]), next(line.split()[1] for line in status if line.startswith("Cpus_allowed_list"))))
    return states


def assert_child_becomes(run, is_it):
    """It leaves the program's processors first of all, but it is a copy of the program before."""
    seen, end = set(), time.monotonic() + 60
    while not any(is_it(*state) for state in seen):
        assert time.monotonic() < end, seen
        seen.update(child_state(run.pid))


@pytest.mark.parametrize("env, nice", [({}, 8), ({"HEAPCENSUS_NICE": "0"}, 3), ({"HEAPCENSUS_NICE": "19"}, 19)])
def test_nice(env, nice, preload, tmp_path):
    with Census([SYSTEM, "-u", "-c", SCRIPT], preload, tmp_path, env=env) as run:
        assert run.process.stdout.readline() == b"ready\n"
        run.signal()
        assert_child_becomes(run, lambda found, _: found == nice)
        assert hcdump.Dump(run.new_file()).proc["reason"] == "signal"
        assert run.finish()[0] == 0
        assert not run.log()


def test_cpu(preload, tmp_path):
    """On one of two processors, or where that one cannot be had on any: said, and dumped all the same."""
    for cpu, told in ("0", ""), ("1023", "processor 1023 cannot be had"):
        folder = tmp_path / cpu
        folder.mkdir()
        with Census([SYSTEM, "-u", "-c", SCRIPT], preload, folder, env={"HEAPCENSUS_CPU": cpu}) as run:
            assert run.process.stdout.readline() == b"ready\n"
            run.signal()
            if not told:
                assert_child_becomes(run, lambda _, allowed: allowed == cpu)
            assert hcdump.Dump(run.new_file()).proc["reason"] == "signal"
            assert run.finish()[0] == 0
            assert told in run.log()
