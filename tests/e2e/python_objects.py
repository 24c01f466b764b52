# SPDX-License-Identifier: MIT
"""Runs inside the Python under test, of any version: makes known objects, says where they are and how large, waits for a line.

Lines: object ADDRESS SIZE (of the whole block, the collector's header included); freed SIZE COUNT (only so many
objects of that size are left); local ADDRESS (held by a frame only); ready.
"""
import sys

GC_HEADER = 16


class Slotted(object):
    __slots__ = ("a", "b", "c")


class Text(bytes):
    """Never on a free list."""


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def show(objects, header):
    for o in objects:
        say("object", id(o) - header, sys.getsizeof(o))


def frame():
    """Only this frame's locals hold it."""
    local = b"l" * 300
    say("local", id(local))
    say("ready")
    sys.stdin.readline()
    return local


def main():
    keep = [Slotted() for _ in range(300)]
    show(keep, GC_HEADER)
    tuples = [(i, None, None, None, None, None, None) for i in range(300)]
    show(tuples, GC_HEADER)
    small = [b"s" * i for i in range(2, 450)]
    show(small, 0)
    large = [b"L" * (1000 + i) for i in range(300)]
    show(large, 0)
    texts = [u"t" * i for i in range(2, 450)]
    show(texts, 0)
    # A buffer that grows by realloc, through pymalloc's sizes into malloc's.
    grown = [bytearray() for _ in range(50)]
    for i in range(4000):
        for buffer in grown:
            buffer.append(i & 127)
    # Every other one goes; the sizes are unusual enough.
    many = [b"m" * 461 for _ in range(2000)], [b"M" * 40961 for _ in range(200)]
    # (As calls of a constructor give a new object, where literals are shared.)
    many = [[bytes(bytearray(o)) for o in kind] for kind in many]
    for kind in many:
        del kind[::2]
        say("freed", sys.getsizeof(kind[0]), len(kind))
    frame()
    del keep, tuples, small, large, texts, grown, many


main()
