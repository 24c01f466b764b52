# SPDX-License-Identifier: MIT
"""What the analyzer takes for a dump: seconds and memory, against limits for one of 20 million blocks."""

SHOW_LIMITS = [("heap.bytype", 10, 3 << 20), ("heap.byvia", 20, 3 << 20)]    # seconds, KiB


def analyzer(runner, dump):
    """Lines to print."""
    yield f"analyzer: {dump}"
    for expression, seconds, kib in SHOW_LIMITS:
        sample, _ = runner.measure([runner.place.build / "analyzer/heapcensus", "show", dump, expression], {}, runner.place.scratch)
        held = not sample.trouble and sample.wall <= seconds and sample.rss <= kib
        yield (f"{'held  ' if held else 'MISSED'} {expression}: {sample.trouble or f'{sample.wall:.2f} s'} (at most {seconds} s), "
               f"{sample.rss >> 10} MB (at most {kib >> 10} MB)")
