# SPDX-License-Identifier: MIT
"""What the program says of dumps that are damaged, and of names that would like to do something to a terminal."""
import json
import pathlib
import re

import describe
import hcdump
import hcformat as f
import pytest

SAMPLE = pathlib.Path(__file__).with_name('sample.heap')


@pytest.fixture
def sample(tmp_path):
    path = tmp_path / 'sample.hc'
    describe.parse(SAMPLE.read_text()).write(path, chunk_raw=4096)
    return path


def test_table_of_chunks(sample, heapcensus):
    chunks = [c for c, _ in f.chunks(sample.read_bytes())]
    rows = heapcensus('raw', sample).stdout.splitlines()[2:]
    assert [(int(r[0], 16), r[1], *map(int, r[2:5]), r[7]) for r in map(str.split, rows)] == \
        [(c.offset, c.id.strip(), c.part, c.raw_len, c.stored_len, 'ok') for c in chunks]
    table = json.loads(heapcensus('raw', '--json', sample).stdout)
    assert [row['offset'] for row in table['chunks']] == [c.offset for c in chunks]
    assert table['error'] is None


def test_truncated_at_every_chunk(sample, heapcensus):
    data = sample.read_bytes()
    chunks = [c for c, _ in f.chunks(data)]
    for shown, chunk in enumerate(chunks):
        for size in (chunk.offset, chunk.offset + 30, chunk.offset + 56 + chunk.stored_len // 2):
            sample.write_bytes(data[:size])
            raw, info = heapcensus('raw', sample, check=False), heapcensus('info', sample, check=False)
            assert (raw.returncode, info.returncode) == (1, 1)
            assert raw.stderr == info.stderr
            assert re.fullmatch('heapcensus: %s: offset %#x: the file ends (without an END section|in the middle of '
                                '(a chunk header|section .{3,4})): the dump was not finished\n' % (sample, chunk.offset),
                                raw.stderr)
            assert len(raw.stdout.splitlines()) == 2 + shown
            assert info.stdout == ''


def test_damaged_payload_hides_nothing_else(sample, heapcensus):
    data = bytearray(sample.read_bytes())
    chunks = [c for c, _ in f.chunks(bytes(data))]
    bad = next(c for c in chunks if c.id == 'MAPS')
    data[bad.offset + 60] ^= 0x10
    sample.write_bytes(data)
    done = heapcensus('raw', sample, check=False)
    states = [row.split()[-1] for row in done.stdout.splitlines()[2:]]
    assert states == ['BAD' if c is bad else 'ok' for c in chunks]
    assert done.stderr == 'heapcensus: %s: offset %#x: section MAPS part 0: damaged (checksum)\n' % (sample, bad.offset)
    assert heapcensus('raw', sample, 'STAK').returncode == 0
    assert heapcensus('raw', sample, 'MAPS', check=False).returncode == 1
    assert json.loads(heapcensus('raw', '--json', sample, check=False).stdout)['error'] in done.stderr


@pytest.mark.parametrize('contents, message', [
    (b'', 'offset 0x0: the file ends in the middle of its header: the dump was not finished'),
    (b'HEAPCENS', 'offset 0x8: the file ends in the middle of its header: the dump was not finished'),
    (b'#!/bin/sh\n', 'offset 0x0: not a heapcensus dump'),
    (b'x' * 1000, 'offset 0x0: not a heapcensus dump'),
])
def test_no_dump_at_all(contents, message, tmp_path, heapcensus):
    path = tmp_path / 'x.hc'
    path.write_bytes(contents)
    done = heapcensus('info', path, check=False)
    assert (done.returncode, done.stderr) == (1, 'heapcensus: %s: %s\n' % (path, message))


def test_nothing_reaches_the_terminal_unescaped(tmp_path, heapcensus):
    nasty = '\x1b[31m\x07\x08\u202e\x9b"\n\r'
    heap = hcdump.Heap(exe='/x' + nasty, host=nasty, cmdline=[nasty, 'b'], **{'option.DIR': nasty})
    heap.module('/lib/' + nasty, main=True)
    heap.thread(nasty)
    heap.counts['new_reason'] = 5
    heap.block(64, tag='T' + nasty, scope=nasty, label=nasty, data=nasty, stack=heap.stack(0x555500000040))
    path = tmp_path / 'x.hc'
    heap.write(path)
    for command in (['info'], ['show'], ['show', path, 'heap.bysite'], ['show', path, 'heap.byscope'],
                    ['show', path, 'heap.bythread'], ['show', path, 'heap.bymodule'], ['live'], ['live', '--all'],
                    ['iter', path, 'T' + nasty], ['raw', path, 'STRS'], ['raw', path, 'PROC']):
        if path not in command:
            command = [command[0], path, *command[1:]]
        done = heapcensus(*command, check=False)
        output = done.stdout + done.stderr
        assert not set(output) & set('\x1b\x07\x08\u202e\x9b\r'), command
    json.loads(heapcensus('info', '--json', path).stdout)


def test_bytes_that_are_no_text(tmp_path, heapcensus):
    heap = hcdump.Heap(exe=b'/x\xff\xfe', cmdline=[b'\xc0\x80'])
    heap.block(8, tag=b'\xed\xa0\x80')
    path = tmp_path / 'x.hc'
    heap.write(path)
    assert '/x\\xff\\xfe' in heapcensus('info', path).stdout
    assert json.loads(heapcensus('info', '--json', path).stdout)['process']['exe'] == '/x\ufffd\ufffd'
    assert json.loads(heapcensus('raw', '--json', path, 'STRS').stdout)['records'][0]['text'] == '\ufffd' * 3
