# SPDX-License-Identifier: MIT
"""The cache of what was found out of debug information: it changes nothing but the time, whatever is in it."""
import os
import random
import stat
import struct
import subprocess

import corpus
import pytest
import xxhash

QUERY = "heap.bytype; heap.byvia; heap.bysite"
HEADER = 72  # magic, build of heapcensus, version of libdw, length, checksum
BUILD, LIBDW = slice(8, 40), slice(40, 56)
CHANGES = 60


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cached")
    return corpus.Builder(folder).build("modules", "gcc -O2 -gdwarf-5")


@pytest.fixture(scope="module")
def dump(program, preload, tmp_path_factory):
    return corpus.Truth(program, preload, tmp_path_factory.mktemp("dump"), "full").dump


@pytest.fixture
def show(build, dump, tmp_path):
    """show(*options): what `heapcensus show` prints, with tmp_path/cache as its cache."""
    def run(*options, cache=tmp_path / "cache"):
        done = subprocess.run([build / "analyzer/heapcensus", "show", *options, dump, QUERY], capture_output=True, text=True,
                              timeout=60, env={**os.environ, "HEAPCENSUS_CACHE": str(cache)})
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


@pytest.fixture
def cached(show, program, tmp_path):
    """The program's file in a cache that has been filled."""
    show()
    notes = subprocess.run(["readelf", "-n", program], capture_output=True, text=True, check=True, timeout=60).stdout
    return tmp_path / "cache" / (notes.split("Build ID: ")[1].split()[0] + ".types")


def write(path, payload):
    """A whole file with other facts."""
    header = path.read_bytes()[:HEADER]
    path.write_bytes(header[:LIBDW.stop] + struct.pack("<QQ", len(payload), xxhash.xxh3_64_intdigest(payload)) + payload)


def test_second_look(show, program, cached, tmp_path):
    """Nothing is read of the debug information: it may be gone."""
    expected = show("--no-cache")
    kept = program.read_bytes()
    assert "web::Visit::Cookie" in expected and "'.cookie'" in expected
    try:
        subprocess.run(["strip", "-g", program], check=True, timeout=60)
        assert show() == expected
        assert "web::Visit::Cookie" not in show("--no-cache")
        cached.unlink()
        assert "web::Visit::Cookie" not in show()
        assert not cached.exists()
    finally:
        os.replace(program, tmp_path / "old")  # it may be mapped
        program.write_bytes(kept)
        program.chmod(0o755)


def test_no_cache(show, tmp_path):
    show("--no-cache")
    show(cache="")
    assert not (tmp_path / "cache").exists()


def test_private(cached):
    assert stat.S_IMODE(cached.stat().st_mode) == 0o600
    assert stat.S_IMODE(cached.parent.stat().st_mode) == 0o700
    assert not [path for path in cached.parent.iterdir() if path.suffix != ".types"]


def test_damaged(show, cached):
    """A file that is not whole is ignored and written anew."""
    expected, whole = show("--no-cache"), cached.read_bytes()
    for damaged in (b"", whole[:20], whole[:HEADER], whole[:-1], whole + b"x", whole[:HEADER + 9] + b"\xff" + whole[HEADER + 10:],
                    b"x" + whole[1:], whole[:BUILD.start] + bytes(32) + whole[BUILD.stop:],
                    whole[:LIBDW.start] + b"0.1" + bytes(13) + whole[LIBDW.stop:]):
        cached.write_bytes(damaged)
        assert show() == expected
        assert cached.read_bytes() == whole


def test_not_ours(show, cached):
    """What others may write is not read, and what is no file is left alone."""
    cached.write_bytes(b"")
    cached.chmod(0o666)
    expected = show("--no-cache")
    assert show() == expected
    cached.unlink()
    cached.mkdir()
    assert show() == expected
    assert cached.is_dir() and not list(cached.iterdir())


def test_unwritable(show, tmp_path):
    expected = show("--no-cache")
    (tmp_path / "file").write_text("")
    assert show(cache=tmp_path / "file" / "cache") == expected
    assert show(cache="/proc/cache") == expected


def test_other_facts(show, cached):
    """A file with a right checksum and wrong facts may tell lies, but does no harm."""
    payload = cached.read_bytes()[HEADER:]
    generator = random.Random(4)
    for _ in range(CHANGES):
        changed = bytearray(payload)
        for _ in range(generator.choice((1, 1, 2, 8))):
            changed[generator.randrange(len(changed))] = generator.choice((0, 1, 2, 0x7f, 0x80, 0xff, generator.randrange(256)))
        if generator.random() < 0.1:
            del changed[generator.randrange(len(changed)):]
        write(cached, bytes(changed))
        show()


def test_old_files_go(show, cached):
    """Those of other builds; the folder may have files of somebody else's."""
    old, others = cached.with_name("00.types"), [cached.with_name(name) for name in ("kept.txt", "mime.types")]
    for path in (old, *others):
        path.write_text("")
        os.utime(path, (0, 0))
    cached.unlink()
    show()
    assert not old.exists() and all(path.exists() for path in (*others, cached))
