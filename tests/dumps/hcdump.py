# SPDX-License-Identifier: MIT
"""Dumps for tests: Heap builds one, Dump reads one.  describe.py makes a Heap of a readable text.

    heap = Heap(pid=42)
    request = heap.block(64, tag='Request', age=12.5, stack=heap.stack(0x555500001234))
    heap.block(32, tag='Response', refs={8: request})
    heap.global_words(module.data, {0: request})
    heap.write('x.hc')
"""
import collections
import itertools
import struct

import hcformat as f

TICK_NS = 1 << 28
THREAD_STATES = ('gone', 'running', 'blocked', 'dumping')
MAP_KINDS = ('other', 'file', 'heap', 'stack', 'profiler', 'kernel')


# entry: its caller is C code, not another Python frame.
PythonFrame = collections.namedtuple('PythonFrame', 'file line function entry')


class HeapBlock:
    """A block to be: contents are data, over it refs {offset: block, (block, offset) or number}."""

    def __init__(self, **fields):
        self.__dict__.update(fields)

    def __int__(self):
        return self.addr


class HeapModule:
    """A module to be: text at base, data (with .bss) at data; bias is what the ELF file's addresses are moved by."""

    def __init__(self, **fields):
        self.__dict__.update(fields)


class Heap:
    def __init__(self, uptime=100.0, contents='full', **proc):
        start = 1_700_000_000_000_000_000
        monotonic, self.uptime_ns = 5_000_000_000, int(uptime * 1e9)
        self.proc = dict(exe='/usr/bin/demo', cmdline=['demo', '--crawl'], pid=4242, ppid=1, host='testhost',
                         heapcensus_version='0.1.0', page_size=4096, start_realtime_ns=start,
                         start_monotonic_ns=monotonic, dump_realtime_ns=start + self.uptime_ns,
                         dump_monotonic_ns=monotonic + self.uptime_ns, tick_ns=TICK_NS, dump_number=1,
                         reason='signal', allocator='glibc', contents=contents, stacks='caller',
                         pause_ns=1_200_000, profiler_bytes=1 << 20, rss_bytes=10 << 20)
        self.proc.update(proc)
        self.counts, self.alloc = {}, {}
        self.strings, self._string_index = [], {}
        self.modules, self.segments, self.maps, self.registers, self.resident = [], [], [], [], []
        self.threads, self.blocks, self.ranges, self.annex = [], [], [], []
        self.nodes, self._node_index = [], {}
        self.python_places, self._place_index = [], {}
        self.attrs, self._attr_index = [], {}
        self._next_addr = 0x10_0000_0000
        self._seq = itertools.count(1)

    # --- facts ---

    def string(self, text):
        """The index of a string; 0 for None."""
        if text is None:
            return 0
        text = f.as_bytes(text)
        if text not in self._string_index:
            self.strings.append(text)
            self._string_index[text] = len(self.strings)
        return self._string_index[text]

    def module(self, path, base=0x5555_0000_0000, text_size=0x10000, data_size=0x10000, bias=None, build_id=None,
               main=False, relro=0):
        data = base + text_size + 0x1000
        index = len(self.modules)
        self.modules.append(f.Module(base if bias is None else bias, base, data + data_size, self.string(path),
                                     self.string(build_id), int(main), 0))
        self.segments.append(f.Segment(base, base + text_size, 0, text_size, index, 5, 0, 0))
        self.segments.append(f.Segment(data, data + data_size, text_size, data_size // 2, index, 3,
                                       data if relro else 0, data + relro if relro else 0))
        self.map(base, base + text_size, 5, 'file', path)
        self.map(data, data + data_size, 3, 'file', path)
        return HeapModule(index=index, base=base, text=base, data=data, end=data + data_size)

    def map(self, start, end, prot=3, kind='other', path=None, file_offset=0):
        self.maps.append(f.Map(start, end, file_offset, prot, MAP_KINDS.index(kind), self.string(path), 0))

    def thread(self, name=None, tid=None, slot=None, state='running', first_tick=0, last_tick=0xffffffff, sp=0, pc=0,
               stack_start=0, stack_end=0, tls=0, totals=(0, 0, 0, 0)):
        slot = slot or len(self.threads) + 1
        tid = tid or self.proc['pid'] + slot - 1
        self.threads.append(f.Thread(slot, tid, first_tick, last_tick, THREAD_STATES.index(state), self.string(name),
                                     sp, pc, stack_start, stack_end, tls, *totals))
        return slot

    def register(self, tid, regno, value):
        self.registers.append((tid, regno, value))

    def node(self, pc, parent):
        key = (pc, parent)
        if key not in self._node_index:
            self.nodes.append(f.StackNode(pc, parent, 0))
            self._node_index[key] = len(self.nodes)
        return self._node_index[key]

    def stack(self, *frames):
        """The node of a stack, innermost frame first: return addresses, and among them, where they run, PythonFrames."""
        native = python = 0
        for frame in reversed(frames):
            if isinstance(frame, PythonFrame):
                entry = f.ENTRY_FRAME if frame.entry else 0
                python = self.node(f.PYTHON_FRAME | entry | self.python_place(frame), python)
            else:
                native = self.node(frame, native)
        return self.node(f.BOTH_STACKS | python, native) if python else native

    def python_place(self, frame):
        """The index of the place in PYFR; 0 for one without a file."""
        place = f.Place(self.string(frame.file), self.string(frame.function), frame.line, 0)
        if not frame.file:
            return 0
        if place not in self._place_index:
            self.python_places.append(place)
            self._place_index[place] = len(self.python_places)
        return self._place_index[place]

    def attr(self, tag=None, scope=None):
        key = (self.string(tag), self.string(scope))
        if key == (0, 0):
            return 0
        if key not in self._attr_index:
            self.attrs.append(f.Attr(*key))
            self._attr_index[key] = len(self.attrs)
        return self._attr_index[key]

    def block(self, size, addr=None, tag=None, scope=None, kind='malloc', thread=1, age=1.0, tick=None, seq=None,
              stack=0, label=None, data=b'', refs=None, names=None):
        if addr is None:
            addr = self._next_addr
        self._next_addr = max(self._next_addr, addr + max(size, 1) + 47 & ~31)
        if tick is None:
            tick = max(0, self.uptime_ns - int(age * 1e9)) // TICK_NS
        block = HeapBlock(addr=addr, size=size, attr=self.attr(tag, scope), kind=f.KINDS.index(kind), thread=thread,
                          tick=tick, seq=next(self._seq) & 0xffffff if seq is None else seq, stack=stack,
                          label=label, data=f.as_bytes(data), refs=refs or {}, names=names or {})
        self.blocks.append(block)
        return block

    def range(self, kind, addr, size, data=b'', refs=None, tid=0):
        """A root range (data, stack, tls, other) or, kind block, a piece of a large block."""
        self.ranges.append(HeapBlock(addr=addr, size=size, kind=f.RANGE_KINDS.index(kind), tid=tid,
                                     data=f.as_bytes(data), refs=refs or {}))

    def global_words(self, addr, refs, size=None):
        self.range('data', addr, size or max(refs, default=0) + 8, refs=refs)

    def annex_bytes(self, addr, data):
        self.annex.append(HeapBlock(addr=addr, size=len(data), kind=0, tid=0, data=data, refs={}))

    # --- sections ---

    def sections(self, chunk_raw=1 << 20, blocks_max=f.BLOCKS_MAX):
        """[(id, raw parts)], in the order of the C writer's table; no END."""
        if not self.threads:
            self.thread('main')
        self.blocks.sort(key=lambda b: (b.addr, -b.size))
        labels = [(b.addr, self.string(b.label), 0) for b in self.blocks if b.label is not None]
        relations = [f.Relation(b.addr, at, self.string(name)) for b in self.blocks
                     for at, name in sorted(b.names.items())]
        sections = [('PROC', [f.pack_kvs(self.proc)]), ('CNTR', [f.pack_kvs(self.counts)]),
                    ('STRS', [f.pack_strings(self.strings)])]
        segments = sorted(self.segments, key=lambda s: (s.module, s.start))
        for name, items in (('MODS', self.modules), ('SEGS', segments), ('MAPS', sorted(self.maps)),
                            ('THRD', self.threads), ('REGS', self.registers), ('STAK', self.nodes),
                            ('ATTR', self.attrs)):
            sections.append((name, split_array(name, items, chunk_raw)))
        if self.python_places:
            sections.append(('PYFR', split_array('PYFR', self.python_places, chunk_raw)))
        sections.append(('BLKS', self._block_parts(blocks_max)))
        sections.append(('LABL', [f.pack_array('LABL', labels)]))
        if relations:
            sections.append(('RELN', split_array('RELN', relations, chunk_raw)))
        if self.proc.get('contents') != 'none':
            sections.append(('BMEM', self._content_parts(chunk_raw)))
            sections.append(('RMEM', self._range_parts(chunk_raw)))
        sections.append(('ANEX', [b''.join(f.pack_range(a.addr, 0, 0, a.data) for a in
                                           sorted(self.annex, key=lambda a: a.addr))]))
        sections.append(('ALLC', [f.pack_kvs(self.alloc)]))
        sections.append(('RESI', [f.pack_array('RESI', sorted(self.resident))]))
        return sections

    def write(self, path, chunk_raw=1 << 20, blocks_max=f.BLOCKS_MAX, **options):
        data = f.encode(self.sections(chunk_raw, blocks_max), **options)
        with open(path, 'wb') as out:
            out.write(data)

    def _block_parts(self, blocks_max):
        parts, rows = [], []
        for b in self.blocks:
            if rows and (len(rows) == blocks_max or b.addr - rows[-1].addr >> 32):
                parts.append(f.pack_blocks(rows))
                rows = []
            rows.append(f.Block(b.addr, b.size, b.tick, b.seq, b.stack, b.thread, b.attr, b.kind,
                                int(b.label is not None)))
        if rows:
            parts.append(f.pack_blocks(rows))
        return parts or [b'']

    def _owners(self):
        """(index, block) of the blocks that have contents of their own."""
        inside = 0
        for i, b in enumerate(self.blocks):
            if b.kind == f.KINDS.index('arena') or b.addr + b.size <= inside and b.addr < inside:
                continue
            inside = max(inside, b.addr + b.size)
            yield i, b

    def _content_parts(self, chunk_raw):
        parts, first, nr, body = [], 0, 0, bytearray()
        for i, b in self._owners():
            if b.size >= f.LARGE_BLOCK:
                continue
            if nr and len(body) + b.size > chunk_raw:
                parts.append(f.BMEM.pack(first, nr) + bytes(body))
                nr, body = 0, bytearray()
            if not nr:
                first = i
            nr += 1
            body += f.pad(contents(b))
        if nr:
            parts.append(f.BMEM.pack(first, nr) + bytes(body))
        return parts or [b'']

    def _range_parts(self, chunk_raw):
        ranges = list(self.ranges)
        for _, b in self._owners():
            if b.size >= f.LARGE_BLOCK and (b.data or b.refs):
                used = max(len(b.data), max(b.refs, default=-8) + 8)
                ranges.append(HeapBlock(addr=b.addr, size=min(b.size, used), kind=0, tid=0, data=b.data, refs=b.refs))
        parts, part = [], bytearray()
        for r in sorted(ranges, key=lambda r: r.addr):
            data = contents(r)
            for at in range(0, len(data), chunk_raw):
                piece = f.pack_range(r.addr + at, r.kind, r.tid, data[at:at + chunk_raw])
                if part and len(part) + len(piece) > chunk_raw:
                    parts.append(bytes(part))
                    part = bytearray()
                part += piece
        parts.append(bytes(part))
        return parts


def split_array(name, items, chunk_raw):
    per = max(1, chunk_raw // f.ARRAYS[name][0].size)
    return [f.pack_array(name, items[i:i + per]) for i in range(0, len(items), per)] or [b'']


def contents(b):
    """The bytes of a block or range, size long."""
    data = bytearray(b.data[:b.size].ljust(b.size, b'\0'))
    for offset, target in b.refs.items():
        if isinstance(target, tuple):
            target = int(target[0]) + target[1]
        struct.pack_into('<Q', data, offset, int(target))
    return bytes(data)


class Dump:
    """A dump read back: proc, counts, alloc (dicts), strings, modules ... blocks (lists of tuples of hcformat)."""

    def __init__(self, path):
        with open(path, 'rb') as file:
            data = file.read()
        self.chunks, parts = [], {}
        for chunk, raw in f.chunks(data):
            self.chunks.append(chunk)
            parts.setdefault(chunk.id, []).append(raw)
        self.parts = parts
        missing = [name for name in f.REQUIRED_SECTIONS if name not in parts]
        if missing:
            raise f.FormatError('sections missing: ' + ' '.join(missing))
        joined = {name: b''.join(raws) for name, raws in parts.items()}
        self.proc, self.counts = f.unpack_kvs(joined['PROC']), f.unpack_kvs(joined['CNTR'])
        self.alloc = f.unpack_kvs(joined.get('ALLC', b''))
        self.strings = f.unpack_strings(joined['STRS'])
        arrays = {name: f.unpack_array(name, joined.get(name, b'')) for name in f.ARRAYS}
        self.modules, self.segments, self.maps = arrays['MODS'], arrays['SEGS'], arrays['MAPS']
        self.threads, self.registers, self.nodes = arrays['THRD'], arrays['REGS'], arrays['STAK']
        self.attrs, self.labels, self.resident = arrays['ATTR'], arrays['LABL'], arrays['RESI']
        self.relations, self.places = arrays['RELN'], arrays['PYFR']
        self.blocks = [b for raw in parts['BLKS'] for b in f.unpack_blocks(raw)]
        self.ranges = [r for raw in parts.get('RMEM', []) for r in f.unpack_ranges(raw)]
        self.annex = [r for raw in parts.get('ANEX', []) for r in f.unpack_ranges(raw)]
        self._contents = None

    def tag(self, block):
        return self.strings[self.attrs[block.attr - 1].tag].decode() if block.attr else None

    def scope(self, block):
        return self.strings[self.attrs[block.attr - 1].scope].decode() if block.attr else None

    def _chain(self, node):
        pcs = []
        while node:
            pcs.append(self.nodes[node - 1].pc)
            node = self.nodes[node - 1].parent
        return pcs

    def stack(self, node):
        """Return addresses, innermost first."""
        return [pc for pc in self._chain(node) if not pc & (f.PYTHON_FRAME | f.BOTH_STACKS)]

    def python_stack(self, node):
        """Python frames, innermost first."""
        if not node or not self.nodes[node - 1].pc & f.BOTH_STACKS:
            return []
        frames = []
        for pc in self._chain(self.nodes[node - 1].pc & f.INDEX):
            place = self.places[(pc & f.INDEX) - 1]
            frames.append(PythonFrame(self.strings[place.file].decode(errors='surrogateescape'), place.line,
                                      self.strings[place.function].decode(), bool(pc & f.ENTRY_FRAME)))
        return frames

    def block_bytes(self, index):
        """Contents of a small block that has its own, else None."""
        if self._contents is None:
            self._contents, owners = {}, self._small_owners()
            for raw in self.parts.get('BMEM', []):
                self._read_contents(raw, owners)
        return self._contents.get(index)

    def _read_contents(self, raw, owners):
        if not raw:
            return
        i, nr = f.BMEM.unpack_from(raw, 0)
        at = f.BMEM.size
        while nr:
            if i in owners:
                size = self.blocks[i].size
                self._contents[i] = raw[at:at + size]
                at += size
                at += -at % 8
                nr -= 1
            i += 1

    def _small_owners(self):
        inside, owners = 0, set()
        for i, b in enumerate(self.blocks):
            if b.kind == f.KINDS.index('arena') or b.addr + b.size <= inside and b.addr < inside:
                continue
            inside = max(inside, b.addr + b.size)
            if b.size < f.LARGE_BLOCK:
                owners.add(i)
        return owners
