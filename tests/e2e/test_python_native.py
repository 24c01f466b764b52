# SPDX-License-Identifier: MIT
"""Native memory behind Python objects: libxml2's documents behind lxml's proxies, streams of zlib, connections of OpenSSL."""
import json
import pathlib
import subprocess

import pytest
from census import Census
from pythons import SYSTEM
from tables import counts

SCRIPT = pathlib.Path(__file__).with_name("python") / "documents.py"


@pytest.fixture(scope="module")
def documents(preload, tmp_path_factory):
    """{type: number} as python/documents.py told it, and the dump."""
    if subprocess.run([SYSTEM, "-c", "import lxml"], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("no lxml for the system's Python")
    env = {"HEAPCENSUS_STACKS": "full"}
    with Census([SYSTEM, "-B", SCRIPT], preload, tmp_path_factory.mktemp("documents"), env=env) as run:
        line = run.process.stdout.readline()
        assert line, run.rest_of_stderr()
        run.wait_until_blocked()
        path = run.last_dump()
    return json.loads(line), path


def test_numbers(documents, heapcensus):
    told, path = documents
    census = counts(heapcensus, path, "heap.bytype")
    assert {name: census.get(name, 0) for name in told} == told


def test_proxies(documents, heapcensus):
    """Each document hangs by its proxy, and every node of it by the document."""
    told, path = documents
    via = counts(heapcensus, path, "heap.bytype['xmlDoc'].byvia")
    assert sum(count for name, count in via.items() if "'._c_doc'" in name) == told["xmlDoc"]
    for name in ("xmlDoc", "xmlNode", "xmlAttr"):
        assert counts(heapcensus, path, f"heap.bytype['{name}'].byreach") == {"reachable": told[name]}
    streams = counts(heapcensus, path, "heap.bytype['<deflateInit2_>'].byrcs")
    assert sum(count for name, count in streams.items() if "zlib.Compress" in name) == told["zlib.Compress"]
