# SPDX-License-Identifier: MIT
"""Programs as Debian ships them, without debug information: cmake while it configures a project (htdig: test_crawlers.py).
Most of its blocks have a type, few no more than the function that allocated them as their label, and the functions of the
C++ library that made some, which have symbols, agree."""
import json
import os
import re
import shutil
import subprocess

import pytest
from tables import counts

# Of 300 targets' classes nobody knows more than what holds them.
TYPED, NAMED = 0.93, 0.96
TOLD = {"tag", "vtable-rtti", "vtable-symbol", "vtable-shape", "shape", "dwarf", "propagated", "layout", "content"}
PROJECT = """
cmake_minimum_required(VERSION 3.20)
project(shop C)
find_package(Threads)
include(CTest)
add_library(basket STATIC basket.c)
foreach(i RANGE 300)
  set(NAME_${i} "value ${i} of the list")
  add_custom_target(step${i} COMMAND echo ${i})
endforeach()
add_executable(shop shop.c)
target_link_libraries(shop basket Threads::Threads)
"""
# A function of the C++ library, and what it makes.
MAKERS = {
    r"std::string::(_M_\w+|reserve|append|assign|string)\b.*": r"std::string text",
    r"std::vector<std::string.*>::(_M_realloc_insert|reserve)\b.*": r"std::(vector.* items|string text)",
    r"std::deque<.*>::_M_\w+.*": r"std::deque.* (chunk|map)",
    r"std::_Rb_tree<.*>::_M_\w+.*": r"std::.*(set|map).* node",
}


@pytest.fixture(scope="module")
def dumps(preload, tmp_path_factory):
    """Those that cmake wrote while it grew, not the one at its end, which waits for them."""
    cmake = shutil.which("cmake", path="/usr/bin")
    if not cmake:
        pytest.skip("no /usr/bin/cmake")
    folder = tmp_path_factory.mktemp("cmake")
    (folder / "CMakeLists.txt").write_text(PROJECT)
    (folder / "basket.c").write_text("int basket;\n")
    (folder / "shop.c").write_text("int main(void) { return 0; }\n")
    environment = {**os.environ, "LD_PRELOAD": str(preload), "HEAPCENSUS_DIR": str(folder), "HEAPCENSUS_GROW": "1m",
                   "HEAPCENSUS_EXIT": "1", "HEAPCENSUS_EXEC": "stop"}
    subprocess.run([cmake, "-S", folder, "-B", folder / "b"], env=environment, check=True, timeout=120, capture_output=True)
    return sorted(folder.glob("cmake.*.hc"), key=lambda path: path.stat().st_mtime_ns)[:-1]


def test_most_blocks_are_typed(dumps, heapcensus):
    assert dumps
    for dump in dumps:
        told = json.loads(heapcensus("info", "--json", dump).stdout)
        typed = sum(told["provenances"][name]["count"] for name in TOLD)
        print(told["blocks"], {name: row["count"] for name, row in told["provenances"].items() if row["count"]})
        assert told["blocks"] > 5000
        assert typed >= TYPED * told["blocks"]
        assert typed + told["provenances"]["held"]["count"] >= NAMED * told["blocks"]


def test_makers_agree(dumps, heapcensus):
    nr = 0
    for dump in dumps:
        for name, count in counts(heapcensus, dump, "heap.by(type & site)", "--own").items():
            kind, site = name.split(" & ", 1)
            made = [made for maker, made in MAKERS.items() if re.fullmatch(maker, site)]
            if made and not re.match(r"<|cm\w+\.", kind):
                assert re.fullmatch(made[0], kind), name
                nr += count
    assert nr > 200


def test_names_tell(dumps, heapcensus):
    told = counts(heapcensus, dumps[-1], "heap.bytype", "--own")
    for kind in (r"std::string text", r"std::vector\b.* items", r"std::unordered_\S+.* node", r"std::(set|map)\S*.* node",
                 r"cm[A-Z]\w+", r".*cmListFileFunction::Implementation.*", r"struct asn1_node_st"):
        assert sum(count for name, count in told.items() if re.fullmatch(kind, name)) > 0, kind
