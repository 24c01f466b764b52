# SPDX-License-Identifier: MIT
"""The index of a dump as a file (analyzer/base/pieces.h): read apart, changed, put together again."""
import struct

import xxhash
import zstandard

HEAD = struct.Struct("<8s32sQQ")
PIECE = struct.Struct("<QQQQ")
TYPES = 3  # analyzer/heap/outline.h


def read(path):
    """(head, {number: bytes})"""
    data = path.read_bytes()
    head = HEAD.unpack_from(data)
    at, pieces = HEAD.size + head[2] * PIECE.size, {}
    for i in range(head[2]):
        number, length, stored, checksum = PIECE.unpack_from(data, HEAD.size + i * PIECE.size)
        frame = data[at:at + stored]
        assert xxhash.xxh3_64_intdigest(frame) == checksum
        pieces[number] = zstandard.ZstdDecompressor().decompress(frame, max_output_size=length or 1)
        assert len(pieces[number]) == length
        at += stored
    assert at == len(data)
    return head, pieces


def write(path, head, pieces):
    """A whole file: every checksum is right."""
    frames = {number: zstandard.ZstdCompressor().compress(payload) for number, payload in pieces.items()}
    table = b"".join(PIECE.pack(number, len(pieces[number]), len(frame), xxhash.xxh3_64_intdigest(frame))
                     for number, frame in frames.items())
    start = head[:2] + (len(pieces),)
    checksum = xxhash.xxh3_64_intdigest(HEAD.pack(*start, 0) + table)
    path.write_bytes(HEAD.pack(*start, checksum) + table + b"".join(frames.values()))
