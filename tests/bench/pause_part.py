# SPDX-License-Identifier: MIT
"""How long a snapshot stops the program: pause.c under caller mode, beside what the dump itself says."""
import json
import pathlib
import signal
import statistics
import subprocess
import tempfile

from table import spread
from tools import census
from verdicts import line

PAUSE_MS_PER_GB = 50
GB = 1 << 30
BLOCKS = 1_000_000
SECONDS = 4    # without a snapshot, and with one
INFO_TIMEOUT = 60


def one_run(runner, mode, size, blocks):
    """(milliseconds of the longest gap without a snapshot, with one, what the dump says the program was stopped for)"""
    build = runner.place.build
    with tempfile.TemporaryDirectory(dir=runner.place.scratch) as out:
        env, argv = census("caller")(build, out, [build / "tests/bench/pause", blocks, size, signal.SIGUSR1.value, SECONDS, mode])
        sample, printed = runner.measure(argv, env, out)
        if sample.trouble:
            return sample.trouble
        dump, = pathlib.Path(out).glob("*.hc")
        told = subprocess.run([build / "analyzer/heapcensus", "info", "--json", dump], check=True, stdout=subprocess.PIPE,
                              timeout=INFO_TIMEOUT)
    quiet, snapshot = map(float, printed.split())
    return quiet, snapshot, json.loads(told.stdout)["process"]["pause_ns"] / 1e6


def pause(runner, rounds):
    """Lines to print."""
    size, blocks = GB // runner.place.shrink, BLOCKS // runner.place.shrink
    for mode in "spin", "malloc":
        runs = [one_run(runner, mode, size, blocks) for _ in range(rounds)]
        failed = next((run for run in runs if isinstance(run, str)), None)
        if failed:
            yield line(False, 0, f"pause, {mode}", failed)
            continue
        quiet, snapshot, said = zip(*runs)
        yield (f"pause, {blocks} blocks, {size >> 20} MB, {mode}: longest gap {spread(quiet, '.2f')} ms, with a snapshot "
               f"{spread(snapshot, '.2f')} ms; stopped, as the dump says, for {spread(said, '.2f')} ms")
        if mode == "spin":
            per_gb = statistics.median(snapshot) * GB / size
            yield line(per_gb <= PAUSE_MS_PER_GB, 0, "pause", f"{per_gb:.1f} ms per GB (at most {PAUSE_MS_PER_GB})")
