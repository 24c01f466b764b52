# SPDX-License-Identifier: MIT
"""Runs inside a Python of any version from 3.8 on, by itself or as a module: what the interpreter says of its own heap.

serve() says ready, reads the name of a folder, has a dump made, and writes into the folder what it sees at that moment:

    gc.json        everything that gc.get_objects() leads to (gc.get_referents, and what objects hold beyond that)
    guppy.json     where there is Guppy (its folder in ORACLE_GUPPY), in place of gc.json: its heap(), its byvia of some
                   types, and what is alive beyond that, by reason
    trackref.json  where there is Scrapy, its live references: {class: [count, time of the oldest]}

Of an object it writes five numbers: address, index of its class in "kinds", sys.getsizeof, and the least and the most
that a census by blocks may say (room.py); what was made since the dump is "later".  Of what the walk itself needs it writes
nothing.
"""
import array
import builtins
import gc
import json
import os
import signal
import sys
import types

import structure
from room import room

if os.environ.get("ORACLE_GUPPY"):
    sys.path.append(os.environ["ORACLE_GUPPY"])
    import guppy

SHORT = {types.FunctionType: "function", types.ModuleType: "module"}
# As Guppy names them: types.X, builtins bare; of several names in types the last one counts.
NAMES = {getattr(types, name): "types." + name for name in sorted({*vars(types), *types.__all__})
         if isinstance(getattr(types, name), type)}
NAMES.update({kind: name for name, kind in sorted(vars(builtins).items()) if isinstance(kind, type)})
NAMES.update(SHORT)
VIA = [dict, list, tuple, str, bytes]
PIECE = 1000
DIGIT = 4


def module_of(kind):
    name = kind.__module__
    if isinstance(name, str):
        return name
    # The class has an attribute of that name for its instances; Guppy prints what that is.
    return next(part.__module__ for part in vars(kind).values() if isinstance(part, types.FunctionType))


def name_of(kind):
    return NAMES.get(kind) or "%s.%s" % (module_of(kind), kind.__name__)


class Walk:
    """Objects, each once; what they hold is found by go()."""

    def __init__(self, found, seen=()):
        self.found = found
        self.seen = set(seen)
        self.seen.update(map(id, found))
        self.own = {id(self), id(self.__dict__), id(self.found), id(self.seen), id(sys._getframe())}
        self.own.add(id(self.own))

    def add(self, objects):
        for o in objects:
            if id(o) not in self.seen and id(o) not in self.own:
                self.seen.add(id(o))
                self.found.append(o)

    def go(self):
        at = 0
        while at < len(self.found):
            # As few at a time as keeps the list of referents small, as many as makes it quick.
            piece = self.found[at:at + PIECE]
            at += len(piece)
            self.own.add(id(piece))
            self.add(gc.get_referents(*piece))
            for o in piece:
                self.add(structure.held(o))
        return self.found


def rows_of(objects, before, left_out=()):
    """{"kinds", "objects", "later"} as they are written."""
    numbers = array.array("Q")
    kinds, later, before = {}, [], set(before)
    for o in objects:
        if id(o) in left_out:
            continue
        kind = type(o)
        numbers.extend((id(o), kinds.setdefault(kind, len(kinds))))
        least, most = room(o)
        # A number may have been longer in a calculation.
        numbers.extend((sys.getsizeof(o), least, most + (DIGIT if issubclass(kind, int) else 0)))
        if (gc.is_tracked(o) or kind is types.FrameType) and id(o) not in before:
            later.append(id(o))
    return {"kinds": [name_of(kind) for kind in kinds], "objects": numbers.tolist(), "later": later}


def view_gc(before):
    walk = Walk(gc.get_objects())
    # Up to 3.10 the collector does not know the frames that run.
    frame = sys._getframe()
    while frame:
        walk.add([frame])
        frame = frame.f_back
    walk.go()
    told = rows_of(walk.found, before, walk.own)
    told["unseen"] = unseen(walk.found)
    return told


def all_classes():
    found, at = [object], 0
    while at < len(found):
        found.extend(c for c in type.__subclasses__(found[at]) if c not in found)
        at += 1
    return found


def is_guppys(o):
    name = getattr(type(o), "__module__", None)
    if isinstance(o, type):
        name = o.__module__
    return isinstance(name, str) and name.startswith("guppy.")


def unseen(visible):
    """{reason: addresses} of what is alive, but not in visible: found from the objects that the reason names."""
    seen = set(map(id, visible))
    everything = gc.get_objects()
    roots = [
        # Classes in static memory that Guppy's root does not lead to; object.__subclasses__() knows them.
        ("static class", [part for c in all_classes() for part in structure.parts_of_class(c)]),
        ("of Guppy's own", [o for o in everything if is_guppys(o)]),
        ("only a key", [k for o in visible if isinstance(o, dict) for k in dict.keys(o)]),
        ("held by what Guppy does not look into", [held for o in visible for held in structure.held(o)]),
        ("held by C code only", everything),
    ]
    told = {"in a C variable": list(structure.in_variables(set(map(id, all_classes()))))}
    for reason, objects in roots:
        walk = Walk([], seen)
        walk.add(objects)
        told[reason] = [id(o) for o in walk.go()]
        seen |= walk.seen
    return told


def rows_by_via(objects):
    """[relations as Guppy prints them, size, addresses] of each row of byvia."""
    table = objects.byvia
    for row in table.partition.get_rows():
        yield [row.name, row.size, [id(o) for o in table[row.index].nodes]]


def view_guppy(hpy, before):
    heap = hpy.heap()
    # First: what is made from here on holds objects.
    via = {kind.__name__: list(rows_by_via(heap & hpy.Type(kind))) for kind in VIA}
    visible = list(heap.nodes)
    told = rows_of(visible, before)
    told["unseen"] = unseen(visible)
    told["via"] = via
    return told


def view_trackref():
    live = sys.modules["scrapy.utils.trackref"].live_refs
    return {kind.__name__: [len(times), min(times.values())] for kind, times in live.items() if times}


def write(path):
    """gc.json of a process that somebody else had dumped."""
    told = view_gc(array.array("Q", map(id, gc.get_objects())))
    with open(path, "w") as file:
        json.dump(told, file)


def prepare():
    """{file: function of the ids that the collector knew before} of this process.  Guppy is told to make what it needs
    before anybody counts."""
    views = {}
    if "scrapy" in sys.modules:
        views["trackref"] = lambda before: view_trackref()
    if "guppy" in sys.modules:
        hpy = guppy.hpy()
        hpy.heap().bytype.stat.get_rows()
        views["guppy"] = lambda before: view_guppy(hpy, before)
    else:
        views["gc"] = view_gc
    return views


def serve():
    views = prepare()
    folder = told = file = None
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    folder = sys.stdin.readline().strip()
    gc.collect()
    gc.disable()
    before = array.array("Q", map(id, gc.get_objects()))
    # Names that were looked up are kept alive by a cache that nobody sees.
    sys._clear_type_cache()
    signal.raise_signal(signal.SIGUSR1)
    for view, write in views.items():
        told = write(before)
        with open(os.path.join(folder, view + ".json"), "w") as file:
            json.dump(told, file)
    gc.enable()
    sys.stdout.write("written\n")
    sys.stdout.flush()
    sys.stdin.readline()
