# SPDX-License-Identifier: MIT
"""Programs that are hard on a profiler: exceptions from operator new, many short threads, C++ that comes and goes."""
import subprocess
from collections import Counter

import pytest
from census import Census, kind_name
from pythons import SYSTEM

THREADS = 50_000


@pytest.mark.parametrize("stacks", ["caller", "full", "off"])
def test_throws(stacks, program, preload, tmp_path):
    """operator new that throws, with and without a new_handler, in five threads."""
    plain = subprocess.run([program("throws")], stdout=subprocess.PIPE, timeout=60, check=False)
    with Census([program("throws")], preload, tmp_path,
                env={"HEAPCENSUS_STACKS": stacks, "HEAPCENSUS_EXIT": "1"}) as run:
        status, out, err = run.finish()
    assert (status, out, err) == (plain.returncode, plain.stdout.decode(), "")
    assert status == 5


def test_short_threads(program, preload, tmp_path):
    """Threads without end: every block is there, each with a thread of its own tick."""
    with Census([program("short_threads"), THREADS], preload, tmp_path) as run:
        run.expect(f"kept {THREADS}")
        dump = run.dump()
        run.say()
        assert run.finish()[0] == 0
    sizes = Counter(b.size for b in dump.blocks if b.kind == 1)
    expected = Counter(40 + i % 24 for i in range(THREADS))
    assert all(sizes[size] >= nr for size, nr in expected.items())
    assert sum(sizes[size] for size in expected) <= THREADS + 50
    assert dump.counts.keys() <= {"threads_overflow", "threads_forgotten", "threads_running"}
    owners = {}
    for t in dump.threads:
        owners.setdefault(t.slot, []).append((t.first_tick, t.last_tick))
    unknown = [b for b in dump.blocks if b.thread and b.kind == 1 and 40 <= b.size < 64 and not any(
        first <= b.tick <= last for first, last in owners.get(b.thread, []))]
    assert len(unknown) <= dump.counts.get("threads_forgotten", 0)
    print(f"{len(dump.threads)} threads told, {dump.counts}")


def test_signals_in_short_threads(program, preload, tmp_path):
    """A handler that comes while a thread gets known to the census is nested, and does not wait for it."""
    with Census([program("short_threads"), 3000, 100], preload, tmp_path) as run:
        run.expect("kept 3000")
        run.say()
        assert run.finish()[0] == 0


def test_little_address_space(preload, tmp_path):
    """Where there is no room for a census (ulimit -v) a program that has enough runs as ever, and hears nothing."""
    for kilobytes in range(6000, 24000, 1000):
        limited = ["sh", "-c", f'ulimit -v {kilobytes}; LD_PRELOAD="$1" exec /bin/true', "sh", preload]
        done = subprocess.run(limited, env={"HEAPCENSUS_DIR": str(tmp_path)}, capture_output=True, text=True, timeout=60)
        assert done.returncode == 127 or (done.returncode, done.stderr) == (0, ""), f"{kilobytes}: {done}"
    assert done.returncode == 0


def test_limit_is_the_programs(preload, tmp_path):
    """Most of what ulimit -v allows stays the program's: what it could allocate without a census it can with one."""
    script = '$x = "x" x 10_000_000; print length($x)'
    limited = ["sh", "-c", 'ulimit -v 50000; LD_PRELOAD="$1" exec perl -e "$2"', "sh", preload, script]
    done = subprocess.run(limited, env={"HEAPCENSUS_DIR": str(tmp_path)}, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "10000000", "")


def test_plugin(program, preload, build, tmp_path):
    """A C program loads a C++ library privately: its operator new is seen, its exceptions pass, it can go."""
    with Census([program("plugin_host"), build / "tests/e2e/e2e_plugin.so"], preload, tmp_path) as run:
        run.expect("loaded")
        kinds = Counter((kind_name(b), b.size) for b in run.dump().blocks)
        run.say()
        run.expect("unloaded")
        after = Counter((kind_name(b), b.size) for b in run.dump().blocks)
        run.say()
        assert run.finish() == (9, "", "")
    assert kinds["new", 40] == 1000, "Page"
    assert kinds["new", 101] == 1000, "its string"
    assert kinds["new", 48] == 1001, "nodes of the map, and the map"
    assert not any(kind == "new" for kind, _ in after)


def test_allocator_that_allocates(program, preload, build, tmp_path):
    """What an allocator gets from malloc and gives to free for itself, inside its own, is none of the program's, nor lost."""
    keeper = build / "tests/e2e/e2e_keeper.so"
    with Census([program("puppet"), "churn", "100", "say", "ready", "line"], preload, tmp_path, [keeper]) as run:
        run.expect("ready")
        dump = run.dump()
        run.say()
        assert run.finish() == (0, "", "")
    assert dump.counts.keys() == {"blocks_nested"}
    assert not any(block.size == 4000 for block in dump.blocks)


def test_descriptors_are_its_own(preload, tmp_path):
    """What the program closes is closed, even if the writing process has only just begun: nobody listens on its port any more."""
    script = ("import os, signal, socket, sys\n"
              "refused = 0\n"
              "for i in range(60):\n"
              "    listener = socket.socket()\n"
              "    listener.bind(('127.0.0.1', 0))\n"
              "    listener.listen(1)\n"
              "    address = listener.getsockname()\n"
              "    os.kill(os.getpid(), signal.SIGUSR1)\n"
              "    listener.close()\n"
              "    refused += socket.socket().connect_ex(address) == 111\n"
              "    print(refused, flush=True)\n"
              "    sys.stdin.readline()\n")
    with Census([SYSTEM, "-c", script], preload, tmp_path, env={"HEAPCENSUS_CONTENTS": "none"}) as run:
        for i in range(60):
            run.expect(str(i + 1))
            run.new_file()
            run.say()
        assert run.finish()[0] == 0
