# SPDX-License-Identifier: MIT
"""Relations are printed as Python's repr() prints them, sorted and joined as Guppy does."""
import random

import hcdump

PIECES = ["a", "'", '"', "\\", "\n", "\t", "\r", "\x01", "\x7f", "\x80", "\x9f", "\xa0", "\xad", "é", "ß", "中", "\u200b", "\u2028",
          "\u202e", "\u3000", "\ufeff", "\ue000", "\U0001f600", "\U000e0001", "\U0010ffff", "['key']", ".attr", " "]


def test_relations_are_written_as_python_writes_them(heapcensus, tmp_path):
    dice = random.Random(2026)
    heap = hcdump.Heap()
    expected = []
    for i in range(300):
        target = heap.block(10000 - i)
        relations = ["".join(dice.choice(PIECES) for _ in range(dice.randrange(1, 8))) for _ in range(dice.randrange(1, 4))]
        for relation in relations:
            heap.block(8, refs={0: target}, names={0: relation})
        expected.append(", ".join(sorted(map(repr, set(relations)), key=str.encode)))
    heap.write(tmp_path / "x.hc")
    rows = heapcensus("show", tmp_path / "x.hc", "heap.bysize[:300].byvia", "--all", "--wide").stdout.splitlines()[2:]
    printed = [row[45:] for row in rows]
    assert sorted(printed) == sorted(set(expected))
