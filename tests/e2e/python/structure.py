# SPDX-License-Identifier: MIT
"""Runs inside a Python of any version from 3.8 on: what CPython does not tell of its objects, read from their memory.

held(): what an object holds beyond gc.get_referents.
"""
import ctypes
import datetime
import gc
import sys
import types

WORD = 8
HEAD = 16              # of an object: count of references, class
TP_FLAGS = 168
HEAP_TYPE = 1 << 9
MANAGED_DICT = 1 << 4
COUNT_MOST = 1 << 16   # of references to a dict that only C code knows
DICT_WORDS = 6         # count, class, number of keys, version, keys, values
KEYS_WORDS = 5
STATE = 0x4000         # of an interpreter, so much is looked at
CODE_PARTS = [name for name in ("co_consts", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_filename", "co_name",
                                "co_qualname", "co_linetable", "co_lnotab", "co_exceptiontable", "co_code")
              if isinstance(vars(types.CodeType).get(name), types.MemberDescriptorType)]
NAMED = (types.MemberDescriptorType, types.GetSetDescriptorType, types.MethodDescriptorType, types.WrapperDescriptorType,
         types.ClassMethodDescriptorType)


def word(addr):
    return ctypes.c_uint64.from_address(addr).value


def flags(kind):
    return word(id(kind) + TP_FLAGS)


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
    if issubclass(kind, datetime.timezone):
        return [o.utcoffset(None)]
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


def words_at(memory, addr, nr):
    """nr words of this process; empty where there is no memory."""
    try:
        memory.seek(addr)
        return memoryview(memory.read(nr * WORD)).cast("Q")
    except (OSError, OverflowError, TypeError, ValueError):
        return ()


def is_dict(memory, addr):
    """Whether the memory is a dict that can be looked into: what was one, or only looks like one, has no keys where they belong."""
    dict_words = words_at(memory, addr, DICT_WORDS)
    # A pointer in the place of the count: no object.
    if len(dict_words) < DICT_WORDS or not 0 < dict_words[0] < COUNT_MOST or dict_words[1] != id(dict):
        return False
    used, keys, values = dict_words[2], dict_words[4], dict_words[5]
    keys_words = words_at(memory, keys, KEYS_WORDS)
    if len(keys_words) < KEYS_WORDS or keys % WORD or not 0 < keys_words[0] < 1 << 32:
        return False
    if values and not words_at(memory, values, 1):
        return False
    # Up to 3.10 a number of places, then its logarithm in a byte.
    places = 1 << (keys_words[1] & 0xff) if sys.version_info >= (3, 11) else keys_words[1]
    return used <= places < 1 << 48 and not places & (places - 1)


def in_variables(classes):
    """Addresses of what looks like an object of these classes (ids) that a word of a module's data points at, and of what is in
    dicts among these."""
    with open("/proc/self/mem", "rb", 0) as memory:
        for data in [interpreter(), *data_of_modules()]:
            for addr in set(memoryview(data).cast("Q")):
                head = words_at(memory, addr, HEAD // WORD)
                if len(head) == HEAD // WORD and head[0] and head[1] in classes:
                    yield addr
                if is_dict(memory, addr):
                    yield from map(id, gc.get_referents(object_at(addr)))
                    yield from map(id, object_at(addr))
