# SPDX-License-Identifier: MIT
"""What tests/bench/run measures the configurations with.

WORKLOADS is the one list: a new one is a row. A micro workload prints nanoseconds per malloc+free pair, and that is its
time; of programs, Python scripts and crawlers it is the wall clock. Inputs are made in the scratch folder when first
wanted; the crawlers' site is served by a process of its own.
"""
import dataclasses
import pathlib
import subprocess
import sys
import typing

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "site"))
from crawlers import CRAWLERS  # noqa: E402

PYTHON = "/usr/bin/python3"
MAKE_TIMEOUT = 120


class Place:
    """Where workloads find what they need: build folder, inputs, sites. shrink: divides the work; pages: of every site, or None."""

    def __init__(self, build, scratch, shrink=1, pages=None):
        self.build, self.scratch, self.shrink, self.pages = build, scratch, shrink, pages
        self.servers = {}

    def __enter__(self):
        self.scratch.mkdir()
        return self

    def __exit__(self, *_):
        for child, _ in self.servers.values():
            child.stdin.close()
            child.wait(timeout=30)

    def input(self, name, make):
        path = self.scratch / name
        if not path.exists():
            make(path)
        return path

    def site(self, pages):
        """The URL of a site of so many pages."""
        nr = self.pages or max(pages // self.shrink, 20)
        if nr not in self.servers:
            self.servers[nr] = self.serve(nr)
        return self.servers[nr][1]

    def serve(self, pages):
        child = subprocess.Popen([PYTHON, HERE.parent / "site/server.py", "--pages", str(pages)], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
        return child, child.stdout.readline().strip()


@dataclasses.dataclass(frozen=True)
class Workload:
    """name; group: what --only may name, too; summary: for the legend; command(place, where, slow): the words to run in the
    folder `where`, which is empty before; slow: how many times less a micro workload shall do.
    unit: of its time, "ns" a pair or "s"; status: what it exits with; python: can run under what only runs Python."""

    name: str
    group: str
    summary: str
    command: typing.Callable
    unit: str = "s"
    status: int = 0
    python: bool = False


def micro(name, program, arguments, pairs, summary, after=(), patience=1):
    """PROGRAM ARGUMENTS PAIRS AFTER. What a pair costs may depend on how many went before, as the heap ages: then all do as
    many, but those that are more than `patience` times slow."""
    def command(place, _where, slow):
        less = slow if slow > patience else 1
        return [place.build / "tests/bench" / program, *arguments, pairs // (place.shrink * less), *after]
    return Workload(name, "micro", summary, command, unit="ns")


def python(name, script, times, summary):
    def command(place, _where, _slow):
        return [PYTHON, HERE / "python" / script, max(times // place.shrink, 1)]
    return Workload(name, "python", summary, command, python=True)


def crawl(crawler, pages, status=0):
    def command(place, where, _slow):
        url = place.site(pages)
        crawler.prepare(url, where)
        return crawler.argv(url)
    return Workload(crawler.name, "crawlers", f"crawls a site of {pages} pages", command, status=status,
                    python=crawler.name == "scrapy")


def preprocess(path):
    subprocess.run(["g++", "-std=c++17", "-E", HERE / "inputs/unit.cc", "-o", path], check=True, timeout=MAKE_TIMEOUT)


def cc1plus(place, _where, _slow):
    compiler = subprocess.run(["g++", "-print-prog-name=cc1plus"], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
    return [compiler, "-quiet", "-std=c++17", "-fpreprocessed", "-O0", place.input("unit.ii", preprocess), "-o", "/dev/null"]


def xmllint(place, _where, _slow):
    def make(path):
        with path.open("w") as out:
            out.write("<site>\n")
            for i in range(320_000 // place.shrink):
                out.write(f'<page id="p{i}" depth="{i % 9}"><title>Page {i}</title><link to="p{i * 7}"/>text &amp; {i}</page>\n')
            out.write("</site>\n")
    return ["xmllint", "--noout", place.input("site.xml", make)]


def sqlite3(place, _where, _slow):
    def make(path):
        path.write_text((HERE / "inputs/memory.sql").read_text().replace("120000", str(120_000 // place.shrink)))
    return ["sqlite3", ":memory:", f".read {place.input('memory.sql', make)}"]


def perl(place, _where, _slow):
    return ["perl", HERE / "inputs/words.pl", 25_000 // place.shrink]


# Pages of the site, and the exit status: of the wgets, that the site has dead links.
CRAWLS = {"httrack": (800, 0), "wget2": (1500, 8), "htdig": (600, 0), "wget": (1000, 8), "scrapy": (250, 0)}

WORKLOADS = [
    micro("pair", "churn", (1, 0), 40_000_000, "each block is freed at once (hot)"),
    micro("pair-2", "churn", (2, 0), 40_000_000, "the same in two threads"),
    micro("churn-1k", "churn", (1, 1000), 20_000_000, "1,000 live blocks of 16 to 527 bytes, random ones replaced"),
    micro("churn-1M", "churn", (1, 1_000_000), 6_000_000, "the same with a million", patience=10),
    micro("churn-10M", "churn", (1, 10_000_000), 3_000_000, "the same with ten million", patience=10),
    micro("churn-small", "churn", (1, 1_000_000), 6_000_000, "a million blocks of 16 to 64 bytes", after=(64,),
          patience=10),
    micro("depth-3", "depth", (3,), 20_000_000, "pairs 3 calls down, on changing ways"),
    micro("depth-20", "depth", (20,), 15_000_000, "20 calls down"),
    micro("depth-50", "depth", (50,), 10_000_000, "50 calls down"),
    micro("producer-consumer", "handoff", (), 10_000_000, "one thread allocates, another frees"),
    micro("larson", "larson", (2, 20_000), 6_000_000, "two threads at a time, which end and leave their blocks to new ones",
          patience=10),
    Workload("cc1plus", "programs", "compiles a preprocessed C++ file with many headers at -O0", cc1plus),
    Workload("xmllint", "programs", "parses an XML file of 320,000 elements into a tree", xmllint),
    Workload("sqlite3", "programs", "a database in memory: inserts, indexes, joins, sorting", sqlite3),
    Workload("perl", "programs", "texts, hashes of lists, patterns, sorting", perl),
    python("python3 loops", "loops.py", 4, "computes: calls, loops, floats, a sieve, sorting"),
    python("python3 objects", "objects.py", 3, "instances, tuples, dicts, lists, texts that come and go"),
    *(crawl(crawler, *CRAWLS[crawler.name]) for crawler in CRAWLERS),
]
