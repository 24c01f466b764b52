# SPDX-License-Identifier: MIT
"""What is due by time or by growth is written, too, when the program has fallen silent; and then no more of it."""
import pathlib
import time

import hcdump
import pytest
from census import Census
from pythons import SYSTEM

# Tells what it has received; sleeps in a call that only signals end.
SCRIPT = """
import select, signal, sys
received = []
if "handler" in sys.argv:
    signal.signal(signal.SIGUSR1, lambda *about: received.append(about))
if "blocked" in sys.argv:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
keep = [b"k" * 10000 for i in range(1)]
for line in sys.stdin:
    if line == "grow\\n":
        keep.append(bytearray(8 << 20))
        del keep[100:]
    sys.stdout.write("%d %d\\n" % (len(received), len(signal.sigpending()))); sys.stdout.flush()
"""


def start(preload, folder, env, *args):
    return Census([SYSTEM, "-u", "-c", SCRIPT, *args], preload, folder, env=env)


def ask(run, text):
    run.say(text)
    return run.process.stdout.readline().decode()


def wait_for_growth(run, reason):
    """The next dump may be of the moment before the growth; the one after it is not."""
    for _ in range(2):
        dump = hcdump.Dump(run.new_file())
        assert dump.proc["reason"] == reason
        if any(b.size == (8 << 20) + 1 for b in dump.blocks):
            return
    raise AssertionError("the growth is in none")


def test_every(preload, tmp_path):
    with start(preload, tmp_path, {"HEAPCENSUS_EVERY": "1"}) as run:
        first = hcdump.Dump(run.new_file())
        assert first.proc["reason"] == "every"
        time.sleep(3)
        assert len(run.files()) <= 2, "nothing has changed"
        run.seen.update(run.files())
        assert ask(run, "grow") == "0 0\n"
        wait_for_growth(run, "every")
        assert run.finish()[0] == 0
        assert not run.log()


def test_grow(preload, tmp_path):
    with start(preload, tmp_path, {"HEAPCENSUS_GROW": "4m"}) as run:
        assert ask(run, "") == "0 0\n"
        time.sleep(2)
        run.seen.update(run.files())
        nr = len(run.seen)
        assert ask(run, "grow") == "0 0\n"
        wait_for_growth(run, "grow")
        time.sleep(2)
        assert len(run.files()) == nr + 1
        assert run.finish()[0] == 0


@pytest.mark.parametrize("how", ["handler", "blocked"])
def test_programs_own_signal(how, preload, tmp_path):
    """A program that waits for this signal itself gets none that it did not ask for."""
    with start(preload, tmp_path, {"HEAPCENSUS_EVERY": "1"}, how) as run:
        assert ask(run, "grow") == "0 0\n"
        time.sleep(2.5)
        assert ask(run, "") == "0 0\n"
        assert run.finish()[0] == 0


def test_forked(preload, tmp_path):
    """A worker that sits still after its fork is dumped once."""
    script = ("import os, sys\n"
              "pid = os.fork()\n"
              "keep = [bytearray(100000)]\n"
              "sys.stdin.readline()\n"
              "os._exit(0) if pid == 0 else os.waitpid(pid, 0)\n")
    with Census([SYSTEM, "-c", script], preload, tmp_path, env={"HEAPCENSUS_EVERY": "1"}) as run:
        dumps = [hcdump.Dump(run.new_file()) for _ in range(2)]
        assert len({d.proc["pid"] for d in dumps}) == 2
        run.say()
        run.say()
        assert run.finish()[0] == 0


def test_keep(preload, tmp_path):
    """Only the last ones stay, and of others' dumps none goes."""
    with start(preload, tmp_path, {"HEAPCENSUS_KEEP": "2"}) as run:
        assert ask(run, "ready")
        run.process.stdin.flush()
        name = f"{pathlib.Path(SYSTEM).resolve().name}.{run.pid}.%d.hc"
        (tmp_path / (name % 3)).write_text("somebody else's")
        for number in 1, 2, 4, 5, 6:
            run.signal()
            end = time.monotonic() + 60
            while not (tmp_path / (name % number)).exists() and time.monotonic() < end:
                time.sleep(0.02)
            (tmp_path / (name % number + ".index")).write_text("of the analyzer")
        end = time.monotonic() + 60
        while (len(run.files()) > 3 or len(list(tmp_path.glob("*.index"))) > 2) and time.monotonic() < end:
            time.sleep(0.02)
        assert [path.name for path in run.files()] == [name % number for number in (3, 5, 6)]
        assert sorted(path.name for path in tmp_path.glob("*.index")) == [name % number + ".index" for number in (5, 6)]
        assert (tmp_path / (name % 3)).read_text() == "somebody else's"


def test_keep_of_many(preload, tmp_path):
    """With a dump each second, in a folder of bounded size."""
    with start(preload, tmp_path, {"HEAPCENSUS_EVERY": "1", "HEAPCENSUS_KEEP": "2", "HEAPCENSUS_CONTENTS": "none"}) as run:
        newest, most, end = 0, 0, time.monotonic() + 120
        while newest < 6:
            assert time.monotonic() < end, "too few dumps"
            assert ask(run, "grow")
            time.sleep(0.05)
            files = run.files()
            newest = max([newest, *(int(path.name.split(".")[-2]) for path in files)])
            most = max(most, len(files))
        # one more between the moments that a new one has its name and that an old one goes
        assert 2 <= most <= 3
        assert run.finish()[0] == 0
