# SPDX-License-Identifier: MIT
"""One of everything that the recogniser of Python's objects knows, under one roof: the process behind the dumps in python/ (see
../dumps/reduce.py).  Prints the address of the roof, and waits for a line."""
import asyncio
import collections
import functools
import sys
import threading
import types
import weakref


def module(name, **members):
    made = types.ModuleType(name)
    for key, value in members.items():
        setattr(made, key, value)
        if isinstance(value, type):
            value.__module__ = name
    sys.modules[name] = made
    return made


class object_ref:
    __slots__ = ()


class Spider(object_ref):
    name = "books"

    def parse(self, response):
        return response


class Request(object_ref):
    def __init__(self, url, callback, meta):
        self._url, self.callback, self.meta = url, callback, meta

    url = property(lambda self: self._url)


class Response(object_ref):
    def __init__(self, url, request):
        self.url, self.request = url, request


class Slotted:
    __slots__ = ("first", "second", "__weakref__")

    def __init__(self):
        self.first, self.second = [1], {2}


class Meta(type):
    pass


class Derived(dict, metaclass=Meta):
    kept = "class attribute"


module("scrapy.utils.trackref", object_ref=object_ref)
module("scrapy.spiders", Spider=Spider)
module("scrapy.http.request", Request=Request)
module("scrapy.http.response", Response=Response)


def generate(first):
    second = [first]
    yield second


async def wait(event):
    await event


def make():
    spider = Spider()
    request = Request("http://a/\u20ac", spider.parse, {"depth": 1})
    responses = [Response("http://a/%d" % i, request) for i in range(3)]
    request.meta["referer"] = responses[0]
    generator = generate("x" * 40)
    next(generator)
    coroutine = wait(None)
    cycle = []
    cycle.append(cycle)
    slotted = Slotted()
    cell = "in a cell" * 3
    ordered = collections.OrderedDict(a=[], b=[])
    del ordered["a"]
    kept = {
        "spider": spider, "responses": responses, "generator": generator, "coroutine": coroutine, "cycle": cycle,
        "slotted": slotted, "weak": weakref.ref(slotted, print), "ordered": ordered, "derived": Derived(a=1),
        "deque": collections.deque(range(300, 500)), "set": set("%d" % i for i in range(20)), "frozen": frozenset([b"1"]),
        "closure": lambda: cell, "partial": functools.partial(print, cell, end=""), "cached": functools.lru_cache(make),
        "int": 1 << 200, "float": 2.5, "complex": 2j, "wide": "\U0001f600" * 3, "latin": "\xfc" * 3, "bytes": bytearray(b"abc"),
        "memory": memoryview(b"abc"), "error": ValueError("text"), "namespace": types.SimpleNamespace(a=1),
        "method": spider.parse, "builtin": [].append, "range": range(1000, 2000), "thread": threading.local(),
        7: (None, True, 1.5), (1, 2): "tuple key",
    }
    kept["large"] = {i: str(i) for i in range(300)}
    kept["list iterator"] = iter(kept["responses"])
    return kept


def main():
    kept = make()
    frame = sys._getframe()
    kept["frame"] = frame
    print(id(kept), flush=True)
    sys.stdin.readline()
    kept["coroutine"].close()


main()
