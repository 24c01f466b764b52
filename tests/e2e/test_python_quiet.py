# SPDX-License-Identifier: MIT
"""What holds an object of Python for a programmer of Python is told, what only the interpreter's C code holds it by is not,
where there is something better; what static objects hold is held by them."""
import json
import pathlib

import pytest
from census import Census
from pythons import VERSIONS, find_python

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
        run.signal()
        path = run.new_file()
        run.say()
        assert run.finish()[0] == 0
    return said, path


def rows(heapcensus, path, expression):
    told = json.loads(heapcensus("show", "--all", "--json", path, expression).stdout)
    return {row["name"]: row["count"] for row in told["rows"]}


def test_told(dumped, heapcensus):
    said, path = dumped
    told = [words[1:] for words in said if words[0] == "told"]
    assert len(told) == 6
    for name, relation in told:
        found = rows(heapcensus, path, f"heap.bytype['__main__.{name}'].byvia")
        assert sum(found.values()) == COUNT and found.get(repr(relation), 0) >= COUNT - LINGERING, (name, found)


def test_static(dumped, heapcensus):
    said, path = dumped
    objects = [words for words in said if words[0] in ("at", "only")]
    assert len(objects) >= 3
    for what, kind, address, relation in objects:
        found = {}
        for name in rows(heapcensus, path, f"heap.bytype['{kind}'].by(via & id)"):
            relations, _, block = name.rpartition(" & ")
            found[int(block, 16)] = relations.split(", ")
        (relations,) = [found[int(address) - head] for head in HEADS if int(address) - head in found]
        assert repr(relation) in relations
        assert what == "at" or len(relations) == 1
