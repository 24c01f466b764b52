# SPDX-License-Identifier: MIT
"""What a program does while a snapshot of it is written, how long that takes and how large it gets: snapshot.c, in caller mode."""
import dataclasses
import pathlib
import statistics
import tempfile

from table import spread
from tools import census
from verdicts import line

MB = 1 << 20


@dataclasses.dataclass(frozen=True)
class Case:
    """The arguments of snapshot.c, and HEAPCENSUS_CONTENTS. Limits: share of the usual work that the program still does at
    least; seconds and bytes of the dump at most; MB of contents by second of a processor at least; or None."""

    blocks: int
    size: int
    work: str
    threads: int
    contents: str = "full"
    share: float = None
    seconds: float = None
    bytes: int = None
    rate: int = None

    def title(self, shrink):
        return (f"snapshot, contents={self.contents}, {self.blocks // shrink} blocks, {self.size // shrink // MB} MB, "
                f"{self.threads} x {self.work}")

    def limits(self):
        """(what, limit, whether more is better, text with figure and limit)"""
        every = [("share", self.share, True, "{:.2f} of its usual work (at least {:g})"),
                 ("seconds", self.seconds, False, "{:.3f} s (at most {:g})"),
                 ("bytes", self.bytes, False, "{:,.0f} bytes (at most {:,})"),
                 ("rate", self.rate, True, "{:.0f} MB of contents by second of a processor (at least {})")]
        return [row for row in every if row[1] is not None]


# Limits are of the whole size.
CASES = [
    Case(2_000_000, 512 * MB, "churn", 1, share=0.7, rate=400),
    Case(2_000_000, 512 * MB, "churn", 2, share=0.7),
    Case(2_000_000, 512 * MB, "scatter", 1),
    Case(1_000_000, 256 * MB, "churn", 1, contents="none", seconds=0.1, bytes=6_000_000),
]


def one_run(runner, case):
    """{what: figure}, or why there is none."""
    place = runner.place
    with tempfile.TemporaryDirectory(dir=place.scratch) as out:
        words = [place.build / "tests/bench/snapshot", case.blocks // place.shrink, case.size // place.shrink, "objects",
                 case.work, case.threads, out]
        env, argv = census("caller")(place.build, out, words)
        sample, printed = runner.measure(argv, {**env, "HEAPCENSUS_CONTENTS": case.contents}, out)
        dumps = list(pathlib.Path(out).glob("*.hc"))
        if sample.trouble or not dumps:
            return sample.trouble or "no dump"
        quiet, meanwhile, seconds, cpu = map(float, printed.split())
        return {"share": meanwhile / quiet, "seconds": seconds, "bytes": dumps[0].stat().st_size, "cpu": cpu,
                "rate": case.size / place.shrink / 1e6 / cpu}


def snapshot(runner, rounds):
    """Lines to print."""
    for case in CASES:
        title, runs = case.title(runner.place.shrink), [one_run(runner, case) for _ in range(rounds)]
        failed = next((run for run in runs if isinstance(run, str)), None)
        if failed:
            yield line(False, 0, title, failed)
            continue
        figures = {what: [run[what] for run in runs] for what in runs[0]}
        yield (f"{title}: {spread(figures['seconds'], '.3f')} s, {spread(figures['cpu'], '.3f')} s of a processor, "
               f"{spread([b / MB for b in figures['bytes']], '.1f')} MB; "
               f"meanwhile {spread(figures['share'], '.2f')} of its usual work")
        for what, limit, more, text in case.limits():
            value = statistics.median(figures[what])
            yield line(value >= limit if more else value <= limit, 0, title, text.format(value, limit))
