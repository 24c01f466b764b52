# SPDX-License-Identifier: MIT
"""Runs inside a Python of any version from 3.8 on: allocates from as many sorts of frames as there are, and says from where.

Every mark is one bytes object of a size of its own (a label).  Standard output: begun; {size: [[file, line, function], ...
innermost first]} in JSON; then it waits for a line.
"""
import asyncio
import ctypes
import functools
import gc
import itertools
import json
import sys
import threading
import types

try:
    import greenlet
except ImportError:
    greenlet = None

sizes = itertools.count(20011, 16)
kept, truth = [], {}
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
HEADER = sys.getsizeof(b"")


def chain(frame):
    frames = []
    while frame:
        frames.append([frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name])
        frame = frame.f_back
    return frames


def mark():
    size = next(sizes)
    data, frames = bytes(size - HEADER), chain(sys._getframe())
    kept.append(data)
    truth[size] = frames
    return size


def mark_native():
    """malloc by C code, which does without the GIL meanwhile."""
    size = next(sizes)
    address, frames = libc.malloc(ctypes.c_size_t(size)), chain(sys._getframe())
    kept.append(address)
    truth[size] = frames
    return size


def recursion(depth):
    return recursion(depth - 1) if depth else mark()


def in_arguments(*args):
    mark()
    return args


def many_lines():
    in_arguments(
        1,
        mark(),
        [
            mark(),
            2],
        mark_native())
    mark(); mark()
    for _ in range(3): mark()
    try:
        raise ValueError(mark())
    except ValueError:
        mark()
    finally:
        mark()


def generator():
    mark()
    yield 1
    mark()
    try:
        yield 2
    finally:
        mark()


def delegating():
    yield from generator()
    yield from (mark() for _ in range(2))


def generators():
    list(delegating())
    closed = delegating()
    next(closed), next(closed)
    closed.close()
    thrown = generator()
    next(thrown), next(thrown)
    try:
        thrown.throw(KeyError)
    except KeyError:
        mark()
    both = zip(generator(), map(lambda n: mark(), range(2)))
    list(both)


@types.coroutine
def switch():
    mark()
    yield
    mark()


async def inner():
    await switch()
    mark()


async def agenerator():
    mark()
    yield 1
    await switch()
    mark()


async def outer():
    await inner()
    mark()
    async for _ in agenerator():
        mark()
    await asyncio.sleep(0)
    mark()


def coroutines():
    by_hand = inner()
    by_hand.send(None)
    try:
        by_hand.send(None)
    except StopIteration:
        pass
    asyncio.run(outer())


class Shape:
    mark()
    table = [mark() for _ in range(2)]

    class Inner:
        mark()

    def __init__(self):
        mark()

    def __del__(self):
        mark()

    @property
    def area(self):
        return mark()

    @functools.lru_cache(maxsize=None)
    def cached(self):
        return mark()

    def __eq__(self, other):
        return mark()

    __hash__ = None


def closures(n):
    def inside():
        def within():
            return n, mark()
        return within()
    return inside()


def called_by_c():
    sorted([3, 1, 2], key=lambda n: mark())
    functools.reduce(lambda a, b: mark(), range(3))
    max([1, 2], key=functools.partial(in_arguments, 1))
    [Shape()] == [Shape()]
    Shape().area
    {mark() for _ in range(2)}
    {n: mark() for n in range(2)}
    (lambda: mark())()
    recursion(3)
    closures(1)
    gc.collect()


def made_up():
    """Code that dies: the next one gets its address."""
    for i in range(50):
        name = "<made up %d>" % i
        exec(compile("\n" * i + "def f%d():\n  mark()\nf%d()\ndel f%d" % (i, i, i), name, "exec"),
             {"mark": mark_native if i % 3 == 0 else mark})
    exec(compile("mark()\n\nmark()", "/tmp/ünï\u4e2d\U0001f40d\udcff.py", "exec"))
    exec(compile("mark()", "x" * 3000, "exec"))
    exec("mark(" + "\n" * 300 + "\n* (mark(),)[:0])")
    long = "def f():\n" + "  pass\n  0\n" * 400 + "  mark()\n" + "  a = 1; b = a\n" * 300 + "  mark()\n\n\n  mark()\nf()"
    exec(compile(long, "<long>", "exec"))


def threads():
    started = [threading.Thread(target=recursion, args=(n,)) for n in range(3)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


def in_greenlet(n):
    mark()
    greenlet.getcurrent().parent.switch()
    recursion(n)


def greenlets():
    made = [greenlet.greenlet(in_greenlet) for _ in range(3)]
    for n, g in enumerate(made):
        g.switch(n)
    for g in reversed(made):
        g.switch()
        mark()


def main():
    if greenlet:
        greenlets()
    many_lines()
    generators()
    coroutines()
    called_by_c()
    made_up()
    threads()
    recursion(30)
    recursion(200)
    mark_native()
    recursion(201)


sys.stdout.write("begun\n")
sys.stdout.flush()
main()
mark()
sys.stdout.write(json.dumps(truth) + "\n")
sys.stdout.flush()
sys.stdin.readline()
