# SPDX-License-Identifier: MIT
"""Programs built from Debian's sources (apt-get source) get their share of typed blocks: the bench measures, this asserts."""
import os
import pathlib
import shutil
import subprocess

import pytest
from real_programs import PROGRAMS

BENCH = pathlib.Path(__file__).resolve().parent.parent / "bench"


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_share(build, name):
    if not shutil.which("dpkg-source"):
        pytest.skip("dpkg-dev, which unpacks sources, is not installed")
    sources = os.environ.get("TEST_SOURCES", str(pathlib.Path.home() / ".cache/heapcensus-sources"))
    done = subprocess.run([BENCH / "real", "--build", build, "--sources", sources, "--only", name],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=3600, check=False)
    print(done.stdout)
    if "apt-get" in done.stdout:
        pytest.skip("the sources cannot be had")
    assert done.returncode == 0
