# SPDX-License-Identifier: MIT
"""What a Python said of its heap (python/oracle.py) against the dump taken at the same stopped moment, object by object."""
import bisect
import collections
import json
import pathlib
import subprocess

from census import Census
from tables import table

FIELDS = 5


def guppy_of(python, folder):
    """Directory from which this Python imports Guppy: the folder, or where the Python finds one; None: nowhere."""
    script = "import sys; sys.path.append(sys.argv[1]); import guppy.heapy.heapyc, os; print(os.path.dirname(guppy.__path__[0]))"
    done = subprocess.run([python, "-c", script, folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, text=True,
                          check=False)
    return done.stdout.strip() or None


def saved_guppy(version):
    """The file with Guppy's counts of the classes of python/shapes.py: lines of a number and a name."""
    return pathlib.Path(__file__).with_name("python") / "guppy" / f"shapes-{version}.txt"


class Stopped:
    """A program that ended in oracle.serve(): the lines that it wrote before, its dump, and what it saw at that moment."""

    def __init__(self, argv, preload, folder, guppy=None, **popen):
        with Census(argv, preload, folder, env={"ORACLE_GUPPY": guppy} if guppy else None, **popen) as run:
            self.lines = []
            for line in iter(lambda: run.process.stdout.readline().decode(), "ready\n"):
                assert line, run.rest_of_stderr()
                self.lines.append(line)
            run.say(str(folder))
            run.expect("written")
            self.dump = run.new_file()
            run.say()
            assert run.finish()[0] == 0
        self.views = {path.stem: json.loads(path.read_text()) for path in pathlib.Path(folder).glob("*.json")}


def census(heapcensus, dump):
    """{address: (class, size)} of the dump."""
    objects = {}
    for text, row in table(heapcensus, dump, "heap.by(id & type)", timeout=120).items():
        addr, _, name = text.partition(" & ")
        objects[int(addr, 16)] = (name, row["size"])
    return objects


class Modules:
    """Where programs and libraries are: what is there is no block."""

    def __init__(self, heapcensus, dump):
        told = json.loads(heapcensus("raw", "--json", dump, "SEGS").stdout)
        self.spans = sorted((int(s["start"], 16), int(s["end"], 16)) for s in told["records"])

    def has(self, addr):
        at = bisect.bisect_right(self.spans, (addr, 1 << 64)) - 1
        return at >= 0 and addr < self.spans[at][1]


class Class:
    """One class: objects in both, {address: why} of those that only the oracle or only the census has (None: why?)."""

    def __init__(self, name):
        self.name = name
        self.size = 0           # as the oracle says, of its own objects
        self.common = []        # (oracle's size, least, most, census's)
        self.missing, self.extra = {}, {}

    def nr(self):
        return len(self.common) + len(self.missing)

    def is_explained(self):
        """All but two in a thousand: what C code alone holds, and what died or was born since, is not always found out."""
        why = [*self.missing.values(), *self.extra.values()]
        return why.count(None) <= max(1, self.nr() // 500)

    def is_size_right(self, share):
        """Over the objects in both."""
        least, most, size = (sum(o[i] for o in self.common) for i in (1, 2, 3))
        return least * (1 - share) <= size <= most * (1 + share)

    def __repr__(self):
        def counts(objects):
            return dict(collections.Counter(objects.values()))
        sizes = [sum(o[i] for o in self.common) for i in range(4)]
        return f"{self.name}: {self.nr()} missing {counts(self.missing)} extra {counts(self.extra)} sizes {sizes}"


def compare(heapcensus, dump, view):
    """{name: Class} of the view's classes."""
    modules = Modules(heapcensus, dump)
    reasons = {addr: reason for reason, found in view.get("unseen", {}).items() for addr in found}
    later = set(view["later"])
    ours = census(heapcensus, dump)
    numbers, classes = view["objects"], {}

    def why_missing(addr):
        if modules.has(addr):
            return "no block: in the data of a module"
        return "made since" if addr in later else None

    for at in range(0, len(numbers), FIELDS):
        addr, kind, *sizes = numbers[at:at + FIELDS]
        name = view["kinds"][kind]
        c = classes.setdefault(name, Class(name))
        c.size += sizes[0]
        if ours.get(addr, ("", 0))[0] == name:
            c.common.append((*sizes, ours.pop(addr)[1]))
        else:
            c.missing[addr] = why_missing(addr)
    for addr, (name, _) in ours.items():
        if name in classes:
            classes[name].extra[addr] = reasons.get(addr)
    return classes


def check(classes):
    """Counts equal or explained for 95% of the classes; of the 30 largest, sizes within 1%."""
    unexplained = [c for c in classes.values() if not c.is_explained()]
    assert len(unexplained) <= 0.05 * len(classes), unexplained
    largest = sorted(classes.values(), key=lambda c: -c.size)[:30]
    wrong = [c for c in largest if not c.is_size_right(0.01)]
    assert not wrong, wrong
