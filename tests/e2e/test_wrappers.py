# SPDX-License-Identifier: MIT
"""Allocation wrappers that no list knows are noticed, and those that the user names are believed."""
import json

import pytest
from census import Census
from tables import counts

CALLERS = {"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}


@pytest.fixture(scope="module", params=["wrapped", "wrapped_bare"])
def dump(request, program, preload, tmp_path_factory):
    with Census([program(request.param)], preload, tmp_path_factory.mktemp("wrapped"), env={"HEAPCENSUS_STACKS": "full"}) as run:
        run.expect("ready")
        return run.last_dump()


def test_noticed(heapcensus, dump):
    sites = counts(heapcensus, dump, "heap.bysite")
    assert {name: sites.get(name) for name in CALLERS} == dict.fromkeys(CALLERS, 2)
    assert sites["make_node"] == len(CALLERS), "a function that makes one structure is no wrapper"
    assert not {"grab", "draw"} & set(sites)


def test_named(heapcensus, dump):
    sites = counts(heapcensus, dump, "heap.bysite", "--wrappers", "nobody,make_*")
    assert {name: sites.get(name) for name in CALLERS} == dict.fromkeys(CALLERS, 3)
    assert "make_node" not in sites


@pytest.mark.parametrize("command", ["live --all", "oldest", "iter"])
def test_every_command(heapcensus, dump, command):
    words = command.split()
    printed = heapcensus(*words, "--wrappers", "make_*", dump, *(["<one>"] if words[0] != "live" else [])).stdout
    assert "<one>" in printed and "make_node" not in printed


def test_describe(heapcensus, dump):
    """The object is the same, the site is who asked."""
    [before, *_] = json.loads(heapcensus("describe", "--json", dump, "heap.bysite['make_node']").stdout)
    [after] = json.loads(heapcensus("describe", "--json", "--wrappers", "make_*", dump, before["address"]).stdout)
    assert before["site"] == "make_node" and after["site"] in CALLERS


def test_diff(heapcensus, dump):
    printed = heapcensus("diff", "--wrappers", "make_*", dump, dump, "--all", "b.bysite").stdout
    assert "ten" in printed and "make_node" not in printed
