# SPDX-License-Identifier: MIT
"""Signals in a row, at random moments, to random threads: the program does not notice any of them."""
import random
import subprocess
import time

import hcdump
import pytest
from census import Census

SIGNALS = 200
MS = 6000


@pytest.fixture(scope="module", params=["one", "many"])
def mode(request):
    return request.param


@pytest.fixture(scope="module")
def undisturbed(mode, program):
    """(status, stdout) of a run without preload and signals."""
    done = subprocess.run([program("signalled"), mode, "2000"], stdout=subprocess.PIPE, timeout=60, check=False)
    return done.returncode, done.stdout.decode()


def test_without(undisturbed):
    status, out = undisturbed
    assert status == 7
    assert "sigchld 0 too many, 0 strange" in out


def pepper(run, rng):
    """SIGNALS signals over most of the run, each to a random thread (forked children are not asked)."""
    for _ in range(SIGNALS):
        threads = run.threads()
        if threads:
            run.signal(tid=rng.choice(threads))
        time.sleep(rng.random() * 2 * (MS - 1500) / 1000 / SIGNALS)


@pytest.mark.parametrize("contents", ["full", "none"])
def test_not_noticed(mode, contents, undisturbed, program, preload, tmp_path):
    rng = random.Random(1)
    environ = {"HEAPCENSUS_CONTENTS": contents}
    with Census([program("signalled"), mode, MS], preload, tmp_path, env=environ) as run:
        assert run.process.stderr.readline() == b"started\n"
        pepper(run, rng)
        status, out, err = run.finish()
        files = run.files()
    assert set(out.splitlines()) - set(undisturbed[1].splitlines()) == set()
    assert (status, out) == undisturbed
    assert err == ""
    assert len(files) >= 3, "signals during a dump ask for one more only, and a busy machine writes slowly"
    assert not list(tmp_path.glob(".*")), "a dump was left unfinished"
    dumps = [hcdump.Dump(path) for path in files]
    print(f"{mode} {contents}: {len(dumps)} dumps of {SIGNALS} signals; lost: {dumps[-1].counts}")
    assert {d.proc["pid"] for d in dumps} == {run.pid}
    assert dumps[-1].counts.keys() <= {"snapshots_skipped", "threads_running"}
