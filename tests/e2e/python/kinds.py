# SPDX-License-Identifier: MIT
"""Runs inside the Python under test, 3.8 to 3.13: some objects of every class of C code that is easily come by; says of each
its class, its address, and the least and most that its blocks measure, as one line of JSON, and waits for a line."""
import array
import asyncio
import collections
import contextvars
import csv
import ctypes
import datetime
import decimal
import functools
import hashlib
import io
import itertools
import json
import mmap
import operator
import pickle
import pyexpat
import queue
import random
import re
import select
import socket
import sqlite3
import ssl
import struct
import sys
import threading
import types
import weakref
import xml.etree.ElementTree as ElementTree
import zlib

import oracle
from room import room

VERSION = sys.version_info[:2]


def call(*_):
    return None


def generator(n):
    yield n


async def coroutine(n):
    await n


async def async_generator(n):
    yield n


class Plain:
    def method(self):
        return 1


class Slots:
    __slots__ = ("a", "__weakref__")


class Structure(ctypes.Structure):
    _fields_ = [("a", ctypes.c_int), ("b", ctypes.c_void_p)]


def numbers_and_text(n):
    yield from [n + 0.5, complex(n, 1), 1 << 100 + n, b"b" * (100 + n), "t%d" % n * 50, "\u00e9%d" % n, "\u20ac%d" % n, "\U0001f40d%d" % n]
    yield from [bytearray(b"b" * n), bytearray(1000 + n), memoryview(b"m%d" % n), range(n, n + 5), slice(n), decimal.Decimal(n), decimal.Decimal(1 << 500 + n)]
    yield from [datetime.datetime(2000, 1, 1 + n), datetime.datetime(2000, 1, 1 + n, tzinfo=datetime.timezone.utc), datetime.date(2000, 1, 1 + n)]
    yield from [datetime.time(n), datetime.time(n, tzinfo=datetime.timezone.utc), datetime.timedelta(n + 1, 5), datetime.timezone(datetime.timedelta(0, 60 + n))]


def containers(n):
    yield from [[n] * n, list(range(n)), [n, [n]], tuple(range(n + 2)), {n, -n - 1}, set(range(100 + n)), frozenset(range(n)), frozenset(range(99 + n))]
    # Its items look like an object with that many references where the heap begins at low addresses.
    yield [type("Large%d" % n, (), {}), object]
    yield from [{}, {n: n}, dict.fromkeys(range(n + 10)), dict.fromkeys(range(1000 * n)), {"a%d" % i: i for i in range(n + 7)}, {"a": 1, n: 2}]
    yield from [collections.OrderedDict(a=1), collections.OrderedDict.fromkeys(range(n + 30)), collections.defaultdict(list, {n: 1}), collections.Counter("ab" * n)]
    yield from [collections.deque(), collections.deque(range(n)), collections.deque(range(500 + n)), collections.deque([1], maxlen=n + 1), collections.ChainMap()]
    yield from [array.array("d", range(n)), types.SimpleNamespace(a=n), types.MappingProxyType({n: n}), {n: n}.keys(), {n: n}.values(), {n: n}.items()]
    rotated = collections.deque(range(200))
    rotated.rotate(n * 30)
    yield rotated
    shrunk = list(range(100))
    del shrunk[n + 1:]
    yield shrunk


def callables(n):
    yield from [call, lambda: n, Plain().method, [n].append, (n + 1000).__add__, functools.partial(call, n), functools.partial(call, k=n), functools.lru_cache(n + 1)(lambda: n)]
    yield from [staticmethod(call), classmethod(call), property(call), super(Plain, Plain()), operator.itemgetter(n), operator.attrgetter("a"), operator.methodcaller("a", n)]
    yield from [(lambda: n).__closure__[0], weakref.ref(call, lambda r: n), weakref.proxy(Plain, lambda r: n), compile("x%d" % n, "f%d" % n, "eval"), functools.cmp_to_key(call)]
    yield from [types.ModuleType("m%d" % n), type("K%d" % n, (), {"__slots__": ()}).__subclasshook__]


def suspended(n):
    made = [generator(n), coroutine(n), async_generator(n), async_generator(n).asend(None), coroutine(n).__await__()]
    next(made[0])
    made[1].close()
    yield from made


def iterators(n):
    yield from [iter([n]), iter((n, 1)), iter({n}), iter({n: n}), iter({n: n}.items()), iter("abc"), iter(b"abc"), iter(bytearray(n)), iter(range(n + 1)), iter(call, n)]
    yield from [reversed([n]), reversed("ab"), enumerate([n]), zip([n], [n]), map(call, [n]), filter(call, [n]), iter(collections.deque([n])), iter(array.array("i"))]
    yield from [itertools.count(n), itertools.cycle([n]), itertools.repeat(n), itertools.chain([n]), itertools.islice([n], 1), itertools.groupby([n]), itertools.tee([n])[0]]
    yield from [itertools.product([n], [1]), itertools.permutations([n]), itertools.combinations([n], 1), itertools.accumulate([n]), itertools.starmap(call, []), itertools.zip_longest([n])]
    yield from [itertools.dropwhile(call, [n]), itertools.takewhile(call, [n]), itertools.filterfalse(call, [n]), itertools.compress([n], [n])]


def failure(n):
    try:
        raise KeyError(n)
    except KeyError as e:
        return e


def others(n):
    yield from [ValueError(n), OSError(n, "x"), StopIteration(n), UnicodeDecodeError("utf-8", b"x", 0, 1, "x"), ImportError(name="x"), failure(n), failure(n).__traceback__]
    yield from [contextvars.ContextVar("v%d" % n), contextvars.copy_context(), re.compile("a%d" % n), re.match("a", "a%d" % n), struct.Struct("i" * (n + 1)), random.Random(n)]
    yield from [ctypes.c_int(n), Structure(n), (ctypes.c_int * (n + 1))(), (ctypes.c_int * 100)(), ctypes.pointer(ctypes.c_int(n)), ctypes.CFUNCTYPE(None)(call), Structure.a]
    yield from [pickle.Pickler(io.BytesIO()), sqlite3.connect(":memory:"), sqlite3.connect(":memory:").cursor(), csv.reader([]), csv.writer(io.StringIO()), queue.SimpleQueue()]
    yield from [io.BytesIO(b"x" * n), io.StringIO("x"), io.TextIOWrapper(io.BytesIO()), io.BufferedReader(io.BytesIO()), ElementTree.Element("x"), ElementTree.TreeBuilder()]
    yield from [pyexpat.ParserCreate(), hashlib.md5(), hashlib.sha256(), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), zlib.compressobj(), zlib.decompressobj(), socket.socket()]
    yield from [threading.local(), threading.Lock(), threading.RLock(), mmap.mmap(-1, 4096), select.epoll(), json.JSONDecoder().scan_once, LOOP.create_future(), Slots(), object()]
    if VERSION >= (3, 9):
        yield list[n]
    if VERSION >= (3, 10):
        yield int | type("U%d" % n, (), {})


LOOP = asyncio.new_event_loop()
BASES = (list, dict, set, frozenset, tuple, str, bytes, bytearray, int, float, complex, collections.OrderedDict, collections.defaultdict, collections.deque,
         array.array, Exception, OSError, datetime.datetime, datetime.date, datetime.timedelta, decimal.Decimal, functools.partial, property, io.BytesIO,
         types.ModuleType, random.Random, threading.local, type)
ARGUMENTS = {array.array: ("i",), datetime.datetime: (2000, 1, 1), datetime.date: (2000, 1, 1), functools.partial: (call,), types.ModuleType: ("m",)}


def derived(n):
    for base in BASES:
        arguments = ("D", (), {}) if base is type else ARGUMENTS.get(base, ())
        yield type("Derived_" + base.__name__, (base,), {"__slots__": ()})(*arguments)
    yield from [type("Of_tuple", (tuple,), {})(range(n)), type("Of_str", (str,), {})("x" * n), type("Of_bytes", (bytes,), {})(b"x" * n), type("Of_int", (int,), {})(1 << 40 * n)]


MAKERS = (numbers_and_text, containers, callables, suspended, iterators, others, derived)


def main():
    made = [o for make in MAKERS for n in range(3) for o in make(n)]
    # Small ones are shared or part of the program's own data; the empty str is some block up to 3.10.
    made = list({id(o): o for o in made if not isinstance(o, (int, bytes, str)) or type(o) not in (int, bytes, str) or sys.getsizeof(o) > 60}.values())
    told = [(oracle.name_of(type(o)), id(o), *room(o)) for o in made]
    if sys.version_info < (3, 11):
        told.append(("str", id(""), 49, 50))
    print(json.dumps(told), flush=True)
    sys.stdin.readline()


main()
