# SPDX-License-Identifier: MIT
"""Ground truth: a program with threads that free each other's blocks keeps its own log; census and log agree at every dump."""
import pathlib
import random
import time

import pytest
from census import Census
from ground_log import Comparison

DUMPS = 20  # over glibc
DUMPS_ELSEWHERE = 5
LIBRARIES = pathlib.Path("/usr/lib/x86_64-linux-gnu")
HOSTS = {"glibc": None, "jemalloc": "libjemalloc.so.2", "tcmalloc": "libtcmalloc_minimal.so.4",
         "mimalloc": "libmimalloc.so"}


def test_without(program, tmp_path):
    """The program is right about itself."""
    with Census([program("ground"), 8, 200_000, 1, "failures"], None, tmp_path) as run:
        run.expect("ready")
        run.say()
        run.expect("running")
        status, out, err = run.finish()
    assert (status, err) == (0, "") and out.endswith(" errors 0\n")


@pytest.mark.parametrize("stacks", ["caller", "full"])
@pytest.mark.parametrize("host", HOSTS)
def test_census_is_log(host, stacks, program, preload, tmp_path):
    main = host == "glibc" and stacks == "caller"
    if stacks == "full" and host not in ("glibc", "jemalloc"):
        pytest.skip("full stacks are tried over glibc and jemalloc")
    dumps = DUMPS if main else DUMPS_ELSEWHERE
    argv = [program("ground"), 8, 10_000_000 if main else 1_000_000, 1]
    after = [LIBRARIES / HOSTS[host]] if HOSTS[host] else []
    problems, compared, busy = [], 0, 0
    with Census(argv + ["failures"] * (host == "glibc"), preload, tmp_path, after,
                {"HEAPCENSUS_STACKS": stacks}) as run:
        run.expect("ready")
        base = run.dump()
        assert base.proc["allocator"] == host
        run.say()
        run.expect("running")
        for nr in range(dumps):
            time.sleep(random.random() / 10)
            dump = run.dump()
            comparison = Comparison(dump, base)
            problems += [f"dump {nr}: {text}" for text in comparison.problems]
            compared += comparison.nr_blocks
            busy += comparison.nr_busy
            lost = {name: nr for name, nr in dump.counts.items() if name != "threads_running"}
            problems += [f"dump {nr}: lost: {lost}"] * bool(lost)
        status, out, err = run.finish()
    print(f"{dumps} dumps, {compared} blocks, {busy} operations under way; {out}")
    assert not problems, "\n".join([f"{len(problems)} problems"] + problems[:20])
    assert (status, err) == (0, "")
    assert compared > dumps * 3000
    assert out.endswith(" errors 0\n") and int(out.split()[1]) >= argv[2]
