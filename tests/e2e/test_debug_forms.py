# SPDX-License-Identifier: MIT
"""Types by debug information in every form in which compilers, linkers and packagers leave it."""
import os
import re
import shutil
import subprocess

import corpus
import pytest

PROGRAMS = ("pieces", "modules")
DWARF_4, DWARF_5 = "-gdwarf-4", "-gdwarf-5"
LLD = "-fuse-ld=lld"
# compiler, flags, what is done to the program afterwards
FORMS = [
    ("gcc", ["-O2", DWARF_5, "-gsplit-dwarf"], ""),
    ("gcc", ["-O2", DWARF_4, "-gsplit-dwarf"], ""),
    ("clang", ["-O2", DWARF_5, "-gsplit-dwarf"], ""),
    ("clang", ["-O2", DWARF_4, "-gsplit-dwarf"], ""),
    ("gcc", ["-O2", DWARF_5, "-fdebug-types-section"], ""),
    ("gcc", ["-O2", DWARF_4, "-fdebug-types-section"], ""),
    ("clang", ["-O2", DWARF_5, "-fdebug-types-section"], ""),
    ("clang", ["-O2", DWARF_4, "-fdebug-types-section"], ""),
    ("clang", ["-O2", DWARF_5, "-fdebug-types-section", "-gsplit-dwarf"], ""),
    ("clang", ["-O2", DWARF_5, "-gsimple-template-names"], ""),
    ("gcc", ["-O2", DWARF_5, "-gz"], ""),
    ("gcc", ["-O2", DWARF_4, "-gz=zlib-gnu"], ""),
    ("clang", ["-O3", DWARF_5, "-gz"], ""),
    ("gcc", ["-O2", DWARF_5, "-ffunction-sections", "-Wl,--gc-sections"], ""),
    ("gcc", ["-O2", DWARF_5, "-flto"], ""),
    ("gcc", ["-O3", DWARF_4, "-flto"], ""),
    ("clang", ["-O2", DWARF_5, "-flto", LLD], ""),
    ("clang", ["-O2", DWARF_5, "-flto=thin", LLD], ""),
    ("gcc", ["-O2", DWARF_5], "dwz"),
    ("gcc", ["-O2", DWARF_4], "dwz"),
    ("gcc", ["-O0", DWARF_5], "dwz shared"),
    ("clang", ["-O2", DWARF_4], "dwz shared"),
    ("gcc", ["-O2", DWARF_5], "debuglink"),
    ("clang", ["-O2", DWARF_5], "debuglink below"),
    ("gcc", ["-O2", DWARF_5, "-gz"], "build id"),
    ("gcc", ["-O2", DWARF_5], "dwz shared, build id"),
]
# What libdw 0.188 does not read, or what is not there.
UNREADABLE = [
    ("gcc", ["-O2", DWARF_4, "-gsplit-dwarf", "-fdebug-types-section"], ""),
    ("clang", ["-O2", DWARF_5, "-gsplit-dwarf"], "pack"),
    ("gcc", ["-O2", DWARF_5, "-gsplit-dwarf"], "lose"),
    ("gcc", ["-O2", DWARF_4], "dwz shared, lose"),
]


def run(*command):
    subprocess.run([str(word) for word in command], check=True, timeout=120)


def make(program, compiler, flags, folder):
    """As build systems do: the objects first, then the program."""
    driver = corpus.COMPILERS[compiler][(corpus.FOLDER / corpus.PROGRAMS[program][0]).suffix]
    objects = []
    for name in corpus.PROGRAMS[program]:
        source = corpus.FOLDER / name
        objects.append(folder / f"{source.stem}.o")
        run(driver, *corpus.FLAGS[source.suffix], *(flag for flag in flags if not flag.startswith("-Wl,") and flag != LLD),
            "-c", source, "-o", objects[-1])
    run(driver, *flags, "-o", folder / program, *objects)
    return folder / program


def share(path):
    """dwz moves what two files have in common to a third."""
    others = [path.with_name("other"), path.with_name("another")]
    for other in others:
        shutil.copy(path, other)
    run("dwz", "-m", path.with_name("common.debug"), "-M", path.with_name("common.debug"), path, *others)


def separate(path, where):
    """Debug information into a file of its own.  Returns the directory that HEAPCENSUS_SYMBOLS must name, if any."""
    debug = path.with_suffix(".debug")
    run("objcopy", "--only-keep-debug", path, debug)
    run("strip", "-g", path)
    if where != "build id":
        run("objcopy", f"--add-gnu-debuglink={debug}", path)
        if where == "debuglink below":
            path.with_name(".debug").mkdir()
            debug.rename(path.with_name(".debug") / debug.name)
        return None
    notes = subprocess.run(["readelf", "-n", path], capture_output=True, text=True, check=True, timeout=60).stdout
    build_id = re.search(r"Build ID: ([0-9a-f]+)", notes)[1]
    place = path.parent / "symbols/.build-id" / build_id[:2] / f"{build_id[2:]}.debug"
    place.parent.mkdir(parents=True)
    debug.rename(place)
    return path.parent / "symbols"


def change(path, steps):
    symbols = None
    for step in steps.split(", "):
        if step == "dwz":
            run("dwz", path)
        elif step == "dwz shared":
            share(path)
        elif step == "pack":
            run("llvm-dwp", "-e", path, "-o", f"{path}.dwp")
        elif step:
            symbols = separate(path, step) if step != "lose" else None
        if step in ("pack", "lose"):
            for lost in [*path.parent.glob("*.dwo"), *path.parent.glob("common.debug")]:
                lost.unlink()
    return symbols


def names(forms):
    return [" ".join([compiler, *flags, steps]).strip() for compiler, flags, steps in forms]


def look(build, preload, tmp_path, program_name, form):
    """The truth of a program that was built so, and the verdict on what is told of it."""
    compiler, flags, steps = form
    for tool in [compiler] + ["dwz"] * ("dwz" in steps) + ["ld.lld"] * (LLD in flags) + ["llvm-dwp"] * ("pack" in steps):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    path = make(program_name, compiler, flags, tmp_path)
    symbols = change(path, steps)
    truth = corpus.Truth(path, preload, tmp_path, "full")
    env = {**os.environ, **({"HEAPCENSUS_SYMBOLS": str(symbols)} if symbols else {})}
    done = subprocess.run([build / "tests/e2e/list_types", truth.dump], env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    found = {int(addr, 16): (provenance, name, roots.split(";")) for addr, provenance, name, roots in rows}
    verdict = corpus.Verdict(truth, found)
    print(verdict.table())
    return truth, found, verdict


@pytest.mark.parametrize("form", FORMS, ids=names(FORMS))
@pytest.mark.parametrize("program_name", PROGRAMS)
def test_form(build, preload, tmp_path, program_name, form):
    truth, found, verdict = look(build, preload, tmp_path, program_name, form)
    assert len(truth.blocks) >= 70
    assert (verdict.precision, verdict.recall) == (1, 1)
    assert not corpus.wrong_roots(truth, found)


@pytest.mark.parametrize("form", UNREADABLE, ids=names(UNREADABLE))
@pytest.mark.parametrize("program_name", PROGRAMS)
def test_unreadable(build, preload, tmp_path, program_name, form):
    """Less is told, and nothing wrong."""
    _, _, verdict = look(build, preload, tmp_path, program_name, form)
    assert not verdict.lies and not verdict.guesses


def test_incomplete_is_not_kept(build, preload, tmp_path):
    """What is found out while a part of the debug information is missing is no answer for the time when it is there."""
    path = make("pieces", "gcc", ["-O2", DWARF_5, "-gsplit-dwarf"], tmp_path)
    dump = corpus.Truth(path, preload, tmp_path, "full").dump
    lost = [(part, part.with_suffix(".away")) for part in tmp_path.glob("*.dwo")]
    assert lost

    def show():
        env = {**os.environ, "HEAPCENSUS_CACHE": str(tmp_path / "cache")}
        return subprocess.run([build / "analyzer/heapcensus", "show", dump], env=env, capture_output=True, text=True,
                              check=True, timeout=60).stdout

    for part, away in lost:
        part.rename(away)
    assert "struct job" not in show()
    for part, away in lost:
        away.rename(part)
    assert "struct job" in show()
