# SPDX-License-Identifier: MIT
"""What is said to hold an object of Python is what holds it, as Guppy spells it; and cyclic garbage is told apart."""
import csv
import io
import json
import pathlib

import pytest
from census import Census
from pythons import VERSIONS, find_python
from tables import counts

FOLDER = pathlib.Path(__file__).parent
COUNT = 20
LINGERING = 5			# objects of which an old copy of the pointer may lie on a stack or in memory never written


def listen(run):
    """What the script says until it is ready: [(what, class, rest)]."""
    said = []
    for line in iter(lambda: run.process.stdout.readline().decode().rstrip("\n"), "ready"):
        assert line, run.rest_of_stderr() + run.log()
        said.append(line.split(" ", 2))
    return said


def take(version, script, preload, folder):
    """What the script said, and the dump."""
    python = find_python(version)
    if not python:
        pytest.skip(f"no Python {version} on this machine")
    with Census([python, "-B", "-W", "ignore", FOLDER / script], preload, folder) as run:
        said = listen(run)
        run.wait_until_blocked()
        run.signal()
        path = run.new_file()
        run.say()
        status, _, err = run.finish()
        assert status == 0, err
    return said, path


@pytest.fixture(scope="module", params=VERSIONS)
def dumped(request, preload, tmp_path_factory):
    return take(request.param, "python_relations.py", preload, tmp_path_factory.mktemp("relations"))


def unexpected(heapcensus, said, path):
    """[(class, relation, {row: count})] of what is said to be held otherwise than it is."""
    relations = {name: relation for what, name, relation in said if what == "relation"}
    assert len(relations) > 30
    found = {}
    for name, count in counts(heapcensus, path, "heap.by(type & via)").items():
        kind, _, via = name.partition(" & ")
        found.setdefault(kind.rpartition(".")[2], {})[via] = count
    return [(name, relation, found.get(name)) for name, relation in relations.items()
            if sum(found.get(name, {}).values()) != COUNT or found[name].get(repr(relation), 0) < COUNT - LINGERING]


def test_relations(dumped, heapcensus):
    assert not unexpected(heapcensus, *dumped)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("script", ["python_relations_layouts.py", "python_relations_library.py"])
def test_more_relations(script, version, preload, heapcensus, tmp_path):
    assert not unexpected(heapcensus, *take(version, script, preload, tmp_path))


def test_frame(dumped, heapcensus):
    said, path = dumped
    for what, name, relation in said:
        if what == "local":
            (found,) = counts(heapcensus, path, f"heap.bytype['__main__.{name}'].byvia")
            assert repr(relation) in found


def test_garbage(dumped, heapcensus):
    said, path = dumped
    for what, name, count in said:
        if what == "garbage":
            found = counts(heapcensus, path, f"heap.bytype['__main__.{name}'].byreach")
            assert found["garbage"] >= int(count) - LINGERING
    for name in ("Plain", "Slot", "DictValue"):
        assert counts(heapcensus, path, f"heap.bytype['__main__.{name}'].byreach").keys() == {"reachable"}


# The collector does not know these, or (weak references) ends them itself; what only an ended module of 3.8 has leaked.
UNTRACKED = {"str", "bytes", "int", "float", "complex", "tuple", "dict", "types.CodeType", "object", "types.BuiltinMethodType",
             "module", "builtins.weakref", "weakref.ReferenceType"}


@pytest.mark.parametrize("version", VERSIONS)
def test_collector(version, preload, heapcensus, tmp_path):
    """Garbage is what the collector finds when it is let, and what only that held."""
    python = find_python(version)
    if not python:
        pytest.skip(f"no Python {version} on this machine")
    with Census([python, "-B", "-W", "ignore", FOLDER / "python" / "collected.py"], preload, tmp_path) as run:
        run.expect("ready")
        run.wait_until_blocked()
        run.signal()
        path = run.new_file()
        run.say()
        collected = set(json.loads(run.process.stdout.readline()))
        run.say()
        assert run.finish()[0] == 0
    kinds = {}
    for row in csv.DictReader(io.StringIO(heapcensus("show", "--csv", path, "heap.by(reach & type & id)").stdout)):
        reach, kind, address = row["name"].split(" & ", 1)[0], *row["name"].split(" & ", 1)[1].rsplit(" & ", 1)
        if reach == "garbage":
            kinds[int(address, 16)] = kind
    assert len(collected) > 300
    # A class that an old pointer in memory never written leads to brings some objects with it.
    assert len(collected - kinds.keys()) <= len(collected) // 20
    surplus = {kinds[address] for address in kinds.keys() - collected}
    assert not {kind for kind in surplus - UNTRACKED if not kind.startswith(("<", "struct "))}
