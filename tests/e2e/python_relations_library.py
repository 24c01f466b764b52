# SPDX-License-Identifier: MIT
"""Runs inside the Python under test, of any version: what objects of the interpreter's and the standard library's C code
hold (python_held.py), and waits for a line."""
import array
import asyncio
import collections
import collections.abc
import contextvars
import csv
import ctypes
import datetime
import functools
import gc
import io
import itertools
import json
import operator
import pickle
import pyexpat
import queue
import re
import sqlite3
import sys
import threading
import types
import weakref
import xml.etree.ElementTree as ElementTree

from python_held import hold, keep, say

VERSION = sys.version_info[:2]
ITERATOR = {"__iter__": lambda self: self, "__next__": lambda self: 7}


def call(*_):
    return None


def called(name, relation, make, bases=(object,)):
    hold(name, relation, make, bases, __call__=call)


def iterated(name, relation, make):
    hold(name, relation, make, **ITERATOR)


def with_attribute(holder, name):
    def make(o):
        made = holder()
        setattr(made, name, o)
        return made
    return make


def advanced(iterator):
    next(iterator)
    return iterator


def iterators():
    for kind, field in ((list, "it_seq"), (tuple, "it_seq"), (str, "it_seq"), (bytes, "it_seq"), (bytearray, "it_seq"),
                        (set, "si_set"), (dict, "di_dict"), (collections.OrderedDict, "di_odict"), (collections.deque, "deque")):
        hold("Iter_" + kind.__name__, "->" + field, iter, (kind,))
    for kind, field in ((list, "it_seq"), (dict, "di_dict"), (collections.deque, "deque")):
        hold("Reversed_" + kind.__name__, "->" + field, reversed, (kind,))
    hold("Iter_array", "->ao", iter, (array.array,), __new__=lambda c: array.array.__new__(c, "i"))
    hold("Iter_items", "->di_dict", lambda o: iter(o.items()), (dict,))
    hold("Sequence", "->it_seq", iter, __getitem__=lambda self, i: 1)
    hold("Keys", "->dv_dict", lambda o: o.keys(), (dict,))
    hold("OrderedKeys", "->dv_dict", lambda o: o.keys(), (collections.OrderedDict,))
    hold("Reversed", "->seq", reversed, __getitem__=lambda self, i: 1, __len__=lambda self: 3)
    called("CallIterator", "->it_callable", lambda o: iter(o, 1))
    hold("Sentinel", "->it_sentinel", lambda o: iter(call, o))
    iterated("Enumerate", "->en_sit", enumerate)
    iterated("Zip", "[0]", zip)
    called("MapFunction", "->func", lambda o: map(o, []))
    iterated("Map", "[0]", lambda o: map(call, o))
    called("FilterFunction", "->func", lambda o: filter(o, []))
    iterated("Filter", "->it", lambda o: filter(call, o))


def tools():
    count = {"__new__": lambda c: float.__new__(c, 1.5)}
    hold("Count", "->long_cnt", lambda o: itertools.count(o, 1.5), (float,), **count)
    hold("Step", "->long_step", lambda o: itertools.count(1, o), (float,), **count)
    iterated("Cycle", "->it", itertools.cycle)
    hold("Repeat", "->element", itertools.repeat)
    iterated("Chain", "->source", itertools.chain.from_iterable)
    iterated("Data", "->data", lambda o: itertools.compress(o, []))
    iterated("Selectors", "->selectors", lambda o: itertools.compress([], o))
    for kind in (itertools.dropwhile, itertools.takewhile, itertools.filterfalse, itertools.starmap):
        called("Function_" + kind.__name__, "->func", lambda o, kind=kind: kind(o, []))
        iterated("Over_" + kind.__name__, "->it", lambda o, kind=kind: kind(call, o))
    iterated("Grouped", "->it", itertools.groupby)
    called("KeyFunction", "->keyfunc", lambda o: itertools.groupby([], o))
    iterated("Slice", "->it", lambda o: itertools.islice(o, 5))
    iterated("Tee", "->it", lambda o: itertools.tee(o)[0])
    hold("Fill", "->fillvalue", lambda o: itertools.zip_longest([], fillvalue=o))
    for kind in (itertools.product, lambda o: itertools.permutations(o), lambda o: itertools.combinations(o, 1)):
        hold("Pool_%d" % len(keep), "[0]", lambda o, kind=kind: kind([o]))
    iterated("Accumulate", "->it", itertools.accumulate)
    called("BinaryOperator", "->binop", lambda o: itertools.accumulate([], o))
    hold("Initial", "->initial", lambda o: itertools.accumulate([], initial=o))
    if VERSION >= (3, 10):
        iterated("Pairwise", "->it", itertools.pairwise)
    if VERSION >= (3, 12):
        iterated("Batched", "->it", lambda o: itertools.batched(o, 2))


def callables():
    hold("WrapperSelf", ".__self__", lambda o: o.__str__)
    hold("BuiltinSelf", ".__self__", lambda o: o.append, (list,))
    hold("ClassMethod", ".__func__", classmethod)
    called("Partial", ".func", functools.partial)
    hold("PartialArg", "[1]", lambda o: functools.partial(call, 1, o))
    hold("PartialKeyword", "['k']", lambda o: functools.partial(call, k=o))
    called("Cached", "->func", lambda o: cached(o, 5))
    called("CachedAll", "->func", lambda o: cached(o, None))
    hold("Result", "->result", lru_result)
    called("Compare", "->cmp", functools.cmp_to_key)
    hold("Compared", ".obj", lambda o: functools.cmp_to_key(call)(o))
    hold("Item", "->item", operator.itemgetter)
    hold("Kwds", "['k']", lambda o: operator.methodcaller("m", k=o))
    hold("Super", ".__self__", lambda o: super(Owner, o), (Owner,))
    for name in ("start", "stop", "step"):
        hold("Slice_" + name, "." + name, lambda o, name=name: slice(*[o if name == n else 1 for n in ("start", "stop", "step")]))
    called("RefCallback", ".__callback__", lambda o: weakref.ref(call, o))
    called("ProxyCallback", "->wr_callback", lambda o: weakref.proxy(call, o))
    hold("WeakValue", "['key']", lambda o: weak_values(Owner(), o))
    hold("Namespace", "['a']", lambda o: types.SimpleNamespace(a=o))
    hold("Viewed", "->obj", memoryview, (bytes,))
    if VERSION >= (3, 9):
        hold("AliasOrigin", ".__origin__", lambda o: types.GenericAlias(o, (int,)))
        hold("AliasArg", "[0]", lambda o: types.GenericAlias(list, (o,)))


class Owner(object):
    pass


def cached(o, size):
    made = functools.lru_cache(size)(o)
    made.__dict__.clear()
    return made


def lru_result(o):
    waiting = [o]
    made = functools.lru_cache(5)(lambda n: waiting.pop())
    made(1)
    return made


def weak_values(value, o):
    """The dict itself is held by its attributes."""
    holder = weakref.WeakValueDictionary(a=value)
    holder.__dict__["key"] = o
    return holder, value


class Raw(io.RawIOBase):
    def readable(self):
        return True

    writable = readable


def exceptions_and_files():
    hold("Argument", "[0]", ValueError)
    hold("FileName", ".filename", lambda o: OSError(1, "x", o))
    hold("FileName2", ".filename2", lambda o: OSError(1, "x", "a", None, o))
    hold("ImportedName", ".name", lambda o: ImportError("x", name=o))
    hold("Decoded", ".object", lambda o: without_args(UnicodeDecodeError("utf-8", o, 0, 1, "x")), (bytes,))
    hold("Chained", ".__context__", with_attribute(ValueError, "__context__"), (Exception,))
    hold("Notes", "['__notes__']", with_attribute(ValueError, "__notes__"))
    if VERSION >= (3, 10):
        hold("AttributeOwner", ".obj", lambda o: AttributeError("x", name="a", obj=o))
    if VERSION >= (3, 11):
        hold("Grouped_exception", "[0]", lambda o: without_args(ExceptionGroup("x", [o])), (Exception,))
    hold("RawOfReader", ".raw", io.BufferedReader, (Raw,))
    hold("RawOfWriter", ".raw", io.BufferedWriter, (Raw,))
    hold("Buffer", ".buffer", io.TextIOWrapper, (io.BytesIO,))
    hold("OfBytesIO", "['x']", with_attribute(type("MyBytes", (io.BytesIO,), {}), "x"))
    hold("OfStringIO", "['x']", with_attribute(type("MyText", (io.StringIO,), {}), "x"))


def without_args(error):
    error.args = ()
    return error


VARIABLE = contextvars.ContextVar("VARIABLE")


def context(o):
    made = contextvars.Context()
    made.run(VARIABLE.set, o)
    return made


def token(o):
    VARIABLE.set(o)
    made = VARIABLE.set(1)
    return made


def traced(o):
    made = yielding(1)
    made.ag_frame.f_trace = o
    return made


async def waiting(o):
    await o


async def yielding(o):
    yield o


def asynchronous():
    loop = asyncio.new_event_loop()
    keep.append(loop)

    def finished(o):
        future = loop.create_future()
        future.set_result(o)
        return future

    def calling(o):
        future = loop.create_future()
        future.add_done_callback(o)
        return future

    hold("VariableDefault", "->var_default", lambda o: contextvars.ContextVar("x", default=o))
    hold("OldValue", ".old_value", token)
    hold("FutureResult", "->fut_result", finished)
    called("FutureCallback", "->fut_callback0", calling)
    hold("Awaited", "->future", iter, (asyncio.Future,), __init__=lambda self: asyncio.Future.__init__(self, loop=loop))
    hold("TaskCoroutine", "->task_coro", loop.create_task, (collections.abc.Coroutine,), send=call, throw=call, close=call, __await__=iter)
    called("Tracer", ".f_trace", traced)
    hold("CoroutineLocal", ".f_locals['o']", waiting)
    hold("CoroutineWrapper", ".f_locals['o']", lambda o: waiting(o).__await__())
    hold("AsyncLocal", ".f_locals['o']", yielding)
    hold("Sent", "->ags_sendval", lambda o: yielding(1).asend(o))
    hold("Thrown", "[0]", lambda o: yielding(1).athrow(o), (Exception,))
    if VERSION >= (3, 10):
        hold("AnextDefault", "->default_value", lambda o: anext(yielding(1), o))


def modules():
    tz = {"utcoffset": lambda self, when: datetime.timedelta(0)}
    text = {"__new__": lambda c: str.__new__(c, "abc")}
    hold("DateTimeZone", ".tzinfo", lambda o: datetime.datetime(2000, 1, 1, tzinfo=o), (datetime.tzinfo,), **tz)
    hold("TimeZone", ".tzinfo", lambda o: datetime.time(1, tzinfo=o), (datetime.tzinfo,), **tz)
    hold("ZoneName", "->name", lambda o: datetime.timezone(datetime.timedelta(0, 60), o), (str,))
    hold("Matched", ".string", lambda o: re.match("a", o), (str,), **text)
    hold("Scanned", "->string", lambda o: re.compile("a").scanner(o), (str,), **text)
    hold("DispatchTable", "->dispatch_table", with_attribute(lambda: pickle.Pickler(io.BytesIO()), "dispatch_table"), (dict,))
    called("PicklerWrite", "->write", lambda o: pickle.Pickler(types.SimpleNamespace(write=o)))
    called("UnpicklerRead", "->read", lambda o: pickle.Unpickler(types.SimpleNamespace(read=o, readline=call)))
    hold("Memo", "->memo[3][*]", pickled, __reduce__=lambda self: (str, ()))
    hold("RowFactory", ".row_factory", with_attribute(lambda: sqlite3.connect(":memory:"), "row_factory"))
    hold("Tag", ".tag", ElementTree.Element)
    hold("Text", ".text", with_attribute(lambda: ElementTree.Element("x"), "text"))
    hold("Tail", ".tail", with_attribute(lambda: ElementTree.Element("x"), "tail"))
    hold("Attribute", "['a']", lambda o: ElementTree.Element("x", {"a": o}))
    element = {"__new__": lambda c: ElementTree.Element.__new__(c, "x"), "__init__": lambda s: ElementTree.Element.__init__(s, "x")}
    hold("Child", "[1]", lambda o: with_children(2, o), (ElementTree.Element,), **element)
    hold("LateChild", "[10]", lambda o: with_children(11, o), (ElementTree.Element,), **element)
    called("Handler", "->handlers[0]", with_attribute(pyexpat.ParserCreate, "StartElementHandler"))
    called("DefaultFactory", ".default_factory", collections.defaultdict)
    iterated("CsvRows", "->input_iter", csv.reader)
    hold("ThreadLocal", "['x']", with_attribute(threading.local, "x"))
    called("ParseFloat", ".parse_float", lambda o: json.JSONDecoder(parse_float=o).scan_once)
    called("CFunction", "->callable", ctypes.CFUNCTYPE(None))
    hold("OfStructure", "['x']", with_attribute(type("Struct", (ctypes.Structure,), {}), "x"))
    hold("OrderedKey", ".keys()[1]", lambda o: collections.OrderedDict([(1, 1), (o, 2), (3, 3)]))
    hold("Queued", "->items[0]" if VERSION >= (3, 13) else "[0]", queued)


def queued(o):
    made = queue.SimpleQueue()
    made.put(o)
    return made


def pickled(o):
    pickler = pickle.Pickler(io.BytesIO())
    for i in range(60):
        pickler.dump((i, "x%d" % i))
    pickler.dump(o)
    return pickler


def with_children(nr, last):
    made = ElementTree.Element("x")
    made.extend(ElementTree.Element("y") for _ in range(nr + 3))
    del made[nr - 1:]
    made.append(last)
    return made


def main():
    gc.disable()
    iterators()
    tools()
    callables()
    exceptions_and_files()
    asynchronous()
    modules()
    hold("ContextValue", "->b_array[1]", context)
    say("ready")
    sys.stdin.readline()


main()
