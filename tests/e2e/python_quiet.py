# SPDX-License-Identifier: MIT
"""Runs inside the Python under test, of any version: objects that are held twice, once in a way that Python's collector does
not visit; objects that static ones hold; attributes where freed objects were.  Says what holds each, and waits for a line.

Lines: told CLASS RELATION (all COUNT objects of that class); at TYPE ADDRESS RELATION (one object, of a builtin
type, perhaps among others); only TYPE ADDRESS RELATION (no others); ready.
"""
import ctypes
import gc
import importlib._bootstrap
import sys
import types

import _random

COUNT = 300
HEAP_TYPE = 1 << 9
keep = []


class Name(str):
    pass


class GeneratorName(str):
    pass


class Iterated(list):
    pass


class Yielded(object):
    pass


class Pointed(object):
    pass


class Last(object):
    pass


class Wide(object):
    """Has room for many attributes, most of which are not set."""

    def __init__(self):
        self.last = Last()
        if not keep:
            for i in range(24):
                setattr(self, "attribute%d" % i, None)


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def run(o):
    yield o


def named_generator():
    made = run(None)
    made.__name__ = GeneratorName("made")
    return [made, made.__name__]


def iterated():
    o = Iterated([1, 2])
    return [o, iter(o)]


def yielded():
    made = run(Yielded())
    next(made)			# ... whose value stack had it
    return made


def hold(kind, relation, make):
    keep.extend([make() for _ in range(COUNT)])
    say("told", kind.__name__, relation)


def wide():
    """Tables of attributes in memory of which the first words are those of freed objects, and no link to the next free
    place: one place a page, or about."""
    keep.append(Wide())
    dense = [bytes(bytearray(200 + i % 8)) for i in range(20000)]
    del dense[::100]
    keep.append(dense)
    keep[0] = hold(Last, "['last']", Wide)


def pointed():
    """Memory of C without a type points into them."""
    hold(Pointed, "['o']", lambda: {"o": Pointed()})
    addresses = [id(holder["o"]) + 8 for holder in keep[-COUNT:]]
    words = (ctypes.c_uint64 * COUNT)(*addresses)
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    ctypes.memmove(libc.malloc(ctypes.c_size_t(ctypes.sizeof(words))), words, ctypes.sizeof(words))


def at(o, relation):
    keep.append(o)
    say("at", type(o).__name__, id(o), relation)


def static():
    (of_int,) = gc.get_referents(int.__dict__)
    at(of_int, ".__dict__")
    at(int.__mro__, ".__mro__")
    if sys.version_info[:2] != (3, 12):	# there, a table that static code leads to has it
        at(importlib._bootstrap._verbose_message.__code__.co_code, ".co_code")
    # What an extension module's state has, too, is an attribute of the module.
    if _random.Random.__flags__ & HEAP_TYPE:
        at(_random.Random, ".Random")


def interned():
    keep.append(sys.intern("".join(["quiet", "name"])))
    say("only", "str", id(keep[-1]), "[%d]" % (len(keep) - 1))


def key():
    """Of a dict whose keys are all strings, and in a list; of one that has other keys, too."""
    plain, mixed = "".join(["quiet", "key"]), "".join(["mixed", "key"])
    keep.extend([{plain: 1}, {mixed: 1, 2: 2}, plain])
    say("only", "str", id(plain), "[%d]" % (len(keep) - 1))
    say("only", "str", id(mixed), ".keys()[0]")


class Function(ctypes._CFuncPtr):
    """The class keeps its arguments' classes twice, too."""
    _flags_ = 1
    _restype_ = None
    _argtypes_ = (ctypes.c_int, ctypes.c_long)


def main():
    gc.disable()
    wide()
    hold(Name, "['__name__']", lambda: types.ModuleType(Name("made")))
    hold(GeneratorName, "[1]", named_generator)
    hold(Iterated, "[0]", iterated)
    hold(Yielded, ".f_locals['o']", yielded)
    pointed()
    static()
    interned()
    key()
    say("only", "tuple", id(Function._argtypes_), "['_argtypes_']")
    say("ready")
    sys.stdin.readline()


main()
