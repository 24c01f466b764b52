# SPDX-License-Identifier: MIT
"""Runs inside a Python of any version from 3.8 on: what CPython does not tell of its objects, read from their memory.

held(): what an object holds beyond gc.get_referents.  sizes(): sys.getsizeof, and by how much the blocks of an object
differ from that; docs/types.md has the list.
"""
import ctypes
import datetime
import gc
import sys
import types

WORD = 8
HEAD = 16              # of an object: count of references, class
OB_SIZE = 16
TP_FLAGS = 168
TP_DOC = 176
HEAP_TYPE = 1 << 9
MEMBER = 40            # of a class's table of __slots__: one a slot, and one more
MA_VALUES = 40         # of a dict: not 0 where its keys are its class's
INLINE_VALUES = 1 << 2
MANAGED_DICT = 1 << 4
VALUES = 8             # in front of the values (3.13): how many they may be, how many they are
VALUES_EMBEDDED = 2    # and whether they are in the instance
GC_HEADER = 16
MD_DEF = 24            # of a module, and of its definition the size of its state
M_SIZE = 56
COUNT_MOST = 1 << 16   # of references to a dict that only C code knows
STATE = 0x4000         # of an interpreter, so much is looked at
DIGIT = 4
CODE_PARTS = [name for name in ("co_consts", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_filename", "co_name",
                                "co_qualname", "co_linetable", "co_lnotab", "co_exceptiontable", "co_code")
              if isinstance(vars(types.CodeType).get(name), types.MemberDescriptorType)]
NAIVE_TIMES = (datetime.datetime, datetime.time)
NAMED = (types.MemberDescriptorType, types.GetSetDescriptorType, types.MethodDescriptorType, types.WrapperDescriptorType,
         types.ClassMethodDescriptorType)


def word(addr):
    return ctypes.c_uint64.from_address(addr).value


def flags(kind):
    return word(id(kind) + TP_FLAGS)


def text_size(addr):
    """Of a C text with its end; 0 of none."""
    return len(ctypes.string_at(addr)) + 1 if addr else 0


def object_at(addr):
    return ctypes.cast(addr, ctypes.py_object).value


def held_by_code(code):
    for name in CODE_PARTS:
        yield getattr(code, name)
    if sys.version_info < (3, 11):
        return
    # The names of all locals, then their kinds, then the file's name.
    for at in range(id(code) + HEAD, id(code) + type(code).__basicsize__, WORD):
        if word(at) == id(code.co_filename):
            yield object_at(word(at - 2 * WORD))
            yield object_at(word(at - WORD))
            return


def held_by_class(kind):
    """Its names, and between them the slots."""
    name, qualname = (vars(type)[part].__get__(kind) for part in ("__name__", "__qualname__"))
    yield from (name, qualname)
    for at in range(id(kind) + HEAD, id(kind) + type.__basicsize__ - 2 * WORD, WORD):
        if word(at) == id(name) and word(at + WORD) and word(at + 2 * WORD) == id(qualname):
            yield object_at(word(at + WORD))


def held(o):
    """What o holds that its traverse function does not tell, or the class of o has none."""
    kind = type(o)
    if kind is types.CodeType:
        return list(held_by_code(o))
    if kind in NAMED:
        return [o.__name__]
    if kind is slice or kind is range:
        return [o.start, o.stop, o.step]
    if issubclass(kind, dict):
        return list(dict.keys(o))
    if issubclass(kind, type) and flags(o) & HEAP_TYPE:
        return list(held_by_class(o))
    if issubclass(kind, types.FunctionType):
        return [o.__name__, o.__qualname__]
    if sys.version_info >= (3, 13) and flags(kind) & MANAGED_DICT and word(id(o) - 3 * WORD):
        # Not told while it shares the instance's values.
        return [object_at(word(id(o) - 3 * WORD))]
    return []


def parts_of_class(kind):
    """What a class holds, also a static one, of which gc.get_referents tells nothing."""
    if flags(kind) & HEAP_TYPE:
        return [kind]
    return [kind.__mro__, kind.__bases__, *gc.get_referents(vars(kind)), *vars(kind)]


def data_of_modules():
    """Bytes of what is writable of programs and libraries, with the memory right behind them."""
    last = None
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            fields = line.split()
            start, end = (int(addr, 16) for addr in fields[0].split("-"))
            path = fields[5] if len(fields) > 5 else ""
            if fields[1].startswith("rw") and (path.startswith("/") and path != "/dev/zero" or not path and start == last):
                memory.seek(start)
                yield memory.read(end - start)
            last = end if path.startswith("/") else None


def interpreter():
    """The main interpreter's state, as far as it can be read: up to 3.10 it is no module's data."""
    api = ctypes.pythonapi
    get = api.PyInterpreterState_Get if sys.version_info >= (3, 9) else api._PyInterpreterState_Get
    get.restype = ctypes.c_uint64
    with open("/proc/self/mem", "rb", 0) as memory:
        memory.seek(get())
        return memory.read(STATE)


def in_variables(classes):
    """Addresses of what looks like an object of these classes (ids) that a word of a module's data points at, and of what is in
    dicts among these."""
    with open("/proc/self/mem", "rb", 0) as memory:
        for data in [interpreter(), *data_of_modules()]:
            for addr in set(memoryview(data).cast("Q")):
                try:
                    memory.seek(addr)
                    count, kind = memoryview(memory.read(2 * WORD)).cast("Q")
                except (OSError, OverflowError, TypeError, ValueError):
                    continue
                if count and kind in classes:
                    yield addr
                # A pointer in the place of the count: no object.
                if 0 < count < COUNT_MOST and kind == id(dict):
                    yield from map(id, gc.get_referents(object_at(addr)))
                    yield from map(id, object_at(addr))


def sizes_of_class(kind, size):
    """(least, most): with its members, its text, and what its metaclass adds; that has __sizeof__ of its own in ctypes (3.13),
    which leaves out what type's has."""
    least = type.__sizeof__(kind) + GC_HEADER + type(kind).__basicsize__ - type.__basicsize__
    least += MEMBER * (word(id(kind) + OB_SIZE) + 1) + text_size(word(id(kind) + TP_DOC))
    own = size - GC_HEADER - type(kind).__basicsize__ if type(kind).__sizeof__ is not type.__sizeof__ else 0
    return least, least + max(0, own)


def room_of_inline_values(addr):
    number = ctypes.c_uint8.from_address(addr).value
    return (VALUES + 9 * number + WORD - 1) // WORD * WORD


def room_of_values(addr):
    """(least, most) bytes of attribute values that are a block of their own; 3.11 and 3.12 have the size of what is in front of
    them in the byte before, 3.13 their number."""
    if sys.version_info >= (3, 13):
        is_embedded = ctypes.c_uint8.from_address(addr + VALUES_EMBEDDED).value
        return (0, 0) if is_embedded else 2 * (room_of_inline_values(addr),)
    front = ctypes.c_uint8.from_address(addr - 1).value
    return front + WORD * max(1, front - 9), front + WORD * (front - 2)


def more_of_instance(o):
    """Attribute values that are part of an instance (3.13) or that it has until there is a __dict__ (3.11, 3.12)."""
    if sys.version_info >= (3, 13) and flags(type(o)) & INLINE_VALUES:
        room = room_of_inline_values(id(o) + type(o).__basicsize__)
        # The first instances of a class have room for one more.
        return room, room + 2 * WORD
    if sys.version_info >= (3, 13) or sys.version_info < (3, 11) or not flags(type(o)) & MANAGED_DICT:
        return 0, 0
    if sys.version_info < (3, 12):
        values = word(id(o) - 4 * WORD)
    else:
        values = word(id(o) - 3 * WORD)
        values = values + 1 if values & 1 else 0
    return room_of_values(values) if values else (0, 0)


def more_of_module(module):
    definition = word(id(module) + MD_DEF)
    return ctypes.c_int64.from_address(definition + M_SIZE).value if definition else 0


def sizes(o):
    """(sys.getsizeof, least, most)"""
    kind = type(o)
    size = sys.getsizeof(o)
    more = [0, 0]
    if issubclass(kind, type) and flags(o) & HEAP_TYPE:
        more = [total - size for total in sizes_of_class(o, size)]
    elif issubclass(kind, types.ModuleType):
        more[1] = max(0, more_of_module(o))
    elif issubclass(kind, dict) and sys.version_info >= (3, 11) and word(id(o) + MA_VALUES):
        # sys.getsizeof has room for as many as the keys have now.
        now = size - dict.__basicsize__ - GC_HEADER
        more = [room - now for room in room_of_values(word(id(o) + MA_VALUES))]
    elif issubclass(kind, int):
        more[1] = DIGIT
    elif issubclass(kind, str):
        more[1] = kind.__basicsize__ - str.__basicsize__
    elif kind.__name__ == "StgDict":
        # Of ctypes: counts what it has beyond a dict twice.
        more = 2 * [dict.__basicsize__ - kind.__basicsize__]
    elif kind in NAIVE_TIMES and o.tzinfo is None:
        more = 2 * [-WORD]
    elif kind is types.FrameType and sys.version_info < (3, 11):
        more = 2 * [WORD]
    more = [a + b for a, b in zip(more, more_of_instance(o))]
    if flags(kind) & HEAP_TYPE and kind.__itemsize__:
        more[1] += kind.__itemsize__ + WORD - 1
    return size, size + more[0], size + more[1]
