# SPDX-License-Identifier: MIT
"""Long rows break where Python's textwrap breaks them, which is what Guppy uses."""
import random
import textwrap

import hcdump

PIECES = ["a", "x-y", "std::", "vector<", "unsigned long", ", ", " ", "  ", "foo-bar-baz", "-", "_", "1-2", "> >", "&",
          "averyveryverylongwordwithoutanyblank", "(anonymous namespace)::", "ü", "a-b-cd", "9"]


def names(nr, seed):
    dice = random.Random(seed)
    made = {"".join(dice.choice(PIECES) for _ in range(dice.randrange(1, 40))).strip() for _ in range(nr)}
    return sorted(name for name in made if name and "--" not in name)


def test_rows_break_as_textwrap_does(heapcensus, tmp_path):
    tags = names(2000, seed=2026)
    heap = hcdump.Heap()
    for i, tag in enumerate(tags):
        heap.block(100000 - i, tag=tag)
    heap.write(tmp_path / "x.hc")
    lines = heapcensus("show", tmp_path / "x.hc", "--all").stdout.splitlines()[2:]
    whole = heapcensus("show", tmp_path / "x.hc", "--all", "--wide").stdout.splitlines()[2:]
    assert len(whole) == len(tags)
    expected = []
    for row, tag in zip(whole, tags):
        assert row[45:] == tag
        expected += textwrap.wrap(row, width=100, subsequent_indent=45 * " ")
    assert lines == expected
