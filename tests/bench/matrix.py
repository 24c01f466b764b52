# SPDX-License-Identifier: MIT
"""Runs every workload under every configuration, round by round, and keeps what each run cost.

Each round runs every configuration once, in an order that rotates: ratios are taken within a round, so that a slow minute of
the machine hits all alike. A configuration that fails is out of its workload's further rounds, with the reason. What is too
slow for the time that the workload has gets fewer rounds, the slowest first, but one at least.
"""
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

NUMBER_LINE = re.compile(r"^\d+\.\d+$", re.MULTILINE)


@dataclasses.dataclass
class Sample:
    """One run: in which round, wall and CPU seconds, peak RSS in KiB, nanoseconds per pair (micro workloads), and why it
    counts for nothing, or ""."""

    round: int
    wall: float
    cpu: float
    rss: int
    ns: float = 0
    trouble: str = ""


@dataclasses.dataclass
class Cell:
    """The runs of one workload under one configuration; why there is no (further) one, or "". With trouble its samples
    count for nothing."""

    samples: list = dataclasses.field(default_factory=list)
    trouble: str = ""


def environment(more):
    """The bench's own, without what would change a census or an allocator; Python's hashes are the same in all runs."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("HEAPCENSUS_", "LD_", "MALLOC_", "HEAPPROFILE"))}
    return {**kept, "LC_ALL": "C", "PYTHONHASHSEED": "0", **{name: str(value) for name, value in more.items()}}


def why_failed(status, expected, wall, limit):
    if wall >= limit:
        return f"over {limit} s"
    if status < 0:
        return f"signal {-status}"
    return f"status {status}{' (not found?)' if status == 127 else ''}" if status != expected else ""


class Runner:
    """run: one Sample, and what `look` makes of the folder that the configuration wrote to before it goes."""

    def __init__(self, place, limit):
        self.place, self.limit = place, limit

    def run(self, workload, configuration, nr_round=0, look=lambda out: None):
        where, out = (pathlib.Path(tempfile.mkdtemp(dir=self.place.scratch)) for _ in range(2))
        try:
            try:
                argv = workload.command(self.place, where, configuration.slow)
            except (OSError, subprocess.SubprocessError) as error:    # no compiler to preprocess with
                return Sample(nr_round, 0, 0, 0, trouble=f"no input: {error}"), look(out)
            env, argv = configuration.start(self.place.build, out, argv)
            sample, _ = self.measure(argv, env, where, workload.status)
            sample.round = nr_round
            if workload.unit == "ns" and not sample.ns:
                sample.trouble = sample.trouble or "prints no time"
            return sample, look(out)
        finally:
            shutil.rmtree(where)
            shutil.rmtree(out)

    def measure(self, argv, env, where, expected=0):
        """(Sample, what the program printed); another exit status than `expected` is a trouble."""
        cost = self.place.scratch / "cost"
        words = [self.place.build / "tests/bench/measure", cost, self.limit, "env", *(f"{k}={v}" for k, v in env.items()), *argv]
        ran = subprocess.run([str(word) for word in words], cwd=where, env=environment({}), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        status, wall, cpu, rss = cost.read_text().split()
        printed = ran.stdout.decode(errors="replace")
        numbers = NUMBER_LINE.findall(printed)
        return Sample(0, float(wall), float(cpu), int(rss), float(numbers[-1]) if numbers else 0,
                      why_failed(int(status), expected, float(wall), self.limit)), printed


def plan_rounds(seconds, rounds, budget):
    """{configuration: how many rounds} in so many seconds, by what a run of each takes; the first is in every round."""
    first, *others = seconds
    plan = dict.fromkeys(seconds, rounds)
    while sum(plan[name] * seconds[name] for name in plan) > budget:
        dearest = max((name for name in others if plan[name] > 1), key=lambda name: plan[name] * seconds[name], default=None)
        if dearest is None:
            break
        plan[dearest] -= 1
    plan[first] = max((plan[name] for name in others), default=rounds)
    return plan


def measure_workload(runner, workload, configurations, rounds, budget):
    """{configuration's name: Cell}"""
    cells = {c.name: Cell(trouble="Python only" if c.python and not workload.python else c.missing()) for c in configurations}
    able = {c.name: c for c in configurations if not cells[c.name].trouble}
    plan, seconds = dict.fromkeys(able, rounds), {}
    for nr_round in range(rounds):
        names = list(able)
        turn = nr_round % len(names)
        for name in names[turn:] + names[:turn]:
            if nr_round < plan[name] and not cells[name].trouble:
                start = time.monotonic()
                sample, _ = runner.run(workload, able[name], nr_round)
                seconds[name] = time.monotonic() - start
                cells[name].samples.append(sample)
                cells[name].trouble = sample.trouble
        if nr_round == 0:
            plan = plan_rounds({name: seconds[name] for name in able}, rounds, budget)
    return cells
