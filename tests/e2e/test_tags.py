# SPDX-License-Identifier: MIT
"""<heapcensus/tag.h>: what a program is told while it runs, what its dump says of it, and nothing at all without the preload."""
import re

import pytest

import hcdump
from census import Census

LIVE = """Live References

Piece                               4   oldest: Ns ago
Request                             1   oldest: Ns ago
a name of its own                   1   oldest: Ns ago
shop::Box<std::vector<int> >        1   oldest: Ns ago
shop::Item                          5   oldest: Ns ago
0 wrong
"""


def read_until(run, ending):
    text = ""
    while not text.endswith(ending):
        line = run.process.stdout.readline().decode()
        assert line, text
        text += line
    return text


@pytest.mark.parametrize("name", ["tags", "tags_fixed"])
def test_without(program, tmp_path, name):
    """In both an ordinary and a position-dependent executable the weak symbols are NULL."""
    with Census([program(name)], None, tmp_path) as run:
        run.say()
        assert run.finish() == (0, "0 wrong\n", "")


@pytest.mark.parametrize("name", ["tags", "tags_fixed"])
def test_with(program, preload, tmp_path, name):
    with Census([program(name)], preload, tmp_path) as run:
        text = read_until(run, "wrong\n")
        assert re.sub(r"\d+s ago", "Ns ago", text) == LIVE
        dump = hcdump.Dump(run.new_file())
        run.say()
        assert run.finish() == (0, "", "")
    named = {}
    for block in dump.blocks:
        if dump.tag(block):
            named.setdefault(dump.tag(block), []).append(block)
    assert {tag: len(blocks) for tag, blocks in named.items()} == {
        "Request": 1, "Response": 1, "Piece": 4, "shop::Item": 5, "a name of its own": 1,
        "shop::Box<std::vector<int> >": 1}
    assert sorted(b.size for b in named["shop::Item"]) == [40] * 5
    assert [(l.addr, dump.strings[l.text].decode()) for l in dump.labels] == [
        (named["Request"][0].addr, "http://example/1")]
    assert dump.scope(named["Response"][0]) == "spider:books/page 1"
    scopes = {b.size: dump.scope(b) for b in dump.blocks if b.size in (200, 201, 202)}
    assert scopes == {200: "spider:books", 201: "spider:books", 202: None}


def test_queries_at_once(program, preload, tmp_path):
    """A query that comes while another one, or a snapshot, has the gate waits for it."""
    with Census([program("queries")], preload, tmp_path) as run:
        assert run.finish() == (0, "0 wrong\n", "")
