# SPDX-License-Identifier: MIT
"""Memory of std:: containers, of libstdc++ and libc++, in binaries without any names: corpus/containers.cc says what is
what, and has much that only looks like a container."""
import subprocess
import time

import corpus
import pytest
from test_classes import listing  # noqa: F401 (a fixture)
from test_native_types import built, relations  # noqa: F401 (fixtures)

STRIPPED = ("gcc -O0 stripped", "gcc -O2 stripped", "clang -O2 stripped", "clang -O0 -stdlib=libc++ stripped",
            "clang -O2 -stdlib=libc++ stripped")
ALONE = 1  # what only a stack holds may have been left there


@pytest.mark.parametrize("variant", STRIPPED)
def test_containers_have_shapes(built, listing, preload, tmp_path, variant):  # noqa: F811
    truth = corpus.Truth(built("containers", variant), preload, tmp_path, "caller")
    found, _ = listing(truth.dump)
    shapes = {addr: corpus.shape_of(true) for addr, true in truth.blocks.items()}
    wrong = [(true, found[addr]) for addr, true in truth.blocks.items()
             if found[addr][0] == "shape" and corpus.spelled(found[addr][1]) not in
             (corpus.spelled(true), shapes[addr])]
    assert not wrong
    untold = [(true, found[addr]) for addr, true in truth.blocks.items()
              if true.startswith("std::") and found[addr][0] != "shape"]
    assert len(untold) <= ALONE, untold
    assert sum(true.startswith("std::") for true in shapes.values()) > 1500


@pytest.mark.parametrize("variant", ["clang -O0 -gdwarf-5 -stdlib=libc++", "clang -O2 -gdwarf-5 -stdlib=libc++"])
def test_containers_of_libcxx_have_element_types(built, listing, relations, preload, tmp_path, variant):  # noqa: F811
    """Those of libstdc++ are in test_native_types.py."""
    truth = corpus.Truth(built("containers", variant), preload, tmp_path, "caller")
    found, _ = listing(truth.dump)
    verdict = corpus.Verdict(truth, found)
    print(verdict.table())
    assert not verdict.lies
    assert verdict.recall >= 0.95
    wrong, nr = corpus.wrong_edges(truth, found, relations(truth.dump))
    assert not wrong and nr > 60


@pytest.mark.parametrize("variant", ["gcc -O0 -g -DWITH_CONTAINERS", "gcc -O2 -g -DWITH_CONTAINERS",
                                     "clang -O2 -g -DWITH_CONTAINERS"])
def test_debug_information_knows_better(built, listing, preload, tmp_path, variant):  # noqa: F811
    truth = corpus.Truth(built("likenesses", variant), preload, tmp_path, "caller")
    found, _ = listing(truth.dump)
    rings = [found[addr] for addr, true in truth.blocks.items() if true == "Item"]
    assert len(rings) > 60 and {name for _, name, _ in rings} == {"Item"}


LONG_LIST = """
#include <list>
#include <unistd.h>
std::list<long> numbers;
int main()
{
	for (long i = 0; i < 100000; i++)
		numbers.push_back(i);
	write(1, "ready\\n", 6);
	char c;
	while (read(0, &c, 1) > 0)
		;
	return 0;
}
"""


def test_a_list_of_numbers_is_read_once(listing, preload, tmp_path):  # noqa: F811
    """Every node looks like a list of as many nodes as its value says."""
    (tmp_path / "numbers.cc").write_text(LONG_LIST)
    program = tmp_path / "numbers"
    subprocess.run(["g++", "-g", "-o", program, tmp_path / "numbers.cc"], check=True, timeout=60)
    started = time.monotonic()
    found, _ = listing(corpus.Truth(program, preload, tmp_path, "caller").dump)
    assert time.monotonic() - started < 30
    assert sum(name in ("std::list<long> node", "std::list<long int> node") for _, name, _ in found.values()) == 100000
