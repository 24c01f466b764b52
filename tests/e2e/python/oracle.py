# SPDX-License-Identifier: MIT
"""Runs inside a Python of any version from 3.8 on, by itself or as a module: what the interpreter says of its own heap.

write(path) walks everything that gc.get_objects() leads to (gc.get_referents: text, numbers and other objects that
the collector does not know included) and writes JSON: for each object [address, class, sys.getsizeof], and the names
of the classes.  It makes no object that it lists, but for what the walk itself needs, which it leaves out.
"""
import array
import builtins
import gc
import json
import sys
import types

SHORT = {types.FunctionType: "function", types.ModuleType: "module"}
# As Guppy names them: types.X, builtins bare; of several names in types the last one counts.
NAMES = {kind: "types." + name for name, kind in sorted(vars(types).items()) if isinstance(kind, type)}
NAMES.update({kind: name for name, kind in sorted(vars(builtins).items()) if isinstance(kind, type)})
NAMES.update(SHORT)


def name_of(kind):
    return NAMES.get(kind) or "%s.%s" % (kind.__module__, kind.__name__)


def walk():
    """Everything alive but this walk's own objects, each once."""
    gc.disable()
    found = gc.get_objects()
    seen = {id(o) for o in found}
    frame = sys._getframe()
    own = {id(found), id(seen), id(frame), id(frame.f_back)}
    at = 0
    while at < len(found):
        # As few at a time as keeps the list of referents small, as many as makes it quick.
        piece = found[at:at + 1000]
        at += len(piece)
        own.add(id(piece))
        for o in gc.get_referents(*piece):
            if id(o) not in seen and id(o) not in own:
                seen.add(id(o))
                found.append(o)
    return found, own


def write(path):
    numbers = array.array("Q")
    kinds = {}
    found, own = walk()
    own.update((id(numbers), id(kinds), id(own)))
    for o in found:
        if id(o) not in own:
            kind = type(o)
            numbers.extend((id(o), kinds.setdefault(kind, len(kinds)), sys.getsizeof(o)))
    gc.enable()
    with open(path, "w") as file:
        json.dump({"kinds": [name_of(kind) for kind in kinds], "objects": numbers.tolist()}, file)


def serve():
    """Says ready; then a file name on a line has it written there, an empty line ends it."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in iter(lambda: sys.stdin.readline().strip(), ""):
        write(line)
        sys.stdout.write("written\n")
        sys.stdout.flush()
