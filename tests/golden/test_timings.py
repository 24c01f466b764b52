# SPDX-License-Identifier: MIT
"""HEAPCENSUS_TIMINGS: what each pass took, on standard error only."""
import os

import hcdump
import timings


def test_passes_are_told_beside_the_answer(heapcensus, tmp_path):
    heap = hcdump.Heap()
    first = heap.block(64, tag="Request")
    heap.block(64, tag="Request", refs={8: first})
    heap.write(tmp_path / "x.hc")
    quiet = heapcensus("show", tmp_path / "x.hc", "heap.byvia")
    told = heapcensus("show", tmp_path / "x.hc", "heap.byvia", env={**os.environ, "HEAPCENSUS_TIMINGS": "1"})
    passes = timings.parse(told.stderr)
    names = [p.name for p in passes]
    assert told.stdout == quiet.stdout and not timings.parse(quiet.stderr)
    assert len(passes) == len(told.stderr.splitlines()), told.stderr
    assert names.index("blocks") < names.index("contents") < names.index("recognisers") < names.index("edges by target")
    assert names[-3:] == ["answer", "index", "close"]
    assert all(p.peak_mb > 0 and p.resident_mb > 0 for p in passes)
    assert passes[-1].peak_mb >= passes[0].peak_mb
