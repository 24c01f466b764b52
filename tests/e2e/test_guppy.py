# SPDX-License-Identifier: MIT
"""The census against Guppy's heap() in the same stopped process, and against Scrapy's own trackref."""
import collections
import json
import pathlib
import subprocess

import pytest
import truth
import truth_via
from pythons import SYSTEM, VERSIONS, find_python
from server import Server
from shop import Shop

FOLDER = pathlib.Path(__file__).parent
PRODUCTS = 240


def stopped(version, argv, preload, folder, guppy, **popen):
    python = SYSTEM if version == "scrapy" else find_python(version)
    if not python:
        pytest.skip(f"no Python {version} on this machine")
    found = truth.guppy_of(python, guppy)
    if not found and version != "scrapy":
        pytest.skip(f"no Guppy for Python {version}: --guppy")
    process = truth.Stopped([python, "-B", *argv], preload, folder, found, **popen)
    process.version = version
    return process


@pytest.fixture(scope="module", params=[*VERSIONS, "scrapy"])
def process(request, preload, tmp_path_factory):
    """A Python of this version with objects of many classes; Scrapy in the middle of a crawl."""
    folder, guppy = tmp_path_factory.mktemp("guppy"), request.config.getoption("--guppy")
    if request.param != "scrapy":
        return stopped(request.param, [FOLDER / "python" / "shapes.py"], preload, folder, guppy)
    site = Server(Shop(PRODUCTS))
    try:
        return stopped("scrapy", [FOLDER / "scrapy" / "stopped.py", site.url], preload, folder, guppy, cwd=folder,
                       stderr=subprocess.DEVNULL)
    finally:
        site.stop()


def test_heap(process, heapcensus):
    """Counts and sizes; against the collector where there is no Guppy."""
    truth.check(truth.compare(heapcensus, process.dump, process.views.get("guppy") or process.views["gc"]))


def test_byvia(process, heapcensus):
    """What holds dicts, lists, tuples and text, as Guppy says."""
    if "guppy" not in process.views:
        pytest.skip("no Guppy: --guppy")
    truth_via.check([truth_via.Kind(heapcensus, process.dump, name, rows)
                     for name, rows in process.views["guppy"]["via"].items()])


def test_saved(process, update):
    """What test_python_census.py compares with where there is no Guppy is what Guppy says; --update writes it."""
    if "guppy" not in process.views or "trackref" in process.views:
        pytest.skip("no Guppy, or Scrapy")
    view = process.views["guppy"]
    kinds = collections.Counter(view["kinds"][kind] for kind in view["objects"][1::truth.FIELDS])
    text = "".join(f"{count:6} {name}\n" for name, count in sorted(kinds.items()) if name.startswith("__main__."))
    saved = truth.saved_guppy(process.version)
    if update:
        saved.write_text(text)
    assert saved.read_text() == text


def test_trackref(process, heapcensus):
    """Classes, counts and ages of Scrapy's own live references."""
    if "trackref" not in process.views:
        pytest.skip("not Scrapy")
    end = json.loads(heapcensus("info", "--json", process.dump).stdout)["process"]["dump_realtime_ns"] / 1e9
    told = {row["name"]: row for row in json.loads(heapcensus("live", "--json", process.dump).stdout)}
    expected = process.views["trackref"]
    assert {"Request", "HtmlResponse", "TidySpider"} <= set(expected)
    assert {name: told.get(name, {"count": 0})["count"] for name in expected} == {name: live[0] for name, live in expected.items()}
    ages = {name: end - since for name, (_, since) in expected.items()}
    assert max(ages.values()) > 3
    assert {name: age for name, age in ages.items() if abs(told[name]["oldest_seconds"] - age) > 1} == {}
