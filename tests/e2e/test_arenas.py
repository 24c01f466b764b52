# SPDX-License-Identifier: MIT
"""Objects inside the program's own arenas: counted, listed, and with --interior rows of their own whose bytes are no
more the arena's. corpus/pools.cc makes the slabs; test_native_types.py holds their types against the truth."""
import json

import corpus
import pytest
from test_native_types import built  # noqa: F401 (a fixture)

OBJECTS = 14000  # that pools.cc makes in its slabs
CLASSES = {"syntax::Name", "syntax::Call", "syntax::Block"}


@pytest.fixture(scope="module", params=("gcc -O2 stripped", "clang -O2 -gdwarf-5"))
def program(request, built, preload, tmp_path_factory):  # noqa: F811
    return corpus.Truth(built("pools", request.param), preload, tmp_path_factory.mktemp("pools"), "caller")


@pytest.fixture
def ask(heapcensus, program):
    def run(command, *arguments):
        return json.loads(heapcensus(command, "--json", program.dump, *arguments).stdout)

    return run


def rows(table):
    return {row["name"]: row for row in table["rows"]}


def test_counted(ask):
    interiors = ask("info")["interiors"]
    assert interiors["count"] == OBJECTS
    assert interiors["bytes"] < sum(row["size"] for name, row in rows(ask("show", "--all", "heap.bytype")).items()
                                    if name.startswith("arena ("))


def test_described(ask, program):
    slab = next(addr for addr, name in program.blocks.items() if name.startswith("arena ("))
    [described] = ask("describe", hex(slab))
    inside = described["inside"]
    assert inside[0]["address"] == hex(slab) and {o["type"] for o in inside} <= CLASSES
    assert all(int(a["address"], 16) < int(b["address"], 16) for a, b in zip(inside, inside[1:]))


def test_rows_of_their_own(ask):
    usual, interior = (rows(ask("show", "--all", *options, "heap.bytype")) for options in ([], ["--interior"]))
    assert not CLASSES & set(usual)
    assert sum(interior[name]["count"] for name in CLASSES) == OBJECTS
    # Nothing is counted twice, and the arenas are still there.
    assert sum(row["size"] for row in usual.values()) == sum(row["size"] for row in interior.values())
    assert [row["count"] for name, row in usual.items() if name.startswith("arena (")] == \
        [row["count"] for name, row in interior.items() if name.startswith("arena (")]


def test_references_between_them(ask):
    """Each node but the two roots is led to by the parent of the one before it."""
    via = ask("show", "--all", "--interior", "heap.byvia")["rows"]
    assert sum(row["count"] for row in via if "'.+0x8'" in row["name"] or "'.parent'" in row["name"]) >= OBJECTS - 2
