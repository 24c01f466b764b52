# SPDX-License-Identifier: MIT
"""Programs in odd surroundings, and dumps that cannot be written: the program goes on, and what is on disk is whole."""
import os
import signal
import subprocess
import time

import hcdump
import pytest
from census import Census
from pythons import SYSTEM

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it mounts, or becomes another user")
NOBODY = 65534


@pytest.fixture
def puppet(program, preload, tmp_path):
    """puppet(*commands, env=None, preloaded=True): a Census of programs/puppet.c that does these."""
    running = []

    def start(*commands, env=None, preloaded=True, folder=None, **popen):
        run = Census([program("puppet"), *commands], preload if preloaded else None, folder or tmp_path, env=env,
                     **popen)
        running.append(run)
        return run

    yield start
    for run in running:
        run.__exit__()


def nr_of_size(dump, size):
    return sum(b.size == size for b in dump.blocks)


# --- signals ---

HANDLERS = ["plain", "signal", "siginfo", "restart", "resethand,siginfo", "nodefer", "onstack", "siginfo,nodefer,onstack",
            "ignore"]


@pytest.mark.parametrize("flags", HANDLERS)
def test_handler(flags, puppet):
    """The program's own handler for the dump's signal sees what it would see without us, and there is a dump."""
    commands = ["handler", flags, "view", "say", "ready", "line", "handled", "view", "handler", "plain", "raise",
                "raise", "handled", "view"]
    results = []
    for preloaded in (False, True):
        run = puppet(*commands, preloaded=preloaded)
        view = run.process.stdout.readline()
        run.expect("ready")
        run.wait_until_blocked()
        run.signal()
        if preloaded:
            run.new_file()
        else:
            time.sleep(0.2)
        run.say()
        results.append((view, *run.finish()))
    assert results[0] == results[1]


def test_handler_default(puppet):
    """SIG_DFL set by the program: a dump, not its end."""
    run = puppet("handler", "plain", "handler", "default", "view", "say", "ready", "line", "exit", 4)
    run.expect("view: default flags 0 mask 10")
    run.expect("ready")
    run.dump()
    run.say()
    assert run.finish() == (4, "", "")


def test_blocked(puppet):
    """A signal that the program blocks gives a dump when it is unblocked."""
    run = puppet("alloc", 5, 777, "block", "say", "blocked", "line", "alloc", 6, 778, "unblock", "say", "unblocked",
                 "line")
    run.expect("blocked")
    run.signal()
    time.sleep(0.3)
    assert run.files() == []
    run.say()
    run.expect("unblocked")
    dump = hcdump.Dump(run.new_file())
    assert (nr_of_size(dump, 777), nr_of_size(dump, 778)) == (5, 6)
    run.say()
    assert run.finish()[0] == 0


def test_other_signal(puppet):
    run = puppet("say", "ready", "line", env={"HEAPCENSUS_SIGNAL": "USR2"})
    run.expect("ready")
    run.signal(number=signal.SIGUSR2)
    assert hcdump.Dump(run.new_file()).proc["reason"] == "signal"
    run.signal()
    assert run.finish()[0] == -signal.SIGUSR1


def test_no_signal(puppet):
    run = puppet("say", "ready", "line", env={"HEAPCENSUS_SIGNAL": "none"})
    run.expect("ready")
    run.signal()
    assert run.finish()[0] == -signal.SIGUSR1
    assert run.files() == []


# --- surroundings ---

LIMITS = {"few": ["few"], "three": ["nofile", 3]}


@pytest.mark.parametrize("limit", LIMITS)
def test_no_descriptors(limit, puppet):
    """All descriptors closed, none or three allowed, another current folder."""
    run = puppet("alloc", 10, 333, "say", "ready", "chdir", "/", "closefds", *LIMITS[limit], "sleep", 60000)
    run.expect("ready")
    run.wait_for(lambda: not os.listdir(f"/proc/{run.pid}/fd"), "descriptors open")
    run.wait_until_blocked()
    dump = run.dump()
    assert nr_of_size(dump, 333) == 10
    assert os.listdir(f"/proc/{run.pid}/fd") == []


def test_descriptors_forbidden(puppet):
    """Where nothing can be opened there is no dump, and no harm."""
    run = puppet("say", "ready", "nofile", 0, "line", "exit", 4)
    run.expect("ready")
    run.wait_until_blocked()
    run.signal()
    time.sleep(0.3)
    assert run.files() == []
    run.say()
    assert run.finish() == (4, "", "")


def test_default_folder(puppet, tmp_path):
    """Without a folder: the one that the program started in, wherever it goes."""
    run = puppet("chdir", "/", "say", "ready", "line", env={"HEAPCENSUS_DIR": ""}, cwd=tmp_path)
    run.expect("ready")
    run.dump(folder=tmp_path)


@root_only
@pytest.mark.parametrize("writable", [True, False])
def test_other_user(writable, puppet, tmp_path):
    """Root no more: the dump goes to the folder if it may, else to TMPDIR, and the log says so."""
    folder, temporary = tmp_path / "dumps", tmp_path / "tmp"
    folder.mkdir(mode=0o700)
    temporary.mkdir()
    for path in (temporary, *([folder] if writable else [])):
        path.chmod(0o1777)
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    run = puppet("alloc", 10, 333, "user", NOBODY, "say", "ready", "line", folder=folder,
                 env={"TMPDIR": str(temporary)})
    run.expect("ready")
    run.signal()
    path = run.new_file(folder if writable else temporary)
    assert nr_of_size(hcdump.Dump(path), 333) == 10
    assert path.stat().st_uid == NOBODY and path.stat().st_mode & 0o777 == 0o600
    run.say()
    assert run.finish() == (0, "", "")


def test_no_folder(puppet, tmp_path):
    """A folder that does not exist."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    run = puppet("say", "ready", "line", env={"HEAPCENSUS_DIR": "/proc/nowhere", "TMPDIR": str(temporary)})
    run.expect("ready")
    run.dump(folder=temporary)
    run.say()
    assert run.finish() == (0, "", "")


@pytest.mark.parametrize("more", [0, 3, 30, 300])
def test_little_address_space(more, puppet):
    """The program gets as far as its limit lets it, and a dump there is whole or is not there."""
    commands = ["alloc", 1000, 100, "memory", more, "greedy", 4000, "dump", "sleep", 100, "greedy", 1000, "exit", 4]
    run = puppet(*commands)
    status, out, err = run.finish()
    assert (status, err) == (4, "")
    lines = out.splitlines()
    assert [line for line in lines if not line.startswith("dump")] == ["greedy: ended in time"] * 2
    for path in run.files():
        assert nr_of_size(hcdump.Dump(path), 100) >= 1000
    assert run.files() or more < 300


# --- the writing process ---

def writer_of(run):
    """pid of the snapshot child."""
    def children():
        found = []
        for tid in run.threads():
            with open(f"/proc/{run.pid}/task/{tid}/children", encoding="ascii") as file:
                found += map(int, file.read().split())
        return found
    return run.wait_for(children, "no writing process")[0]


def leftovers(folder):
    return [path.name for path in folder.iterdir() if path.suffix not in (".hc", ".log")]


def kill_writer(run):
    """A writer that is done before it is killed does not count: its dump goes, and another one is asked for."""
    for _ in range(10):
        run.signal()
        try:
            os.kill(writer_of(run), signal.SIGKILL)
            return
        except ProcessLookupError:
            time.sleep(0.5)
            for path in run.files():
                path.unlink()
    raise AssertionError("every writer was done before it could be killed")


def test_writer_killed(puppet, tmp_path):
    """kill -9 of the writing process: no file, no harm; the next dump comes."""
    run = puppet("alloc", 200000, 1000, "say", "ready", "line", "wait", "exit", 4, env={"HEAPCENSUS_ZSTD": "12"})
    run.expect("ready")
    for _ in range(3):
        kill_writer(run)
        time.sleep(0.1)
    assert run.files() == []
    assert nr_of_size(run.dump(), 1000) == 200000
    assert leftovers(tmp_path) == []
    assert "killed" in run.log() or "signal 9" in run.log()
    run.say()
    assert run.finish() == (4, "wait: No child processes\n", "")


def test_exit_waits(puppet, tmp_path):
    """A program that ends while a dump is written: the dump is whole, the status its own."""
    run = puppet("alloc", 100000, 1000, "raise", "exit", 4)
    assert run.finish() == (4, "", "")
    assert nr_of_size(hcdump.Dump(run.new_file()), 1000) == 100000
    assert leftovers(tmp_path) == []


@root_only
def test_disk_full(puppet, tmp_path):
    """A file system that is full: no file, no harm; with room again the next dump comes."""
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", small], check=True)
    try:
        hog = small / "hog"
        hog.write_bytes(bytes((4 << 20) - 16384))
        run = puppet("alloc", 20000, 500, "say", "ready", "line", "exit", 4, folder=small,
                     env={"TMPDIR": str(small)})
        run.expect("ready")
        for _ in range(3):
            run.signal()
            time.sleep(0.4)
        assert run.files() == [] and set(leftovers(small)) == {"hog"}
        hog.unlink()
        assert nr_of_size(run.dump(), 500) == 20000
        run.say()
        assert run.finish() == (4, "", "")
    finally:
        subprocess.run(["umount", "-l", small], check=True)


def test_file_size_limit(puppet, tmp_path):
    """RLIMIT_FSIZE kills by SIGXFSZ who does not look out: not us, and not the program."""
    run = puppet("alloc", 20000, 500, "fsize", 8192, "say", "ready", "line", "exit", 4)
    run.expect("ready")
    run.signal()
    time.sleep(0.5)
    assert run.files() == [] and leftovers(tmp_path) == []
    run.say()
    assert run.finish() == (4, "", "")


# --- other triggers ---

def reasons(run):
    return [hcdump.Dump(path).proc["reason"] for path in run.files()]


def test_every(puppet):
    run = puppet("churn", 3500, "exit", 4, env={"HEAPCENSUS_EVERY": "1s"})
    assert run.finish() == (4, "", "")
    assert 2 <= len(reasons(run)) <= 4 and set(reasons(run)) == {"every"}


def test_grow(puppet):
    run = puppet("alloc", 10, 10, "churn", 700, "alloc", 50000, 100, "churn", 700, "exit", 4,
                 env={"HEAPCENSUS_GROW": "4m"})
    assert run.finish() == (4, "", "")
    assert reasons(run) == ["grow"]
    assert nr_of_size(hcdump.Dump(run.files()[0]), 100) > 40000


ENDS = {"exit": (4, 1), "_exit": (4, 1), "quick_exit": (4, 1), "abort": (-signal.SIGABRT, 0)}


@pytest.mark.parametrize("end", ENDS)
def test_ends(end, puppet):
    """Every way to end keeps its status; exit leaves a dump where it is asked for."""
    status, nr_dumps = ENDS[end]
    run = puppet("alloc", 10, 333, end, *([] if end == "abort" else [4]), env={"HEAPCENSUS_EXIT": "1"})
    assert run.finish() == (status, "", "")
    assert reasons(run) == ["exit"] * nr_dumps


def test_api(puppet):
    run = puppet("alloc", 10, 333, "dump", "exit", 4)
    assert run.finish() == (4, "dump 1\n", "")
    assert reasons(run) == ["api"]


# --- processes ---

def test_fork(puppet, tmp_path):
    """Parent and child are each under census, with files of their own."""
    run = puppet("alloc", 10, 333, "thread", "fork", "c:alloc", 5, 444, "c:dump", "c:exit", 7, "p:wait", "alloc", 6,
                 555, "dump", "wait", "exit", 4)
    status, out, err = run.finish()
    assert (status, err) == (4, "")
    assert sorted(out.splitlines()) == ["dump 1", "dump 1", "wait: No child processes", "wait: exit 7"]
    dumps = {hcdump.Dump(path).proc["pid"]: hcdump.Dump(path) for path in run.files()}
    assert len(dumps) == 2
    parent = dumps.pop(run.pid)
    child, = dumps.values()
    assert child.proc["ppid"] == run.pid
    assert [nr_of_size(parent, size) for size in (333, 444, 555)] == [10, 0, 6]
    assert [nr_of_size(child, size) for size in (333, 444, 555)] == [10, 5, 0]
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("stacks", ["caller", "full"])
def test_fork_handlers(program, preload, tmp_path, stacks):
    """Fork handlers that were registered before ours, as libraries do when they are loaded, may use the heap and mappings."""
    with Census([program("fork_handlers")], preload, tmp_path, env={"HEAPCENSUS_STACKS": stacks}) as run:
        assert run.finish(timeout=20) == (0, "child ended with 5\n", "")


def test_fork_under_way(puppet):
    """fork while dumps are written."""
    commands = ["alloc", 20000, 333] + ["raise", "fork", "c:_exit", 5, "p:wait"] * 10 + ["exit", 4]
    run = puppet(*commands)
    status, out, err = run.finish()
    assert (status, out, err) == (4, "wait: exit 5\n" * 10, "")
    assert {hcdump.Dump(path).proc["pid"] for path in run.files()} == {run.pid}


def test_exec(puppet):
    """The program that comes by exec is under census too; its dumps do not write over those from before."""
    run = puppet("alloc", 10, 333, "dump", "exec", "alloc", 5, 444, "dump", "exit", 4)
    assert run.finish() == (4, "dump 1\ndump 1\n", "")
    dumps = [hcdump.Dump(path) for path in run.all_files(2)]
    assert {d.proc["pid"] for d in dumps} == {run.pid}
    assert sorted((nr_of_size(d, 333), nr_of_size(d, 444)) for d in dumps) == [(0, 5), (10, 0)]


@pytest.mark.parametrize("follow", ["follow", "stop"])
def test_program_started(follow, puppet, program):
    """HEAPCENSUS_EXEC says whether a program started by the program is under census."""
    run = puppet("system", f"{program('puppet')} dump exit 6", "dump", "exit", 4, env={"HEAPCENSUS_EXEC": follow})
    status, out, err = run.finish()
    assert (status, err) == (4, "")
    assert out.splitlines() == ["dump 1" if follow == "follow" else "dump 0", "system: 1536", "dump 1"]


@pytest.mark.parametrize("follow", ["follow", "stop"])
def test_daemon_started(follow, preload, tmp_path):
    """... for one, too, whose parent has gone."""
    script = ("import os, time\n"
              "read, write = os.pipe()\n"
              "if os.fork() == 0:\n"
              "    middle = os.getpid()\n"
              "    if os.fork():\n"
              "        os._exit(0)\n"
              "    while os.getppid() == middle:\n"
              "        time.sleep(0.01)\n"
              "    os.dup2(write, 1)\n"
              "    os.execv('/bin/cat', ['cat', '/proc/self/maps'])\n"
              "os.close(write)\n"
              "os.wait()\n"
              "print('libheapcensus' in os.fdopen(read).read())\n")
    with Census([SYSTEM, "-c", script], preload, tmp_path, env={"HEAPCENSUS_EXEC": follow}) as run:
        assert run.finish() == (0, f"{follow == 'follow'}\n", "")
