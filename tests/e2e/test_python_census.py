# SPDX-License-Identifier: MIT
"""The census of a Python against what that Python says of itself: its own classes exactly, everything else by the oracle."""
import json
import pathlib
import shutil
import subprocess

import pytest
import truth
from census import Census
from pythons import SYSTEM, VERSIONS, find_python
from tables import counts, table

PROGRAM = pathlib.Path(__file__).with_name("python") / "shapes.py"


@pytest.fixture(scope="module", params=VERSIONS)
def shapes(request, preload, tmp_path_factory):
    """shapes.py, stopped: its lines tell of its classes, and of which others it made objects."""
    python = find_python(request.param)
    if not python:
        pytest.skip(f"no Python {request.param} on this machine")
    process = truth.Stopped([python, "-B", PROGRAM], preload, tmp_path_factory.mktemp("shapes"))
    process.version = request.param
    return process


def rows(heapcensus, dump, *options):
    """{type: (count, bytes)}"""
    told = table(heapcensus, dump, "heap.bytype", *options)
    return {name: (row["count"], row["size"]) for name, row in told.items()}


def test_own_classes(shapes, heapcensus):
    """Every class that the program made: exactly as many objects, and as many bytes."""
    told = json.loads(shapes.lines[0])
    census = rows(heapcensus, shapes.dump)
    wrong = {name: (row, census.get(name)) for name, row in told.items()
             if census.get(name, (0, 0))[0] != row[0] or not row[1] <= census[name][1] <= row[2]}
    assert not wrong


def test_truth(shapes, heapcensus):
    """All classes of Python, object by object; of those that the program made objects of, all."""
    classes = truth.compare(heapcensus, shapes.dump, shapes.views["gc"])
    truth.check(classes)
    assert [c for c in map(classes.get, json.loads(shapes.lines[1])) if not c.is_explained()] == []


def test_saved_guppy(shapes, heapcensus):
    """The program's classes as Guppy counted them, in a run of test_guppy.py."""
    saved = truth.saved_guppy(shapes.version)
    if not saved.exists():
        pytest.skip(f"Guppy does not know Python {shapes.version}")
    census = rows(heapcensus, shapes.dump)
    lines = [line.split() for line in saved.read_text().splitlines()]
    assert len(lines) > 30
    assert {name: census.get(name, (0, 0))[0] for _, name in lines} == {name: int(count) for count, name in lines}


TABLE = """
import ctypes, sys
api = ctypes.pythonapi
api.PyMem_Malloc.restype = ctypes.c_void_p
table = api.PyMem_Malloc(ctypes.c_size_t(32))
ctypes.memmove(table, (ctypes.c_uint64 * 4)(id(str), id(int), 2, 1), 32)
print(table, id(str), flush=True)
sys.stdin.read(1)
"""


def test_pointer_is_no_count(preload, heapcensus, tmp_path):
    """A table of C's whose words look like an int's, but for its count of references, which is the address of a variable."""
    with Census([SYSTEM, "-c", TABLE], preload, tmp_path) as run:
        table, variable = map(int, run.process.stdout.readline().split())
        run.wait_until_blocked()
        run.signal()
        dump = run.new_file()
        run.say()
        assert run.finish()[0] == 0
    if variable >= 1 << 40:
        pytest.skip("this Python is position independent: no variable has so low an address")
    assert table in truth.census(heapcensus, dump) and truth.census(heapcensus, dump)[table][0] != "int"


def test_types_without_the_binary(preload, heapcensus, tmp_path):
    """The dump has the names of static classes: its types are the same on a machine without that Python."""
    python = tmp_path / "python-that-goes"
    shutil.copy(SYSTEM, python)
    script = ("import collections, functools, sys; kept = collections.deque([functools.partial(print, [])]);"
              "print('ready', flush=True); sys.stdin.read(1)")
    with Census([python, "-c", script], preload, tmp_path) as run:
        run.expect("ready")
        run.signal()
        dump = run.new_file()
        run.say()
        assert run.finish()[0] == 0

    def told():
        kinds = {kind: pair for kind, pair in rows(heapcensus, dump).items() if not kind.startswith("<")}
        partial = heapcensus("show", "--all", dump, "heap.bytype['functools.partial'].referents.byvia").stdout
        return kinds, [via in partial for via in ("'.func'", "'.args'")]

    there = told()
    assert there[1] == [True, True]
    python.unlink()
    assert told() == there


@pytest.mark.parametrize("contents", ["full", "pointers", "none"])
def test_totals(preload, heapcensus, tmp_path, contents):
    """show has what info has but for free lists; arenas are counted by neither, their objects by both."""
    script = "import sys; kept = [[i] for i in range(10000)]; print('ready', flush=True); sys.stdin.read(1)"
    with Census([SYSTEM, "-c", script], preload, tmp_path, env={"HEAPCENSUS_CONTENTS": contents}) as run:
        run.expect("ready")
        run.signal()
        dump = run.new_file()
        run.say()
        assert run.finish()[0] == 0
    info = json.loads(heapcensus("info", "--json", dump).stdout)
    shown = heapcensus("show", "--json", dump)
    told = json.loads(shown.stdout)
    assert told["count"] <= info["blocks"] - info["free_lists"]["count"]
    assert told["size"] == info["bytes"] - info["free_lists"]["bytes"]
    assert info["bytes"] == sum(kind["bytes"] for kind in info["kinds"].values())
    assert info["arenas"]["count"] >= 1 and "arena" not in info["kinds"]
    assert (f"contents={contents} does not tell what Python's objects are" in shown.stderr) == (contents != "full")


STALE = """
import sys
kept = []
for length in range(40):
    freed = [compile("a;" * length + "b", "", "exec") for i in range(400)]
    freed = None
    for i in range(10):
        class Many:     # a new one has room for 30 values at first, of which one is written
            def __init__(self):
                self.a7 = [self]
        kept += [Many() for i in range(10)]
print("ready")
sys.stdout.flush()
sys.stdin.read(1)
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_old_contents(preload, heapcensus, tmp_path, version):
    """Values whose first words were never written are not the object that was there before."""
    python = find_python(version)
    if not python:
        pytest.skip(f"no Python {version} on this machine")
    with Census([python, "-S", "-c", STALE], preload, tmp_path) as run:
        run.expect("ready")
        run.signal()
        dump = run.new_file()
        run.say()
        assert run.finish()[0] == 0
    told = counts(heapcensus, dump, "heap.bytype['list'].byvia")
    assert [count for name, count in told.items() if "['a7']" in name] == [4000], told


DICTS = """
import collections, ctypes, gc, structure
class Own: pass
own = Own(); own.a = own.b = 1
real = [{}, {1: 2}, dict.fromkeys(range(1000)), {str(i): i for i in range(99)}, vars(own), vars(structure), collections.Counter("abc")]
real[1].clear()
def words(*first):
    return (ctypes.c_uint64 * 6)(*first)
small = words(1, 16)
fakes = [words(1, id(dict), 0, 0, 0x10), words(1, id(dict), 0, 0, 0), words(1, id(dict), 3, 7, ctypes.addressof(small) + 4),
         words(1, id(dict), 1 << 40, 0, ctypes.addressof(small)), words(0, id(dict), 0, 0, ctypes.addressof(small)),
         words(1, id(dict), 0, 0, ctypes.addressof(small), 8), words(1, id(list), 0, 0, ctypes.addressof(small))]
with open("/proc/self/mem", "rb", 0) as memory:
    print([structure.is_dict(memory, id(o)) for o in real if type(o) is dict])
    print([structure.is_dict(memory, ctypes.addressof(o)) for o in fakes] + [structure.is_dict(memory, 8)])
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_oracle_knows_dicts(version):
    """What only begins like a dict (a dead one's remains, a copy) is not looked into: that ended the program."""
    python = find_python(version)
    if not python:
        pytest.skip(f"no Python {version} on this machine")
    done = subprocess.run([python, "-B", "-c", DICTS], env={"PYTHONPATH": str(PROGRAM.parent)}, stdout=subprocess.PIPE, timeout=60,
                          text=True, check=True)
    assert done.stdout == f"{[True] * 6}\n{[False] * 8}\n"
