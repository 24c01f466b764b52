# SPDX-License-Identifier: MIT
"""Runs inside the Python under test, of any version: the same relations through every layout that the interpreter has for
them (python_held.py), and waits for a line."""
import collections
import functools
import gc
import sys
import time
import types

from python_held import hold, keep, say


class Plain(object):
    pass


class Many(object):
    pass


class Deleting(object):
    pass


class Named(collections.namedtuple("Named", "left right")):
    pass


class Text(str):
    pass


def dict_of(nr, text):
    """A dict of so many entries with the object behind most of them, its value or its key."""
    def make(o):
        made = {("k%d" % i if text else i): None for i in range(nr)}
        made["key"] = o
        return made
    return make


def keyed(nr):
    def make(o):
        made = {i: None for i in range(nr)}
        made[o] = 1
        return made
    return make


def mixed(o):
    """Keys were all str first: the other layout from then on."""
    made = {"a": 1, "b": o}
    made[1] = 2
    return made


def reused(o):
    """Entries were deleted and made again until the table was made anew."""
    made = {"x%d" % i: i for i in range(50)}
    for i in range(49):
        del made["x%d" % i]
    for i in range(20):
        made["y%d" % i] = None
    made["key"] = o
    return made


def dicts():
    hold("Values8", "['key']", dict_of(20, True))
    hold("Values16", "['key']", dict_of(1000, True))
    hold("General16", "['key']", dict_of(1000, False))
    hold("Values32", "['key']", dict_of(50000, True))
    hold("Keys8", ".keys()[20]", keyed(20))
    hold("Keys16", ".keys()[1000]", keyed(1000))
    hold("Keys32", ".keys()[50000]", keyed(50000))
    hold("Mixed", "['b']", mixed)
    hold("Reused", "['key']", reused)
    hold("TextKey", ".keys()[1]", lambda o: {"a": 1, o: 2}, (str,))
    hold("Defaulted", "['key']", lambda o: collections.defaultdict(list, key=o))
    hold("Counted", ".keys()[0]", lambda o: collections.Counter([o]))
    hold("Chained", "['key']", lambda o: collections.ChainMap({}, {"key": o}))
    hold("OrderedMoved", "['key']", ordered_moved)
    hold("Enumerated", "['key']", lambda o: types.MappingProxyType({"key": o}))


def ordered_moved(o):
    made = collections.OrderedDict((("key", o), ("b", 1), ("c", 2)))
    made.move_to_end("key")
    del made["b"]
    return made


def instance(kind, *steps):
    def make(o):
        made = kind()
        for step in steps:
            step(made, o)
        return made
    return make


def setting(*names):
    def step(made, o):
        for name in names:
            setattr(made, name, o if name == "held" else 1)
    return step


def deleting(*names):
    def step(made, _):
        for name in names:
            delattr(made, name)
    return step


def asking(made, _):
    vars(made)


def instances():
    several = ["a%d" % i for i in range(10)]
    hold("First", "['held']", instance(Plain, setting("held")))
    hold("Last", "['held']", instance(Plain, setting(*several), setting("held")))
    hold("Overflowing", "['held']", instance(Many, setting(*["m%d" % i for i in range(60)]), setting("held")))
    hold("Deleted", "['held']", instance(Deleting, setting("a", "held", "b"), deleting("a", "b"), setting("c")))
    hold("Asked", "['held']", instance(type("AskedOf", (), {}), setting("a", "held"), asking))
    hold("AskedFirst", "['held']", instance(type("AskedFirstOf", (), {}), asking, setting("a", "held")))
    hold("Replaced", "['held']", lambda o: replaced(Plain(), {"held": o}))
    hold("OtherOrder", "['held']", instance(type("OrderOf", (), {}), setting("held", "z")))
    hold("OfException", "['held']", instance(ValueError, setting("held")))
    hold("OfText", "['held']", instance(Text, setting("held")))
    hold("OfTuple", "['held']", instance(type("MyTuple", (tuple,), {}), setting("held")))
    hold("OfInt", "['held']", instance(type("MyInt", (int,), {}), setting("held")))
    hold("OfFunction", "['held']", instance(lambda: lambda: 1, setting("held")))
    hold("OfPartial", "['held']", instance(lambda: functools.partial(len), setting("held")))
    hold("OfClass", "['held']", instance(lambda: type("Made", (), {}), setting("held")))
    hold("OfModule", "['held']", instance(lambda: types.ModuleType("made"), setting("held")))


def replaced(made, attributes):
    made.__dict__ = attributes
    return made


def shrunk(o):
    """Old pointers behind the last item lead to what something else holds."""
    made = [None] * 60
    made[0] = o
    made.extend(keep[-30:])
    del made[1:]
    return made


def rotated(o):
    made = collections.deque(range(300))
    made.append(o)
    made.rotate(-100)
    return made


def bounded(o):
    made = collections.deque(maxlen=70)
    made.extend(range(500))
    made.append(o)
    return made


def with_dummies(o):
    made = {o} | set(range(40))
    for i in range(40):
        made.discard(i)
    return made


def sequences():
    hold("NamedField", "[1]", lambda o: Named(1, o))
    hold("StructSequence", "[8]", lambda o: time.struct_time((1, 2, 3, 4, 5, 6, 7, 8, o)))
    hold("Shrunk", "[0]", shrunk)
    hold("Inserted", "[0]", lambda o: list(range(30)).__iadd__([o])[::-1])
    hold("Rotated", "[200]", rotated)
    hold("Bounded", "[69]", bounded)
    hold("Dummies", "list(_)[0]", with_dummies)
    hold("LargeFrozen", "list(_)[0]", lambda o: frozenset([o, *range(500)]))


def cells(o):
    def outer():
        inside = o

        def inner():
            return inside
        return inner
    return outer()


def running(o):
    held = o
    del o
    yield sys._getframe()
    del held


def frame_of(held):
    """(It holds its caller's, too, in which the object has the same name.)"""
    def inner(held):
        return sys._getframe()
    return inner(held)


def traced(held):
    try:
        raising(held)
    except ValueError as e:
        return e.__traceback__


def raising(held):
    raise ValueError


def finished(o):
    def run(value):
        yield value
    made = run([o])
    keep.append(next(made))
    next(made, None)
    return made


def on_stack(o):
    """A generator that waits in the middle of an expression has the first half of it on its stack."""
    def run(values):
        return (values.pop(), (yield))
    made = run([o])
    next(made)
    return made


def frames():
    hold("Twice", ".cell_contents", cells)
    hold("OfFrame", ".f_locals['held']", frame_of)
    hold("OfTraceback", ".f_locals['held']", traced)
    hold("OfFinished", "[0]", finished)
    hold("OnStack", "->f_valuestack[0]", on_stack)
    hold("Yielded", ".f_locals['held']", lambda o: started(running(o)))
    hold("Default", "[0]", lambda o: types.FunctionType(cells.__code__, {}, "f", (o,)))
    hold("KeywordDefault", "['k']", with_kwdefaults)
    hold("Annotation", "['a']", with_annotations)
    hold("FunctionGlobals", "['g']", lambda o: types.FunctionType(cells.__code__, {"g": o}))
    hold("Constant", "[1]", lambda o: compile("1", "f", "eval").replace(co_consts=(1, o)), (str,))


def started(generator):
    next(generator)
    return generator


def with_kwdefaults(o):
    def made(*, k=o):
        return k
    return made


def with_annotations(o):
    def made(a: o):
        return a
    made.__annotations__
    return made


def main():
    gc.disable()
    dicts()
    instances()
    sequences()
    frames()
    say("ready")
    sys.stdin.readline()


main()
