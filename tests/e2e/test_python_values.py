# SPDX-License-Identifier: MIT
"""What the expressions say of a Python program's objects, on every version of CPython that the machine has."""
import ast
import json
import pathlib

import pytest

from census import Census
from pythons import find_python
from tables import counts

PROGRAM = pathlib.Path(__file__).with_name("python_values.py")
VERSIONS = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]


class Python:
    """The truth that a program said, and show and live on its dump."""

    def __init__(self, executable, preload, folder, heapcensus):
        with Census([executable, PROGRAM], preload, folder) as run:
            self.truth = json.loads(run.process.stdout.readline())
            run.signal()
            self.path = run.new_file()
            run.say()
            run.finish()
        self.heapcensus = heapcensus

    def show(self, expression, *options, **kw):
        return self.heapcensus("show", self.path, expression, *options, **kw).stdout.rstrip("\n")

    def rows(self, expression):
        """{name: count} of a table."""
        return counts(self.heapcensus, self.path, expression)


@pytest.fixture(scope="module", params=VERSIONS)
def python(request, preload, heapcensus, tmp_path_factory):
    executable = find_python(request.param)
    if not executable:
        pytest.skip(f"no Python {request.param} here")
    return Python(executable, preload, tmp_path_factory.mktemp("python"), heapcensus)


def test_values(python):
    values = python.truth["values"]
    shown = python.show("\n".join(f"get_oldest('HtmlResponse').self.{name}" for name in values)).split("\n")
    assert dict(zip(values, shown)) == values


def test_derived_values(python):
    oldest = "get_oldest('HtmlResponse')"
    assert python.show(f"{oldest}.names; {oldest}.pair; {oldest}.code; {oldest}.ordered; {oldest}.counted") == \
        "Names({'k': 1})\nPair((1, 2))\nHTTPStatus(200)\nOrderedDict({'z': 1, 'y': 2})\ndefaultdict({1: [2]})"


def test_long_values_are_cut(python):
    shown = python.show("get_oldest('HtmlResponse').long")
    assert shown == "[" + ", ".join(map(str, range(64))) + ", ...]"


def test_hidden_values(python):
    assert python.show("get_oldest('HtmlResponse').unnamed") == "7"


def test_items(python):
    oldest = "get_oldest('HtmlResponse')"
    assert python.show(f"{oldest}.meta['a'][1]; {oldest}.meta['a'][-1][0]; {oldest}.meta['b']['x']") == \
        "2.5\n1\n'\xfc\u20ac\\n'"


def test_members_of_builtins(python):
    called = "iter_all('Request')[1].callback"
    assert python.show(f"{called}.__self__.name; {called}.__func__.__name__; {called}.__func__.__code__.co_name") == \
        "'quotes'\n'parse'\n'parse'"
    assert python.show("iter_all('Called')[2].callback.__closure__[0].cell_contents.name") == "'quotes'"


@pytest.mark.parametrize("kind, text", [
    ("HtmlResponse", "_url='http://127.0.0.1/3' body=b\"abc\\x00\\xff'\" array=bytearray(b'xy')"),
    ("str", "'http://127.0.0.1/3'"),
    ("float", "1e+300"),
    ("dict", "{'a': [1, 2.5, None, True, (1,)], 'b': {'x': 'ü€\\n'}}"),
    ("type", "<class '__main__.Slotted'>"),
    ("function", "__qualname__='Response.length'"),
    ("module", "__name__='sys'"),
    ("__main__.Names", "Names({'k': 1})"),
])
def test_text_of_objects(python, kind, text):
    """The last column of iter and oldest: what repr() says, or the texts among the attributes."""
    told = json.loads(python.heapcensus("iter", "--json", python.path, kind).stdout)
    assert any(row["text"].startswith(text) for row in told)


def test_text_of_an_object(python):
    urls = python.truth["urls"]
    assert json.loads(python.show("iter_all('HtmlResponse').text", "--json")) == urls
    assert python.show("get_oldest('HtmlResponse').self.url.type; get_oldest('HtmlResponse').address").startswith("'str'")


def test_fields_and_numbers(python):
    oldest = "get_oldest('HtmlResponse')"
    assert python.show(f"{oldest}.point.x; {oldest}.point.y; {oldest}.numbered[7]; {oldest}.numbered[-1]; "
                       f"{oldest}.numbered[1]; {oldest}.numbered['7']") == "3\n'why'\n'seven'\n'minus'\n'one'\n'text'"


def test_lists(python):
    assert ast.literal_eval(python.show("iter_all('HtmlResponse').url")) == python.truth["urls"]
    assert json.loads(python.show("iter_all('HtmlResponse').url", "--json")) == python.truth["urls"]
    assert ast.literal_eval(python.show("iter_all('HtmlResponse').slotted.first")) == ["one"] * 5


def test_import(python):
    assert python.show("from __main__ import OFTEN, Spider\nOFTEN; Spider; subclasses(Spider).count") == \
        "200\n<class 'scrapy.spiders.Spider'>\n2"
    assert python.show("import os.path; os.curdir; os.path.sep") == "'.'\n'/'"
    assert python.show("[r.url for r in iter_all('HtmlResponse')][-1]") == repr(python.truth["urls"][-1])
    assert python.show("[n for n in get_oldest('HtmlResponse').meta['a']][0:2]") == "[1,\n 2.5]"
    assert "Request" in python.show("from __main__ import Spider; prefs(ignore=(Spider,))")


@pytest.mark.parametrize("expression, reason", [
    ("import nothing", "the process has no module 'nothing'"),
    ("from os import nothing", "module 'os' has no 'nothing'"),
    ("prefs(ignore=3)", "ignore is the name of a type"),
    ("[n for n in 3]", "for needs a list, not a number"),
    ("get_oldest('HtmlResponse').length", "'length' is computed: only running the program could tell it"),
    ("get_oldest('HtmlResponse').self.length", "'length' is computed: only running the program could tell it"),
    ("iter_all('HtmlResponse').length", "'length' is computed: only running the program could tell it"),
    ("get_oldest('HtmlResponse').never", "'never' is computed"),
    ("get_oldest('HtmlResponse').encoding", "'encoding' is computed"),
    ("get_oldest('HtmlResponse').width", "an object has no attribute 'width'"),
    ("get_oldest('HtmlResponse').slotted.unset", "a value has no attribute 'unset'"),
    ("iter_all('HtmlResponse').nothing", "a list of objects has no attribute 'nothing'"),
    ("get_oldest('HtmlResponse').code.name", "'name' is computed: only running the program could tell it"),
    ("get_oldest('HtmlResponse').numbered[8]", "no such item"),
    ("get_oldest('HtmlResponse').meta['nothing']", "no such item"),
    ("get_oldest('HtmlResponse').meta['a'][5]", "no such item"),
])
def test_what_is_not_there(python, expression, reason):
    done = python.heapcensus("show", python.path, expression, check=False)
    assert done.returncode == 2 and reason in done.stderr


def test_trackref(python):
    rows = [line.split() for line in python.heapcensus("live", python.path).stdout.splitlines()[2:]]
    assert [(row[0], int(row[1])) for row in rows] == \
        [("Called", 3), ("Crawl", 2), ("HtmlResponse", 5), ("Request", 30), ("Response", 1), ("Unsaid", 12)]
    rest = python.show("prefs(ignore=('Base', 'Spider'))").splitlines()[2:]
    assert [line.split()[0] for line in rest] == ["Called", "Request", "Unsaid"]


def test_classes(python):
    assert python.rows("subclasses('Base')") == {"__main__.HtmlResponse": 5, "__main__.Response": 1}
    assert python.show("bytype['HtmlResponse'].count; bytype['Request'].count") == "5\n30"


def test_odd_names(python):
    """Any str is a name of a class; no control character of one reaches the terminal."""
    rows = {name: n for name, n in python.rows("heap.bytype").items() if name.startswith("odd.")}
    assert rows == {"odd.": 3, "odd.two\nlines": 4, "odd.\x1b[31mred": 5, "odd." + "x" * 1024: 6, "odd.\xdc\u2028\U00020000": 7}
    assert sum(rows.values()) == python.truth["odd"]
    assert "\x1b" not in python.show("heap.bytype", "--all")


def test_dict_of_class(python):
    rows = python.rows("heap.byclodo")
    assert rows["dict of module"] > 10 and rows["dict of type"] > 100 and rows["dict (no owner)"] > 10
    assert "dict" not in rows
    assert python.rows("heap.bytype")["dict"] == sum(n for name, n in rows.items() if name.startswith("dict "))


def test_spiders_of_requests_that_do_not_say(python):
    assert python.rows("bytype['Called'].byscope") == {"quotes": 3}
    assert python.rows("bytype['Unsaid'].byscope") == {"books": 5, "quotes": 4, "<no scope>": 3}
    note = python.heapcensus("show", python.path, "bytype['Unsaid'].byscope").stderr
    assert "9 inferred from what they share with a spider's middlewares, 0 from what holds them" in note


def test_spiders_are_scopes(python):
    assert python.rows("bytype['Request'].byscope") == python.truth["scopes"]
    # What only a spider's requests hold is the spider's, too: each holds one list of its own.
    lists = python.rows("bytype['list'].byscope")
    assert lists.pop("<no scope>") >= python.truth["scopes"].pop("<no scope>")
    assert lists == python.truth["scopes"]
