# SPDX-License-Identifier: MIT
"""What holds an object of Python for a programmer of Python is told, what only the interpreter's C code holds it by is not,
where there is something better; what static objects hold is held by them."""
import pathlib

import pytest
from census import Census
from pythons import VERSIONS, find_python
from tables import counts

SCRIPT = pathlib.Path(__file__).with_name("python_quiet.py")
COUNT = 300
LINGERING = 2			# objects of which an old copy of the pointer is somewhere
HEADS = (0, 16, 32)		# what may stand in front of an object


@pytest.fixture(scope="module", params=VERSIONS)
def dumped(request, preload, tmp_path_factory):
    python = find_python(request.param)
    if not python:
        pytest.skip(f"no Python {request.param} on this machine")
    with Census([python, SCRIPT], preload, tmp_path_factory.mktemp("quiet")) as run:
        lines = iter(lambda: run.process.stdout.readline().decode().rstrip("\n"), "ready")
        said = [line.split(" ") for line in lines]
        run.wait_until_blocked()
        path = run.last_dump()
    return said, path


def row_of(heapcensus, path, kind, address, rule):
    """The names that the row of one object has by that rule."""
    found = {}
    for name in counts(heapcensus, path, f"heap.bytype['{kind}'].by({rule} & id)"):
        names, _, block = name.rpartition(" & ")
        found[int(block, 16)] = names.split(", ")
    (names,) = [found[address - head] for head in HEADS if address - head in found]
    return names


def test_told(dumped, heapcensus):
    said, path = dumped
    told = [words[1:] for words in said if words[0] == "told"]
    assert len(told) == 6
    for name, relation in told:
        found = counts(heapcensus, path, f"heap.bytype['__main__.{name}'].byvia")
        assert sum(found.values()) == COUNT and found.get(repr(relation), 0) >= COUNT - LINGERING, (name, found)


def test_static(dumped, heapcensus):
    said, path = dumped
    objects = [words for words in said if words[0] in ("at", "only")]
    assert len(objects) >= 3
    for what, kind, address, relation in objects:
        relations = row_of(heapcensus, path, kind, int(address), "via")
        assert repr(relation) in relations
        assert what == "at" or len(relations) == 1


def test_holders(dumped, heapcensus):
    """The same of what holds them; a static class is a type."""
    said, path = dumped
    for name, holder in (("Name", "dict of module"), ("GeneratorName", "list"), ("Pointed", "dict (no owner)")):
        assert counts(heapcensus, path, f"heap.bytype['__main__.{name}'].byrcs").get(holder, 0) >= COUNT - LINGERING
    for _, kind, address, relation in (words for words in said if words[0] == "at"):
        if relation in (".__dict__", ".__mro__"):
            assert "type" in row_of(heapcensus, path, kind, int(address), "rcs")
