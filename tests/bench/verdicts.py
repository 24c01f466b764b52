# SPDX-License-Identifier: MIT
"""What must hold of the table: limits of ratios, of added time, and of heaptrack's added time to ours.

limits() is the one list, a row a limit. What could not be measured is not held. Every value is a median over rounds.
"""
import math
import statistics

from table import TIME, paired, ratios

FULL_WALL = {"htdig": 1.5, "cc1plus": 1.3, "wget2": 1.2, "httrack": 1.2, "scrapy": 1.2, "sqlite3": 1.2, "perl": 1.2}
CRAWLERS = ("httrack", "wget2", "htdig", "wget", "scrapy")
SMALL_CHURN = ("churn-small", "churn-1M", "churn-10M")
UNIT_TEXT = {"ns": "{:+.1f} ns", "s": "{:+.3f} s"}


def median(values):
    return statistics.median(values) if values else math.nan


def added(cells, name, base, unit):
    """What a configuration adds to the time of another."""
    return median([own - other for own, other in paired(cells[name], cells[base], TIME[unit])])


def time_ratio(cells, name, base, unit, limit):
    value = median(ratios(cells[name], cells[base], TIME[unit]))
    return value <= limit, f"{value:.2f} times the time of {base} (at most {limit:g})"


def memory_ratio(cells, name, base, _unit, limit):
    value = median(ratios(cells[name], cells[base], "rss"))
    return value <= limit, f"{value:.2f} times the peak memory of {base} (at most {limit:g})"


def added_time(cells, name, base, unit, limit):
    value = added(cells, name, base, unit)
    return value <= limit, f"adds {UNIT_TEXT[unit].format(value)} to {base} (at most {limit:g})"


def less_added(cells, name, base, unit, limit):
    """Against what another profiler adds to the time of nothing."""
    ours, theirs = (added(cells, who, "nothing", unit) for who in (name, base))
    said = f"adds {UNIT_TEXT[unit].format(ours)}, {base} {UNIT_TEXT[unit].format(theirs)}"
    times = f": {theirs / ours:.1f} times less (at least {limit:g})" if ours > 0 else ""
    return ours <= 0 or ours * limit <= theirs, said + times


def limits(workloads):
    """(number of the issue's list, workload, configuration, rule, compared with, limit)"""
    yield 1, "pair", "caller", added_time, "forward", 5
    yield 1, "churn-1M", "caller", time_ratio, "nothing", 1.10
    yield from ((1, name, "caller", time_ratio, "nothing", 1.05) for name in CRAWLERS)
    yield from ((2, name, "full", time_ratio, "nothing", most) for name, most in FULL_WALL.items())
    for workload in workloads:
        yield 2, workload.name, "full", less_added, "heaptrack raw", 4
        if workload.python:
            yield 2, workload.name, "full", less_added, "heaptrack malloc", 4
    for mode in "caller", "full":
        yield from ((4, name, mode, memory_ratio, "nothing", 1.6) for name in SMALL_CHURN)
        yield from ((4, name, mode, memory_ratio, "nothing", 1.25) for name in CRAWLERS)


def speed_up(one, two):
    """How much more two threads do than one."""
    return 2 * median([sample.ns for sample in one.samples]) / median([sample.ns for sample in two.samples])


def scaling(results, configuration="caller", base="forward", limit=0.95):
    """The line of how two threads scale, beside how they do where calls are only forwarded; none where it was not measured."""
    pairs = [(results.get("pair", {}).get(name), results.get("pair-2", {}).get(name)) for name in (configuration, base)]
    if any(cell is None or cell.trouble for pair in pairs for cell in pair):
        return
    ours, forwarded = (speed_up(one, two) for one, two in pairs)
    yield line(ours >= limit * forwarded, 0, f"{configuration} on pair-2",
               f"two threads do {ours:.2f} times the pairs of one, {base} {forwarded:.2f} (at least {limit:g} of that)")


def line(held, number, about, said):
    return f"{'held  ' if held else 'MISSED'} {number} {about}: {said}"


def judge(workloads, results):
    """Lines "held ..." and "MISSED ..." of the limits whose workload and configurations were asked for."""
    units = {workload.name: workload.unit for workload in workloads}
    for number, name, configuration, rule, base, limit in limits(workloads):
        cells = results.get(name, {})
        needed = ("nothing", configuration, base)
        if any(need not in cells for need in needed):
            continue
        failed = [f"{need}: {cells[need].trouble}" for need in dict.fromkeys(needed) if cells[need].trouble]
        held, said = (False, "; ".join(failed)) if failed else rule(cells, configuration, base, units[name], limit)
        yield line(held, number, f"{configuration} on {name}", said)
    yield from scaling(results)
