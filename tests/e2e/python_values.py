# SPDX-License-Identifier: MIT
"""Objects with values of every builtin class, for test_python_values.py, for Python 3.8 and later.

Prints the truth (a line of JSON), waits for a line, ends. The same classes stand in for Scrapy's by their names, so that what the analyzer knows of those
is tested on every version.
"""
import collections
import functools
import gc
import http
import json
import sys


class object_ref(object):
    __slots__ = ()


object_ref.__module__ = "scrapy.utils.trackref"


class Slotted(object):
    __slots__ = ("first", "_second", "unset")

    @property
    def second(self):
        return self._second


class Names(dict):
    pass


class Pair(tuple):
    pass


Point = collections.namedtuple("Point", "x y")


class Base(object):
    kind = "base"


class Request(object_ref):
    def __init__(self, url, callback=None):
        self._url = url
        self.callback = callback
        self.meta = {}


Request.__module__ = "scrapy.http.request"


class Spider(object_ref):
    name = "of the class"
    crawler = None

    def parse(self, response):
        return response


Spider.__module__ = "scrapy.spiders"


class Middleware(object):
    def __init__(self, timeout):
        self._timeout = timeout


class Part(object):
    """What is between a spider and its middlewares: crawler, engine, downloader."""

    def __init__(self, **parts):
        self.__dict__.update(parts)


class Crawl(Spider):
    def __init__(self, name):
        self.name = name
        self.middleware = Middleware(float("180"))
        manager = Part(middlewares=(self.middleware, Middleware(1.5)))
        self.crawler = Part(engine=Part(downloader=Part(middleware=manager)))

    def callbacks(self):
        """Callables that lead to the spider; none of them is a bound method."""
        def closure(response):
            return self.parse(response)
        return [functools.partial(self.parse, 1), functools.partial(Spider.parse, self), closure]


class Unsaid(Request):
    """Requests without a callback."""


class Called(Request):
    """Requests with a callback that is no bound method."""


class Response(Base, object_ref):
    def __init__(self, number):
        self._url = "http://127.0.0.1/%d" % number
        self.status = 200
        self.body = b"abc\x00\xff'"
        self.meta = {"a": [1, 2.5, None, True, (1,)], "b": {"x": u"\xfc\u20ac\n"}}
        self.large = [-10 ** 50, 10 ** 18, 10 ** 9, 2 ** 30, 2 ** 60, 2 ** 63, -2 ** 63, 0, -5]
        self.floats = [0.1, 1e16, 1e-5, 0.0001, 123456789.125, -0.0, 1e300, 5.0, 1e15]
        self.sets = [{3}, set(), {"a"}]
        self.frozen = frozenset([4])
        self.array = bytearray(b"xy")
        self.quotes = ["it's", "it's \"x\"", "\"", "\\ \t", b"'", b"\"'"]
        self.text = u"\udc80\U0001f600\u0394\xad"
        self.empty = ((), [], {}, u"", b"", frozenset())
        self.point = Point(3, "why")
        self.numbered = {7: "seven", -1: "minus", True: "one", "7": "text"}
        self.counted = collections.defaultdict(list, {1: [2]})
        self.none = None
        self.slotted = Slotted()
        self.slotted.first = "one"
        self.slotted._second = "two"
        self.names = Names(k=1)
        self.pair = Pair([1, 2])
        self.code = http.HTTPStatus.OK
        self.ordered = collections.OrderedDict([("z", 1), ("y", 2)])
        self.long = list(range(100))
        self._lazy = self._never = self._encoding = None
        self.other = self
        self._unnamed = 7

    @property
    def url(self):
        return self._url

    @property
    def alias(self):
        return self.status

    @property
    def further(self):
        """What only its docstring makes different."""
        return self.slotted.first

    @property
    def guarded(self):
        try:
            return self.slotted.second
        except AttributeError:
            raise ValueError("none")

    @property
    def constant(self):
        return "five"

    @property
    def lazy(self):
        if self._lazy is None:
            self._lazy = [1, 2]
        return self._lazy

    @property
    def never(self):
        if self._never is None:
            self._never = 3
        return self._never

    @property
    def deep(self):
        return self.other.lazy

    @property
    def encoding(self):
        return self._encoding or "utf-8"

    @property
    def length(self):
        return len(self._url)


class HtmlResponse(Response):
    pass


# Names that no program text has.
ODD = [type(name, (object,), {"__module__": "odd"}) for name in ("", "two\nlines", "\x1b[31mred", "x" * 1500, u"\xdc\u2028\U00020000")]
ATTRIBUTES = ("lazy deep url status body meta large floats sets frozen array quotes text empty none kind alias further"
              " guarded constant slotted.first slotted.second").split()
OFTEN = 200  # enough for CPython to make instructions special


def value(item, path):
    for name in path.split("."):
        item = getattr(item, name)
    return item


def main():
    gc.disable()
    responses = [HtmlResponse(i) for i in range(5)] + [Response(9)]
    spiders = [Crawl("books"), Crawl("quotes")]
    requests = [Request("r%d" % i, spiders[i % 3 % 2].parse if i % 5 else None) for i in range(30)]
    for request in requests:
        request.meta["private"] = ["only here", request._url + "!"]
    odd = [cls() for i, cls in enumerate(ODD) for _ in range(3 + i)]
    # Cycles that nothing holds: what they share with a crawler's middleware tells whose they are.
    unsaid = [Unsaid("u%d" % i) for i in range(12)]
    for i, request in enumerate(unsaid):
        request.itself = request
        request.meta["download_timeout"] = spiders[0].middleware._timeout if i < 5 else spiders[1].middleware._timeout if i < 9 else 1.5
    called = [Called("c", callback) for callback in spiders[1].callbacks()]
    del unsaid, request
    truth = {name: repr(value(responses[0], name)) for name in ATTRIBUTES}
    scopes = collections.Counter(r.callback.__self__.name if r.callback else "<no scope>" for r in requests)
    assert called
    for _ in range(OFTEN):
        assert truth == {name: repr(value(responses[0], name)) for name in ATTRIBUTES}
    print(json.dumps({"values": truth, "urls": [r.url for r in responses[:5]], "scopes": scopes, "odd": len(odd)}))
    sys.stdout.flush()
    sys.stdin.readline()


main()
