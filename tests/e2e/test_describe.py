# SPDX-License-Identifier: MIT
"""heapcensus describe on objects of real programs: every sort of field by the debug information of two compilers, Python's objects,
containers."""
import json
import pathlib
import re
import shutil
import subprocess

import pytest
from census import Census

PROGRAMS = pathlib.Path(__file__).parent / "programs"
VARIANTS = ["gcc -O0 -gdwarf-4", "gcc -O2 -gdwarf-5", "clang -O0 -gdwarf-5", "clang -O2 -gdwarf-4"]

# field: value as printed, or a pattern where it is an address
VALUES = {
    ".tiny": "-128", ".byte": "255", ".shorter": "-32768", ".port": "65535", ".negative": "-5", ".large": "4294967295",
    ".minimum": "-9223372036854775808", ".maximum": "18446744073709551615", ".third": "0.33333334", ".tenth": "0.1", ".half": "0.5",
    ".yes": "true", ".no": "false", ".letter": "65 'A'",
    ".state": "STATE_BUSY (7)", ".lost": "STATE_LOST (-1)", ".modes": "MODE_READ|MODE_CREATE", ".strange": "16",
    ".low": "5", ".middle": "2000", ".high": "200000", ".minus": "-3", ".wide": "549755813888",
    ".name": '"say \\"hi\\"\\t"', ".full": '"full"', ".digest": "00 01 02 fe ff 00", ".word": '"letters"',
    ".pair.key": "-1", ".pair.weight": "200",
    ".pairs[0..2].key": "0", ".pairs[3].key": "1", ".pairs[0..2].weight": "9",
    ".numbers[0]": "0", ".numbers[9]": "81", ".matrix[0][0..2]": "0", ".matrix[1][0..1]": "0", ".matrix[1][2]": "2.5",
    ".plain.number": "-7", ".inside": "11", ".nr_open": "5",
    ".open[0]": "100", ".open[4]": "104",
}
# field: what the pointer leads to
LEADS = {
    ".constant": '-> "a constant"', ".text": '-> "http://127.0.0.1/page/1.html"', ".rest": '-> "127.0.0.1/page/1.html"',
    ".words": '-> char *[] "first"', ".function": "-> twice", ".self": "-> struct thing",
    ".other": "-> struct thing", ".any": "-> struct thing", ".named.thing": "-> struct thing", ".middle_of_other": "-> struct thing",
    ".link.next": "-> ::table.head", ".dangling": "-> nothing that is alive",
}


@pytest.fixture(scope="module", params=VARIANTS)
def things(request, preload, tmp_path_factory):
    """(dump, address of the object that has everything, of the other one, of the global, of the one that has two types)"""
    compiler, *flags = request.param.split()
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    folder = tmp_path_factory.mktemp("fields")
    subprocess.run([compiler, *flags, "-o", folder / "fields", PROGRAMS / "fields.c"], check=True, timeout=120)
    with Census([folder / "fields"], preload, folder / "dumps") as run:
        addresses = run.process.stdout.readline().decode().split()
        return run.last_dump(), *addresses


def described(heapcensus, dump, what, *options):
    """The one object, from JSON: (object, {path: field}, referrers as (relation, type))."""
    (found,) = json.loads(heapcensus("describe", dump, what, "--json", *options).stdout)
    fields = {field["path"]: field for reading in found["readings"] for field in reading["fields"]}
    return found, fields, {(r["relation"], r["type"]) for r in found["referrers"]}


def rows(heapcensus, dump, what, *options):
    """{path: the rest of its line} of the text."""
    out = heapcensus("describe", dump, what, *options).stdout
    contents = out.partition("\nContents\n")[2].partition("\n\n")[0]
    return {line.split()[0]: line for line in contents.splitlines()}


def test_every_field_has_its_value(heapcensus, things):
    dump, thing, *_ = things
    found, fields, _ = described(heapcensus, dump, thing)
    assert found["type"] == "struct thing"
    assert found["provenance"] in ("dwarf", "propagated")
    assert {path: fields[path]["value"] for path in VALUES} == VALUES
    text = rows(heapcensus, dump, thing)
    for path, lead in LEADS.items():
        assert lead in text[path], text[path]
    assert fields[".link.next"]["type"] == "struct link *"
    assert text[".end"].endswith("-> end of text")


def test_arrays_are_shortened(heapcensus, things):
    dump, thing, *_ = things
    _, fields, _ = described(heapcensus, dump, thing)
    assert fields[".numbers"]["elements_left_out"] == 30
    _, fields, _ = described(heapcensus, dump, thing, "--all")
    assert fields[".numbers[19]"]["value"] == "361"
    assert fields[".numbers[20..39]"]["value"] == "0"


def test_every_member_of_a_union(heapcensus, things):
    dump, thing, other, *_ = things
    _, fields, _ = described(heapcensus, dump, thing)
    assert fields[".named.number"]["value"] == str(int(other, 16))
    assert fields[".named.thing"]["leads_to"]["object"] == other
    assert fields[".named.text"]["value"] == other


def test_what_refers_to_it(heapcensus, things):
    dump, thing, other, *_ = things
    _, _, referrers = described(heapcensus, dump, other)
    assert {(".other", "struct thing"), (".any", "struct thing"), (".named.thing", "struct thing"), ("::table.things[*]", None),
            (".middle_of_other", "struct thing")} <= referrers
    assert (".self", "struct thing") not in described(heapcensus, dump, thing)[2]
    assert (".self", "struct thing") in described(heapcensus, dump, thing, "--all")[2]


def test_parts(heapcensus, things):
    """What counts for an object is named by it, and described by itself at its own address."""
    dump, thing, *_ = things
    found, fields, _ = described(heapcensus, dump, thing)
    assert {(part["relation"], part["type"]) for part in found["parts"]} == {(".text", "text")}
    text = fields[".text"]["leads_to"]
    assert (text["type"], text["counts_for"]) == ("text", thing)
    part, fields, referrers = described(heapcensus, dump, text["address"])
    assert (part["part"], part["counts_for"], fields[""]["value"]) == (".text", thing, '"http://127.0.0.1/page/1.html"')
    assert all(kind is None for _, kind in referrers)  # no object but the one it counts for; stacks may remember it
    out = heapcensus("describe", dump, text["address"]).stdout
    assert f"  Part      .text of struct thing at {thing}, for which it counts\n" in out


def test_both_readings_of_a_type_in_doubt(heapcensus, things):
    dump, *_, doubtful = things
    (found,) = json.loads(heapcensus("describe", dump, doubtful, "--json").stdout)
    assert set(found["type"].split("|")) == {"struct point", "struct range"}
    assert found["provenance"] == "inferred"
    assert {reading["as"]: [field["value"] for field in reading["fields"]] for reading in found["readings"]} == {
        "struct point": ["4602678819172646912", "4611686018427387904"], "struct range": ["0.5", "2"]}
    out = heapcensus("describe", dump, doubtful).stdout
    assert "\nContents read as struct point\n" in out and "\nContents read as struct range\n" in out


def test_the_middle_of_an_object(heapcensus, things):
    dump, thing, *_ = things
    _, fields, _ = described(heapcensus, dump, thing)
    place = int(thing, 16) + fields[".numbers[9]"]["offset"]
    out = heapcensus("describe", dump, hex(place)).stdout
    assert f"{hex(place)} is {hex(place - int(thing, 16))} bytes into it, at .numbers[9]\n" in out
    found, _, _ = described(heapcensus, dump, hex(place))
    assert found["address"] == thing


def test_a_variable(heapcensus, things):
    dump, thing, other, table, _ = things
    for place in (0, 8, 25):
        found, fields, _ = described(heapcensus, dump, hex(int(table, 16) + place))
        assert (found["name"], found["type"], found["address"]) == ("::table", "struct table", table)
        assert fields[".things[0]"]["leads_to"]["object"] == other
        assert fields[".things[1]"]["leads_to"]["object"] == thing
        assert fields[".title"]["value"] == '"things"'


def test_code(heapcensus, things):
    dump, thing, *_ = things
    _, fields, _ = described(heapcensus, dump, thing)
    found, _, _ = described(heapcensus, dump, fields[".function"]["value"])
    assert (found["name"], found["kind"]) == ("twice", "code")


def kinds(heapcensus, dump, rule, *options):
    """The kinds of the two things by a rule, each a set of names; stacks and registers left out."""
    out = heapcensus("show", dump, f"heap.bytype['struct thing'].{rule}", "--json", *options).stdout
    return [{name for name in row["name"].split(", ") if not re.match("'?<(stack|register)", name)} for row in json.loads(out)["rows"]]


def test_relations_name_the_fields(heapcensus, things):
    dump = things[0]
    # .self, and what texts and padding remember (::table.leftover, ::remembered.small), is told only of what nothing else holds
    assert sorted(kinds(heapcensus, dump, "byvia"), key=len) == [
        {"'::table.things[*]'"}, {"'.any'", "'.middle_of_other'", "'.named.thing'", "'.other'", "'::table.things[*]'"}]
    assert {"'thing.any'", "'thing.middle_of_other'", "'thing.named.thing'", "'thing.other'", "'::table.things[*]'"} in kinds(
        heapcensus, dump, "byvia", "--source-types")
    assert sorted(kinds(heapcensus, dump, "byrcs"), key=len) == [{"<global>"}, {"<global>", "struct thing"}]


CXX_VARIANTS = ["g++ -O2 -gdwarf-5", "clang++ -O0 -gdwarf-4", "clang++ -O2 -gdwarf-5 -stdlib=libc++"]
# field: type and value as printed
CONTAINERS = {
    ".url": ("std::string", '"http://127.0.0.1/some/long/page"'), ".word": ("std::string", '"short"'), ".empty": ("std::string", '""'),
    ".links": ("std::vector<web::Link*>", "3 items"), ".inlined": ("std::vector<web::Link>", "1 item"),
    ".none": ("std::vector<int>", "0 items"), ".named": ("std::map<std::string, web::Link*>", "2 items"),
    ".nothing": ("std::unique_ptr<web::Link>", "NULL"), ".peers": ("std::unordered_map<int, web::Page*>", "1 item"),
    ".queue": ("std::list<web::Page*>", "5 items"), ".ids": ("std::set<int>", "3 items"),
    ".refs": ("int", "7"), ".done": ("bool", "true"),
    ".limit": ("int", "7"), ".unlimited": ("std::optional<int>", "none"),
    ".last.url": ("std::string", '"http://127.0.0.1/in/an/optional"'), ".last.depth": ("int", "9"),
    ".title": ("std::string", '"a title that is long enough"'), ".untitled": ("std::optional<std::string>", "none"),
}


@pytest.fixture(scope="module", params=CXX_VARIANTS)
def pages(request, preload, tmp_path_factory):
    """(dump, address of the page that has everything, of the other one, of the link)"""
    compiler, *flags = request.param.split()
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    folder = tmp_path_factory.mktemp("fields")
    subprocess.run([compiler, "-std=c++17", *flags, "-o", folder / "fields", PROGRAMS / "fields.cc"], check=True, timeout=120)
    with Census([folder / "fields"], preload, folder / "dumps") as run:
        addresses = run.process.stdout.readline().decode().split()
        return run.last_dump(), *addresses


def spelled(field):
    """Its type: template arguments are as the compiler spells them."""
    return field["type"].replace(" *", "*")


def test_containers_are_one_field_each(heapcensus, pages):
    dump, page, first, link = pages
    found, fields, _ = described(heapcensus, dump, page)
    assert (found["type"], found["provenance"]) == ("web::Page", "vtable-rtti")
    assert {path: (spelled(fields[path]), fields[path]["value"]) for path in CONTAINERS} == CONTAINERS
    assert fields[".best"]["leads_to"]["type"] == "web::Link"
    if ".callback" in fields:  # libstdc++'s
        assert fields[".uncalled"]["value"] == "none" and "int (*)(int)" in fields[".callback"]["leads_to"]["name"]
    offsets = [fields[path]["offset"] for path in (".limit", ".last.url", ".last.depth", ".title", ".peer")]
    assert offsets == sorted(set(offsets))
    assert fields[".reference"]["leads_to"]["object"] == link
    assert (fields[".peer"]["leads_to"]["object"], fields[".peer"]["leads_to"]["place"]) == (first, "web::Named")
    text = rows(heapcensus, dump, page)
    assert text[".name"].endswith('-> "page"')
    assert any("-> vtable for web::Page" in row for row in text.values())
    assert fields[".links[0..2]"]["leads_to"]["object"] == link
    assert fields[".inlined[0].url"]["value"] == '"http://127.0.0.1/in/the/items"'
    assert fields[".inlined[0].depth"]["value"] == "4"
    # as they are made
    _, fields, _ = described(heapcensus, dump, page, "--all")
    assert {path: spelled(fields[path]) for path in (".url", ".links")} == {".url": "std::string", ".links": "std::vector<web::Link*>"}
    assert [path for path in fields if re.match(r"\.(url|links)\._", path)]


def test_relations_leave_out_what_is_the_librarys(heapcensus, pages):
    dump, _, _, _ = pages
    names = {name for row in json.loads(heapcensus("show", dump, "byvia", "--json").stdout)["rows"] for name in row["name"].split(", ")}
    assert {"'.links[*]'", "'.best'", "'.shared'", "'.peer@web::Named'", "'.reference'", "'.queue[*]'"} <= names
    assert not [name for name in names if "._M_" in name or ".__" in name]


PYTHON = """
import sys
class Page:
    def __init__(self, url, parent):
        self.url, self.parent, self.links = url, parent, [1, 2.5, None]
class Slotted:
    __slots__ = ("alpha", "beta")
page, slotted = Page("http://127.0.0.1/a", None), Slotted()
slotted.alpha, slotted.beta = page, [page]
print("ready", flush=True)
sys.stdin.read()
"""


def test_python_objects(heapcensus, preload, tmp_path):
    with Census(["/usr/bin/python3", "-c", PYTHON], preload, tmp_path) as run:
        run.expect("ready")
        dump = run.last_dump()
    page, fields, referrers = described(heapcensus, dump, "get_oldest('__main__.Page')")
    assert {path: (field["type"], field["value"]) for path, field in fields.items()} == {
        ".url": ("str", "'http://127.0.0.1/a'"), ".parent": ("types.NoneType", "None"), ".links": ("list", "[1, 2.5, None]")}
    assert {(".alpha", "__main__.Slotted"), ("['page']", "dict")} <= referrers
    _, fields, _ = described(heapcensus, dump, "get_oldest('__main__.Slotted')")
    assert fields[".alpha"]["value"] == f"<__main__.Page at {page['address']}>"
    assert fields[".beta"]["value"] == f"[<__main__.Page at {page['address']}>]"
    # a value of the language, too
    links, fields, _ = described(heapcensus, dump, "get_oldest('__main__.Page').links")
    assert (links["type"], fields[""]["value"]) == ("list", "[1, 2.5, None]")
