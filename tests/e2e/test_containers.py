# SPDX-License-Identifier: MIT
"""Memory of std:: containers, of libstdc++ and libc++, in binaries without any names: corpus/containers.cc says what is
what, and has much that only looks like a container."""
import re

import corpus
import pytest
from test_classes import listing  # noqa: F401 (a fixture)
from test_native_types import built  # noqa: F401 (a fixture)

STRIPPED = ("gcc -O0 stripped", "gcc -O2 stripped", "clang -O2 stripped", "clang -O0 -stdlib=libc++ stripped",
            "clang -O2 -stdlib=libc++ stripped")
ALIKE = {"multiset": "set/map", "multimap": "set/map", "set": "set/map", "map": "set/map",
         "unordered_multiset": "unordered_set/map", "unordered_multimap": "unordered_set/map",
         "unordered_set": "unordered_set/map", "unordered_map": "unordered_set/map"}
ALONE = 1  # what only a stack holds may have been left there


def shape_of(true):
    """What a type looks like to somebody who sees no names."""
    if true == "std::wstring text":
        return "std::wstring/u32string text"
    found = re.fullmatch(r"std::(\w+)<(.*)> (\w+)", true)
    if not found or found[2] == "bool":
        return true
    return f"std::{ALIKE.get(found[1], found[1])} {found[3]}"


@pytest.mark.parametrize("variant", STRIPPED)
def test_containers_have_shapes(built, listing, preload, tmp_path, variant):  # noqa: F811
    truth = corpus.Truth(built("containers", variant), preload, tmp_path, "caller")
    found, _ = listing(truth.dump)
    shapes = {addr: shape_of(true) for addr, true in truth.blocks.items()}
    wrong = [(true, found[addr]) for addr, true in truth.blocks.items()
             if found[addr][0] == "shape" and corpus.spelled(found[addr][1]) not in
             (corpus.spelled(true), shapes[addr])]
    assert not wrong
    untold = [(true, found[addr]) for addr, true in truth.blocks.items()
              if true.startswith("std::") and found[addr][0] != "shape"]
    assert len(untold) <= ALONE, untold
    assert sum(true.startswith("std::") for true in shapes.values()) > 1500
