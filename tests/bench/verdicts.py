# SPDX-License-Identifier: MIT
"""What must hold of the table: limits of ratios, of added time, and of heaptrack's added time to ours.

limits() is the one list, a row a limit. What could not be measured is not held. Every value is a median over rounds.
"""
import dataclasses
import math
import operator
import statistics
import typing

from table import TIME, paired, ratios

FORWARD, RIVAL = "forward", "heaptrack raw"
FULL_WALL = {"htdig": 1.5, "cc1plus": 1.3, "wget2": 1.2, "httrack": 1.2, "scrapy": 1.2, "sqlite3": 1.2, "perl": 1.2}
CRAWLERS = ("httrack", "wget2", "htdig", "wget", "scrapy")
SMALL_CHURN = ("churn-small", "churn-1M", "churn-10M")


def time_ratio(cells, name, unit):
    return median(ratios(cells[name], cells["nothing"], TIME[unit]))


def memory_ratio(cells, name, _unit):
    return median(ratios(cells[name], cells["nothing"], "rss"))


def added(cells, name, unit):
    """What a configuration adds to the time of forwarding."""
    return median([own - base for own, base in paired(cells[name], cells[FORWARD], TIME[unit])])


def times_less(cells, name, unit):
    """How many times more the rival adds to the time of nothing; infinite where we add none."""
    ours, rival = (median([own - base for own, base in paired(cells[who], cells["nothing"], TIME[unit])])
                   for who in (name, RIVAL))
    return rival / ours if ours > 0 else math.inf


def median(values):
    return statistics.median(values) if values else None


@dataclasses.dataclass(frozen=True)
class Kind:
    """value(cells, configuration, unit): a number, or None; is_held(value, limit); text: with value and limit; needs: the
    other configurations that it looks at."""

    value: typing.Callable
    is_held: typing.Callable
    text: str
    needs: tuple


TIME_RATIO = Kind(time_ratio, operator.le, "{0:.2f} times the time of nothing (at most {1:g})", ("nothing",))
MEMORY_RATIO = Kind(memory_ratio, operator.le, "{0:.2f} times the peak memory of nothing (at most {1:g})", ("nothing",))
ADDED = Kind(added, operator.le, "{0:+.1f} ns a pair over forwarding (at most {1:g})", (FORWARD,))
TIMES_LESS = Kind(times_less, operator.ge, f"adds {{0:.1f}} times less than {RIVAL} (at least {{1:g}})", ("nothing", RIVAL))


def limits(workloads):
    """(number of the issue's list, workload, configuration, kind, limit)"""
    yield 1, "pair", "caller", ADDED, 5
    yield 1, "churn-1M", "caller", TIME_RATIO, 1.10
    yield from ((1, name, "caller", TIME_RATIO, 1.05) for name in CRAWLERS)
    yield from ((2, name, "full", TIME_RATIO, most) for name, most in FULL_WALL.items())
    yield from ((2, workload.name, "full", TIMES_LESS, 4) for workload in workloads)
    for mode in "caller", "full":
        yield from ((4, name, mode, MEMORY_RATIO, 1.6) for name in SMALL_CHURN)
        yield from ((4, name, mode, MEMORY_RATIO, 1.25) for name in CRAWLERS)


def judge(workloads, results):
    """Lines "held ..." and "MISSED ..." of the limits whose workload and configurations were asked for."""
    units = {workload.name: workload.unit for workload in workloads}
    for number, name, configuration, kind, limit in limits(workloads):
        cells = results.get(name, {})
        if any(needed not in cells for needed in (configuration, *kind.needs)):
            continue
        failed = [f"{c}: {cells[c].trouble}" for c in (configuration, *kind.needs) if cells[c].trouble]
        value = None if failed else kind.value(cells, configuration, units[name])
        said = "; ".join(failed) if failed else kind.text.format(value, limit)
        held = value is not None and kind.is_held(value, limit)
        yield f"{'held  ' if held else 'MISSED'} {number} {configuration} on {name}: {said}"
