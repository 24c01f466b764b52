# SPDX-License-Identifier: MIT
"""The session of Scrapy's manual on memory leaks, from dumps of an unmodified crawl: a spider that keeps each response in
the meta of the requests it leads to, beside one that does not."""
import json
import pathlib
import re

import pytest
from census import Census
from pythons import SYSTEM
from server import Server
from site_pages import Site

PROGRAM = pathlib.Path(__file__).with_name("scrapy") / "two_spiders.py"
PAGES = 300


def crawl(preload, folder, site):
    """(items, status, stdout, stderr), and the dumps at one and two thirds."""
    where = folder / "crawl"
    where.mkdir(parents=True)
    with Census([SYSTEM, "-B", PROGRAM, site.url], preload, folder / "dumps", cwd=where) as run:
        if preload:
            site.at(PAGES // 2, run.signal)
            site.at(PAGES, lambda: run.new_file() and run.signal())
        outcome = run.finish(timeout=120)
        items = sorted((where / "items.jsonl").read_text().splitlines())
        return (items, *outcome), run.files()


@pytest.fixture(scope="module")
def crawls(preload, tmp_path_factory):
    site = Server(Site(PAGES))
    plain, _ = crawl(None, tmp_path_factory.mktemp("plain"), site)
    under, dumps = crawl(preload, tmp_path_factory.mktemp("under"), site)
    site.stop()
    assert len(dumps) == 2
    return plain, under, dumps


@pytest.fixture
def dump(crawls):
    return crawls[2][0]


def show(heapcensus, dump, expression):
    return heapcensus("show", "--wide", dump, expression).stdout


def test_same(crawls):
    plain, under, _ = crawls
    assert len(plain[0]) > 2 * PAGES
    assert plain == under


def test_prefs(dump, heapcensus):
    text = show(heapcensus, dump, "prefs()")
    assert text.startswith("Live References\n\n")
    live = {name: (int(count), int(age)) for name, count, age in re.findall(r"^(\S+) +(\d+)   oldest: (\d+)s ago$", text, re.M)}
    assert live["SomenastySpider"][0] == live["TidySpider"][0] == 1
    assert live["HtmlResponse"][0] > 20
    assert abs(live["HtmlResponse"][1] - live["Request"][1]) <= 2
    assert "Spider" not in show(heapcensus, dump, "prefs(ignore='Spider')")


def test_oldest(dump, heapcensus):
    assert re.fullmatch(r"'http://127\.0\.0\.1:\d+/\S*'\n", show(heapcensus, dump, "get_oldest('HtmlResponse').url"))
    urls = re.findall(r"'http://127\.0\.0\.1:\d+/[^']*'", show(heapcensus, dump, "iter_all('HtmlResponse').url"))
    told = json.loads(heapcensus("iter", "--json", dump, "HtmlResponse").stdout)
    assert len(urls) == len(told) > 20


def test_tables(dump, heapcensus):
    text = show(heapcensus, dump, "heap.bytype")
    assert re.search(r"^ +\d+ +\d+ +\d+ +\d+ +\d+ +\d+ +\d+ dict$", text, re.M)
    assert re.search(r"^ +\d+ .* str$", text, re.M)
    via = show(heapcensus, dump, "heap.bytype['dict'].byvia")
    assert "'.__dict__'" in via


def test_leak_is_named(dump, heapcensus):
    text = show(heapcensus, dump, "heap.bytype['HtmlResponse'].byvia")
    assert "\"['referer']\"" in text
    scopes = show(heapcensus, dump, "heap.bytype['HtmlResponse'].byscope")
    assert "somenasty" in scopes.splitlines()[2]


def test_growth(crawls, heapcensus):
    told = json.loads(heapcensus("diff", "--all", "--json", *crawls[2]).stdout)
    growth = {row["name"].rpartition(".")[2]: row["growth"] for row in told["rows"]}
    # Requests still to come grow fewer towards the end of the crawl; the leaked responses only ever grow more.
    assert growth["HtmlResponse"] > 0
