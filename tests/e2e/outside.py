# SPDX-License-Identifier: MIT
"""A dump of a waiting process made from outside, by /proc, with the blocks that the process itself listed.

It needs no preload: what the analyzer makes of real binaries can be tested apart from what the preload records.
"""
import os
import struct

import hcformat as f
from hcdump import Heap

PT_LOAD, PT_NOTE, PT_GNU_RELRO, ET_EXEC = 1, 4, 0x6474e552, 2
PF_X, PF_W, PF_R = 1, 2, 4


class Elf:
    def __init__(self, path):
        with open(path, 'rb') as file:
            self.data = file.read()
        if self.data[:4] != b'\x7fELF':
            raise ValueError(path)
        self.type = struct.unpack_from('<H', self.data, 16)[0]
        offset, = struct.unpack_from('<Q', self.data, 32)
        size, number = struct.unpack_from('<HH', self.data, 54)
        # type flags offset vaddr paddr filesz memsz align
        self.headers = [struct.unpack_from('<IIQQQQQQ', self.data, offset + i * size) for i in range(number)]

    def loads(self):
        return [h for h in self.headers if h[0] == PT_LOAD]

    def relro(self):
        return next(((h[3], h[3] + h[6]) for h in self.headers if h[0] == PT_GNU_RELRO), None)

    def build_id(self):
        for h in self.headers:
            at, end = h[2], h[2] + h[5]
            while h[0] == PT_NOTE and at + 12 <= end:
                name_len, desc_len, kind = struct.unpack_from('<III', self.data, at)
                desc = at + 12 + (name_len + 3 & ~3)
                if kind == 3 and self.data[at + 12:at + 16] == b'GNU\0':
                    return self.data[desc:desc + desc_len]
                at = desc + (desc_len + 3 & ~3)
        return None


def prot(flags):
    return (1 if flags & PF_R else 0) | (2 if flags & PF_W else 0) | (4 if flags & PF_X else 0)


class Process:
    """A living process; it must stand still while it is read."""

    def __init__(self, pid):
        self.pid = pid
        self.memory = os.open('/proc/%d/mem' % pid, os.O_RDONLY)

    def read(self, addr, size):
        return os.pread(self.memory, size, addr)

    def maps(self):
        with open('/proc/%d/maps' % self.pid, encoding='utf-8') as lines:
            for line in lines:
                words = line.split(maxsplit=5)
                start, end = (int(x, 16) for x in words[0].split('-'))
                yield start, end, words[1], int(words[2], 16), words[5].strip() if len(words) > 5 else None

    def stopped_at(self):
        """(sp, pc) of the system call that the process waits in."""
        with open('/proc/%d/syscall' % self.pid, encoding='ascii') as file:
            words = file.read().split()
        return int(words[-2], 16), int(words[-1], 16)


def add_module(heap, process, path, start, hidden):
    elf = Elf(path)
    lowest = min(h[3] for h in elf.loads()) & ~0xfff
    bias = 0 if elf.type == ET_EXEC else start - lowest
    relro = elf.relro()
    index = len(heap.modules)
    ends = [bias + h[3] + h[6] for h in elf.loads()]
    heap.modules.append(f.Module(bias, start, max(ends), heap.string(hidden or path), heap.string(elf.build_id()),
                                 int(index == 0), 0))
    for _, flags, offset, vaddr, _, filesz, memsz, _ in elf.loads():
        begin, end = bias + vaddr, bias + vaddr + memsz
        has_relro = relro and relro[0] < vaddr + memsz and relro[1] > vaddr
        heap.segments.append(f.Segment(begin, end, offset, filesz, index, prot(flags),
                                       bias + relro[0] if has_relro else 0, bias + relro[1] if has_relro else 0))
        if flags & PF_W:
            aligned = begin + 7 & ~7
            heap.range('data', aligned, end - aligned, process.read(aligned, end - aligned))


def census(pid, blocks, path, contents=True, rename=lambda path: None):
    """Writes the dump of a process whose blocks are (address, size, [return addresses])."""
    process = Process(pid)
    heap = Heap(pid=pid, contents='full' if contents else 'none')
    seen = set()
    for start, end, rights, offset, name in process.maps():
        kind = 'heap' if name == '[heap]' else 'stack' if name == '[stack]' else 'file' if name else 'other'
        if not (name or '').startswith('[v'):
            heap.map(start, end, (1 if 'r' in rights else 0) | (2 if 'w' in rights else 0) | (4 if 'x' in rights else 0),
                     kind, name, offset)
        if name and name.startswith('/') and name not in seen and offset == 0:
            seen.add(name)
            add_module(heap, process, name, start, rename(name))
    sp, pc = process.stopped_at()
    stack = next((m for m in process.maps() if m[4] == '[stack]'))
    heap.thread('main', tid=pid, state='blocked', sp=sp, pc=pc, stack_start=stack[0], stack_end=stack[1])
    heap.range('stack', sp, stack[1] - sp, process.read(sp, stack[1] - sp), tid=pid)
    for addr, size, site in sorted(blocks):
        heap.block(size, addr=addr, stack=heap.stack(*site), kind='new', data=process.read(addr, size))
    heap.write(path)
