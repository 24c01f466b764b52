# SPDX-License-Identifier: MIT
"""Objects of every class of C code that is easily come by: each is in the census, as what it is and as large as it is."""
import collections
import csv
import io
import json
import pathlib

import pytest
from census import Census
from pythons import VERSIONS, find_python

FOLDER = pathlib.Path(__file__).with_name("python")
HEADERS = (0, 16, 32)		# in front of an object in its block
REUSED = 4			# places of a class that what the script does at its end may use again


def take(version, script, preload, folder, allocator=None):
    """What the script told in its line of JSON, and the dump."""
    python = find_python(version)
    if not python:
        pytest.skip(f"no Python {version} on this machine")
    env = {"PYTHONMALLOC": allocator} if allocator else {}
    with Census([python, "-B", "-W", "ignore", FOLDER / script], preload, folder, env=env) as run:
        line = run.process.stdout.readline()
        assert line, run.rest_of_stderr()
        run.wait_until_blocked()
        path = run.last_dump()
    return json.loads(line), path


def read_census(heapcensus, path):
    """{address: (class, size)}"""
    census = {}
    for row in csv.DictReader(io.StringIO(heapcensus("show", "--csv", path, "heap.by(type & id)").stdout)):
        kind, _, address = row["name"].rpartition(" & ")
        census[int(address, 16)] = kind, int(row["size"])
    return census


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("allocator", [None, "malloc", "debug"])
def test_kinds(allocator, version, preload, heapcensus, tmp_path):
    told, path = take(version, "kinds.py", preload, tmp_path, allocator)
    census = read_census(heapcensus, path)
    assert len(told) > 500 and len({row[0] for row in told}) > 150
    assert sum(least != most for _, _, least, most in told) < 60
    wrong = []
    for kind, address, least, most in told:
        found = census.get(address, (None, 0))
        if found[0] != kind or not least <= found[1] <= most:
            wrong.append((kind, least, most, *found))
    assert not wrong


@pytest.mark.parametrize("version", VERSIONS)
def test_freed(version, preload, heapcensus, tmp_path):
    """What CPython keeps for the next object of a class is in no set."""
    told, path = take(version, "freed.py", preload, tmp_path)
    census = read_census(heapcensus, path)
    assert len(told) > 800
    again = collections.Counter(kind for kind, address in told if census.get(address, (None,))[0] == kind)
    assert all(again[kind] <= REUSED for kind in again), again
    unknown = [(kind, census[address - head]) for kind, address in told for head in HEADERS
               if address - head in census and census[address - head][0].startswith("<")]
    assert not unknown
