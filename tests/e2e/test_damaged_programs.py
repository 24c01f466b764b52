# SPDX-License-Identifier: MIT
"""Debug information that is damaged: no crash, no hang, and nothing that the next dump would believe."""
import os
import subprocess

import corpus
import pytest

PROGRAMS = (("pieces", "gcc -O2 -gdwarf-5"), ("modules", "gcc -O2 -gdwarf-4 -fdebug-types-section"), ("modules", "clang -O2 -gdwarf-5"))
INPUTS = "random:400:1"


@pytest.mark.parametrize("name, variant", PROGRAMS)
def test_damaged(build, preload, tmp_path, name, variant):
    """400 ways, the same every time (tests/fuzz/fuzz_debug.c)."""
    program = corpus.Builder(tmp_path).build(name, variant)
    truth = corpus.Truth(program, preload, tmp_path, "full")
    done = subprocess.run([build / "tests/fuzz/replay_debug", INPUTS], env={**os.environ, "DEBUG_DUMP": str(truth.dump)},
                          capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "400 inputs\n", "")
