# SPDX-License-Identifier: MIT
"""What a run of the bench leaves: the raw samples in a file, and the part of a page between two marks."""
import dataclasses
import json

from matrix import Cell, Sample
from table import all_rows, markdown

BEGIN, END = "<!-- bench: begin (tests/bench/run --markdown writes this part) -->", "<!-- bench: end -->"


@dataclasses.dataclass
class Kept:
    """facts: {title: text}; results: {workload: {configuration: Cell}}; parts: lines of what is beside the table."""

    facts: dict
    results: dict = dataclasses.field(default_factory=dict)
    parts: list = dataclasses.field(default_factory=list)

    def save(self, path):
        path.write_text(json.dumps(dataclasses.asdict(self), indent=1))

    @classmethod
    def load(cls, path):
        kept = cls(**json.loads(path.read_text()))
        kept.results = {workload: {name: Cell([Sample(**sample) for sample in cell["samples"]], cell["trouble"])
                                   for name, cell in cells.items()} for workload, cells in kept.results.items()}
        return kept


def items(pairs):
    return "".join(f"- **{title}**: {text}\n" for title, text in pairs)


def page_part(kept, workloads, configurations, verdicts):
    """Facts, table, legends and verdicts, in Markdown."""
    measured = [workload for workload in workloads if workload.name in kept.results]
    names = list(dict.fromkeys(name for cells in kept.results.values() for name in cells))
    return "\n".join([
        items(kept.facts.items()),
        markdown(names, all_rows(measured, kept.results)),
        "Configurations:\n", items((c.name, c.summary) for c in configurations if c.name in names),
        "Workloads:\n", items((workload.name, workload.summary) for workload in measured),
        "What must hold (by the number in the list above; 0: else):\n",
        "".join(f"- {line}\n" for line in [*verdicts, *kept.parts])])


def has_part(path):
    text = path.read_text()
    return BEGIN in text and END in text


def replace_part(path, part):
    text = path.read_text()
    before, after = text.index(BEGIN) + len(BEGIN), text.index(END)
    path.write_text(f"{text[:before]}\n\n{part}\n{text[after:]}")
