# SPDX-License-Identifier: MIT
"""Unmodified crawlers over a generated site, with and without the preload: nothing that they do may differ."""
import shutil
import sys

import pytest
from crawlers import CRAWLERS
from server import Server
from site_pages import Site


@pytest.fixture(scope="module")
def site(request):
    server = Server(Site(request.config.getoption("--pages")))
    yield server
    server.stop()


@pytest.fixture(params=CRAWLERS, ids=lambda crawler: crawler.name)
def crawler(request):
    return request.param


def same(a, b):
    assert a.status == b.status
    assert a.stdout == b.stdout
    assert a.stderr == b.stderr
    assert a.tree.keys() == b.tree.keys()
    assert [name for name in a.tree if a.tree[name] != b.tree[name]] == []


def test_same_without(crawler, site, tmp_path):
    plain = crawler.run(site.url, tmp_path / "plain")
    again = crawler.run(site.url, tmp_path / "again")
    same(plain, again)
