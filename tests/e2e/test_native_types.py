# SPDX-License-Identifier: MIT
"""Types by debug information, against what the programs of the corpus say of their own blocks, as compilers build them."""
import pathlib
import shutil
import subprocess

import pytest
from census import Census
from test_classes import listing  # noqa: F401 (a fixture)

CORPUS = pathlib.Path(__file__).parent / "corpus"
COMPILERS = {"crawler.c": ("gcc", "clang"), "shapes.cc": ("g++", "clang++")}
GUESSES = ("inferred",)
TOLD = ("dwarf", "propagated", "vtable-rtti", "vtable-symbol") + GUESSES
RECALL = 0.95


class Truth:
    """A program of the corpus that has run, and its dump."""

    def __init__(self, program, preload, folder, stacks):
        self.blocks = {}
        with Census([program], preload, folder / "dumps", env={"HEAPCENSUS_STACKS": stacks}) as run:
            for line in run.process.stdout:
                words = line.decode().rstrip("\n").split(" ", 2)
                if words[0] == "ready":
                    break
                if words[0] == "gone":
                    self.blocks.pop(int(words[1], 16), None)
                else:
                    self.blocks[int(words[1], 16)] = words[2]
            run.signal()
            self.dump = run.new_file()
            run.finish()


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """built(source, compiler, flags...): the program, built once."""
    made = {}

    def build(source, compiler, *flags):
        key = (source, compiler, *flags)
        if key not in made:
            if not shutil.which(compiler):
                pytest.skip(f"{compiler} is not installed")
            program = tmp_path_factory.mktemp("corpus") / source.rpartition(".")[0]
            subprocess.run([compiler, *flags, "-o", program, CORPUS / source], check=True, timeout=120)
            made[key] = program
        return made[key]

    return build


def is_right(printed, true):
    if true.endswith(" + "):
        return printed.startswith(true) and printed.endswith(" bytes")
    printed = printed.replace("<long>", "<long int>")  # clang's spelling
    return printed == true or (true == "text" and printed in ("char[]", "char"))


def judge(truth, found):
    """(wrong ones that claim to be sure, wrong guesses, untold, total)"""
    lies, guesses, untold = [], [], []
    for addr, true in truth.blocks.items():
        provenance, printed, _ = found[addr]
        if provenance not in TOLD + ("content",) or (provenance == "content" and true != "text"):
            untold.append((true, printed))
        elif not is_right(printed, true):
            (guesses if provenance in GUESSES else lies).append((true, printed, provenance))
    return lies, guesses, untold


@pytest.mark.parametrize("stacks", ["caller", "full"])
@pytest.mark.parametrize("dwarf", ["-gdwarf-4", "-gdwarf-5"])
@pytest.mark.parametrize("optimization", ["-O0", "-O2", "-O3"])
@pytest.mark.parametrize("number", [0, 1], ids=["gcc", "clang"])
@pytest.mark.parametrize("source", COMPILERS)
def test_corpus(built, listing, preload, tmp_path, source, number, optimization, dwarf, stacks):  # noqa: F811
    truth = Truth(built(source, COMPILERS[source][number], optimization, dwarf), preload, tmp_path, stacks)
    found, _ = listing(truth.dump)
    lies, guesses, untold = judge(truth, found)
    assert len(truth.blocks) > 60
    assert not lies, "a wrong type that is no guess"
    assert len(guesses) <= len(truth.blocks) // 100, guesses
    if stacks == "full":
        assert len(untold) <= (1 - RECALL) * len(truth.blocks), untold
