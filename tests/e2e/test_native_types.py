# SPDX-License-Identifier: MIT
"""Types by debug information, against what the programs of the corpus say of their own blocks, as compilers build them."""
import subprocess

import corpus
import pytest
from test_classes import listing  # noqa: F401 (a fixture)

PRECISION = 0.999
RECALL = 0.95
# One function makes them all, of every type: what calls it is in full stacks only.
LESS_BY_CALLER = {"objects": 0.3}
# Every compiler with every optimization and form of debug information; all combinations with --slow.
SAMPLE = ("gcc -O0 -gdwarf-4", "gcc -O2 -gdwarf-5", "gcc -O2 -gdwarf-4", "gcc -O3 -gdwarf-5",
          "clang -O0 -gdwarf-5", "clang -O2 -gdwarf-5", "clang -O2 -gdwarf-4", "clang -O3 -gdwarf-4")
EVERY = [f"{compiler} {optimization} {dwarf}" for compiler in corpus.COMPILERS for optimization in ("-O0", "-O2", "-O3")
         for dwarf in ("-gdwarf-4", "-gdwarf-5")]
VARIANTS = [variant if variant in SAMPLE else pytest.param(variant, marks=pytest.mark.slow) for variant in EVERY]
STRIPPED = ("gcc -O2 stripped", "clang -O2 stripped")


@pytest.fixture(scope="session")
def built(request, tmp_path_factory):
    """built(program, variant): its path; all that the session's tests ask for are built beside them."""
    builder = corpus.Builder(tmp_path_factory.mktemp("corpus"))
    for item in request.session.items:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        if {"program_name", "variant"} <= params.keys():
            builder.start(params["program_name"], params["variant"])
    yield builder.build
    builder.pool.shutdown(cancel_futures=True)


@pytest.fixture
def relations(build):
    """relations(dump): {(from, to): names of the relations between two blocks}."""
    def run(dump):
        done = subprocess.run([build / "tests/e2e/list_types", "--relations", dump], capture_output=True, text=True,
                                     check=True, timeout=60)
        found = {}
        for line in done.stdout.splitlines():
            holder, target, name = line.split("\t")
            found.setdefault((int(holder, 16), int(target, 16)), set()).add(name)
        return found

    return run


@pytest.mark.parametrize("stacks", ["caller", "full"])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("program_name", corpus.PROGRAMS)
def test_corpus(built, listing, relations, preload, tmp_path, program_name, variant, stacks):  # noqa: F811
    truth = corpus.Truth(built(program_name, variant), preload, tmp_path, stacks)
    found, _ = listing(truth.dump)
    verdict = corpus.Verdict(truth, found)
    print(verdict.table())
    assert len(truth.blocks) > 60
    if program_name not in corpus.LIBRARIES:
        assert len(found.keys() - truth.blocks.keys()) <= len(found) // 20, "blocks of which the program says nothing"
    assert not verdict.lies, "a wrong type that is no guess"
    assert verdict.precision >= PRECISION
    if "-O2" in variant:
        assert verdict.recall >= (LESS_BY_CALLER.get(program_name, RECALL) if stacks == "caller" else RECALL)
    wrong, _ = corpus.wrong_edges(truth, found, relations(truth.dump))
    assert not wrong
    assert not corpus.wrong_roots(truth, found)


@pytest.mark.parametrize("stacks", ["caller", "full"])
@pytest.mark.parametrize("variant", STRIPPED)
@pytest.mark.parametrize("program_name", corpus.PROGRAMS)
def test_corpus_stripped(built, listing, preload, tmp_path, program_name, variant, stacks):  # noqa: F811
    """Without debug information few types are told, and none is wrong."""
    truth = corpus.Truth(built(program_name, variant), preload, tmp_path, stacks)
    found, _ = listing(truth.dump)
    verdict = corpus.Verdict(truth, found)
    print(verdict.table())
    assert not verdict.lies and not verdict.guesses
