# SPDX-License-Identifier: MIT
"""The programs of tests/e2e/corpus: built in many ways, run under census, and what they say of their own blocks
(corpus/truth.h) held against what the analyzer prints."""
import collections
import concurrent.futures
import itertools
import pathlib
import re
import shutil
import subprocess

import pytest
from census import Census

FOLDER = pathlib.Path(__file__).parent / "corpus"
# name: its sources, the first tells the language; store.c and store-tree.c are of one program
PROGRAMS = {name: list(paths) for name, paths in itertools.groupby(
    sorted([*FOLDER.glob("*.c"), *FOLDER.glob("*.cc")], key=lambda path: (path.stem.split("-")[0], len(path.stem))),
    lambda path: path.stem.split("-")[0])}
LIBRARIES = {"glib": ["gobject-2.0"]}  # names of pkg-config
ENVIRONMENT = {"glib": {"G_SLICE": "always-malloc"}}  # as GLib is from 2.76 on
COMPILERS = {"gcc": {".c": "gcc", ".cc": "g++"}, "clang": {".c": "clang", ".cc": "clang++"}}
FLAGS = {".c": ["-std=gnu11"], ".cc": ["-std=c++17"]}
JOBS = 2

GUESSES = ("inferred",)
# what says which type a block is; the others describe its bytes or label it
TYPED = ("tag", "vtable-rtti", "vtable-symbol", "vtable-shape", "dwarf", "propagated", "shape", "layout") + GUESSES
BYTES = ("text", "bytes")  # types of a truth that is only bytes
ROWS_MAX = 25


class Builder:
    """Builds programs in the background, each variant once."""

    def __init__(self, folder):
        self.folder = folder
        self.pool = concurrent.futures.ThreadPoolExecutor(JOBS)
        self.made = {}

    def start(self, program, variant):
        """variant: "gcc -O2 -gdwarf-5", "clang -O2 stripped"."""
        if (program, variant) not in self.made:
            self.made[program, variant] = self.pool.submit(self._build, program, variant)
        return self.made[program, variant]

    def build(self, program, variant):
        compiler = variant.split()[0]
        if not shutil.which(compiler):
            pytest.skip(f"{compiler} is not installed")
        return self.start(program, variant).result()

    def _build(self, program, variant):
        compiler, *flags = variant.split()
        sources = PROGRAMS[program]
        language = sources[0].suffix
        path = self.folder / f"{program}-{'-'.join(variant.split())}".replace("--", "-") / program
        path.parent.mkdir()
        if "stripped" in flags:
            flags = ["-s" if flag == "stripped" else flag for flag in flags]
        subprocess.run([COMPILERS[compiler][language], *FLAGS[language], *flags, "-o", path, *sources,
                        *self._libraries(program)], check=True, timeout=300)
        return path

    @staticmethod
    def _libraries(program):
        if program not in LIBRARIES:
            return []
        done = subprocess.run(["pkg-config", "--cflags", "--libs", *LIBRARIES[program]], check=True, timeout=60,
                              capture_output=True, text=True)
        return done.stdout.split()


class Truth:
    """A program of the corpus that has run, and its dump."""

    def __init__(self, program, preload, folder, stacks, environment=None):
        environment = {"HEAPCENSUS_STACKS": stacks} | ENVIRONMENT.get(program.name, {}) | (environment or {})
        self.blocks = {}
        self.edges = []  # (holder, target, path)
        self.roots = []  # (target, name)
        self.parts = {}  # part: the block that it counts for
        with Census([program], preload, folder / "dumps", env=environment) as run:
            for line in run.process.stdout:
                if line == b"ready\n":
                    break
                self.said(*line.decode().rstrip("\n").split(" ", 2))
            self.dump = run.last_dump()
        self.edges = [(holder, target, path) for holder, target, path in self.edges
                      if holder in self.blocks and target in self.blocks]

    def said(self, what, first, rest=""):
        addr = int(first, 16)
        if what == "block":
            self.blocks[addr] = rest
        elif what == "gone":
            del self.blocks[addr]
        elif what == "edge":
            target, path = rest.split(" ", 1)
            self.edges.append((addr, int(target, 16), path))
        elif what == "part":
            self.parts[addr] = int(rest, 16)
        else:
            assert what == "root", what
            self.roots.append((addr, rest))


def spelled(name):
    """Names as one compiler spells them: template arguments differ."""
    name = re.sub(r"\blong int\b", "long", name)
    name = re.sub(r"\b(long|short) unsigned int\b", r"unsigned \1", name)
    name = re.sub(r"\bshort unsigned\b", "unsigned short", re.sub(r"\bshort int\b", "short", name))
    name = name.replace("(anonymous namespace)", "{anonymous}")
    return re.sub(r"\s*([<>,*&()])\s*", r"\1", name)


def is_right(printed, true):
    printed, true = spelled(printed), spelled(true)
    if true in BYTES:
        return printed in ("text", "char[]", "char", "unsigned char[]", "unsigned char", "zeroes")
    if true.endswith(" + "):
        return printed.startswith(true) and printed.endswith(" bytes")
    return printed == true or true in printed.split("/")  # "GArray/GByteArray": one of them


ALIKE = {"multiset": "set/map", "multimap": "set/map", "set": "set/map", "map": "set/map",
         "unordered_multiset": "unordered_set/map", "unordered_multimap": "unordered_set/map",
         "unordered_set": "unordered_set/map", "unordered_map": "unordered_set/map"}


def shape_of(true):
    """What a container's block looks like to somebody who sees no names."""
    if true == "std::wstring text":
        return "std::wstring/u32string text"
    found = re.fullmatch(r"std::(\w+)<(.*)> (\w+)", true)
    if not found or found[2] == "bool":
        return true
    return f"std::{ALIKE.get(found[1], found[1])} {found[3]}"


class Verdict:
    """What is right and wrong of a listing; each a Counter by (true type, printed, how)."""

    def __init__(self, truth, found):
        self.right, self.lies, self.guesses, self.untold = (collections.Counter() for _ in range(4))
        for addr, true in truth.blocks.items():
            provenance, printed, _ = found[addr]
            self.group(provenance, printed, true)[true, printed, provenance] += 1
        self.nr_named = sum(true not in BYTES and not true.startswith("? ") for true in truth.blocks.values())

    def group(self, provenance, printed, true):
        if provenance == "content":  # says what is in the block
            return self.right if true in BYTES else self.lies if "text" in printed else self.untold
        if provenance not in TYPED:
            return self.untold
        if true.startswith("? "):
            return self.untold if provenance in GUESSES and printed == true[2:] else self.lies
        true, _, base = true.partition(" : ")
        if is_right(printed, true):
            return self.right
        if base and is_right(printed, base + " + "):
            return self.untold
        if provenance == "shape" and printed == shape_of(true):
            return self.untold
        if true == f"std::vector<{printed.removesuffix('[]')}> items":  # whose vector may be in registers only
            return self.untold
        return self.guesses if provenance in GUESSES else self.lies

    @property
    def precision(self):
        told = sum(sum(group.values()) for group in (self.right, self.lies, self.guesses))
        return sum(self.right.values()) / told if told else 1

    @property
    def recall(self):
        """Of the blocks that have a type with a name."""
        return sum(nr for (true, _, _), nr in self.right.items() if true not in BYTES) / self.nr_named

    def table(self):
        """What is wrong or not told, most first."""
        lines = [f"precision {self.precision:.4f}, recall {self.recall:.4f} of {self.nr_named} blocks"]
        for what, group in (("wrong", self.lies), ("wrong guess", self.guesses), ("not told", self.untold)):
            rows = [row for row in group.most_common() if what != "not told" or row[0][0] not in BYTES]
            lines += [f"{what:12} {nr:6}  {true:36} {printed:36} {provenance}"
                      for (true, printed, provenance), nr in rows[:ROWS_MAX]]
            if len(rows) > ROWS_MAX:
                lines.append(f"{what:12} ... {len(rows) - ROWS_MAX} more")
        return "\n".join(lines)


def any_index(path):
    return re.sub(r"\[\w+\]", "[*]", path)


def wrong_edges(truth, found, relations):
    """Counter of (holder's type, true relation, relations printed) of the fields of blocks whose type is told right;
    relations: {(from, to): names}, names of roots in found."""
    wrong, nr = collections.Counter(), 0
    for holder, target, path in truth.edges:
        provenance, printed, _ = found[holder]
        if provenance in TYPED and is_right(printed, truth.blocks[holder].partition(" : ")[0]):
            nr += 1
            names = relations.get((holder, target), set())
            if any_index(path) not in names:
                wrong[truth.blocks[holder], path, "; ".join(sorted(names))] += 1
    return wrong, nr


def wrong_roots(truth, found):
    return [(name, found[target][2]) for target, name in truth.roots
            if "::" + any_index(name) not in found[target][2]]
