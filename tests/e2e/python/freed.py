# SPDX-License-Identifier: MIT
"""Runs inside the Python under test, 3.8 to 3.13: makes objects of the classes that CPython keeps for the next one when
they end, lets them end, and says where they were, as a line of JSON [[class, address]]; waits for a line."""
import array
import contextvars
import json
import sys

import oracle

NR = 25


def frames(depth, addresses):
    addresses.append(id(sys._getframe()))
    if depth:
        frames(depth - 1, addresses)


async def yielding():
    yield 1


class Plain:
    def method(self):
        pass


def sent():
    """Objects that an asynchronous generator makes for each value that is asked of it."""
    made = yielding()
    step = made.asend(None)
    address = id(step)
    try:
        step.send(None)
    except StopIteration:
        pass
    return address


def main():
    plain = Plain()
    makers = {
        "float": lambda i: i + 0.25, "list": lambda i: [i], "dict": lambda i: {i: i}, "slice": slice, "complex": lambda i: complex(i, 1),
        "types.MethodType": lambda i: plain.method, "types.BuiltinMethodType": lambda i: [i].append, "contextvars": lambda i: contextvars.copy_context(),
        "set": lambda i: {i}, "types.AsyncGeneratorType": lambda i: yielding(), "bytearray": bytearray, "types.CellType": lambda i: (lambda: i).__closure__[0],
    }
    for size in range(1, 21):
        makers["tuple %d" % size] = lambda i, size=size: tuple(range(i + 300, i + 300 + size))
    names, ended = [], array.array("Q")
    for make in makers.values():
        objects = [make(i) for i in range(NR)]
        names += [oracle.name_of(type(o)) for o in objects]
        ended.extend(map(id, objects))
        del objects
    frames(NR, ended)
    names += ["types.FrameType"] * (len(ended) - len(names))
    ended.extend(sent() for _ in range(NR))
    names += ["builtins.async_generator_asend"] * NR
    print(json.dumps(list(zip(names, ended))), flush=True)
    sys.stdin.readline()


main()
