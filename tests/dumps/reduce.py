# SPDX-License-Identifier: MIT
"""A small dump of a large one: what one object of a Python process reaches in few steps, and what is needed to read that.

    reduce.py DUMP ADDRESS OUTPUT [--blocks 1400] [--hide /home/me ...]

The process must be a CPython.  Blocks of many pointers (modules' dicts) stay, but are not followed; of modules' data stay the pieces that
are pointed at (static types, None), of the frames' stack its first pages, of the annex everything.  What --hide names (paths of the
machine that it was made on) becomes as many x.
"""
import argparse
import bisect
import struct

import hcdump
import hcformat as f

STATIC = 416        # of a static type
CHAIN = 8, 256, 344 # ... its type, base, mro: its dict and subclasses lead everywhere
RUNTIME = 4096      # of _PyRuntime
FANOUT_MAX = 160    # words of a block that is followed
LARGE = 16384       # bytes of a block that stays
FRAMES = 8192       # of a chunk of the frames' stack


class Reduced:
    def __init__(self, dump, hidden=()):
        self.dump = dump
        self.hidden = [text.encode() for text in hidden]
        self.starts = [b.addr for b in dump.blocks]
        self.range_starts = [r.addr for r in dump.ranges]
        self.kept, self.pieces = {}, {}

    def hide(self, data):
        for text in self.hidden:
            data = data.replace(text, b'/'.ljust(len(text), b'x'))
        return data

    def block_at(self, addr):
        """The innermost block that has addr in it and is no arena."""
        i = bisect.bisect_right(self.starts, addr) - 1
        if i < 0:
            return None
        b = self.dump.blocks[i]
        return i if b.addr <= addr < b.addr + b.size and b.kind != f.KINDS.index('arena') else None

    def piece_at(self, addr, size):
        i = bisect.bisect_right(self.range_starts, addr) - 1
        if i < 0:
            return None
        r = self.dump.ranges[i]
        return (r, r.data[addr - r.addr:addr - r.addr + size]) if addr < r.addr + len(r.data) else None

    def follow(self, data, queue):
        for word, in struct.iter_unpack('<Q', data[:len(data) // 8 * 8]):
            queue.append(word)

    def keep(self, addr, queue):
        i = self.block_at(addr)
        if i is not None and i not in self.kept:
            data = self.dump.block_bytes(i)
            if data is None or len(data) > LARGE:
                return
            self.kept[i] = data
            if len(data) <= FANOUT_MAX * 8:
                self.follow(data, queue)
        elif i is None and addr % 8 == 0 and addr not in self.pieces:
            found = self.piece_at(addr, RUNTIME if addr == self.dump.proc['python_runtime'] else STATIC)
            if found and found[0].kind == f.RANGE_KINDS.index('data'):
                self.pieces[addr] = found[1]
                if addr == self.dump.proc['python_runtime']:
                    return
                queue.extend(struct.unpack_from('<Q', found[1].ljust(STATIC), at)[0] for at in CHAIN)

    def reach(self, start, blocks):
        queue, at = [start], 0
        for name in ('python_type_type', 'python_runtime'):
            queue.append(self.dump.proc.get(name, 0))
        while at < len(queue) and len(self.kept) < blocks:
            self.keep(queue[at], queue)
            at += 1
        for i in list(self.kept):       # the classes of what stays
            for offset in (8, 24, 40):
                if offset + 8 <= len(self.kept[i]):
                    self.keep(struct.unpack_from('<Q', self.kept[i], offset)[0], [])

    def heap(self):
        proc = {k: v for k, v in self.dump.proc.items() if not k.startswith('option.')}
        proc.update(exe='/usr/bin/python3', cmdline=['python3'], host='testhost')
        heap = hcdump.Heap(**proc)
        for module in self.dump.modules:
            if module.start <= proc['python_type_type'] < module.end:
                heap.modules.append(module._replace(path=heap.string('/nowhere/python3'), build_id=0))
        heap.thread('main')
        for i, data in self.kept.items():
            b = self.dump.blocks[i]
            heap.block(b.size, addr=b.addr, kind=f.KINDS[b.kind], tick=b.tick, seq=b.seq, data=self.hide(data))
        self.add_ranges(heap)
        for r in self.dump.annex:
            heap.annex_bytes(r.addr, self.hide(r.data))
        return heap

    def add_ranges(self, heap):
        end = 0
        for addr in sorted(self.pieces):
            data = self.pieces[addr]
            start = max(addr, end)
            if start < addr + len(data):
                heap.range('data', start, addr + len(data) - start, self.hide(data)[start - addr:])
                end = addr + len(data)
        for r in self.dump.ranges:
            if r.kind == f.RANGE_KINDS.index('other'):
                heap.range('other', r.addr, min(len(r.data), FRAMES), self.hide(r.data[:FRAMES]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('dump')
    parser.add_argument('address', type=lambda text: int(text, 0))
    parser.add_argument('output')
    parser.add_argument('--blocks', type=int, default=1400)
    parser.add_argument('--hide', action='append', default=[], metavar='TEXT')
    args = parser.parse_args()
    reduced = Reduced(hcdump.Dump(args.dump), args.hide)
    reduced.reach(args.address, args.blocks)
    reduced.heap().write(args.output, level=19)


if __name__ == '__main__':
    main()
