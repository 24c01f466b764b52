# SPDX-License-Identifier: MIT
"""The measurements of growth run, and know a pass that is worse than n log n."""
import runpy
import subprocess
import sys

from conftest import SOURCE

GROWTH = SOURCE / "tests/bench/growth"


def test_measures(build, tmp_path):
    done = subprocess.run([sys.executable, GROWTH, "--build", build, "--heaps", "crafted", "--sizes", "2000,4000", "--commands",
                           "bytype,byvia", "--output", tmp_path / "out"], stdout=subprocess.PIPE, text=True, timeout=120,
                          check=False)
    rows = [line.split("\t") for line in (tmp_path / "out/growth.tsv").read_text().splitlines()[1:]]
    assert done.returncode == 0, done.stdout
    assert {(row[1], row[2]) for row in rows} == {(c, n) for c in ("bytype", "byvia") for n in ("2000", "4000")}
    assert {"all", "blocks", "contents", "recognisers"} <= {row[3] for row in rows}


def test_verdict(capsys):
    """n^1.5 is found, n log n is not."""
    growth = runpy.run_path(str(GROWTH))
    judge, row = growth["Growth"].__new__(growth["Growth"]), growth["Row"]
    judge.rows = [row("h", "c", n, name, seconds, seconds, 1.0)
                  for name, costs in {"linear": (1.0, 10.0), "log": (1.0, 12.0), "worse": (1.0, 31.6), "small": (0.001, 0.1)}.items()
                  for n, seconds in zip((100_000, 1_000_000), costs)]
    assert judge.verdict(*growth["DECADE"]) == 1
    assert "pass 'worse'" in capsys.readouterr().out
