# SPDX-License-Identifier: MIT
"""However many threads work, the same comes out, to the byte; also which of several errors."""
import subprocess

import hcformat as f
import pytest

BLOCKS = 150000  # several pieces for each thread, in every pass that has some
QUERY = "heap.bytype.all; heap.byvia; heap.byrcs; heap.bysite; heap.byreach"
THREADS = (1, 2, 5)


@pytest.fixture(scope="module")
def big(build, tmp_path_factory):
    path = tmp_path_factory.mktemp("big") / "big.hc"
    subprocess.run([build / "tests/dumps/big", path, str(BLOCKS)], check=True, timeout=60)
    return path


def answers(heapcensus, *arguments):
    done = [heapcensus(*arguments, "--threads", nr, check=False) for nr in THREADS]
    assert len({(d.returncode, d.stdout, d.stderr) for d in done}) == 1
    return done[0]


def test_same_answers(heapcensus, big):
    shown = answers(heapcensus, "show", big, QUERY)
    assert shown.returncode == 0 and shown.stdout.startswith("Partition of a set of 150000 objects.")
    assert answers(heapcensus, "info", big).returncode == 0


def test_first_error(heapcensus, big, tmp_path):
    data = bytearray(big.read_bytes())
    damaged = [c for c, _ in f.chunks(bytes(data)) if c.id == "BMEM"][1:4]
    for chunk in damaged:
        data[chunk.offset + 56 + chunk.stored_len // 2] ^= 1
    path = tmp_path / "damaged.hc"
    path.write_bytes(data)
    for _ in range(5):
        shown = answers(heapcensus, "show", path)
        assert shown.returncode == 1
        assert shown.stderr == f"heapcensus: {path}: offset {damaged[0].offset:#x}: section BMEM part 1: damaged (checksum)\n"


def test_number_of_threads(heapcensus, big):
    for wrong in ("0", "-1", "two", "2x", ""):
        assert heapcensus("show", big, "--threads", wrong, check=False).returncode == 2
