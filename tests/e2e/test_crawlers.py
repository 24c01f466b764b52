# SPDX-License-Identifier: MIT
"""Unmodified crawlers over a generated site, with and without the preload: nothing that they do may differ, and two dumps
that a signal takes while they crawl say what they hold."""
import collections
import json
import os
import re
import signal
import time

import pytest
from crawlers import CRAWLERS, by_name
from server import Server
from site_pages import Site

DUMP_SECONDS = 60

# What a dump in the middle of a crawl must show: types (patterns), each with at least so many objects.
TYPES = {
    "httrack": [(r"<back_new>", 1), (r"<hts_create_opt>", 1), (r"text", 300)],
    "wget2": [(r"<wget_malloc>", 300), (r"text", 300)],
    "htdig": [(r"class@htdig\+0x[0-9a-f]+", 60), (r"String", 150), (r"ParsedString", 1), (r"char\[\]", 100),
              (r"Dictionary\.\+0x8\[\*\]|StringList\.\+0x8", 20)],
    "wget": [(r"<wget\+0x[0-9a-f]+>", 150), (r"text", 300)],
    "scrapy": [(r"types\.CodeType", 300), (r"scrapy\.http\.headers\.Headers", 1), (r"dict", 300)],
}
# Share of blocks that have a type, not only a label.
TYPED = {"htdig": 0.75}
# A type, and what the text that its objects hold must contain.
TEXTS = {"httrack": ("text", "/p/0"), "wget2": ("text", "/p/0"), "htdig": ("String", "http://"), "wget": ("text", "/p/0"),
         "scrapy": ("scrapy.http.request.Request", "/p/0")}
# Threads of wget2 may be running, not waiting, when the dump is taken: the dump says that it lacks their registers.
MAY_LACK = {"wget2": {"threads_running"}}


@pytest.fixture(scope="module")
def site(request):
    server = Server(Site(request.config.getoption("--pages")))
    yield server
    server.stop()


def wait_for(folder, count):
    """The finished dumps of a folder, once there are that many."""
    end = time.monotonic() + DUMP_SECONDS
    while time.monotonic() < end:
        dumps = sorted(folder.glob("*.hc"))
        if len(dumps) >= count:
            return dumps
        time.sleep(0.02)
    pytest.fail(f"{len(dumps)} of {count} dumps after {DUMP_SECONDS} s; log: "
                + "".join(log.read_text() for log in folder.glob("*.log")))


class Census:
    """One crawler: a crawl without the preload, one with it, the two dumps that were taken in the middle of that."""

    def __init__(self, crawler, site, preload, where):
        self.crawler = crawler
        self.plain = crawler.run(site.url, where / "plain")
        self.folder = where / "dumps"
        self.folder.mkdir()
        # wget has a handler of its own for SIGUSR1: test_wget_keeps_its_signal.
        environment = {"LD_PRELOAD": str(preload), "HEAPCENSUS_DIR": str(self.folder), "HEAPCENSUS_SIGNAL": "USR2"}
        pages = site.site.pages

        def started(pid):
            self.pid = pid
            site.at(pages // 3, lambda: os.kill(pid, signal.SIGUSR2))
            site.at(2 * pages // 3, lambda: wait_for(self.folder, 1) and os.kill(pid, signal.SIGUSR2))

        self.under = crawler.run(site.url, where / "under", environment, started=started)
        self.dumps = wait_for(self.folder, 2)


@pytest.fixture(scope="module", params=CRAWLERS, ids=lambda crawler: crawler.name)
def census(request, site, preload, tmp_path_factory):
    return Census(request.param, site, preload, tmp_path_factory.mktemp(request.param.name))


def partition(text):
    """Guppy's table: (objects, bytes, rows as (count, size, name))."""
    head = re.match(r"Partition of a set of (\d+) objects?\. Total size = (\d+) bytes\.\n", text)
    assert head, text
    rows = re.findall(r"^ *\d+ +(\d+) +\d+ +(\d+) +\d+ +\d+ +\d+(?: (.*))?$", text, re.M)
    return int(head[1]), int(head[2]), [(int(count), int(size), name) for count, size, name in rows]


def test_same(census):
    a, b = census.plain, census.under
    assert a.status == b.status
    assert a.stdout == b.stdout
    assert a.stderr == b.stderr
    assert a.tree.keys() == b.tree.keys()
    assert [name for name in a.tree if a.tree[name] != b.tree[name]] == []


def test_two_dumps_and_no_complaint(census):
    names = [dump.name for dump in census.dumps]
    executable = "python3.11" if census.crawler.name == "scrapy" else census.crawler.name
    assert names == [f"{executable}.{census.pid}.{n}.hc" for n in (1, 2)]
    assert [path.name for path in census.folder.iterdir() if path not in census.dumps] == []


def test_info(census, heapcensus):
    for number, dump in enumerate(census.dumps, 1):
        told = json.loads(heapcensus("info", "--json", dump).stdout)
        assert told["process"]["pid"] == census.pid
        assert told["process"]["dump_number"] == number
        assert told["process"]["reason"] == "signal"
        assert told["losses"].keys() <= MAY_LACK.get(census.crawler.name, set())
        for share in told["kinds"], told["provenances"]:
            assert sum(row["count"] for row in share.values()) == told["blocks"] > 1000
            assert sum(row["bytes"] for row in share.values()) == told["bytes"]
        assert told["provenances"]["none"]["count"] == 0
        assert (told["provenances"]["vtable-shape"]["count"] > 0) == (census.crawler.name == "htdig")
        labelled = sum(told["provenances"][name]["count"] for name in ("held", "site"))
        assert told["blocks"] - labelled >= TYPED.get(census.crawler.name, 0) * told["blocks"]


def test_bytype(census, heapcensus):
    for dump in census.dumps:
        objects, size, rows = partition(heapcensus("show", "--all", "--wide", dump).stdout)
        assert objects == sum(row[0] for row in rows)
        assert size == sum(row[1] for row in rows)
        assert [row[1] for row in rows] == sorted((row[1] for row in rows), reverse=True)
        for pattern, least in TYPES[census.crawler.name]:
            found = [row[0] for row in rows if re.fullmatch(pattern, row[2])]
            assert found and max(found) >= least, (pattern, rows)


def test_byvia(census, heapcensus):
    dump = census.dumps[0]
    whole = partition(heapcensus("show", "--wide", dump).stdout)
    via = partition(heapcensus("show", "--all", "--wide", dump, "heap.byvia").stdout)
    assert via[:2] == whole[:2]
    names = " ".join(row[2] for row in via[2])
    for relation in r"'\.\+0x0'", r"'::", r"'<stack ":
        assert re.search(relation, names), relation
    objects, size, rows = partition(heapcensus("show", "--all", "--wide", dump, "heap.bytype[0].byvia").stdout)
    assert (objects, size) == whole[2][0][:2]
    assert sum(row[0] for row in rows) == objects


def test_live(census, heapcensus):
    lines = heapcensus("live", "--all", census.dumps[1]).stdout.split("\n")
    assert lines[:2] == ["Live References", ""]
    rows = [re.fullmatch(r"(\S.*?) +(\d+)   oldest: (\d+)s ago", line) for line in lines[2:] if line]
    assert all(rows) and len(rows) > 5
    live = {row[1]: int(row[2]) for row in rows}
    types = partition(heapcensus("show", "--all", "--wide", census.dumps[1]).stdout)[2]
    counts = collections.Counter()
    for count, _, name in types:    # two classes of one name are one here
        counts[name] += count
    assert live == counts


def test_objects_have_their_text(census, heapcensus):
    name, text = TEXTS[census.crawler.name]
    listed = json.loads(heapcensus("iter", "--json", census.dumps[1], name).stdout)
    assert text in json.dumps(listed)
    oldest = heapcensus("oldest", census.dumps[1], name).stdout
    assert re.search(r"^0x[0-9a-f]+ +\d+ +\d+ +\d+s +" + re.escape(name), oldest, re.M)


def test_diff(census, heapcensus):
    a, b = (partition(heapcensus("show", "--own", "--all", "--wide", dump).stdout) for dump in census.dumps)
    told = json.loads(heapcensus("diff", "--own", "--all", "--json", *census.dumps).stdout)
    assert told["same_process"]
    assert told["freed_count"] + told["survived_count"] == a[0]
    assert told["new_count"] + told["survived_count"] == b[0]
    assert told["growth"] == b[1] - a[1]
    assert told["new_count"] > 20 and told["survived_count"] > 500
    text = heapcensus("diff", "--own", "--guppy", *census.dumps).stdout
    match = re.search(r"^  A +(\d+) +(\d+)\n  B +(\d+) +(\d+)\n", text, re.M)
    assert match and [(int(match[1]), int(match[2])), (int(match[3]), int(match[4]))] == [b[:2], a[:2]]


def test_diff_of_objects(census, heapcensus):
    """What is a part in one dump and an object in the other counts as an object in both."""
    a, b = (partition(heapcensus("show", "--all", "--wide", dump).stdout) for dump in census.dumps)
    told = json.loads(heapcensus("diff", "--all", "--json", *census.dumps).stdout)
    assert a[0] <= told["freed_count"] + told["survived_count"] <= a[0] * 1.01 + 10
    assert b[0] <= told["new_count"] + told["survived_count"] <= b[0] * 1.01 + 10
    assert told["growth"] == b[1] - a[1]


def test_wget_keeps_its_signal(site, preload, tmp_path):
    """wget turns its output to a file on SIGUSR1: it still does, and we dump as well."""
    folder = tmp_path / "dumps"
    folder.mkdir()
    outcomes = []
    for name, environment in ("plain", {}), ("under", {"LD_PRELOAD": str(preload), "HEAPCENSUS_DIR": str(folder)}):
        outcomes.append(by_name("wget").run(
            site.url, tmp_path / name, environment,
            started=lambda pid: site.at(site.site.pages // 2, lambda: os.kill(pid, signal.SIGUSR1))))
    plain, under = outcomes
    assert under.status == plain.status
    assert "wget-log" in plain.tree
    assert under.tree == plain.tree
    assert under.stderr == plain.stderr
    assert len(wait_for(folder, 1)) == 1
