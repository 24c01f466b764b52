# SPDX-License-Identifier: MIT
"""The one table of tests/bench/run: workloads and their measures down, configurations across; as text and as Markdown.

The first configuration's column has its own figures, the others are ratios to it within a round: median (least-greatest).
"""
import statistics

# Of a workload with this unit of time: title, field of the sample, text of the first configuration's own figures.
MEASURES = {
    "ns": [("time of a pair", "ns", lambda v: f"{v:.1f} ns"), ("peak memory", "rss", lambda v: f"{v / 1024:.0f} MB")],
    "s": [("wall", "wall", lambda v: f"{v:.2f} s"), ("CPU", "cpu", lambda v: f"{v:.2f} s"),
          ("peak memory", "rss", lambda v: f"{v / 1024:.0f} MB")],
}
TIME = {"ns": "ns", "s": "wall"}
WIDTH = 20


def paired(cell, other, field):
    """(value, the other's value) of the rounds that both have."""
    others = {sample.round: getattr(sample, field) for sample in other.samples}
    return [(getattr(s, field), others[s.round]) for s in cell.samples if s.round in others]


def ratios(cell, base, field):
    """Of the rounds that both have; none where either failed."""
    if cell.trouble or base.trouble:
        return []
    return [value / own for value, own in paired(cell, base, field) if own]


def spread(values, form):
    """Median (least-greatest); a single value by itself."""
    if len(values) == 1:
        return f"{values[0]:{form}}"
    return f"{statistics.median(values):{form}} ({min(values):{form}}-{max(values):{form}})"


def ratio_text(values, rounds):
    """A ratio of 10 or more needs no second digit; [n]: of fewer rounds than the others."""
    text = spread(values, ".2f" if statistics.median(values) < 10 else ".1f")
    return text + (f" [{len(values)}]" if len(values) < rounds else "")


def own_text(cell, field, form):
    return cell.trouble or form(statistics.median(getattr(s, field) for s in cell.samples))


def rows_of(workload, cells):
    """The table's rows of a workload: [title, measure, cell, ...]"""
    (_, base), *others = cells.items()
    rounds = max((len(cell.samples) for cell in cells.values()), default=0)
    for title, field, form in MEASURES[workload.unit]:
        row = [workload.name, title, own_text(base, field, form)]
        for _, cell in others:
            values = ratios(cell, base, field)
            row.append(cell.trouble or (ratio_text(values, rounds) if values else "-"))
        yield row


def all_rows(workloads, results):
    return (row for workload in workloads if workload.name in results for row in rows_of(workload, results[workload.name]))


def text_line(words):
    return "  ".join([f"{words[0]:<17}", f"{words[1]:<14}", *(f"{word:<{WIDTH}}" for word in words[2:])]).rstrip()


def markdown(names, rows):
    head = ["workload", "measure", *names]
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
