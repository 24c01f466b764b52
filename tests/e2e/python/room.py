# SPDX-License-Identifier: MIT
"""What the blocks of an object measure, said from inside the Python under test, 3.8 to 3.13: sys.getsizeof, but for the
structural differences that docs/types.md lists."""
import ctypes
import datetime
import io
import pickle
import pyexpat
import queue
import sys

VERSION = sys.version_info[:2]
HAVE_GC, INLINE_VALUES, MANAGED_WEAKREF, MANAGED_DICT, HEAP_TYPE = 1 << 14, 1 << 2, 1 << 3, 1 << 4, 1 << 9
MANAGED = MANAGED_DICT if VERSION == (3, 11) else MANAGED_DICT | MANAGED_WEAKREF if VERSION >= (3, 12) else 0
# Attributes without a dict: at most 30, a byte for the order of each, what they begin with.
VALUES_MOST = 30 * 9 + 16
# A deque says what it has to spare, from 3.11 on.
DEQUE_NR_SPARE, DEQUE_BLOCK = 72, 66 * 8
# Of classes that do not tell of all their memory.
MORE_MOST = 8192
SILENT = (io.StringIO, pyexpat.XMLParserType, queue.SimpleQueue)


def header(kind):
    """Bytes in front of an object."""
    return (16 if kind.__flags__ & HAVE_GC else 0) + (16 if kind.__flags__ & MANAGED else 0)


def items(o):
    """How many items follow the object as its class counts them; None where that is not known."""
    if isinstance(o, int):
        return (abs(o).bit_length() + 29) // 30
    if isinstance(o, type):
        return len(o.__dict__.get("__slots__", ()))
    return len(o) if isinstance(o, (tuple, bytes)) else None


def is_naive(o):
    return type(o) in (datetime.datetime, datetime.time) and o.tzinfo is None


def difference(o):
    """Bytes that sys.getsizeof does not tell, or tells though they are other objects'."""
    kind = type(o)
    if kind.__flags__ & HEAP_TYPE and kind.__itemsize__ and items(o) is not None:
        if isinstance(o, type):
            return kind.__itemsize__
        size = kind.__basicsize__ + (items(o) + 1) * kind.__itemsize__
        return header(kind) + (size + 7) // 8 * 8 - sys.getsizeof(o)
    if isinstance(o, str) and kind is not str:
        unit = 1 if not o or max(o) < "\u0100" else 2 if max(o) < "\U00010000" else 4
        return header(kind) + kind.__basicsize__ + (len(o) + 1) * unit - sys.getsizeof(o)
    if is_naive(o):
        return -8
    if kind.__name__ == "deque" and VERSION >= (3, 11):
        return ctypes.c_uint64.from_address(id(o) + DEQUE_NR_SPARE).value * DEQUE_BLOCK
    if isinstance(o, ctypes.Array):
        return ctypes.sizeof(o) if ctypes.sizeof(o) > 16 else 0
    if kind is pickle.Pickler:
        return -sys.getsizeof(b"o" * 4096)
    if kind is io.BytesIO:
        return header(kind) + kind.__basicsize__ - sys.getsizeof(o)
    return 0


def room(o):
    """(least, most)"""
    least = sys.getsizeof(o) + difference(o)
    if type(o) in SILENT:
        return least, least + MORE_MOST
    has_values = type(o).__flags__ & MANAGED & MANAGED_DICT and (VERSION < (3, 13) or type(o).__flags__ & INLINE_VALUES)
    return least, least + (VALUES_MOST if has_values else 0)
