# SPDX-License-Identifier: MIT
"""The configurations that tests/bench/run compares: nothing, a preload that only forwards, ours, and other profilers.

CONFIGURATIONS is the one list: a new one is a row. Whether it can be had here is found out when the bench starts; what
cannot is a column that says why.
"""
import dataclasses
import functools
import pathlib
import shutil
import subprocess
import typing

HEAPTRACK = pathlib.Path("/usr/lib/heaptrack/libheaptrack_preload.so")
LIBRARIES = pathlib.Path("/usr/lib/x86_64-linux-gnu")
TCMALLOC = LIBRARIES / "libtcmalloc.so.4"
JEMALLOC = LIBRARIES / "libjemalloc.so.2"
PYTHON = "/usr/bin/python3"
SAMPLE = "sample:512k"    # what jemalloc samples by default
PROBE_TIMEOUT = 20


def said(*argv, **env):
    """What a command prints, both ways; "" where it cannot be run."""
    try:
        return subprocess.run(argv, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", **env}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PROBE_TIMEOUT, check=False,
                              text=True, errors="replace").stdout
    except OSError:
        return ""


@dataclasses.dataclass(frozen=True)
class Configuration:
    """name; summary: for the table's legend; start(build, out, argv): (environment, words of the command), where `out` is an
    empty folder that the run may fill; missing(): why it cannot be had here, or ""; version(): of the tool;
    slow: micro workloads do so many times less, as they print what a pair costs; python: can only run Python."""

    name: str
    summary: str
    start: typing.Callable
    missing: typing.Callable = lambda: ""
    version: typing.Callable = lambda: ""
    slow: int = 1
    python: bool = False


def nothing(_build, _out, argv):
    return {}, argv


def forward(build, _out, argv):
    return {"LD_PRELOAD": build / "tests/bench/libforward.so"}, argv


def census(stacks):
    def start(build, out, argv):
        return {"LD_PRELOAD": build / "preload/libheapcensus.so", "HEAPCENSUS_DIR": out, "HEAPCENSUS_STACKS": stacks}, argv
    return start


def heaptrack_live(_build, out, argv):
    interprets_only = ["--record-only"] if "--record-only" in said("heaptrack", "--help") else []
    return {}, ["heaptrack", *interprets_only, "-o", out / "heaptrack", *argv]


def heaptrack_raw(_build, out, argv):
    return {"LD_PRELOAD": HEAPTRACK, "DUMP_HEAPTRACK_OUTPUT": out / "raw"}, argv


def heaptrack_malloc(build, out, argv):
    env, argv = heaptrack_raw(build, out, argv)
    return {**env, "PYTHONMALLOC": "malloc"}, argv


def gperftools(_build, out, argv):
    return {"LD_PRELOAD": TCMALLOC, "HEAPPROFILE": out / "profile"}, argv


def jemalloc(_build, out, argv):
    return {"LD_PRELOAD": JEMALLOC, "MALLOC_CONF": f"prof:true,prof_final:true,prof_prefix:{out}/profile"}, argv


def memray(_build, out, argv):
    return {}, [PYTHON, "-m", "memray", "run", "-q", "-o", out / "memray.bin", *argv[1:]]


def no_heaptrack():
    return "" if HEAPTRACK.exists() and shutil.which("heaptrack") else "not installed"


@functools.cache
def jemalloc_says():
    return said("true", LD_PRELOAD=str(JEMALLOC), MALLOC_CONF="stats_print:true") if JEMALLOC.exists() else ""


def no_jemalloc():
    if not JEMALLOC.exists():
        return "not installed"
    return "" if "config.prof: true" in jemalloc_says() else "not built in"


def no_memray():
    return "" if memray_version() else "not installed"


@functools.cache
def memray_version():
    words = said(PYTHON, "-c", "import memray; print(memray.__version__)").split()
    return words[0] if len(words) == 1 else ""


def package_version(package):
    return lambda: said("dpkg-query", "-W", "-f", "${Version}", package)


CONFIGURATIONS = [
    Configuration("nothing", "the program by itself; its own figures, the other columns are ratios to them", nothing),
    Configuration("forward", "a preload that forwards malloc & co. and does nothing else", forward),
    Configuration("off", "`HEAPCENSUS_STACKS=off`: every block, no call stacks", census("off")),
    Configuration("caller", "`HEAPCENSUS_STACKS=caller`: every block with the place that asked for it", census("caller")),
    Configuration("full", "`HEAPCENSUS_STACKS=full`: every block with its whole call stack", census("full")),
    Configuration("sample", f"`HEAPCENSUS_STACKS={SAMPLE}`: every block with its caller, one in 512 KB with its whole stack",
                  census(SAMPLE)),
    Configuration("heaptrack", "the `heaptrack` script: interpreted while the program runs, compressed to disk (another two "
                  "processes; peak memory is the largest one's)", heaptrack_live, no_heaptrack,
                  package_version("heaptrack"), slow=10),
    Configuration("heaptrack raw", "heaptrack's preload, its raw output to a file: nothing is interpreted or compressed; "
                  "stands for `--record-only`, which interprets in the versions that have it", heaptrack_raw, no_heaptrack,
                  package_version("heaptrack"), slow=10),
    Configuration("heaptrack malloc", "heaptrack raw with `PYTHONMALLOC=malloc`, without which it sees none of Python's objects",
                  heaptrack_malloc, no_heaptrack, slow=10, python=True),
    Configuration("gperftools", "`HEAPPROFILE` with libtcmalloc: every allocation with its stack; another allocator, too",
                  gperftools, lambda: "" if TCMALLOC.exists() else "not installed", package_version("libgoogle-perftools4"),
                  slow=100),
    Configuration("jemalloc prof", "`prof:true` with libjemalloc: a stack for one in 512 KB; another allocator, too", jemalloc,
                  no_jemalloc, package_version("libjemalloc2")),
    Configuration("memray", "`memray run`: every allocation of a Python program with its Python stack", memray, no_memray,
                  memray_version, python=True),
]
# Not a column: --verify runs every workload under it once.
VERIFY = Configuration("verify", "every stack compared with libunwind's", census("verify"), slow=10)
