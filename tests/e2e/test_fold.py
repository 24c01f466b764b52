# SPDX-License-Identifier: MIT
"""What counts for what, and how sure references are, against a program that knows it (corpus/owners.c)."""
import json
import subprocess

import corpus
import pytest
from test_classes import listing  # noqa: F401 (a fixture)
from test_native_types import built  # noqa: F401 (a fixture)

VARIANTS = ("gcc -O0 -gdwarf-5", "gcc -O2 -gdwarf-5", "clang -O2 -gdwarf-4")


@pytest.fixture(scope="module", params=VARIANTS)
def program(request, built, preload, tmp_path_factory):  # noqa: F811
    return corpus.Truth(built("owners", request.param), preload, tmp_path_factory.mktemp("owners"), "full")


@pytest.fixture
def parts(build):
    """parts(dump): {block: the block that it counts for}."""
    def run(dump):
        done = subprocess.run([build / "tests/e2e/list_types", "--parts", dump], capture_output=True, text=True, check=True,
                              timeout=60)
        return {int(part, 16): int(owner, 16) for part, owner in (line.split("\t") for line in done.stdout.splitlines())}

    return run


def rows(heapcensus, *arguments):
    return json.loads(heapcensus(*arguments, "--json").stdout)


def test_parts(program, parts):
    assert len(program.parts) > 60
    assert parts(program.dump) == program.parts


def test_sizes(program, heapcensus):
    """An object's size is its own and that of its parts; all sizes add up to the same."""
    own = {row["address"]: row for row in rows(heapcensus, "iter", "--own", program.dump, "struct page")}
    whole = {row["address"]: row for row in rows(heapcensus, "iter", program.dump, "struct page")}
    texts = {row["address"]: row for row in rows(heapcensus, "iter", "--own", program.dump, "text")}
    assert own.keys() == whole.keys() and len(own) == 60
    for address, row in whole.items():
        mine = [texts[f"{part:#x}"]["size"] for part, owner in program.parts.items() if owner == int(address, 16)]
        assert row["own_size"] == own[address]["size"] == own[address]["own_size"]
        assert row["size"] == row["own_size"] + sum(mine)
    tables = [rows(heapcensus, "show", "--all", *option, program.dump) for option in ((), ("--own",))]
    assert tables[0]["size"] == tables[1]["size"]
    assert tables[0]["count"] == tables[1]["count"] - len(program.parts)


def test_nothing_but_parts(program, heapcensus):
    done = heapcensus("iter", program.dump, "double[]", check=False)
    assert done.returncode == 1 and "count for what holds them; --own lists them" in done.stderr


def test_pointers_into_parts(program, heapcensus):
    """The cursors' texts are no parts, for they are held twice; the stack's pointers lead to the parts' owners."""
    found = rows(heapcensus, "show", "--all", program.dump, "heap.bytype['struct page'].byvia")
    names = {name for row in found["rows"] for name in row["name"].split(", ")}
    assert {"'.next'", "'.page'", "'::pages'"} <= names
    assert any(name.endswith("@.url'") and "main" in name for name in names)


def test_references(program, heapcensus):
    counted = rows(heapcensus, "info", program.dump)
    assert counted["folded"]["count"] == len(program.parts)
    assert counted["references"]["exact"] > 100 and counted["references"]["interior"] >= 3
    assert counted["references"]["slack"] == 0


def test_exact_edges(program, heapcensus):
    """Without words of no type nothing holds the text that only an integer leads to; the note says that."""
    def held(*options):
        table = heapcensus("show", "--all", "--json", *options, program.dump, "heap.byvia")
        return table.stderr, {row["name"]: row["count"] for row in json.loads(table.stdout)["rows"]}

    notes, usual = held()
    assert "'.secret'" in usual and "--exact-edges" not in notes
    notes, exact = held("--exact-edges")
    assert "'.secret'" not in exact
    assert "left out (--exact-edges): what only they hold looks unheld" in notes
    assert exact["'.next'"] >= usual["'.next'"] > 50


@pytest.mark.parametrize("program_name", corpus.PROGRAMS)
@pytest.mark.parametrize("variant", ["gcc -O2 -gdwarf-5", "gcc -O2 stripped"])
def test_every_program(built, preload, parts, listing, heapcensus, tmp_path, program_name, variant):  # noqa: F811
    """Whatever is folded, sizes add up, parts are nothing with a life of its own, and owners are no parts."""
    dump = corpus.Truth(built(program_name, variant), preload, tmp_path, "full").dump
    found, _ = listing(dump)
    folded = parts(dump)
    for part, owner in folded.items():
        provenance, name, _ = found[part]
        assert owner not in folded and part != owner
        assert provenance not in ("tag", "cpython") and not provenance.startswith("vtable"), name
    tables = [rows(heapcensus, "show", "--all", *option, dump) for option in ((), ("--own",))]
    assert tables[0]["size"] == tables[1]["size"]
    assert tables[0]["count"] == tables[1]["count"] - len(folded)
    names = [row["name"] for row in tables[1]["rows"]]
    assert len(set(names)) == len(names), "one type is one row, however it was told"
    assert rows(heapcensus, "info", dump)["folded"]["count"] == len(folded)


def test_debug_information_folds_no_less(built, preload, parts, tmp_path):  # noqa: F811
    """Containers' parts have types of their own then, and elements lead to more."""
    nr = {}
    for variant in "gcc -O2 -gdwarf-5", "gcc -O2 stripped":
        folder = tmp_path / variant.replace(" ", "")
        folder.mkdir()
        nr[variant] = len(parts(corpus.Truth(built("containers", variant), preload, folder, "full").dump))
    assert nr["gcc -O2 -gdwarf-5"] >= nr["gcc -O2 stripped"] > 10


def test_elements_are_exact(built, preload, heapcensus, tmp_path):  # noqa: F811
    """Of containers, too, debug information tells which words are pointers; behind a vector's end there is room."""
    dump = corpus.Truth(built("containers", "gcc -O2 -gdwarf-5"), preload, tmp_path, "full").dump
    references = rows(heapcensus, "info", dump)["references"]
    assert references["conservative"] < 0.1 * sum(references.values())


@pytest.mark.parametrize("path", sorted((corpus.FOLDER.parents[1] / "fuzz" / "python").glob("*.hc")), ids=lambda path: path.stem)
def test_references_of_python_are_exact(path, heapcensus):
    """But for what lies in C memory of no type: the dumps are cut down from small programs."""
    references = rows(heapcensus, "info", path)["references"]
    assert references["exact"] > 0.8 * sum(references.values())
