# SPDX-License-Identifier: MIT
"""Objects of every class of C code that is easily come by: each is in the census, as what it is and as large as it is."""
import csv
import io
import json
import pathlib

import pytest
from census import Census
from pythons import VERSIONS, find_python

SCRIPT = pathlib.Path(__file__).with_name("python") / "kinds.py"


@pytest.fixture(scope="module", params=VERSIONS)
def kinds(request, preload, tmp_path_factory):
    """[(class, address, least size, most)] as python/kinds.py told it, and the dump."""
    python = find_python(request.param)
    if not python:
        pytest.skip(f"no Python {request.param} on this machine")
    with Census([python, "-B", "-W", "ignore", SCRIPT], preload, tmp_path_factory.mktemp("kinds")) as run:
        line = run.process.stdout.readline()
        assert line, run.rest_of_stderr()
        run.wait_until_blocked()
        run.signal()
        path = run.new_file()
        run.say()
        assert run.finish()[0] == 0
    return json.loads(line), path


def test_kinds(kinds, heapcensus):
    told, path = kinds
    assert len(told) > 500 and len({row[0] for row in told}) > 150
    assert sum(least != most for _, _, least, most in told) < 60
    census = {}
    for row in csv.DictReader(io.StringIO(heapcensus("show", "--csv", path, "heap.by(type & id)").stdout)):
        kind, _, address = row["name"].rpartition(" & ")
        census[int(address, 16)] = kind, int(row["size"])
    wrong = []
    for kind, address, least, most in told:
        found = census.get(address, (None, 0))
        if found[0] != kind or not least <= found[1] <= most:
            wrong.append((kind, least, most, *found))
    assert not wrong
