# SPDX-License-Identifier: MIT
"""Runs inside the Python under test, of any version: what the interpreter's own classes hold (python_held.py), and waits for
a line."""
import collections
import functools
import gc
import sys
import types
import weakref

from python_held import COUNT, hold, keep, say


class Plain(object):
    pass


class Derived(Plain):
    pass


class Slotted(object):
    __slots__ = ("alpha", "beta")


class SlottedMore(Slotted):
    __slots__ = ("gamma",)


class Dict(dict):
    pass


class List(list):
    pass


def with_attribute(instance, name):
    def make(o):
        holder = instance()
        holder.first = 1
        setattr(holder, name, o)
        return holder
    return make


def with_dict(o):
    holder = Plain()
    holder.__dict__["other"] = None
    holder.__dict__["stored"] = o
    return holder


def slotted(o):
    holder = SlottedMore()
    holder.beta = o
    return holder


def with_holes(o):
    holder = {i: None for i in range(100)}
    holder[o] = None
    for i in range(90):
        del holder[i]
    return holder


def deque(o):
    holder = collections.deque(range(150))
    holder.append(o)
    holder.extend(range(100))
    holder.popleft()
    return holder


def closure(o):
    def inner():
        return o
    return inner


def generator(o):
    def run(value):
        inside = value
        del value
        yield
        return inside
    made = run(o)
    next(made)
    return made


def function(**attributes):
    def make(o):
        made = types.FunctionType(closure.__code__, globals())
        for name in attributes:
            setattr(made, name, o)
        return made
    return make


def caused(o):
    error = ValueError("cause")
    error.__cause__ = o
    return error


def containers():
    hold("DictValue", "['key']", lambda o: {"a": 1, "key": o})
    hold("DictQuote", '["it\'s"]', lambda o: {"it's": o})
    hold("DictInt", "[3]", lambda o: {1: 2, 3: o})
    hold("DictBytes", "[b'x']", lambda o: {b"x": o})
    hold("DictTuple", "[(1, 'a')]", lambda o: {(1, "a"): o})
    hold("DictNone", "[None]", lambda o: {None: o})
    hold("DictKey", ".keys()[2]", lambda o: {1: 1, 2: 2, o: 3})
    hold("DictHoles", ".keys()[10]", with_holes)
    hold("OfDict", "['key']", lambda o: Dict(key=o))
    hold("Ordered", "['key']", lambda o: collections.OrderedDict([("first", 1), ("key", o)]))
    hold("ListItem", "[2]", lambda o: [0, 1, o])
    hold("OfList", "[1]", lambda o: List([0, o]))
    hold("TupleItem", "[1]", lambda o: (0, o))
    hold("SetItem", "list(_)[0]", lambda o: {o})
    hold("SetLarge", "list(_)[0]", lambda o: {o} | set(range(100)))
    hold("FrozenItem", "list(_)[0]", lambda o: frozenset([o, 1]))
    hold("DequeItem", "[149]", deque)


def attributes():
    hold("Attribute", "['held']", with_attribute(Plain, "held"))
    hold("Inherited", "['held']", with_attribute(Derived, "held"))
    hold("InDict", "['stored']", with_dict)
    hold("DictAttribute", "['held']", with_attribute(Dict, "held"))
    hold("ListAttribute", "['held']", with_attribute(List, "held"))
    hold("Slot", ".beta", slotted)
    hold("ClassAttribute", "['of_class']", lambda o: type("Holder", (object,), {"of_class": o}))
    hold("ModuleAttribute", "['of_module']", lambda o: module(o))


def module(o):
    made = types.ModuleType("made")
    made.of_module = o
    return made


def callables():
    hold("Cell", ".cell_contents", closure)
    hold("FunctionDict", "['mark']", function(mark=True))
    hold("Doc", ".__doc__", function(__doc__=True))
    hold("Bound", ".__self__", lambda o: types.MethodType(closure, o))
    hold("Callable", ".func", functools.partial, __call__=closure)
    hold("Getter", ".fget", property)
    hold("Static", ".__func__", staticmethod)
    hold("Local", ".f_locals['inside']", generator)
    hold("Iterated", "->it_seq", iter, (List,))
    hold("Proxied", "->mapping", types.MappingProxyType, (Dict,))
    hold("Cause", ".__cause__", caused, (Exception,))
    hold("Callback", ".__callback__", lambda o: weakref.ref(keep[0], o), __call__=closure)


class FrameLocal(object):
    pass


class Cycle(object):
    pass


def garbage():
    for _ in range(COUNT):
        o = Cycle()
        o.me = [o]


def frame():
    here = FrameLocal()
    say("local", "FrameLocal", ".f_locals['here']")
    say("garbage", "Cycle", COUNT)
    say("ready")
    sys.stdin.readline()
    return here


def main():
    gc.disable()
    keep.append(Plain())
    containers()
    attributes()
    callables()
    garbage()
    frame()


main()
