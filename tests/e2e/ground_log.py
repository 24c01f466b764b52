# SPDX-License-Identifier: MIT
"""The log that programs/ground.h keeps, read out of a dump, and its comparison with the census of the same dump."""
import struct
from collections import defaultdict, namedtuple

import hcdump
from census import kind_name, memory

MAGIC = b"ground truth log"
ANY, BUSY = 1, 2
SECRET = 0x67726f756e640000
HEAD = struct.Struct("<16sQQ64i")
SLOT = struct.Struct("<II QQQHHHHII QQQHHHHII")

Entry = namedtuple("Entry", "addr size birth kind tag form thread align loose")
Slot = namedtuple("Slot", "busy now next")


def identity(block):
    return block.addr, block.tick, block.thread, block.seq


def read_log(dump):
    """(thread ids, slots)"""
    for r in dump.ranges:
        at = r.data.find(MAGIC)
        while at >= 0 and hcdump.f.RANGE_KINDS[r.kind] == "data":
            _, nr_slots, nr_threads, *tids = HEAD.unpack(memory(dump, r.addr + at, HEAD.size))
            if 0 < nr_threads <= 64 and nr_slots >= 16384:
                raw = memory(dump, r.addr + at + HEAD.size, nr_slots * SLOT.size)
                return tids[:nr_threads], [read_slot(fields) for fields in SLOT.iter_unpack(raw)]
            at = r.data.find(MAGIC, at + 1)
    raise AssertionError("the dump does not hold the program's log")


def read_slot(fields):
    entries = Entry(*fields[2:11]), Entry(*fields[11:20])
    return Slot(bool(fields[0] & BUSY), entries[fields[0] & 1], entries[~fields[0] & 1])


class Comparison:
    """problems: what is wrong, in words.  nr_blocks, nr_busy: what was compared."""

    def __init__(self, dump, base):
        self.dump, self.problems = dump, []
        self.tids, self.slots = read_log(dump)
        self.slot_to_tid = {t.slot: t.tid for t in dump.threads}
        before = {identity(b): b for b in base.blocks}
        self.left = {}
        for index, b in enumerate(dump.blocks):
            if identity(b) in before:
                del before[identity(b)]
            else:
                self.left[b.addr, b.kind in (7, 9) and b.kind] = index, b
        self.problems += [f"missing: a block from before the start: {b}" for b in before.values()]
        self.births = defaultdict(list)
        self.nr_busy = sum(slot.busy for slot in self.slots)
        self.nr_blocks = len(dump.blocks)
        self.check_settled()
        self.check_busy()
        self.problems += [f"extra: {self.describe(b)}" for _, b in self.left.values()]
        if self.left:
            self.problems += [f"under way: {slot}" for slot in self.slots if slot.busy]
        self.check_births()

    def describe(self, block):
        return f"{kind_name(block)} {block.addr:#x} size {block.size} by {self.slot_to_tid.get(block.thread)}"

    def key(self, entry, addr=None):
        return addr or entry.addr, entry.kind in (7, 9) and entry.kind

    def differences(self, entry, index, block, whole=True):
        if entry.kind and block.kind != entry.kind:
            yield f"kind {kind_name(block)}, not {hcdump.f.KINDS[entry.kind]}"
        if block.size != entry.size and not (entry.loose and not whole):
            yield f"size {block.size}, not {entry.size}"
        tag = f"ground-{entry.tag}" if entry.tag else ""
        if (self.dump.tag(block) or "") != tag:
            yield f"tag {self.dump.tag(block)!r}, not {tag!r}"
        if self.slot_to_tid.get(block.thread) != self.tids[entry.thread]:
            yield f"born in thread {self.slot_to_tid.get(block.thread)}, not {self.tids[entry.thread]}"
        if whole and not block.stack and entry.kind != 9:
            yield "no stack"
        word = self.dump.block_bytes(index) if whole and entry.kind != 9 else None
        if word and len(word) >= 8 and struct.unpack_from("<Q", word)[0] != block.addr ^ SECRET:
            yield f"contents {word[:8].hex()}"

    def take(self, entry):
        """The block of an entry of known address, exact in all, taken out of what is left; None where it is not so."""
        found = self.left.get(self.key(entry))
        if found and not any(self.differences(entry, *found, whole=False)):
            del self.left[self.key(entry)]
            return found[1]
        return None

    def check_settled(self):
        for slot in self.slots:
            if slot.busy or not slot.now.addr:
                continue
            found = self.left.pop(self.key(slot.now), None)
            if not found:
                self.problems.append(f"missing: {slot.now}")
                continue
            wrong = list(self.differences(slot.now, *found))
            if wrong:
                self.problems.append(f"{', '.join(wrong)}: {slot.now}")
            self.births[slot.now.thread].append((slot.now.birth, found[1]))

    def check_busy(self):
        """What an operation under way has, or has not yet, changed: one or the other.  Those that say least of their block come last, or they
        would take another one's."""
        changed = [slot for slot in self.slots if slot.busy and not (slot.now.addr and self.take(slot.now))]
        for slot in sorted(changed, key=lambda slot: (slot.next.addr == ANY, slot.next.loose)):
            self.check_done(slot)

    def check_done(self, slot):
        if slot.next.addr > ANY and self.take(slot.next) or slot.next.addr == ANY and self.take_any(slot):
            return
        if slot.now.addr and slot.next.addr:
            self.problems.append(f"missing, before and after: {slot}")

    def take_any(self, slot):
        """The block that an operation has just got; of one in several steps up to two, of any size."""
        in_place = slot.now._replace(size=slot.next.size)
        if slot.now.addr and self.take(in_place):
            return True
        found = [key for key, (index, block) in self.left.items()
                 if not any(self.differences(slot.next, index, block, whole=False))]
        for key in found[:2 if slot.next.loose else 1]:
            del self.left[key]
        return bool(found)

    def check_births(self):
        """Births of a thread: neither the ticks nor the running numbers go back."""
        for thread, births in self.births.items():
            births.sort(key=lambda birth: birth[0])
            for (_, a), (_, b) in zip(births, births[1:]):
                if b.tick < a.tick or b.seq < a.seq:
                    self.problems.append(f"thread {thread}: born later, but an earlier birth: {a} {b}")
