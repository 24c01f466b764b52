# SPDX-License-Identifier: MIT
"""A heap in readable text, one fact a line, made into a hcdump.Heap.  '#' starts a comment.

    proc pid=42 uptime=100 contents=full any.key=value   keys of PROC; uptime in seconds, before everything that has an age
    count blocks_no_shadow 12                            a loss counter (CNTR); alloc KEY N likewise (ALLC)
    module /usr/lib/libfoo.so base=0x7f0000000000 text=0x1000 data=0x1000 relro=0x100 build_id=abcdef main
    thread worker tid=43 slot=2 state=blocked sp=0x7ffd00000100
    stack parse libfoo.so+0x123 libfoo.so+0x456          innermost first
    stack fill libfoo.so+0x9 py:/x.py:12:f py:/x.py:3:g! among them Python frames; !: called by C code; line 0: unknown
    block req 64 tag=Request age=12.5 stack=parse thread=1 kind=new scope=a/b label=x addr=0x1000 text="abc" hex=00ff +8=resp
    block resp x10 32 tag=Response +0=req +8=item[i]     ten of them: resp[0] .. resp[9]; item[i] has the same number
    global libfoo.so.data+0x10 +0=req +8=resp[3]+4       words of .data or .bss
    range stack 0x7ffd00000000 4096 tid=42 +0=req        kinds: data stack tls other
    register 42 3 req                                    DWARF number
    map 0x1000 0x2000 kind=heap prot=3 path=/x
    annex libfoo.so+0x40 hex=00ff +8=libfoo.so+0x80      read-only memory
    resident 0x1000 0x3000

A place is a number, a block (req, resp[3]), a module's basename (its base) or basename.data, each with +OFFSET where wanted.
Words are +OFFSET=PLACE; name+OFFSET=TEXT names the relation of a block's word, as in name+8=.__dict__.
"""
import os
import re
import shlex

import hcdump

TEXTS = ('text', 'hex', 'build_id', 'tag', 'scope', 'label', 'path', 'stack')
PLACE = re.compile(r'^(?P<name>[^+\[\]]+)(?:\[(?P<index>\w+)\])?(?:\+(?P<offset>\w+))?$')

PYTHON_FRAME = re.compile(r'^py:(?P<file>[^:]*):(?P<line>\d+):(?P<function>[^!]*)(?P<entry>!?)$')


class DescriptionError(Exception):
    """A line that cannot be understood."""


class Description:
    def __init__(self):
        self.heap, self.proc, self.places, self.stacks, self.later = None, {}, {}, {}, []

    def read(self, text):
        lines = [(n, shlex.split(line, comments=True)) for n, line in enumerate(text.splitlines(), 1)]
        self.heap = hcdump.Heap(**{k: v for _, words in lines if words[:1] == ['proc']
                                   for k, v in self.options(words[1:]).items()})
        for n, words in lines:
            if not words or words[0] == 'proc':
                continue
            try:
                self.line(words[0], words[1:])
            except (ValueError, KeyError, IndexError, TypeError) as error:
                raise DescriptionError('line %d: %s: %r' % (n, ' '.join(words), error)) from error
        for owner, index in self.later:
            owner.refs = {at: self.place(place, index) for at, place in owner.refs.items()}
        return self.heap

    @staticmethod
    def options(words):
        found = {}
        for word in words:
            key, equals, value = word.partition('=')
            if not key.startswith(('+', 'name+')):
                found[key] = True if not equals else value if key in TEXTS else number_or_text(value)
        return found

    @staticmethod
    def refs(words):
        found = {}
        for word in words:
            if word.startswith('+'):
                at, _, place = word.partition('=')
                found[int(at[1:], 0)] = place
        return found

    @staticmethod
    def names(words):
        named = (word[len('name+'):].partition('=') for word in words if word.startswith('name+'))
        return {int(at, 0): text for at, _, text in named}

    def contents(self, words):
        """(data, refs, other options) of a line; refs are settled when every name is known."""
        options = self.options(words)
        data = options.pop('text').encode() if 'text' in options else b''
        data += bytes.fromhex(options.pop('hex')) if 'hex' in options else b''
        return data, self.refs(words), options

    def place(self, text, i=0):
        match = PLACE.match(text)
        if not match:
            raise DescriptionError('not a place: ' + text)
        name, index, offset = match.group('name', 'index', 'offset')
        if name[0].isdigit():
            return int(name, 0) + int(offset or '0', 0)
        if name not in self.places:
            raise DescriptionError('no such name: ' + name)
        index = i if index == 'i' else int(index or 0)
        return int(self.places[name][index]) + int(offset or '0', 0)

    def line(self, verb, words):
        handler = getattr(self, 'on_' + verb, None)
        if not handler:
            raise ValueError('no such line: ' + verb)
        handler(words)

    def on_count(self, words):
        self.heap.counts[words[0]] = int(words[1])

    def on_alloc(self, words):
        self.heap.alloc[words[0]] = int(words[1])

    def on_module(self, words):
        options = self.options(words[1:])
        sizes = {k + '_size': int(str(options.pop(k)), 0) for k in ('text', 'data') if k in options}
        build_id = bytes.fromhex(options.pop('build_id')) if 'build_id' in options else None
        module = self.heap.module(words[0], build_id=build_id, **sizes, **options)
        name = os.path.basename(words[0])
        self.places[name], self.places[name + '.data'] = [module.base], [module.data]

    def on_thread(self, words):
        self.heap.thread(words[0], **self.options(words[1:]))

    def on_stack(self, words):
        self.stacks[words[0]] = self.heap.stack(*[self.frame(w) for w in words[1:]])

    def frame(self, text):
        match = PYTHON_FRAME.match(text)
        if not match:
            return self.place(text)
        return hcdump.PythonFrame(match['file'], int(match['line']), match['function'], bool(match['entry']))

    def on_block(self, words):
        name, words = words[0], words[1:]
        count = int(words.pop(0)[1:]) if words[0].startswith('x') else 1
        size, words = int(words[0], 0), words[1:]
        data, refs, options = self.contents(words)
        options['names'] = self.names(words)
        if 'stack' in options:
            options['stack'] = self.stacks[options['stack']]
        step, addr = max(32, size + 31 & ~31), options.pop('addr', None)
        made = []
        for i in range(count):
            block = self.heap.block(size, addr=addr if addr is None else addr + i * step, data=data, refs=dict(refs),
                                    **options)
            self.later.append((block, i))
            made.append(block)
        self.places[name] = made

    def memory(self, add, data, refs, size):
        """Places words somewhere through add(data, refs, size)."""
        settled = {at: self.place(p) for at, p in refs.items()}
        add(data, settled, size or max([len(data)] + [at + 8 for at in settled]))

    def on_global(self, words):
        data, refs, options = self.contents(words[1:])
        addr = self.place(words[0])
        self.memory(lambda d, r, n: self.heap.range('data', addr, n, d, r), data, refs, options.get('size'))

    def on_range(self, words):
        data, refs, options = self.contents(words[3:])
        addr = self.place(words[1])
        self.memory(lambda d, r, n: self.heap.range(words[0], addr, n, d, r, options.get('tid', 0)), data, refs,
                    int(words[2], 0))

    def on_register(self, words):
        self.heap.register(int(words[0]), int(words[1]), self.place(words[2]))

    def on_map(self, words):
        self.heap.map(self.place(words[0]), self.place(words[1]), **self.options(words[2:]))

    def on_annex(self, words):
        data, refs, _ = self.contents(words[1:])
        addr = self.place(words[0])
        self.memory(lambda d, r, n: self.heap.annex_bytes(addr, hcdump.contents(
            hcdump.HeapBlock(data=d, size=n, refs=r))), data, refs, None)

    def on_resident(self, words):
        self.heap.resident.append((self.place(words[0]), self.place(words[1])))


def number_or_text(value):
    try:
        return int(value, 0)
    except ValueError:
        pass
    try:
        return float(value)
    except ValueError:
        return value


def parse(text):
    return Description().read(text)
