# SPDX-License-Identifier: MIT
"""The dump format, as docs/dump-format.md tells it: packing and unpacking of every section.

Independent of the C code on purpose: a mistake in one of the two shows when they meet.  Nothing here knows what a heap is;
hcdump.py builds heaps from it, and the corruption tests use it to craft files that are wrong in one chosen place.
"""
import struct
from collections import namedtuple

import xxhash
import zstandard

MAGIC = b'HEAPCENS'
CHUNK_MAGIC = b'HCCK'
VERSION = (1, 1)
REQUIRED, LAST = 1, 2
NONE, ZSTD = 0, 1
BLOCKS_SIZE64, BLOCKS_PLANES = 1, 2
LARGE_BLOCK = 128 << 10
BLOCKS_MAX = 65536

FILE_HEADER = struct.Struct('<8sHHIQQ24sQ')
CHUNK_HEADER = struct.Struct('<4s4sHHIQQIIQQ')
END = struct.Struct('<QQQQ')
KV = struct.Struct('<HHI')
BLOCKS = struct.Struct('<QII')
BMEM = struct.Struct('<QQ')
RANGE = struct.Struct('<QQIi')

Chunk = namedtuple('Chunk', 'offset id version flags part raw_len stored_len codec')
Module = namedtuple('Module', 'bias start end path build_id flags reserved')
Segment = namedtuple('Segment', 'start end file_offset file_size module prot relro_start relro_end')
Map = namedtuple('Map', 'start end file_offset prot kind path reserved')
Thread = namedtuple('Thread', 'slot tid first_tick last_tick state name sp pc stack_start stack_end tls '
                    'nr_allocated nr_freed bytes_allocated bytes_freed')
Register = namedtuple('Register', 'tid regno value')
Place = namedtuple('Place', 'file function line reserved')
StackNode = namedtuple('StackNode', 'pc parent reserved')
Attr = namedtuple('Attr', 'tag scope')
Label = namedtuple('Label', 'addr text reserved')
Relation = namedtuple('Relation', 'addr offset text')
Run = namedtuple('Run', 'start end')
Block = namedtuple('Block', 'addr size tick seq stack thread attr kind flags')
Range = namedtuple('Range', 'addr kind tid data')

# section: (struct of one entry, its tuple)
ARRAYS = {
    'MODS': (struct.Struct('<QQQIIII'), Module),
    'SEGS': (struct.Struct('<QQQQIIQQ'), Segment),
    'MAPS': (struct.Struct('<QQQIIII'), Map),
    'THRD': (struct.Struct('<IiIIIIQQQQQQQQQ'), Thread),
    'REGS': (struct.Struct('<iIQ'), Register),
    'PYFR': (struct.Struct('<IIII'), Place),
    'STAK': (struct.Struct('<QII'), StackNode),
    'ATTR': (struct.Struct('<II'), Attr),
    'LABL': (struct.Struct('<QII'), Label),
    'RELN': (struct.Struct('<QII'), Relation),
    'RESI': (struct.Struct('<QQ'), Run),
}
REQUIRED_SECTIONS = ('PROC', 'CNTR', 'STRS', 'MODS', 'SEGS', 'MAPS', 'THRD', 'STAK', 'ATTR', 'BLKS', 'END ')
KINDS = ('', 'malloc', 'calloc', 'realloc', 'memalign', 'new', 'new[]', 'mmap', 'arena', 'pool', 'python')
# pc of a STAK node: a Python frame (its PYFR index), which entered the interpreter's loop; a stack with both (the STAK index
# of the innermost Python frame), whose innermost loop has no frame yet
PYTHON_FRAME, BOTH_STACKS, ENTRY_FRAME, EMPTY_LOOP, INDEX = 1 << 63, 1 << 62, 1 << 32, 1 << 32, 0xffffffff
RANGE_KINDS = ('block', 'data', 'stack', 'tls', 'other')


class FormatError(Exception):
    """The file breaks a rule of the format."""


def pad(data, to=8):
    return data + bytes(-len(data) % to)


def xxh3(data, seed=0):
    return xxhash.xxh3_64_intdigest(data, seed % (1 << 64))


# --- payloads -------------------------------------------------------------------------------------------------------

def pack_kvs(values):
    out = bytearray()
    for key, value in values.items():
        if isinstance(value, int):
            kind, data = 0, struct.pack('<Q', value)
        elif isinstance(value, (list, tuple)):
            kind, data = 2, b''.join(as_bytes(v) + b'\0' for v in value)
        else:
            kind, data = 1, as_bytes(value)
        name = key.encode()
        out += pad(KV.pack(len(name), kind, len(data)) + name + data)
    return bytes(out)


def unpack_kvs(raw):
    values, at = {}, 0
    while at < len(raw):
        key_len, kind, val_len = KV.unpack_from(raw, at)
        key = raw[at + 8:at + 8 + key_len].decode('ascii')
        data = raw[at + 8 + key_len:at + 8 + key_len + val_len]
        if kind == 0:
            values[key] = struct.unpack('<Q', data)[0]
        elif kind == 1:
            values[key] = data.decode('utf-8', 'replace')
        else:
            values[key] = [v.decode('utf-8', 'replace') for v in data.split(b'\0')[:-1]]
        at += 8 + key_len + val_len
        at += -at % 8
    return values


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def pack_strings(strings):
    return b''.join(pad(struct.pack('<I', len(s)) + s, 4) for s in strings)


def unpack_strings(raw):
    strings, at = [b''], 0
    while at < len(raw):
        n, = struct.unpack_from('<I', raw, at)
        strings.append(raw[at + 4:at + 4 + n])
        at += 4 + n
        at += -at % 4
    return strings


def pack_array(section, items):
    return b''.join(ARRAYS[section][0].pack(*i) for i in items)


def unpack_array(section, raw):
    layout, kind = ARRAYS[section]
    return [kind(*fields) for fields in layout.iter_unpack(raw)]


def planes(column, item):
    """A packed column with the first bytes of all entries first, then the second bytes, ..."""
    return b''.join(column[plane::item] for plane in range(item))


def pack_blocks(blocks, in_planes=True):
    """One chunk of blocks: tuples of type Block, at most BLOCKS_MAX, no two starts 4 GB apart."""
    size64 = any(b.size >> 32 for b in blocks)
    deltas = [0] + [b.addr - a.addr for a, b in zip(blocks, blocks[1:])]
    columns = [('I', deltas), ('Q' if size64 else 'I', [b.size for b in blocks]),
               ('I', [b.tick for b in blocks]), ('I', [b.seq for b in blocks]), ('I', [b.stack for b in blocks]),
               ('H', [b.thread for b in blocks]), ('H', [b.attr for b in blocks]),
               ('B', [b.kind for b in blocks]), ('B', [b.flags for b in blocks])]
    out = BLOCKS.pack(blocks[0].addr, len(blocks), size64 * BLOCKS_SIZE64 + in_planes * BLOCKS_PLANES)
    for code, values in columns:
        column = struct.pack('<%d%s' % (len(values), code), *values)
        out += pad(planes(column, struct.calcsize(code)) if in_planes else column)
    return out


def unpack_blocks(raw):
    if not raw:
        return []
    addr, count, flags = BLOCKS.unpack_from(raw, 0)
    at, columns = BLOCKS.size, []
    for code in ('I', 'Q' if flags & BLOCKS_SIZE64 else 'I', 'I', 'I', 'I', 'H', 'H', 'B', 'B'):
        layout = struct.Struct('<%d%s' % (count, code))
        column = raw[at:at + layout.size]
        if flags & BLOCKS_PLANES:
            column = planes(column, count)
        columns.append(layout.unpack(column))
        at += layout.size
        at += -at % 8
    if at != len(raw):
        raise FormatError('BLKS: %d bytes, columns end at %d' % (len(raw), at))
    blocks = []
    for delta, *rest in zip(*columns):
        addr += delta
        blocks.append(Block(addr, *rest))
    return blocks


def pack_range(addr, kind, tid, data):
    return pad(RANGE.pack(addr, len(data), kind, tid) + data)


def unpack_ranges(raw):
    ranges, at = [], 0
    while at < len(raw):
        addr, n, kind, tid = RANGE.unpack_from(raw, at)
        ranges.append(Range(addr, kind, tid, raw[at + 24:at + 24 + n]))
        at += 24 + n
        at += -at % 8
    return ranges


# --- files ----------------------------------------------------------------------------------------------------------

def file_header(file_id, version=VERSION, **other):
    head = FILE_HEADER.pack(other.get('magic', MAGIC), version[0], version[1], other.get('header_size', 64),
                            other.get('flags', 0), file_id, bytes(24), 0)[:56]
    return head + struct.pack('<Q', xxh3(head))


def encode(sections, file_id=0x1234567890abcdef, codec=ZSTD, level=3, tamper=None, end=True, header=None):
    """A whole file.  sections: list of (id, list of raw parts).

    tamper(fields) may change a chunk header's fields (a dict) before it is sealed, so that tests can make well-sealed wrong chunks.
    """
    out = bytearray(file_header(file_id, **(header or {})))
    sums = bytearray()

    def chunk(name, part, raw, flags):
        stored = zstandard.compress(raw, level) if codec == ZSTD and raw else raw
        fields = dict(id=name, version=1, flags=flags, part=part, raw_len=len(raw), stored=stored,
                      codec=codec if raw else NONE, reserved=0, magic=CHUNK_MAGIC)
        if tamper:
            tamper(fields)
        stored = fields['stored']
        head = CHUNK_HEADER.pack(fields['magic'], fields['id'].encode(), fields['version'], fields['flags'],
                                 fields['part'], fields['raw_len'], fields.get('stored_len', len(stored)),
                                 fields['codec'], fields['reserved'], xxh3(stored, file_id), 0)[:48]
        seal = struct.pack('<Q', xxh3(head, file_id + len(out)))
        sums.extend(seal)
        out.extend(head + seal + pad(stored))

    nr = 0
    for name, parts in sections:
        for part, raw in enumerate(parts):
            required = REQUIRED if name in REQUIRED_SECTIONS else 0
            chunk(name, part, raw, required | (LAST if part == len(parts) - 1 else 0))
            nr += 1
    if end:
        codec, total = NONE, len(out) + CHUNK_HEADER.size + END.size
        chunk('END ', 0, END.pack(nr + 1, total, xxh3(bytes(sums), file_id), 0), REQUIRED | LAST)
    return bytes(out)


def chunks(data):
    """(Chunk, raw payload) of every chunk of a file; raises FormatError where it breaks the format."""
    head = FILE_HEADER.unpack_from(data, 0)
    if head[0] != MAGIC or head[1] != VERSION[0] or head[7] != xxh3(data[:56]):
        raise FormatError('file header')
    file_id, at, nr, sums, last = head[5], head[3], 0, bytearray(), None
    while last != 'END ':
        fields = CHUNK_HEADER.unpack_from(data, at)
        magic, name, version, flags, part, raw_len, stored_len, codec, _, payload_sum, header_sum = fields
        if magic != CHUNK_MAGIC or header_sum != xxh3(data[at:at + 48], file_id + at):
            raise FormatError('offset %#x: chunk header' % at)
        stored = data[at + 56:at + 56 + stored_len]
        if len(stored) != stored_len or payload_sum != xxh3(stored, file_id):
            raise FormatError('offset %#x: payload of %s' % (at, name))
        raw = zstandard.decompress(stored, raw_len) if codec == ZSTD else stored
        if len(raw) != raw_len:
            raise FormatError('offset %#x: %d raw bytes, not %d' % (at, len(raw), raw_len))
        last = name.decode()
        nr += 1
        yield Chunk(at, last, version, flags, part, raw_len, stored_len, codec), raw
        if last != 'END ':
            sums += data[at + 48:at + 56]
        at += 56 + stored_len
        at += -at % 8
    if END.unpack(raw)[:3] != (nr, len(data), xxh3(bytes(sums), file_id)) or at != len(data):
        raise FormatError('END does not agree with the file')
