# SPDX-License-Identifier: MIT
"""The bench does not rot: a tiny run of it gives a table, samples and a page; its arithmetic is right on runs that were made up."""
import json
import pathlib
import re
import subprocess

import pytest
from matrix import Cell, Sample, plan_rounds
from page import BEGIN, END
from table import rows_of
from tools import CONFIGURATIONS
from verdicts import judge
from workloads import WORKLOADS

RUN = pathlib.Path(__file__).resolve().parent.parent / "bench/run"
OURS = ("off", "caller", "full", "sample")
BY_NAME = {workload.name: workload for workload in WORKLOADS}


def bench(build, *words):
    done = subprocess.run([RUN, "--build", build, *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    return path


def test_run(build, tmp_path, page):
    samples = tmp_path / "samples.json"
    tiny = ("--only", "churn-1k,perl", "--shrink", 400, "--rounds", 2, "--markdown", page)
    printed = bench(build, *tiny, "--json", samples)
    written = page.read_text()
    assert written.startswith("before\n") and written.endswith("\nafter\n") and "\nold\n" not in written
    results = json.loads(samples.read_text())["results"]
    for workload in "churn-1k", "perl":
        assert list(results[workload]) == [c.name for c in CONFIGURATIONS]
        assert all(results[workload][name]["trouble"] == "" for name in ("nothing", "forward", *OURS))
        assert all(len(results[workload][name]["samples"]) == 2 for name in ("nothing", *OURS))
        assert all(cell["samples"] or cell["trouble"] for cell in results[workload].values())
        assert re.search(rf"^{workload} +\S.*\d\.\d\d \(\d", printed, re.M)
        assert re.search(rf"^\| {workload} \| .*\| \d", written, re.M)
    bench(build, *tiny, "--from", samples)
    assert page.read_text() == written


def test_verify(build):
    printed = bench(build, "--verify", "--only", "depth-20,perl", "--shrink", 100)
    assert re.search(r"^held   3 verify on depth-20: \d{4,} compared, 0 differ$", printed, re.M)
    assert re.search(r"^held   3 verify on perl: \d{3,} compared, 0 differ$", printed, re.M)


def cell(*times, rss=1000, trouble=""):
    return Cell([Sample(i, wall=t, cpu=t, rss=rss, ns=t) for i, t in enumerate(times)], trouble)


def test_ratios_within_a_round():
    cells = {"nothing": cell(1.0, 2.0, 4.0), "full": cell(2.0, 3.0, 4.0, rss=1500), "late": cell(3.0),
             "dead": cell(trouble="signal 11")}
    wall, _, memory = rows_of(BY_NAME["perl"], cells)
    assert wall[2:] == ["2.00 s", "1.50 (1.00-2.00)", "3.00 [1]", "signal 11"]
    assert memory[3] == "1.50 (1.50-1.50)" and memory[4] == "1.00 [1]"


def test_rounds_are_cut_where_they_are_dear():
    assert plan_rounds({"nothing": 1, "a": 1, "b": 10}, 5, 1000) == {"nothing": 5, "a": 5, "b": 5}
    assert plan_rounds({"nothing": 1, "a": 1, "b": 10}, 5, 30) == {"nothing": 5, "a": 5, "b": 2}
    assert plan_rounds({"nothing": 1, "a": 1, "b": 10}, 5, 2) == {"nothing": 1, "a": 1, "b": 1}


@pytest.mark.parametrize("full, said", [
    (1.2, "held   2 full on perl: adds +0.200 s, heaptrack raw +1.000 s: 5.0 times less (at least 4)"),
    (1.5, "MISSED 2 full on perl: adds +0.500 s, heaptrack raw +1.000 s: 2.0 times less (at least 4)"),
    (0.9, "held   2 full on perl: adds -0.100 s, heaptrack raw +1.000 s"),
])
def test_verdicts(full, said):
    cells = {"nothing": cell(1.0, 1.0), "full": cell(full, full), "heaptrack raw": cell(2.0, 2.0)}
    assert said in list(judge(WORKLOADS, {"perl": cells}))


def test_verdict_where_nobody_adds():
    cells = {"nothing": cell(1.0), "full": cell(0.98), "heaptrack raw": cell(0.99)}
    assert "held   2 full on perl: adds -0.020 s, heaptrack raw -0.010 s" in list(judge(WORKLOADS, {"perl": cells}))


def test_scaling():
    results = {"pair": {"forward": cell(10.0), "caller": cell(12.0)}, "pair-2": {"forward": cell(10.0), "caller": cell(15.0)}}
    assert list(judge(WORKLOADS, results)) == [
        "MISSED 0 caller on pair-2: two threads do 1.60 times the pairs of one, forward 2.00 (at least 0.95 of that)"]


def test_verdict_of_what_failed():
    cells = {"nothing": cell(1.0), "caller": cell(1.0, trouble="signal 11")}
    assert "MISSED 1 caller on htdig: caller: signal 11" in list(judge(WORKLOADS, {"htdig": cells}))
