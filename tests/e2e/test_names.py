# SPDX-License-Identifier: MIT
"""What types and relations of C++'s library are called where debug information tells them."""
import json
import pathlib
import shutil
import subprocess

import pytest
from census import Census

PROGRAM = pathlib.Path(__file__).parent / "programs" / "names.cc"


@pytest.fixture(scope="module", params=["g++", "clang++"])
def dump(request, preload, tmp_path_factory):
    if not shutil.which(request.param):
        pytest.skip(f"{request.param} is not installed")
    folder = tmp_path_factory.mktemp("names")
    subprocess.run([request.param, "-std=c++17", "-O2", "-g", "-o", folder / "names", PROGRAM], check=True, timeout=120)
    with Census([folder / "names"], preload, folder / "dumps") as run:
        run.expect("ready")
        return run.last_dump()


@pytest.fixture
def names(heapcensus, dump):
    """names(expression, options...): the names of its rows."""
    def run(*arguments):
        done = heapcensus("show", "--all", "--json", dump, *arguments)
        return {row["name"] for row in json.loads(done.stdout)["rows"]}

    return run


def test_types_are_spelled_as_programs_write_them(names):
    assert {"std::string", "std::vector<std::string>", "std::map<int, std::string>", "std::unique_ptr<Alone>",
            "Holder<std::string>", "std::shared_ptr<Key> control block", "std::map<std::string, int> node"} <= names("heap.bytype")
    assert not [name for name in names("heap.bytype") if "basic_string" in name or "std::allocator" in name]


def test_what_a_pointer_alone_in_its_block_holds(names):
    assert names("heap.bytype['Single'].byvia") == {"'[*]'"}
    assert names("heap.bytype['Single'].byvia", "--source-types") == {"'Single *[*]'"}
    assert names("heap.bytype['Single'].byvia", "--exact-index") == {"'[0]'"}
    assert names("heap.bytype['Alone'].byvia") == {"'[*]'"}
    assert names("heap.bytype['Key'].byvia") == {"'.key', '[*]'"}


def test_texts_in_their_own_nodes_hold_nothing(names):
    """Links of nodes say less than other relations, an object's own words less than those."""
    assert not [name for name in names("heap.bytype['std::map<std::string, int> node'].byvia") if "@" in name]
