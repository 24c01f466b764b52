# SPDX-License-Identifier: MIT
"""Dumps whose checksums are right and whose contents are wrong, in one chosen place each, with what the reader must say.

    crafted.py DIRECTORY     writes them all as inputs of tests/fuzz/fuzz_dump.c
"""
import pathlib
import struct
import sys

import describe
import hcformat as f

SAMPLE = pathlib.Path(__file__).with_name('sample.heap')
CASES = []      # (name, function that gives the file's bytes, regular expression for the error)


def case(expected):
    """The decorated function changes the sections {id: [raw parts]} of the sample."""
    def register(change):
        def build():
            sections = sample_sections()
            options = change(sections) or {}
            return f.encode(list(sections.items()), **options)
        CASES.append((change.__name__, build, expected))
        return change
    return register


def sample_sections():
    # the dictionary keeps the order
    return {name: list(parts) for name, parts in describe.parse(SAMPLE.read_text()).sections()}


def edit(sections, name, **fields):
    """Changes fields of one entry (at=index) of an array section."""
    at = fields.pop('at', 0)
    items = f.unpack_array(name, sections[name][0])
    items[at] = items[at]._replace(**fields)
    sections[name] = [f.pack_array(name, items)]


def edit_block(sections, at, **fields):
    blocks = f.unpack_blocks(sections['BLKS'][0])
    blocks[at] = blocks[at]._replace(**fields)
    sections['BLKS'] = [f.pack_blocks(blocks)]


def edit_kv(sections, name, **values):
    kvs = f.unpack_kvs(sections[name][0])
    kvs.update(values)
    sections[name] = [f.pack_kvs({k: v for k, v in kvs.items() if v is not None})]


def poke(sections, name, at, layout, value):
    raw = bytearray(sections[name][0])
    struct.pack_into(layout, raw, at, value)
    sections[name] = [bytes(raw)]


def field_at_end(name, **changed):
    """tamper= for encode: changes header fields of the chunk of one section."""
    def tamper(fields):
        if fields['id'] == name:
            fields.update(changed)
    return dict(tamper=tamper)


# --- the file and its chunks ---

@case(r'offset 0x8: format version 2\.0; this heapcensus reads 1\.x')
def other_major(_):
    return dict(header=dict(version=(2, 0)))


@case(r'^$')
def later_minor(_):
    return dict(header=dict(version=(1, 7)))


@case(r'offset 0xc: header size 128, not 64')
def long_header(_):
    return dict(header=dict(header_size=128))


@case(r'unknown flags 0x4')
def header_flags(_):
    return dict(header=dict(flags=4))


@case(r'not a heapcensus dump')
def other_magic(_):
    return dict(header=dict(magic=b'HEAPDUMP'))


@case(r'the file ends without an END section: the dump was not finished')
def no_end(_):
    return dict(end=False)


@case(r'section BLKS \(live blocks, by address\) is missing')
def no_blocks_section(sections):
    del sections['BLKS']


@case(r'section MAPS part 3: part 0 should be here')
def wrong_part(_):
    return field_at_end('MAPS', part=3)


@case(r"section MAPS part 0: the section's last part is missing")
def no_last_part(_):
    return field_at_end('MAPS', flags=1)


@case(r'section MAPS part 1: comes after the last part')
def part_after_last(sections):
    sections['MAPS'] = [sections['MAPS'][0], b'']

    def tamper(fields):
        if fields['id'] == 'MAPS' and fields['part'] == 0:
            fields['flags'] |= f.LAST
    return dict(tamper=tamper)


@case(r'section MAPS part 0: unknown flags 0xff')
def chunk_flags(_):
    return field_at_end('MAPS', flags=0xff)


@case(r'section MAPS part 0: unknown codec 9')
def unknown_codec(_):
    return field_at_end('MAPS', codec=9)


@case(r'section MAPS part 0: reserved field is 1')
def chunk_reserved(_):
    return field_at_end('MAPS', reserved=1)


@case(r'section MAPS part 0: version 2 of this section is not known')
def required_version(_):
    return field_at_end('MAPS', version=2)


@case(r'^$')
def optional_version(_):
    return field_at_end('REGS', version=2)


@case(r'section XTRA part 0: an unknown section that must not be skipped')
def unknown_required(sections):
    sections['XTRA'] = [b'12345678']
    return field_at_end('XTRA', flags=3)


@case(r'^$')
def unknown_optional(sections):
    sections['XTRA'] = [b'12345678']


@case(r'section MAPS part 0: not one zstd frame')
def no_zstd(_):
    return field_at_end('MAPS', stored=b'nothing compressed', codec=f.ZSTD)


@case(r'section MAPS part 0: \d+ bytes after decompression|section MAPS part 0: zstd:')
def wrong_raw_len(_):
    return field_at_end('MAPS', raw_len=4000)


@case(r'section MAPS part 0: zstd: Destination buffer is too small')
def short_raw_len(_):
    return field_at_end('MAPS', raw_len=40)


@case(r'section MAPS part 0: 1099511627776 bytes, more than a chunk may hold')
def huge_raw_len(_):
    return field_at_end('MAPS', raw_len=1 << 40)


@case(r'stored as it is, but 16 bytes for 24')
def stored_is_not_raw(_):
    return field_at_end('MAPS', stored=bytes(16), raw_len=24, codec=f.NONE)


@case(r'ends in the middle of section MAPS|no chunk header here|more than a chunk may have')
def huge_stored_len(_):
    return field_at_end('MAPS', stored_len=1 << 60)


@case(r'needs \d+ MB of memory, and this machine has')
def decompression_bomb(sections):
    sections['RMEM'] = [b''] * 40000

    def tamper(fields):
        if fields['id'] == 'RMEM':
            fields.update(raw_len=64 << 20, stored=b'x', codec=f.ZSTD)
    return dict(tamper=tamper)


# --- keys and values ---

@case(r'section PROC part 0: key pid is missing or of the wrong type')
def no_pid(sections):
    edit_kv(sections, 'PROC', pid=None)


@case(r'section PROC part 0: key exe is missing or of the wrong type')
def exe_is_number(sections):
    edit_kv(sections, 'PROC', exe=5)


@case(r'section PROC part 0: a tick of 0 ns')
def no_tick(sections):
    edit_kv(sections, 'PROC', tick_ns=0)


@case(r'the dump was taken before the program started')
def time_runs_backwards(sections):
    edit_kv(sections, 'PROC', dump_monotonic_ns=1)


@case(r'contents is not full, pointers or none')
def odd_contents(sections):
    edit_kv(sections, 'PROC', contents='some')


@case(r'section PROC part 0: byte \d+: key pid stands there twice')
def key_twice(sections):
    sections['PROC'][0] += f.pack_kvs({'pid': 3})


@case(r'section CNTR part 0: byte 0: record of \d+ bytes does not fit')
def value_too_long(sections):
    poke(sections, 'CNTR', 4, '<I', 1 << 19)


@case(r'section CNTR part 0: byte 0: unknown type of value')
def value_type(sections):
    poke(sections, 'CNTR', 2, '<H', 9)


@case(r'section CNTR part 0: byte 0: the key is not a name')
def odd_key(sections):
    poke(sections, 'CNTR', 8, '<c', b'\x1b')


@case(r'section CNTR part 0: byte \d+: cut off in a record')
def value_cut_off(sections):
    sections['CNTR'][0] += b'\1\0\0\0'


@case(r'section PROC part 0: byte \d+: a list whose last text has no end')
def list_without_end(sections):
    sections['PROC'][0] += f.pad(f.KV.pack(1, 2, 3) + b'l' + b'a\0b')


@case(r'section PROC part 0: byte \d+: a text with a NUL in it')
def text_with_nul(sections):
    edit_kv(sections, 'PROC', host='a\0b')


# --- strings and arrays ---

@case(r'section STRS part 0: byte 0: string of 4294967295 bytes does not fit')
def string_too_long(sections):
    poke(sections, 'STRS', 0, '<I', 0xffffffff)


@case(r'section STRS part 0: byte \d+: cut off in a string')
def string_cut_off(sections):
    sections['STRS'][0] += b'\1\0'


@case(r'section STAK part 0: \d+ bytes are no whole number of 16')
def array_cut_off(sections):
    sections['STAK'][0] += b'12345678'


@case(r'section MODS part 0: module 0: path: no string 999 \(there are \d+\)')
def module_path(sections):
    edit(sections, 'MODS', path=999)


@case(r'section MODS part 0: module 1: from 0x5 to 0x4')
def module_backwards(sections):
    edit(sections, 'MODS', at=1, start=5, end=4)


@case(r'section SEGS part 0: segment 0: no module 7')
def segment_module(sections):
    edit(sections, 'SEGS', module=7)


@case(r'section SEGS part 0: segment 0: 0x[0-9a-f]+ bytes of the file in 0x')
def segment_file_size(sections):
    edit(sections, 'SEGS', file_size=1 << 40)


@case(r'section SEGS part 0: segment 1: out of order')
def segments_out_of_order(sections):
    edit(sections, 'SEGS', at=1, start=1, file_size=0)


@case(r'section MAPS part 0: mapping 1: overlaps the mapping before it')
def maps_overlap(sections):
    edit(sections, 'MAPS', at=1, start=8)


@case(r'section MAPS part 0: mapping 2: unknown kind 6')
def map_kind(sections):
    edit(sections, 'MAPS', at=2, kind=6)


@case(r'section THRD part 0: thread 0: slot 16384')
def thread_slot(sections):
    edit(sections, 'THRD', slot=16384)


@case(r'section THRD part 0: thread 0: ended \(tick 3\) before it began \(tick 4\)')
def thread_backwards(sections):
    edit(sections, 'THRD', first_tick=4, last_tick=3)


@case(r'section THRD part 0: threads 1 and 2 had slot 2 at the same time')
def threads_share_slot(sections):
    edit(sections, 'THRD', at=2, first_tick=200)


@case(r'section THRD part 0: thread 1: unknown state 4')
def thread_state(sections):
    edit(sections, 'THRD', at=1, state=4)


@case(r'section REGS part 0: register 0: no register 17')
def register_number(sections):
    edit(sections, 'REGS', regno=17)


@case(r'section STAK part 0: stack 2: parent 2 is not smaller')
def stack_loop(sections):
    edit(sections, 'STAK', at=1, parent=2)


@case(r'section PYFR part 0: place 1: file: no string 99')
def place_file(sections):
    edit(sections, 'PYFR', file=99)


@case(r'section PYFR part 0: place 2: function: no string 99')
def place_function(sections):
    edit(sections, 'PYFR', at=1, function=99)


@case(r'section PYFR part 0: place 1: reserved field is 1, not 0')
def place_reserved(sections):
    edit(sections, 'PYFR', reserved=1)


def edit_stack(sections, sort, **fields):
    """Changes the first stack node that has a bit."""
    nodes = f.unpack_array('STAK', sections['STAK'][0])
    edit(sections, 'STAK', at=next(i for i, node in enumerate(nodes) if node.pc & sort), **fields)


@case(r'section STAK part 0: stack \d+: no place 77 in Python code \(there are 3\)')
def python_frame_place(sections):
    edit_stack(sections, f.PYTHON_FRAME, pc=f.PYTHON_FRAME | 77)


@case(r'section STAK part 0: stack \d+: unknown bits in 0x8000000200000001')
def python_frame_bits(sections):
    edit_stack(sections, f.PYTHON_FRAME, pc=f.PYTHON_FRAME | 2 << 32 | 1)


@case(r'section STAK part 0: stack \d+: parent 1 is of another sort')
def python_frame_parent(sections):
    edit_stack(sections, f.PYTHON_FRAME, parent=1)


@case(r'section STAK part 0: stack \d+: parent \d+ is of another sort')
def native_frame_parent(sections):
    nodes = f.unpack_array('STAK', sections['STAK'][0])
    python = next(i for i, node in enumerate(nodes, 1) if node.pc & f.PYTHON_FRAME)
    native = next(i for i, node in enumerate(nodes) if i > python and not node.pc >> 62)
    edit(sections, 'STAK', at=native, parent=python)


@case(r'section STAK part 0: stack \d+: node 1 is no Python frame before it')
def both_of_native(sections):
    edit_stack(sections, f.BOTH_STACKS, pc=f.BOTH_STACKS | 1)


@case(r'section STAK part 0: stack \d+: node 77 is no Python frame before it')
def both_of_later(sections):
    edit_stack(sections, f.BOTH_STACKS, pc=f.BOTH_STACKS | 77)


@case(r'section STAK part 0: stack \d+: unknown bits in 0x4000000200000001')
def both_bits(sections):
    edit_stack(sections, f.BOTH_STACKS, pc=f.BOTH_STACKS | 2 << 32 | 1)


@case(r'section ATTR part 0: attribute 1: tag: no string 77')
def attr_tag(sections):
    edit(sections, 'ATTR', tag=77)


@case(r'section LABL part 0: label 0: no labelled block at 0x1000000000')
def label_of_unlabelled(sections):
    edit(sections, 'LABL', addr=0x1000000000)


@case(r'section LABL part 0: label 1: out of order')
def labels_out_of_order(sections):
    items = f.unpack_array('LABL', sections['LABL'][0])
    sections['LABL'] = [f.pack_array('LABL', [items[1], items[0]])]


@case(r'section RELN part 0: relation 0: no block at 0x8')
def relation_of_nothing(sections):
    edit(sections, 'RELN', addr=8)


@case(r'section RELN part 0: relation 0: no word at offset 0x1000 of 0x50 bytes')
def relation_outside(sections):
    edit(sections, 'RELN', offset=4096)


@case(r'section RESI part 0: run 1: overlaps the run before it')
def runs_overlap(sections):
    edit(sections, 'RESI', at=1, start=0x1000000000)


@case(r'section STAK part 0: stack 1: reserved field is 1, not 0')
def array_reserved(sections):
    edit(sections, 'STAK', reserved=1)


# --- blocks ---

@case(r'section BLKS part 0: \d+ bytes, but its 14 blocks take \d+')
def block_count(sections):
    poke(sections, 'BLKS', 8, '<I', 14)


@case(r'section BLKS part 0: 0 blocks, flags 0x2')
def no_blocks(sections):
    poke(sections, 'BLKS', 8, '<I', 0)


@case(r'section BLKS part 0: \d+ blocks, flags 0x4')
def blocks_unknown_flag(sections):
    poke(sections, 'BLKS', 12, '<I', 4)


@case(r'^$')
def blocks_without_planes(sections):
    sections['BLKS'] = [f.pack_blocks(f.unpack_blocks(sections['BLKS'][0]), in_planes=False)]


@case(r'section BLKS part 0: the first block is not at the first address')
def first_delta(sections):
    poke(sections, 'BLKS', 16, '<I', 8)


@case(r'section BLKS part 0: block 1 at 0x1000000064, 80 bytes: address is no multiple of 8')
def odd_address(sections):
    edit_block(sections, 1, addr=0x1000000064)


@case(r'section BLKS part 0: block 0 at 0x1000000000, \d+ bytes: beyond the address space')
def huge_block(sections):
    edit_block(sections, 0, size=1 << 60)


@case(r'block 1 at 0x1000000060, 80 bytes: straddles the end of another block')
def straddling(sections):
    edit_block(sections, 0, size=0x70)


@case(r'block 12 at 0x1000020000, 2000 bytes: out of order')
def larger_comes_second(sections):
    edit_block(sections, 12, size=2000)


@case(r'block 3 at .*: names a stack that is not there')
def block_stack(sections):
    edit_block(sections, 3, stack=99)


@case(r'block 3 at .*: names an attribute that is not there')
def block_attr(sections):
    edit_block(sections, 3, attr=500)


@case(r'block 3 at .*: unknown kind')
def block_kind(sections):
    edit_block(sections, 3, kind=11)


@case(r'block 3 at .*: unknown flags')
def block_flags(sections):
    edit_block(sections, 3, flags=2)


@case(r'block 3 at .*: thread slot beyond the limit')
def block_thread(sections):
    edit_block(sections, 3, thread=16384)


@case(r'block 3 at .*: sequence number of more than 24 bits')
def block_seq(sections):
    edit_block(sections, 3, seq=1 << 24)


@case(r'block 32 at .*: nested too deep')
def nested_too_deep(sections):
    nested = [f.Block(0x2000000000, 1000 - i, 0, i, 0, 0, 0, 8, 0) for i in range(40)]
    sections.update(BLKS=[f.pack_blocks(nested)], LABL=[b''], RELN=[b''], BMEM=[b''], RMEM=[b''])


@case(r'blocks of more than 64 TB in all')
def heap_too_large(sections):
    sections['BLKS'] += [f.pack_blocks([f.Block(0x2000000000, 0x500000000000, 0, 1, 0, 0, 0, 7, 0)])]


# --- contents ---

@case(r'section BMEM part 0: begins with block 1, should begin with 0')
def contents_of_wrong_block(sections):
    poke(sections, 'BMEM', 0, '<Q', 1)


@case(r'section BMEM part 0: has contents for more blocks than there are|its \d+ bytes do not fit')
def contents_of_too_many(sections):
    poke(sections, 'BMEM', 8, '<Q', 1 << 40)


@case(r'section BMEM part 0: \d+ bytes too many')
def contents_too_long(sections):
    sections['BMEM'][0] += bytes(16)


@case(r'section BMEM: contents of block \d+ and those after it are missing')
def contents_missing(sections):
    sections['BMEM'] = [b'']


@case(r'section BMEM part 0: 12 bytes are no multiple of 8')
def contents_unaligned(sections):
    sections['BMEM'] = [bytes(12)]


@case(r'contents in a dump that says it has none')
def contents_unwanted(sections):
    edit_kv(sections, 'PROC', contents='none')


def ranges(*entries):
    return [b''.join(f.pack_range(*entry) for entry in entries)]


@case(r'section RMEM part 0: range at 0x1000, 8 bytes: overlaps the range before it')
def ranges_overlap(sections):
    sections['RMEM'] = ranges((0x1000, 1, 0, bytes(16)), (0x1000, 1, 0, bytes(8)))


@case(r'section RMEM part 0: range at 0x1000, 8 bytes: unknown kind')
def range_kind(sections):
    sections['RMEM'] = ranges((0x1000, 5, 0, bytes(8)))


@case(r'section RMEM part 0: range at 0x1000000000, 8 bytes: lies in no large block')
def range_of_small_block(sections):
    sections['RMEM'] = ranges((0x1000000000, 0, 0, bytes(8)))


@case(r'section RMEM part 0: range at 0x1000030000, 300008 bytes: goes beyond the end of its block')
def range_beyond_block(sections):
    sections['RMEM'] = ranges((0x1000030000, 0, 0, bytes(300008)))


@case(r'section RMEM part 0: byte 0: range of 18446744073709551608 bytes does not fit')
def range_wraps(sections):
    poke(sections, 'RMEM', 8, '<Q', (1 << 64) - 8)


@case(r'section RMEM part 0: range at 0xfffffffffffffff8, 16 bytes: beyond the address space')
def range_beyond_space(sections):
    sections['RMEM'] = ranges((0xfffffffffffffff8, 1, 0, bytes(16)))


@case(r'section ANEX part 0: range at 0x555500002000, 8 bytes: unknown kind')
def annex_kind(sections):
    poke(sections, 'ANEX', 16, '<I', 1)


def sealed(sections):
    """Payloads for the fuzz target to seal."""
    out = bytearray(b'S')
    for name, parts in sections.items():
        for part, raw in enumerate(parts):
            flags = (f.REQUIRED if name in f.REQUIRED_SECTIONS else 0) | (f.LAST if part == len(parts) - 1 else 0)
            out += name.encode() + bytes([flags]) + len(raw).to_bytes(3, 'little') + raw
    return bytes(out)


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name, build, _ in CASES:
        (directory / name).write_bytes(b'F' + build())
    (directory / 'sealed_sample').write_bytes(sealed(sample_sections()))


if __name__ == '__main__':
    main()
