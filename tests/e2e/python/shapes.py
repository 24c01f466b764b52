# SPDX-License-Identifier: MIT
"""Runs inside the Python under test, 3.8 to 3.13: builds known numbers of every shape of class and builtin container, says
what it made as one line of JSON {row name: [number, least bytes, most bytes]}, of which other classes as a line [row name ...],
and serves the oracle.

Only objects that nobody else has are counted: classes of its own, and containers with an odd length or in a class
derived from the builtin one.
"""
import asyncio
import collections
import datetime
import decimal
import enum
import functools
import json
import types
import weakref

import oracle
from room import room


class Empty:
    pass


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


class Point3(Point):
    def __init__(self, x, y, z):
        super().__init__(x, y)
        self.z = z


class Many:
    """More attributes than inline values have room for."""

    def __init__(self, n):
        for i in range(n):
            setattr(self, "attribute_%d" % i, i)


class Materialised(Point):
    """Its __dict__ was asked for."""


class Slots:
    __slots__ = ("a", "b", "c")


class SlotsMore(Slots):
    __slots__ = ("d", "__weakref__")


class SlotsAndDict(Slots):
    pass


class ListOf(list):
    pass


class DictOf(dict):
    pass


class SetOf(set):
    pass


class FrozenOf(frozenset):
    pass


class TupleOf(tuple):
    pass


class StrOf(str):
    pass


class BytesOf(bytes):
    pass


class ByteArrayOf(bytearray):
    pass


class IntOf(int):
    pass


class FloatOf(float):
    pass


class OrderedOf(collections.OrderedDict):
    pass


class DefaultOf(collections.defaultdict):
    pass


class DequeOf(collections.deque):
    pass


class Partial(functools.partial):
    pass


class Failure(Exception):
    pass


class Colour(enum.Enum):
    RED = 1
    GREEN = 2
    BLUE = 3


class Meta(type):
    pass


class Reference(weakref.ref):
    pass


class PropertyOf(property):
    pass


class ModuleOf(types.ModuleType):
    pass


class Plain:
    def __init__(self):
        self.plain = []


class Mixed(Plain, dict):
    """Of two bases, the first with a __dict__."""


Named = collections.namedtuple("Named", "left right")


class Outer:
    class Inner:
        def __init__(self):
            self.it = "inner"


def generator(n):
    for i in range(n):
        yield i


async def coroutine(n):
    await asyncio.sleep(n)


async def async_generator(n):
    yield n


def closure(n):
    def inner():
        return n
    return inner


def failures(n):
    for i in range(n):
        try:
            raise Failure("no", i)
        except Failure as e:
            yield e.with_traceback(None)


def materialised(n):
    for i in range(n):
        o = Materialised(i, i)
        vars(o)
        yield o


def filled(kind, n, m):
    for _ in range(n):
        o = kind()
        for i in range(m):
            setattr(o, "abcd"[i], i)
        yield o


# Row of the census, objects.
SHAPES = [
    [Empty() for _ in range(101)],
    [Point(i, "y%d" % i) for i in range(103)],
    [Point3(i, i, [i]) for i in range(107)],
    [Many(40) for _ in range(11)],
    list(materialised(13)),
    list(filled(Slots, 109, 3)),
    list(filled(SlotsMore, 113, 4)),
    list(filled(SlotsAndDict, 127, 4)),
    [ListOf(range(i)) for i in range(31)],
    [DictOf.fromkeys(range(i)) for i in range(37)],
    [DictOf(a=1, b=2)],
    [SetOf(range(i)) for i in range(41)],
    [FrozenOf(range(i)) for i in range(43)],
    [TupleOf(range(i)) for i in range(47)],
    [StrOf("s" * i) for i in range(53)],
    [StrOf("\u20ac" * i) for i in range(59)],
    [StrOf("\U0001f40d" * i) for i in range(61)],
    [BytesOf(b"b" * i) for i in range(67)],
    [ByteArrayOf(b"b" * i) for i in range(71)],
    [IntOf(1 << 7 * i) for i in range(73)],
    [FloatOf(i) for i in range(79)],
    [OrderedOf.fromkeys(range(i)) for i in range(19)],
    [DefaultOf(list, {i: i}) for i in range(23)],
    [DequeOf(range(40 * i)) for i in range(29)],
    [Partial(print, i) for i in range(83)],
    list(failures(89)),
    list(Colour),
    [Meta("Made%d" % i, (), {}) for i in range(7)],
    [PropertyOf(closure(1)) for _ in range(9)],
    [ModuleOf("made") for _ in range(5)],
    [Mixed() for _ in range(97)],
    [Named(i, i) for i in range(131)],
    [Outer.Inner() for _ in range(137)],
]
SHAPES.append([Reference(o) for o in SHAPES[0]])

# Of builtin classes, kept alive; the oracle says how many there are.
OTHERS = [
    [generator(i) for i in range(50)], [closure(i) for i in range(50)], [async_generator(i) for i in range(50)],
    [[i] * i for i in range(50)], [{i: i} for i in range(50)], [{i, -i} for i in range(50)], [frozenset([i]) for i in range(50)],
    [(i, [i]) for i in range(50)], [float(i) for i in range(50)], [complex(i, i) for i in range(50)], [1 << i for i in range(90)],
    [collections.deque([i] * i * 9) for i in range(50)], [collections.OrderedDict.fromkeys(range(i)) for i in range(50)],
    [collections.Counter("abc" * i) for i in range(50)], [memoryview(b"m" * i) for i in range(50)],
    [functools.partial(print, i) for i in range(50)], [functools.lru_cache()(closure(i)) for i in range(50)],
    [decimal.Decimal(i) for i in range(50)], [iter([i]) for i in range(50)], [iter((i,)) for i in range(50)],
    [iter({i: i}) for i in range(50)], [range(i, i + 9) for i in range(50)], [slice(i) for i in range(50)],
    [o.__init__ for o in SHAPES[1][:50]], [staticmethod(print) for _ in range(50)], [enumerate([i]) for i in range(50)],
    [types.SimpleNamespace(a=i) for i in range(50)], [types.MappingProxyType({i: i}) for i in range(50)], [object() for _ in range(50)],
    [datetime.datetime(2026, 1, 1 + i % 28) for i in range(50)], [datetime.time(i % 24) for i in range(50)],
    [datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc) for _ in range(50)], [datetime.date(2026, 1, 1) for _ in range(50)],
    ["t%d\u00e9" % i for i in range(50)], [bytearray(i) for i in range(50)], [zip([i], [i]) for i in range(50)],
]
COROUTINES = [coroutine(i) for i in range(50)]


def main():
    told = {}
    for objects in SHAPES:
        for o in objects:
            row = told.setdefault(oracle.name_of(type(o)), [0, 0, 0])
            for i, add in enumerate((1, *room(o))):
                row[i] += add
    print(json.dumps(told), flush=True)
    print(json.dumps(sorted({oracle.name_of(type(o)) for objects in OTHERS for o in objects})), flush=True)
    oracle.serve()
    for c in COROUTINES:
        c.close()


main()
