# SPDX-License-Identifier: MIT
"""The session of Scrapy's manual on memory leaks, from dumps of an unmodified crawl: a spider that keeps each response in
the meta of the requests it leads to, beside one that does not.

The site holds its answers back after so many pages, so that the crawl stands still where a dump is taken: what is alive
then is known to the object.
"""
import collections
import json
import pathlib
import re
import signal
import time

import pytest
from census import Census
from pythons import SYSTEM
from server import Server
from shop import CHAINS, Shop
from truth import compare

PROGRAM = pathlib.Path(__file__).with_name("scrapy") / "two_spiders.py"
SHOPS = ("/somenasty/", "/tidy/")
PAGES = 160       # of the leaking spider before each of the two dumps
TIDY_PAGES = 60   # of the other one before the first; it gets none between the two
PRODUCTS = 400    # of each shop
CONCURRENT = 8    # requests of one spider that wait for an answer
HELD_SECONDS = 3
STILL_SECONDS = 0.4
TICK = 0.3        # of the clock of births, rounded up
OBJECTS_OFF = 0.02  # share by which the collector's list of objects may differ from ours

TABLE = re.compile(r"Partition of a set of (\d+) objects?\. Total size = (\d+) bytes\.\n")
ROW = re.compile(r"^( *\d+) ( *\d+) ( *\d+) ( *\d+) ( *\d+) ( *\d+) ( *\d+)(?: (.*))?$")


class Crawl:
    """One crawl. outcome: what a user has of it; dumps: those of the two moments when it stood still, times: between which
    each was taken; truth: what the process itself said after the first of them."""

    def __init__(self, folder, site, preload=None, asks=False):
        folder.mkdir(parents=True)
        self.site, self.dumps, self.times, self.truth = site, [], [], None
        truth = folder / "truth"
        argv = [SYSTEM, "-B", PROGRAM, site.url] + ([truth] if asks else [])
        site.hold(dict(zip(SHOPS, (PAGES, TIDY_PAGES))))
        with Census(argv, preload, folder / "dumps", cwd=folder, stderr=(folder / "log").open("w")) as run:
            self.run = run
            self.at_rest()
            if asks:
                run.signal(number=signal.SIGUSR2)
                run.wait_for(truth.exists, "no word of the process")
                self.truth = json.loads(truth.read_text())
            site.hold(dict(zip(SHOPS, (PAGES, 0))))
            self.at_rest()
            site.hold({})
            status, stdout, _ = run.finish(timeout=120)
        self.outcome = {"status": status, "stdout": stdout, "log": log_of(folder / "log"),
                        "items": sorted((folder / "items.jsonl").read_text().splitlines())}

    def at_rest(self):
        """Waits until the crawl stands still, some time more, and takes a dump."""
        self.run.wait_for(lambda: all(self.site.nr_held(shop) == CONCURRENT for shop in SHOPS), "not all requests came")
        self.run.wait_until_still(STILL_SECONDS)
        time.sleep(HELD_SECONDS)
        if self.run.preloaded:
            before = time.time()
            self.run.signal()
            self.dumps.append(self.run.new_file())
            self.times.append((before, time.time()))


def log_of(path):
    """The records of a log, sorted. Taken out: the clock, measured times, the size of the process, and the statistics'
    count of records, which has those of the other spider for as long as both run."""
    records = re.split(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", path.read_text(), flags=re.M)
    measured = re.compile(r"datetime\.datetime\([^)]*\)|'(?:elapsed_time_seconds|memusage/\w+|log_count/\w+)': [\d.]+")
    return sorted(measured.sub("", record) for record in records if "[scrapy.extensions.logstats]" not in record)


@pytest.fixture(scope="module")
def site():
    server = Server(Shop(PRODUCTS))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def under(site, preload, tmp_path_factory):
    return Crawl(tmp_path_factory.mktemp("under") / "crawl", site, preload, asks=True)


@pytest.fixture
def dump(under):
    return under.dumps[0]


@pytest.fixture
def show(heapcensus, dump):
    """show(expression): what is printed about the first dump."""
    return lambda expression, *options: heapcensus("show", "--wide", *options, dump, expression).stdout


@pytest.fixture
def rows(show):
    """rows(expression): the first page of a table, [(count, size, name)]; its layout is checked."""
    def get(expression, *options):
        lines = show(expression, *options).splitlines()
        head = TABLE.match(lines[0] + "\n")
        assert head and lines[1].startswith(" Index  Count   %     Size   % Cumulative  % ")
        found = []
        cumulative = 0
        for index, line in enumerate(line for line in lines[2:] if not line.startswith("<")):
            fields = ROW.match(line)
            assert fields, line
            numbers = [int(text) for text in fields.groups()[:7]]
            cumulative += numbers[3]
            part = [percent(numbers[1], head[1]), numbers[3], percent(numbers[3], head[2]), cumulative, percent(cumulative, head[2])]
            assert line == "%6d %6d %3d %8d %3d %9d %3d%s" % (
                index, numbers[1], *part, f" {fields[8]}" if fields[8] else "")
            found.append((numbers[1], numbers[3], fields[8]))
        assert found == sorted(found, key=lambda row: -row[1])
        more = re.search(r"<(\d+) more rows\. Type e\.g\. '_\.more' to view\.>$", lines[-1])
        assert bool(more) == (len(found) == 10 and not options)
        assert more or cumulative == int(head[2])
        return found
    return get


def spiders_of(urls):
    """{spider: how many of the URLs are of its part of the site}"""
    return collections.Counter(url.split("/")[3] for url in urls)


def percent(part, whole):
    return int("%.0f" % (part * 100 / int(whole)))


def test_same_output(site, under, tmp_path, preload):
    """A crawl without the preload, one with it and a dump at each stop."""
    plain = Crawl(tmp_path / "plain", site)
    watched = Crawl(tmp_path / "watched", site, preload)
    assert len(watched.dumps) == len(under.dumps) == 2 and not plain.dumps
    assert plain.outcome["status"] == 0
    assert len(plain.outcome["items"]) == 2 * (PRODUCTS + 1)
    assert len(plain.outcome["log"]) > 4 * (PRODUCTS + 1)
    assert any("'item_scraped_count': %d" % (PRODUCTS + 1) in record for record in plain.outcome["log"])
    for name, value in plain.outcome.items():
        assert watched.outcome[name] == value, name


def test_prefs(show, under):
    text = show("prefs()")
    assert text.startswith("Live References\n\n")
    live = {}
    for line in text.splitlines()[2:]:
        name, count, age = re.fullmatch(r"(\S+) +(\d+)   oldest: (\d+)s ago", line).groups()
        assert line == "%-30s %6s   oldest: %ss ago" % (name, count, age)
        live[name] = int(count), int(age)
    truth = under.truth["live"]
    assert {name: count for name, (count, _) in live.items()} == {name: count for name, (count, _) in truth.items()}
    assert list(live) == sorted(live)
    passed = [under.truth["now"] - moment for moment in under.times[0]]  # between the dump and the truth
    for name, (_, age) in live.items():
        assert truth[name][1] - passed[0] - 1 - TICK <= age <= truth[name][1] - passed[1] + TICK
    counts = spiders_of(under.truth["urls"]["HtmlResponse"]), spiders_of(under.truth["urls"]["Request"])
    assert counts[0]["somenasty"] == PAGES and counts[1]["somenasty"] == PAGES + CHAINS
    assert min(live["HtmlResponse"][1], live["Request"][1]) >= HELD_SECONDS
    assert abs(live["HtmlResponse"][1] - live["Request"][1]) <= 1
    assert "Spider" not in show("prefs(ignore='Spider')")


def test_oldest(show, site):
    front = site.url + "somenasty/"
    assert show("get_oldest('HtmlResponse').url") == f"'{front}'\n"
    assert show("r = get_oldest('HtmlResponse'); r.url; r.status; r.meta['depth']") == f"'{front}'\n200\n0\n"


def test_iter_all(show, under):
    for name in "HtmlResponse", "Request":
        assert json.loads(show(f"iter_all('{name}').url", "--json")) == under.truth["urls"][name]


def test_bytype(rows, under, heapcensus):
    table = rows("heap.bytype")
    with open(under.truth["heap"], encoding="ascii") as file:
        classes = compare(heapcensus, under.dumps[0], json.load(file))
    assert {name for _, _, name in table} >= {"str", "dict", "types.CodeType", "tuple", "type", "bytes", "function"}
    for _, _, name in table:
        c = classes[name]
        assert [*c.missing.values(), *c.extra.values()].count(None) <= c.nr() * OBJECTS_OFF, c


def test_byvia(rows, under):
    dicts = rows("x = heap(); x.bytype['dict'].byvia", "--all")
    assert dicts[0][2] == "'.__dict__'"
    for attribute, nr in under.truth["dicts"].items():
        assert nr >= PAGES
        assert sum(count for count, _, name in dicts if f"\"['{attribute}']\"" in name) == nr
    kind = rows("heap.bytype")[0]
    table = rows("heap.bytype[0].byvia")
    assert len(table) == 10 and all(count <= kind[0] and size <= kind[1] for count, size, _ in table)


def test_the_manuals_session(show, site):
    """What Scrapy's manual has its readers type, line by line."""
    trackref = (">>> prefs()\n>>> from scrapy.utils.trackref import get_oldest\n>>> r = get_oldest('HtmlResponse')\n>>> r.url\n"
                ">>> from scrapy.utils.trackref import iter_all\n>>> [r.url for r in iter_all('HtmlResponse')]\n"
                ">>> from scrapy.spiders import Spider\n>>> prefs(ignore=Spider)\n")
    front = f"'{site.url}somenasty/'"
    assert show(trackref) == (show("prefs()") + front + "\n" + show("iter_all('HtmlResponse').url")
                              + show("prefs(ignore='scrapy.spiders.Spider')"))
    guppy = ">>> x = hpy.heap()\n>>> x.bytype\n>>> x.bytype[0].byvia\n>>> _.more\n"
    assert show(guppy) == show("heap.bytype") + show("heap.bytype[0].byvia") + show("heap.bytype[0].byvia.more")


def test_more(show):
    first, second = show("heap.bytype"), show("x = heap.bytype; x.more")
    assert second.startswith(" Index  Count   %     Size   % Cumulative  % Type\n    10 ")
    whole = show("heap.bytype", "--all").splitlines()
    assert first.splitlines()[:12] == whole[:12] and second.splitlines()[1:11] == whole[12:22]


def test_the_leak_is_named(rows):
    """Which attribute holds the responses."""
    via = [(count, name) for count, _, name in rows("bytype['HtmlResponse'].byvia")]
    assert via[0] == (PAGES, "\"['referer']\"")


def test_spiders_are_named(rows, show, under):
    """Each object is the spider's whose part of the site it is of; the tidy one's requests do not say it."""
    for name in "HtmlResponse", "Request":
        scopes = {scope: count for count, _, scope in rows(f"bytype['{name}'].byscope")}
        assert scopes == spiders_of(under.truth["urls"][name])
        for scope in scopes:
            urls = json.loads(show(f"bytype['{name}'].byscope['{scope}'].nodes.url", "--json"))
            assert len(urls) == scopes[scope] and all(f"/{scope}/" in url for url in urls)
    assert scopes["tidy"] >= CHAINS
    assert {name for _, _, name in rows("subclasses('Spider').byscope")} == {"somenasty", "tidy"}
    assert [name for _, _, name in rows("heap.byscope")] == ["<no scope>", "somenasty", "tidy"]


def test_growth(under, heapcensus):
    """The difference of the two dumps: every page that was read meanwhile is there, with what it holds."""
    told = json.loads(heapcensus("diff", "--all", "--json", *under.dumps).stdout)
    grown = {row["name"]: row for row in told["rows"]}
    for name in "scrapy.http.response.html.HtmlResponse", "scrapy.http.request.Request":
        assert grown[name]["new_count"] == PAGES and grown[name]["freed_count"] == 0
    for name in "scrapy.http.response.html.HtmlResponse", "scrapy.http.request.Request", "scrapy.http.headers.Headers", "bytes", \
            "str", "dict", "list":
        assert grown[name]["growth"] > 0, name
    text = heapcensus("diff", "--wide", *under.dumps).stdout.splitlines()
    assert text[1].split()[-2:] == ["Growth", "Type"] or text[2].split()[-2:] == ["Growth", "Type"]
    ranks = {line.split()[-1]: int(line.split()[0]) for line in text if re.match(r" +\d+ ", line)}
    assert ranks["scrapy.http.response.html.HtmlResponse"] < 10 and ranks["scrapy.http.request.Request"] < 10
    assert {"bytes", "str", "dict"} == {name for name, rank in ranks.items() if rank < 3}
