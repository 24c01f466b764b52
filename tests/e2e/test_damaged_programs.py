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


def overlapping(nr):
    """A unit whose namespaces each have the rest of the unit for children, and for siblings as well: 2^nr ways through."""
    lines = ['.section .debug_abbrev,"",@progbits',
             ".byte 1, 0x11, 1, 0x13, 0x0b, 0x11, 1, 0x12, 7, 0, 0",  # compile unit with children: language, low and high pc
             ".byte 2, 0x39, 1, 1, 0x13, 0, 0, 0",  # namespace with children: sibling
             '.section .debug_info,"",@progbits', "start:", ".long end - begin", "begin:", ".short 4", ".long 0", ".byte 8",
             ".byte 1, 4", ".quad main", ".quad 4096"]
    for i in range(nr):
        lines += [f"die{i}:", ".byte 2", f".long die{i + 1} - start"]
    return "\n".join([*lines, f"die{nr}:", *[".byte 0"] * (nr + 2), "end:",
                      '.section .note.GNU-stack,"",@progbits']) + "\n"


def test_overlapping(build, preload, tmp_path):
    """Walks end, though there are more ways through the unit than anybody can go."""
    unit, program = tmp_path / "unit.s", tmp_path / "pieces"
    unit.write_text(overlapping(60))
    subprocess.run(["gcc", "-O2", *(corpus.FOLDER / name for name in corpus.PROGRAMS["pieces"]), unit, "-o", program],
                   check=True, timeout=120)
    truth = corpus.Truth(program, preload, tmp_path, "full")
    done = subprocess.run([build / "analyzer/heapcensus", "show", truth.dump], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "main" in done.stdout
