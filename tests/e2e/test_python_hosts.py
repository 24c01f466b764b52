# SPDX-License-Identifier: MIT
"""Python programs that are more than Python: greenlets, NumPy, children of every sort."""
import json
import subprocess

import pytest

from census import Census
from pythons import SYSTEM, VERSIONS, find_python
from tables import counts

ASK = """
print("ready")
sys.stdout.flush()
sys.stdin.read(1)
"""

GREENLETS = """
import sys, greenlet
class Local:
    pass
class Task:
    def __init__(self, number):
        self.number = number
def run(number):
    task, hidden = Task(number), [Local()]
    greenlet.getcurrent().parent.switch()
    return task, hidden
suspended = [greenlet.greenlet(run) for i in range(300)]
for number, one in enumerate(suspended):
    one.switch(number)
def nested(depth):
    local = Local()
    return nested(depth - 1) if depth else greenlet.getcurrent().parent.switch()
deep = greenlet.greenlet(nested)
deep.switch(400)
"""

ARRAYS = """
import sys, numpy
class Holder:
    def __init__(self, array):
        self.array = array
held = [Holder(numpy.zeros(100000 + i)) for i in range(20)]
view = numpy.zeros((500, 1000))[10:20]
objects = numpy.array([Holder(None) for i in range(300)], dtype=object)
pairs = numpy.array([(1, [i]) for i in range(50)], dtype=[("number", "i8"), ("list", "O")])
sizes = sum(sys.getsizeof(array) for array in [one.array for one in held] + [view, view.base, objects, pairs])
print(sizes)
"""

TRACED = """
import sys, tracemalloc
class Job:
    def __init__(self):
        self.items = [1]
kept = [Job() for i in range(100)]
tracemalloc.start(5)
kept += [Job() for i in range(100)]
del kept[:50]
tracemalloc.stop()
kept += [Job() for i in range(100)]
tracemalloc.start()
kept += [Job() for i in range(100)]
del kept[-20:]
"""

CHILDREN = """
import multiprocessing, os, signal, sys, time
class Job:
    def __init__(self, number):
        self.number, self.data = number, [number]
def work(number):
    kept = [Job(i) for i in range(number)]
    os.kill(os.getpid(), signal.SIGUSR1)
if __name__ == "__main__":
    kept = [Job(i) for i in range(100)]
    for how in "fork", "spawn", "forkserver":
        child = multiprocessing.get_context(how).Process(target=work, args=(1000,))
        child.start()
        child.join()
        print(how, child.pid, child.exitcode)
    os.kill(os.getpid(), signal.SIGUSR1)
    print("parent", os.getpid(), 0)
"""


def has_module(name):
    return subprocess.run([SYSTEM, "-c", f"import {name}"], stderr=subprocess.DEVNULL, timeout=60, check=False).returncode == 0


def take(script, preload, folder, python=SYSTEM):
    """(what the script said before it was ready, its dump)"""
    with Census([python, "-c", script + ASK], preload, folder) as run:
        lines = list(iter(lambda: run.process.stdout.readline().decode().strip(), "ready"))
        dump = run.last_dump()
    return lines, dump


@pytest.mark.skipif(not has_module("greenlet"), reason="no greenlet (python3-greenlet)")
def test_greenlets(preload, heapcensus, tmp_path):
    """What only the frames of a suspended greenlet hold is alive, and its variables have names."""
    dump = take(GREENLETS, preload, tmp_path)[1]
    assert counts(heapcensus, dump, "heap.bytype['__main__.Task'].byvia") == {"\".f_locals['task']\"": 300}
    assert counts(heapcensus, dump, "heap.bytype['__main__.Local'].byvia") == {"'[0]'": 300, "\".f_locals['local']\"": 401}
    assert counts(heapcensus, dump, "heap.bytype['__main__.Local'].byreach") == {"reachable": 701}


@pytest.mark.skipif(not has_module("numpy"), reason="no NumPy (python3-numpy)")
def test_arrays(preload, heapcensus, tmp_path):
    """An array's size is sys.getsizeof's; what is in an array of objects is held by the array."""
    lines, dump = take(ARRAYS, preload, tmp_path)
    total = json.loads(heapcensus("show", "--json", dump, "heap.bytype['numpy.ndarray']").stdout)["size"]
    assert int(lines[0]) <= total < int(lines[0]) + 20000
    assert counts(heapcensus, dump, "heap.bytype['__main__.Holder'].byrcs") == {"numpy.ndarray": 300, "list": 20}
    base, = counts(heapcensus, dump, "heap.bytype['numpy.ndarray'].bysize[0].byvia")
    assert base.endswith("'.base'")
    assert counts(heapcensus, dump, "heap.bytype['__main__.Holder'].byvia")["'[*]'"] == 300
    assert counts(heapcensus, dump, "heap.bytype['list'].byvia")["'[*]'"] == 50


@pytest.mark.parametrize("version", VERSIONS)
def test_tracemalloc(preload, heapcensus, tmp_path, version):
    """It wraps the allocators again, twice; that its table has an object's address is no news of the object."""
    python = find_python(version)
    if not python:
        pytest.skip(f"no Python {version} on this machine")
    dump = take(TRACED, preload, tmp_path, python)[1]
    assert counts(heapcensus, dump, "heap.bytype")["__main__.Job"] == 330
    vias = counts(heapcensus, dump, "heap.bytype['list'].byvia")
    assert {via: count for via, count in vias.items() if "['items']" in via} == {"\"['items']\"": 330}


def test_children(preload, heapcensus, tmp_path):
    """A child's census has what it has from its parent, if it is a fork, and what it made."""
    script = tmp_path / "children.py"
    script.write_text(CHILDREN)
    with Census([SYSTEM, script], preload, tmp_path / "dumps") as run:
        status, out, _ = run.finish()
    assert status == 0
    told = {how: (pid, exitcode) for how, pid, exitcode in map(str.split, out.splitlines())}
    jobs = {"fork": ("__main__.Job", 1100), "spawn": ("__mp_main__.Job", 1000),
            "forkserver": ("__mp_main__.Job", 1000), "parent": ("__main__.Job", 100)}
    for how, (pid, exitcode) in told.items():
        assert exitcode == "0"
        dump, = (tmp_path / "dumps").glob(f"*.{pid}.1.hc")
        assert counts(heapcensus, dump, "heap.bytype").get(jobs[how][0]) == jobs[how][1], how
    assert set(told) == set(jobs)
