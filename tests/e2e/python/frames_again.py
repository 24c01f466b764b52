# SPDX-License-Identifier: MIT
"""Runs inside a Python of any version from 3.8 on: allocates again and again from frames that are nearly those of before.

The same addresses, code and instructions with another caller, another line or another frame in between: what would make a
remembered chain wrong.  Says nothing; the profiler compares each chain (HEAPCENSUS_STACKS=verify).
"""
import asyncio
import functools
import random
import sys
import threading

try:
    import greenlet
except ImportError:
    greenlet = None

random.seed(5)
kept = []


def leaf():
    kept.append(object())
    if len(kept) > 50:
        del kept[:]
    return [1.5 + len(kept)]


def same_line_of_two(n):
    if n % 2:
        return leaf()
    return leaf()


def middle(n):
    a = same_line_of_two(n) if n % 3 else leaf()
    for _ in range(n % 3): same_line_of_two(n); leaf()
    return a


def recursion(depth, n):
    if not depth:
        return middle(n)
    if n & 1 << depth % 10:
        return recursion(depth - 1, n)
    return recursion(depth - 1, n) or leaf()


def lines():
    """A frame far out changes its line; all further in look the same."""
    for n in range(60):
        recursion(12, n)
        recursion(12, n)
        [recursion(12, n), recursion(12, n)]


def depths():
    """To and fro over the limits of what is kept and of what is remembered."""
    for n in range(400):
        recursion(random.choice([3, 20, 55 + n % 20, 60, 64, 300 * (n % 100 == 0), 460, 465 + n % 100]) % 900, n)


def generator(n):
    while True:
        leaf()
        yield middle(n)


def resume(gen):
    return next(gen)


def resume_deeper(gen):
    return resume(gen)


def of_one_line():
    while True: yield leaf()


def generators():
    """A frame that keeps its address while its callers change, and others that get its address."""
    for n in range(100):
        gens = [generator(i) for i in range(5)]
        for _ in range(10):
            gen = random.choice(gens)
            random.choice([next, resume, resume_deeper])(gen)
            random.choice([next, resume, resume_deeper])(gen)
        gens.pop().close()
    gen = of_one_line()
    for way in (next, resume, resume_deeper, resume_deeper, next) * 50: way(gen)


def called_by_c():
    for n in range(100):
        way = random.choice([sorted, list, max])
        way(map(middle, range(3))) if n % 2 else way([middle(i) for i in range(3)])
        random.choice([sorted, max, min])([3, 1, 2], key=lambda i: (middle(i), i)[1])
        functools.reduce(lambda a, b: recursion(3, b) and b, range(3))
        {1: leaf(), 2: leaf()}.get(random.choice([1, 2]))


def thrown(depth, n):
    try:
        if not depth:
            raise KeyError(leaf())
        thrown(depth - 1, n)
    except KeyError:
        leaf()
        if depth % 3 == n % 3:
            return
        raise
    finally:
        leaf()


def exceptions():
    for n in range(60):
        try:
            thrown(7, n)
        except KeyError:
            leaf()


def traced(frame, event, arg):
    """Allocates below the frame that it traces, and has it go on elsewhere."""
    middle(frame.f_lineno)
    if event == "line" and frame.f_code is jumping.__code__:
        first = frame.f_code.co_firstlineno
        if frame.f_lineno == first + 2:
            frame.f_lineno = first + 3
            leaf()
            frame.f_lineno = first + 4
            leaf()
    return traced


def jumping():
    a = leaf()
    b = leaf()
    c = leaf()
    d = leaf()
    return a, d


def tracing():
    for n in range(30):
        sys.settrace(traced)
        jumping()
        recursion(3, n)
        sys.settrace(None)
        jumping()
        recursion(3, n)


def made_up():
    """Code at the address of other code, on another line of another file."""
    for n in range(150):
        text = "\n" * (n % 7) + "def f%d(g, n):\n  g(n)\n  return g(n)\n" % (n % 3)
        names = {}
        exec(compile(text, "<made up %d>" % n, "exec"), names)
        names["f%d" % (n % 3)](random.choice([middle, same_line_of_two]), n)


async def task(n):
    for i in range(5):
        recursion(2, i)
        await asyncio.sleep(0)
        await other_task(i) if n % 2 else None


async def other_task(n):
    leaf()
    await asyncio.sleep(0)
    middle(n)


async def tasks():
    await asyncio.gather(*[task(n) for n in range(20)])


def threads():
    sys.setswitchinterval(1e-5)
    started = [threading.Thread(target=lambda: (lines(), generators())) for _ in range(3)]
    for thread in started:
        thread.start()
    lines()
    for thread in started:
        thread.join()


def in_greenlet(n):
    for _ in range(5):
        recursion(n % 5, n)
        greenlet.getcurrent().parent.switch()
        leaf()


def greenlets():
    made = [greenlet.greenlet(in_greenlet) for _ in range(20)]
    for g in made:
        g.switch(made.index(g))
    for _ in range(100):
        resume_greenlet(random.choice(made)) if random.random() < .5 else random.choice(made).switch()


def resume_greenlet(g):
    return g.switch(), leaf()


sys.setrecursionlimit(2000)
for _ in range(2):
    lines(), depths(), generators(), called_by_c(), exceptions(), tracing(), made_up()
    asyncio.run(tasks())
    if greenlet:
        greenlets()
threads()
