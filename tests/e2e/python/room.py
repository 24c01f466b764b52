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
import types

from structure import flags, word

VERSION = sys.version_info[:2]
HAVE_GC, INLINE_VALUES, MANAGED_WEAKREF, MANAGED_DICT, HEAP_TYPE = 1 << 14, 1 << 2, 1 << 3, 1 << 4, 1 << 9
MANAGED = MANAGED_DICT if VERSION == (3, 11) else MANAGED_DICT | MANAGED_WEAKREF if VERSION >= (3, 12) else 0
WORD = 8
GC_HEADER = 16
OB_SIZE = 16
TP_DOC = 176
MEMBER = 40            # of a class's table of __slots__: one a slot, and one more
MA_VALUES = 40         # of a dict: not 0 where its keys are its class's
VALUES = 8             # in front of the values (3.13): how many they may be, how many they are
VALUES_EMBEDDED = 2    # and whether they are in the instance
MD_DEF = 24            # of a module, and of its definition the size of its state
M_SIZE = 56
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
    return type(o).__len__(o) if isinstance(o, (tuple, bytes)) else None


def is_naive(o):
    return type(o) in (datetime.datetime, datetime.time) and o.tzinfo is None


def difference(o):
    """Bytes that sys.getsizeof does not tell, or tells though they are other objects'."""
    kind = type(o)
    if kind.__flags__ & HEAP_TYPE and kind.__itemsize__ and items(o) is not None:
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
    if kind.__name__ == "StgDict":
        # Of ctypes: counts what it has beyond a dict twice.
        return dict.__basicsize__ - kind.__basicsize__
    if kind is types.FrameType and VERSION < (3, 11):
        return WORD
    if kind is pickle.Pickler:
        return -sys.getsizeof(b"o" * 4096)
    if kind is io.BytesIO:
        return header(kind) + kind.__basicsize__ - sys.getsizeof(o)
    return 0


def text_size(addr):
    """Of a C text with its end; 0 of none."""
    return len(ctypes.string_at(addr)) + 1 if addr else 0


def room_of_class(kind):
    """(least, most): with its members, its text, and what its metaclass adds; that has __sizeof__ of its own in ctypes (3.13),
    which leaves out what type's has."""
    least = type.__sizeof__(kind) + GC_HEADER + type(kind).__basicsize__ - type.__basicsize__
    least += MEMBER * (word(id(kind) + OB_SIZE) + 1) + text_size(word(id(kind) + TP_DOC))
    own = sys.getsizeof(kind) - GC_HEADER - type(kind).__basicsize__ if type(kind).__sizeof__ is not type.__sizeof__ else 0
    return least, least + max(0, own)


def room_of_inline_values(addr):
    number = ctypes.c_uint8.from_address(addr).value
    return (VALUES + 9 * number + WORD - 1) // WORD * WORD


def room_of_values(addr):
    """(least, most) bytes of attribute values that are a block of their own; 3.11 and 3.12 have the size of what is in front of
    them in the byte before, 3.13 their number."""
    if VERSION >= (3, 13):
        is_embedded = ctypes.c_uint8.from_address(addr + VALUES_EMBEDDED).value
        return (0, 0) if is_embedded else 2 * (room_of_inline_values(addr),)
    front = ctypes.c_uint8.from_address(addr - 1).value
    return front + WORD * max(1, front - 9), front + WORD * (front - 2)


def room_of_attributes(o):
    """Attribute values that are part of an instance (3.13) or that it has until there is a __dict__ (3.11, 3.12)."""
    if VERSION >= (3, 13) and flags(type(o)) & INLINE_VALUES:
        room = room_of_inline_values(id(o) + type(o).__basicsize__)
        # The first instances of a class have room for one more.
        return room, room + 2 * WORD
    if VERSION >= (3, 13) or VERSION < (3, 11) or not flags(type(o)) & MANAGED_DICT:
        return 0, 0
    if VERSION < (3, 12):
        values = word(id(o) - 4 * WORD)
    else:
        values = word(id(o) - 3 * WORD)
        values = values + 1 if values & 1 else 0
    return room_of_values(values) if values else (0, 0)


def room_of_state(module):
    definition = word(id(module) + MD_DEF)
    return max(0, ctypes.c_int64.from_address(definition + M_SIZE).value) if definition else 0


def room(o):
    """(least, most)"""
    kind, size = type(o), sys.getsizeof(o)
    if issubclass(kind, type) and flags(o) & HEAP_TYPE:
        least, most = room_of_class(o)
    elif issubclass(kind, dict) and VERSION >= (3, 11) and word(id(o) + MA_VALUES):
        # sys.getsizeof has room for as many as the keys have now.
        least, most = (header(dict) + dict.__basicsize__ + values for values in room_of_values(word(id(o) + MA_VALUES)))
    else:
        least = most = size + difference(o)
    if issubclass(kind, types.ModuleType):
        most += room_of_state(o)
    if kind in SILENT:
        most += MORE_MOST
    values = room_of_attributes(o)
    return least + values[0], most + values[1]
