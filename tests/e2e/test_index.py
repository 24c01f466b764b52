# SPDX-License-Identifier: MIT
"""The index beside a dump: it changes nothing but the time, whatever is in it, and is never used for anything but what it was made of."""
import concurrent.futures
import os
import pathlib
import random
import shutil
import stat
import subprocess

import corpus
import describe
import index_file
import pytest

from census import Census
from pythons import find_python

SAMPLE = pathlib.Path(__file__).parent.parent / "dumps/sample.heap"
PYTHON = pathlib.Path(__file__).with_name("python_values.py")
RULES = "bytype byclodo byvia byrcs bysize bymodule bysite byprod byid byage bythread byreach byscope byunity".split()
EXPRESSIONS = [f"heap.{rule}" for rule in RULES] + [f"heap.bytype[0].{rule}; _.more; heap.bytype[1:].{rule}.all" for rule in RULES] + [
    "heap", "heap()", "x = heap.bytype; x[0] & x[:2]; x[1] | x[0]; heap - x[0]; x[0].count; x.size - x[0].size; x[-1].kind",
    "heap.by(type & via)", "heap.by(age & thread).summary", "hpy().heap().byrcs[0].byvia.parts", "heap.bytype[0].nodes[:3]",
    "heap.bytype[0].referrers.byvia", "heap.bytype['Request']", "heap.bytype['Nobody']", "byvia; bysize", "heap.bytype[99999]", "heap.", "",
    "heap.bytype[0].nodes", "heap.bytype.nodes.type", "heap.bysize[0].nodes.site", "heap.byunity[0].nodes.text", "heap.bytype[0].nodes[0].referrers",
    "heap.bytype[:3].nodes.age; heap.nodes.label; heap.nodes.address; heap.nodes.size", "heap.bytype[0].theone", "live(); live().nodes", "prefs()",
    "get_oldest('Request'); get_oldest('Response').url; iter_all('HtmlResponse').meta", "[x.self for x in iter_all('HtmlResponse')]",
    "import sys; sys.modules", "subclasses('Exception').bytype.nodes", "heap.bytype['dict'].nodes.self", "heap.bytype['str'].nodes.nonesuch",
]
OPTIONS = [["--own"], ["--exact-index"], ["--source-types"], ["--exact-edges"], ["--interior"], ["--wrappers", "parse*"], ["--json"], ["--all"]]
COMMANDS = [["info"], ["info", "--json"], ["live"], ["live", "--all", "--csv"], ["live", "--own", "--ignore", "Request"],
            ["iter", "Request", "--stack"], ["iter", "dict"], ["iter", "HtmlResponse", "--json"], ["iter", "web::Page"], ["oldest", "Request"],
            ["oldest", "str"], ["oldest", "Nobody"], ["describe", "heap.bytype[0].nodes[0]"], ["raw"]]
CHANGES = 300
CHUNK_HEADER = 56
DAMAGES = 150


def corpus_dump(folder, preload, name, flags, stacks):
    return corpus.Truth(corpus.Builder(folder).build(name, flags), preload, folder / "run", stacks).dump


def python_dump(folder, preload):
    executable = find_python("3.11")
    if not executable:
        pytest.skip("no Python 3.11 here")
    with Census([executable, PYTHON], preload, folder) as run:
        run.process.stdout.readline()
        return run.last_dump()


def sample_dump(folder):
    describe.parse(SAMPLE.read_text()).write(folder / "sample.hc", chunk_raw=4096)
    return folder / "sample.hc"


@pytest.fixture(scope="module", params=["sample", "modules", "python"])
def made(request, preload, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sample":
        return sample_dump(folder)
    if request.param == "python":
        return python_dump(folder, preload)
    return corpus_dump(folder, preload, "modules", "gcc -O2 -gdwarf-5", "full")


class Analyzer:
    """The program with an index of every dump, and without one."""

    def __init__(self, path, folder):
        self.path, self.cache = path, folder / "cache"

    def run(self, *arguments, cache=None, **environment):
        environment = {**os.environ, "HEAPCENSUS_INDEX": "0", **environment,
                       "HEAPCENSUS_CACHE": str(self.cache if cache is None else cache)}
        done = subprocess.run([self.path, *map(str, arguments)], capture_output=True, timeout=60, env=environment)
        assert done.returncode in (0, 1, 2), done.stderr
        return done.returncode, done.stdout, done.stderr

    def show(self, dump, *arguments, **environment):
        status, out, err = self.run("show", dump, *arguments, **environment)
        assert status == 0, err
        return out.decode()


@pytest.fixture
def analyzer(heapcensus, tmp_path):
    return Analyzer(heapcensus.path, tmp_path)


@pytest.fixture
def sample(tmp_path):
    return sample_dump(tmp_path)


def index_of(dump):
    return dump.with_name(dump.name + ".index")


def lie(path):
    """Renames the types in the index: whoever uses it says so."""
    head, pieces = index_file.read(path)
    pieces[index_file.TYPES] = pieces[index_file.TYPES].replace(b"Request\0", b"Kwestie\0")
    index_file.write(path, head, pieces)


def same(got, expected):
    """Exit status and output; notes are those of that or of the other questions that rules were kept of."""
    return got[:2] == expected[:2] and set(expected[2].splitlines()) <= set(got[2].splitlines())


def differences(analyzer, dump, options):
    """Expressions whose values are others cold, warm, or after other questions than without any index."""
    different = []
    index_of(dump).unlink(missing_ok=True)
    for expression in EXPRESSIONS:
        expected = analyzer.run("show", "--no-cache", *options, dump, expression)
        if not all(same(analyzer.run("show", *options, dump, expression), expected) for _ in range(2)):
            different.append(expression)
    return different


def test_same_answers(analyzer, made):
    assert differences(analyzer, made, []) == []


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_same_answers_with_options(analyzer, sample, options):
    assert differences(analyzer, sample, options) == []


def test_same_answers_of_other_commands(analyzer, made):
    for command in COMMANDS:
        index_of(made).unlink(missing_ok=True)
        expected = analyzer.run(command[0], made, *command[1:], cache="")
        assert analyzer.run(command[0], made, *command[1:]) == expected, command
        assert index_of(made).exists() == (command != ["raw"])
        assert analyzer.run(command[0], made, *command[1:]) == expected, command
        analyzer.run("show", made, "heap.byvia")
        assert analyzer.run(command[0], made, *command[1:]) == expected, command


def test_same_differences(analyzer, made, tmp_path):
    other = tmp_path / "other.hc"
    shutil.copy(made, other)
    for options in [], ["--guppy"], ["--by", "type & via"], ["--by", "id"], ["(b - a).bytype; b.byvia; a & b"]:
        expected = analyzer.run("diff", made, other, *options, cache="")
        assert all(same(analyzer.run("diff", made, other, *options), expected) for _ in range(2)), options


PARTS = """\
proc uptime=100 dump_number=1
block doc 176 addr=0x1000000000 tick=10 +0x8=9 +0x18=p +0x20=q +0x40=doc
block p 120 addr=0x1000000100 tick=10 +0x8=3 +0x28=doc +0x30=q +0x40=doc +0x50=alone
block q 120 addr=0x1000000180 tick=10 +0x8=3 +0x28=doc +0x38=p +0x40=doc +0x50={held}
block alone 40 addr=0x1000000300 tick=10 text="the text of one node only"
block shared 30 addr=0x1000000340 tick=10 text="the text of two nodes"
"""


def test_difference_of_parts(analyzer, tmp_path):
    """What is a part in one dump only is none in their difference, but still in what is kept of that dump."""
    dumps = [tmp_path / "a.hc", tmp_path / "b.hc"]
    for dump, held in zip(dumps, ("shared", "alone")):
        describe.parse(PARTS.format(held=held)).write(dump, chunk_raw=4096)
    questions = [("show", dump, expression) for dump in dumps for expression in ("heap.bytype", "heap.byvia")] + [
        ("diff", *dumps, *more) for more in ([], ["--by", "via"], ["b.byvia; a.byvia"])]
    expected = [analyzer.run(*question, cache="") for question in questions]
    assert len({expected[0], expected[2], expected[4]}) == 3
    for first in reversed(questions):
        for dump in dumps:
            index_of(dump).unlink(missing_ok=True)
        analyzer.run(*first)
        assert [analyzer.run(*question) for question in questions] == expected


def test_at_once(analyzer, sample):
    """Several that find none write it one after the other, each a whole one."""
    expected = analyzer.show(sample, "--no-cache")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            index_of(sample).unlink(missing_ok=True)
            assert set(pool.map(lambda _: analyzer.show(sample), range(8))) == {expected}
            index_file.read(index_of(sample))
    assert sorted(path.name for path in sample.parent.glob("sample.hc*")) == ["sample.hc", "sample.hc.index"]


def test_damaged_contents(analyzer, sample):
    """The bytes of objects are read when they are asked for; damage is told as ever, where it is in the way."""
    commands = ["live", sample], ["iter", sample, "Request"], ["show", sample, "heap.bytype[0].nodes.text"], ["diff", sample, sample]
    expected = [analyzer.run(*command) for command in commands]
    whole, times = bytearray(sample.read_bytes()), sample.stat()
    chunks = [line.split() for line in analyzer.run("raw", sample)[1].decode().splitlines()]
    for name in "BMEM", "RMEM", "BLKS":
        data = bytearray(whole)
        offset, stored = next((int(line[0], 16), int(line[4])) for line in chunks if line[1:2] == [name])
        data[offset + CHUNK_HEADER + stored // 2] ^= 1
        sample.write_bytes(data)
        os.utime(sample, ns=(times.st_atime_ns, times.st_mtime_ns))
        error = analyzer.run("info", "--no-cache", sample)
        assert error[0] == 1 and b"damaged" in error[2]
        answers = [analyzer.run(*command) for command in commands]
        assert all(answer in (error, right) for answer, right in zip(answers, expected))
        assert answers[1] == error or name == "RMEM"
        assert answers[0] == (error if name == "BLKS" else expected[0])


def test_it_is_used(analyzer, sample):
    """Of what it has nothing is worked out again; of what it has not, all is."""
    whole = {rule: analyzer.show(sample, f"heap.{rule}") for rule in ("bytype", "byvia", "byrcs")}
    assert all("Request" in whole[rule] for rule in ("bytype", "byrcs"))
    lie(index_of(sample))
    assert analyzer.show(sample) == whole["bytype"].replace("Request", "Kwestie")
    assert analyzer.show(sample, "heap.byvia; heap.bytype['Kwestie'].count") == whole["byvia"] + "3\n"
    assert analyzer.show(sample, "get_oldest('Kwestie').type; heap.bytype['Kwestie'].nodes[0].type") == "'Kwestie'\n" * 2
    for command in ["live"], ["iter", "Kwestie"], ["oldest", "Kwestie", "--stack"], ["diff", sample, "b.bytype"]:
        status, out, _ = analyzer.run(command[0], sample, *command[1:])
        assert status == 0 and b"Kwestie" in out and b"Request" not in out, command
    assert analyzer.run("show", sample, "heap.bytype['Kwestie'].bysite")[0] == 2
    assert analyzer.show(sample, "heap.bysite") == analyzer.show(sample, "--no-cache", "heap.bysite")
    assert analyzer.show(sample, "--no-cache") == whole["bytype"]


def test_none_is_made(analyzer, sample):
    analyzer.show(sample, "--no-cache")
    analyzer.show(sample, cache="")
    analyzer.show(sample, "--interior")
    analyzer.show(sample, "--exact-edges")
    analyzer.show(sample, HEAPCENSUS_INDEX="100")
    assert not index_of(sample).exists()
    analyzer.show(sample)
    assert index_of(sample).exists()


def test_private(analyzer, sample):
    analyzer.show(sample)
    index = index_of(sample)
    assert stat.S_IMODE(index.stat().st_mode) == 0o600
    lie(index)
    index.chmod(0o666)
    assert "Kwestie" not in analyzer.show(sample)
    assert stat.S_IMODE(index.stat().st_mode) == 0o600  # another file


def test_elsewhere(analyzer, sample):
    """Where there is no room beside the dump it is in the cache."""
    index_of(sample).mkdir()
    expected = analyzer.show(sample)
    kept, = analyzer.cache.glob("*.index")
    assert not list(index_of(sample).iterdir())
    lie(kept)
    assert analyzer.show(sample) == expected.replace("Request", "Kwestie")
    kept.unlink()
    analyzer.cache.rename(analyzer.cache.with_name("gone"))
    analyzer.cache.write_text("")
    assert analyzer.show(sample) == expected


def test_other_dump_options_and_time(analyzer, sample):
    """It is of one dump, as it was written, and of one way to look at it."""
    expected = analyzer.show(sample)
    analyzer.show(sample, "--own")
    lie(index_of(sample))
    assert analyzer.show(sample) == expected
    lie(index_of(sample))
    os.utime(sample, ns=(0, 1))
    assert analyzer.show(sample) == expected
    text = SAMPLE.read_text().replace("tag=Request", "tag=Reponse")
    assert text != SAMPLE.read_text()
    lie(index_of(sample))
    describe.parse(text).write(sample, chunk_raw=4096)
    os.utime(sample, ns=(0, 1))
    assert "Reponse" in analyzer.show(sample)


def test_damaged_dump(analyzer, sample):
    analyzer.show(sample)
    data = bytearray(sample.read_bytes())
    data[len(data) // 2] ^= 1
    sample.write_bytes(data)
    assert analyzer.run("show", sample)[:2] == (1, b"")


def test_files_of_the_machine(analyzer, preload, tmp_path):
    """A debug file that comes or goes, or a binary that is replaced, changes what types there are."""
    program = corpus.Builder(tmp_path).build("modules", "gcc -O2 -gdwarf-5")
    debug, whole = program.with_suffix(".debug"), program.read_bytes()
    subprocess.run(["objcopy", "--only-keep-debug", program, debug], check=True, timeout=60)
    subprocess.run(["strip", "-g", program], check=True, timeout=60)
    subprocess.run(["objcopy", f"--add-gnu-debuglink={debug}", program], check=True, timeout=60)
    (tmp_path / "away").mkdir()
    away = debug.rename(tmp_path / "away" / debug.name)
    dump = corpus.Truth(program, preload, tmp_path / "run", "full").dump

    def has_types(**environment):
        shown = analyzer.show(dump, **environment)
        assert analyzer.show(dump, **environment) == shown == analyzer.show(dump, "--no-cache", **environment)
        return "web::Visit::Cookie" in shown

    assert not has_types()
    for place in (debug, program.parent / ".debug" / debug.name):
        place.parent.mkdir(exist_ok=True)
        shutil.copy(away, place)
        shutil.rmtree(analyzer.cache)
        assert has_types()
        place.unlink()
        shutil.rmtree(analyzer.cache)
        assert not has_types()
    notes = subprocess.run(["readelf", "-n", program], capture_output=True, text=True, check=True, timeout=60).stdout
    build_id = notes.split("Build ID: ")[1].split()[0]
    symbols = tmp_path / "symbols"
    assert not has_types(HEAPCENSUS_SYMBOLS=str(symbols))
    for place in (symbols / ".build-id" / build_id[:2] / f"{build_id[2:]}.debug", symbols / debug.name):
        place.parent.mkdir(parents=True)
        shutil.copy(away, place)
        assert has_types(HEAPCENSUS_SYMBOLS=str(symbols))
        shutil.rmtree(symbols)
        shutil.rmtree(analyzer.cache)
        assert not has_types(HEAPCENSUS_SYMBOLS=str(symbols))
    replaced = program.with_suffix(".new")
    replaced.write_bytes(whole)
    replaced.chmod(0o755)
    replaced.rename(program)
    assert has_types()


def test_relative_symbols(analyzer, preload, tmp_path, monkeypatch):
    """A folder of debug files is relative to where the analyzer is, not to each binary."""
    program = corpus.Builder(tmp_path).build("modules", "gcc -O2 -gdwarf-5")
    beside, here, there = program.parent / "symbols", tmp_path / "here/symbols", tmp_path / "there"
    for folder in beside, here, there:
        folder.mkdir(parents=True)
    debug = here / f"{program.name}.debug"
    subprocess.run(["objcopy", "--only-keep-debug", program, debug], check=True, timeout=60)
    subprocess.run(["strip", "-g", program], check=True, timeout=60)
    subprocess.run(["objcopy", f"--add-gnu-debuglink={debug}", program], check=True, timeout=60)
    shutil.copy(debug, beside)
    dump = corpus.Truth(program, preload, tmp_path / "run", "full").dump
    for folder, is_there in (there, False), (here.parent, True), (there, False):
        monkeypatch.chdir(folder)
        for options in [], [], ["--no-cache"]:
            assert ("web::Visit::Cookie" in analyzer.show(dump, *options, HEAPCENSUS_SYMBOLS="symbols")) == is_there
        shutil.rmtree(analyzer.cache)


def test_by_another_name(analyzer, sample, tmp_path):
    """The index is beside the file, not beside what leads to it."""
    link = tmp_path / "links" / "link.hc"
    link.parent.mkdir()
    link.symlink_to(sample)
    expected = analyzer.show(link)
    lie(index_of(sample))
    assert analyzer.show(link) == expected.replace("Request", "Kwestie")
    with open(sample) as file:
        subprocess.run([analyzer.path, "show", "/dev/stdin"], stdin=file, check=True, capture_output=True, timeout=60)
    assert not os.path.lexists("/dev/stdin.index")
    assert list(link.parent.iterdir()) == [link]


def test_limit_of_file_sizes(analyzer, sample):
    expected = analyzer.show(sample, "--no-cache")
    limited = subprocess.run(["sh", "-c", 'ulimit -f 0; exec "$@" | cat', "sh", analyzer.path, "show", sample], capture_output=True, text=True,
                             timeout=60, env={**os.environ, "HEAPCENSUS_INDEX": "0", "HEAPCENSUS_CACHE": str(analyzer.cache)})
    assert (limited.stdout, limited.stderr) == (expected, "")
    assert [path.name for path in sample.parent.glob("sample.hc*")] == ["sample.hc"]


def questions(analyzer, dump):
    """What reads all that an index has; the second one is told of the first where that made it anew."""
    rules = analyzer.show(dump, "heap.bytype; heap.byvia; heap.byclodo; heap.bysite")
    return rules, analyzer.run("info", dump), analyzer.run("iter", dump, "Request")


def test_damaged(analyzer, sample):
    """A file that is not whole is ignored and written anew."""
    expected = questions(analyzer, sample)
    index = index_of(sample)
    pieces = index_file.read(index)[1]
    whole = index.read_bytes()
    generator = random.Random(5)
    damages = [b"", whole[:20], whole[:-1], whole + b"x", b"x" + whole]
    for _ in range(DAMAGES):
        changed = bytearray(whole)
        for _ in range(generator.choice((1, 1, 1, 3))):
            changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
        if generator.random() < 0.2:
            del changed[generator.randrange(len(changed)):]
        damages.append(bytes(changed))
    for damaged in damages:
        index.write_bytes(damaged)
        assert [questions(analyzer, sample) for _ in range(2)] == [expected] * 2
        assert index_file.read(index)[1] == pieces


def test_other_contents(analyzer, sample):
    """A file with right checksums and wrong contents may tell lies, but does no harm."""
    questions(analyzer, sample)
    head, pieces = index_file.read(index_of(sample))
    generator = random.Random(6)
    for _ in range(CHANGES):
        changed = dict(pieces)
        number = generator.choice([n for n in pieces if n > 2])
        payload = bytearray(changed[number])
        for _ in range(generator.choice((1, 1, 2, 8))):
            if payload:
                payload[generator.randrange(len(payload))] = generator.choice((0, 1, 0x7f, 0xff, generator.randrange(256)))
        if generator.random() < 0.2:
            payload = payload[:generator.randrange(len(payload) + 1)] * generator.choice((1, 1, 3))
        changed[number] = bytes(payload)
        if generator.random() < 0.05:
            del changed[generator.choice(sorted(changed))]
        index_file.write(index_of(sample), head, changed)
        analyzer.run("show", sample, "heap.bytype; heap.byvia; heap.byclodo.all; heap.bysite")
        for command in (["info"], ["live", "--all"], ["iter", "Request"], ["diff", sample]):
            analyzer.run(command[0], sample, *command[1:])
