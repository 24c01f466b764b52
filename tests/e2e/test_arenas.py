# SPDX-License-Identifier: MIT
"""Objects inside the program's own arenas: counted, listed, and with --interior rows of their own whose bytes are no
more the arena's. corpus/pools.cc makes the slabs; test_native_types.py holds their types against the truth."""
import collections
import json

import corpus
import pytest
from tables import counts, table
from test_classes import listing  # noqa: F401 (a fixture)
from test_native_types import built  # noqa: F401 (a fixture)

OBJECTS = 14000  # that pools.cc makes in its slabs of all classes
SLOTS = 663  # and in those of one class
CLASSES = {"syntax::Name", "syntax::Call", "syntax::Block"}


@pytest.fixture(scope="module", params=("gcc -O2 stripped", "clang -O2 -gdwarf-5"))
def program(request, built, preload, tmp_path_factory):  # noqa: F811
    return corpus.Truth(built("pools", request.param), preload, tmp_path_factory.mktemp("pools"), "caller")


@pytest.fixture
def ask(heapcensus, program):
    def run(command, *arguments):
        return json.loads(heapcensus(command, "--json", program.dump, *arguments).stdout)

    return run


def test_counted(ask, heapcensus, program):
    interiors = ask("info")["interiors"]
    assert interiors["count"] == OBJECTS + SLOTS
    assert interiors["bytes"] < sum(row["size"] for name, row in table(heapcensus, program.dump, "heap.bytype").items()
                                    if name.startswith("arena ("))


def test_described(ask, program):
    slab = next(addr for addr, name in program.blocks.items() if name.startswith("arena ("))
    [described] = ask("describe", hex(slab))
    inside = described["inside"]
    assert inside[0]["address"] == hex(slab) and {o["type"] for o in inside} <= CLASSES
    assert all(int(a["address"], 16) < int(b["address"], 16) for a, b in zip(inside, inside[1:]))


def test_rows_of_their_own(heapcensus, program):
    usual, interior = (table(heapcensus, program.dump, "heap.bytype", *options) for options in ([], ["--interior"]))
    assert not CLASSES & set(usual)
    assert sum(interior[name]["count"] for name in CLASSES) == OBJECTS
    assert interior["Slot"]["count"] == SLOTS
    # Nothing is counted twice, and the arenas are still there.
    assert sum(row["size"] for row in usual.values()) == sum(row["size"] for row in interior.values())
    assert {name: row["count"] for name, row in usual.items() if name.startswith("arena (")} == \
        {name: row["count"] for name, row in interior.items() if name.startswith("arena (")}


def test_references_between_them(heapcensus, program):
    """Each node but the two roots is led to by the parent of the one before it."""
    via = counts(heapcensus, program.dump, "heap.byvia", "--interior")
    assert sum(count for name, count in via.items() if "'.+0x8'" in name or "'.parent'" in name) >= OBJECTS - 2


@pytest.mark.parametrize("stacks", ["caller", "full"])
def test_slices(built, listing, heapcensus, preload, tmp_path, stacks):  # noqa: F811
    """Before 2.76 GLib cuts its nodes and objects out of slabs."""
    program = built("glib", "gcc -O2 stripped")
    truth = corpus.Truth(program, preload, tmp_path, stacks, {"G_SLICE": ""})
    blocks = listing(truth.dump)[0]
    slabs = {addr for addr, (_, name, _) in blocks.items() if name == "arena (GSlice)"}
    if not slabs:
        pytest.skip("this GLib has no slices")
    described = [slab for addr in slabs for slab in json.loads(heapcensus("describe", "--json", truth.dump, hex(addr)).stdout)]
    inside = {int(o["address"], 16): o["type"] for slab in described for o in slab["inside"]}
    true = {addr: name for addr, name in truth.blocks.items() if addr in slabs or addr not in blocks}
    assert {addr: name for addr, name in inside.items() if addr in true and true[addr] not in name.split("/")} == {}
    told = collections.Counter(true[addr] for addr in inside.keys() & true.keys())
    for name in ("GHashTable", "GPtrArray", "GString", "GArray", "DemoItem", "DemoBook", "GObject"):
        assert told[name] == collections.Counter(true.values())[name] > 0, name
    assert told["GList"] >= 40 and told["GQueue"] == 1


def test_slices_are_rows_of_their_own(built, heapcensus, preload, tmp_path):  # noqa: F811
    truth = corpus.Truth(built("glib", "gcc -O2 stripped"), preload, tmp_path, "full", {"G_SLICE": ""})
    tables = [table(heapcensus, truth.dump, "heap.bytype", *option) for option in ([], ["--interior"])]
    if "arena (GSlice)" not in tables[0]:
        pytest.skip("this GLib has no slices")
    assert sum(row["size"] for row in tables[0].values()) == sum(row["size"] for row in tables[1].values())
    assert tables[1]["DemoBook"]["count"] == tables[1]["DemoItem"]["count"] == 4
    # What its arrays take counts for a table once that is an object.
    assert tables[1]["GHashTable"]["size"] > tables[1]["GHashTable"]["count"] * 96
    assert "GHashTable keys" in tables[0] and "GHashTable keys" not in tables[1]


@pytest.mark.parametrize("variant", ["gcc -O2 -gdwarf-5", "clang -O0 -gdwarf-4"])
def test_typed_pointers_into_slabs(built, heapcensus, preload, tmp_path, variant):  # noqa: F811
    """In C it is debug information that tells what lies in a slab (corpus/bump.c), also behind a header."""
    dump = corpus.Truth(built("bump", variant), preload, tmp_path, "caller").dump
    usual, interior = (table(heapcensus, dump, "heap.bytype", *option) for option in ([], ["--interior"]))
    scopes = 2 * sum(3 ** depth for depth in range(8))
    symbols = 2 * sum((3 + depth % 4) * 3 ** depth for depth in range(8))
    assert interior["struct scope"]["count"] == scopes
    assert interior["struct symbol"]["count"] == symbols
    assert interior["struct slab"]["count"] == usual["struct slab"]["count"]
    assert sum(row["size"] for row in usual.values()) == sum(row["size"] for row in interior.values())
    via = counts(heapcensus, dump, "heap.byvia", "--interior")
    assert sum(count for name, count in via.items() if "'.next'" in name or "'.symbols'" in name) >= symbols
