# SPDX-License-Identifier: MIT
"""CPython's own regression tests (Debian's libpython3.11-testsuite) come out alike with and without the census, case by case, while the
program and what it starts are dumped every second."""
import collections
import os
import pathlib
import subprocess
import time
import xml.etree.ElementTree as ElementTree

import hcdump
import pytest
from pythons import SYSTEM

SIGNAL = 44		# none that the tests use: what they do with SIGUSR1 is their own
DUMP_EVERY = 1
DEADLINE = 600

QUICK = ["test_gc", "test_dict", "test_list", "test_set", "test_weakref", "test_fork1", "test_ctypes", "test_embed", "test_threading",
         "test_subprocess", "test_signal", "test_os", "test_tracemalloc", "test_sys", "test_multiprocessing_main_handling"]
SLOW = ["test_multiprocessing_fork", "test_multiprocessing_forkserver", "test_multiprocessing_spawn", "test_concurrent_futures",
        "test_asyncio", "test_io", "test_faulthandler", "test_regrtest", "test_venv", "test_socket", "test_ssl", "test_sqlite3",
        "test_cmd_line", "test_mmap", "test_resource", "test_exceptions", "test_atexit"]

# Cases that are left out, with the reason.
ALLOCATOR_NAME = "asks whether the object domain's allocator has pymalloc's address (docs/architecture.md)"
EXPLAINED = {
    "test_sys": {"test_debugmallocstats": ALLOCATOR_NAME},
    "test_cmd_line": {"test_pythonmalloc": ALLOCATOR_NAME, "test_xdev": ALLOCATOR_NAME},
}


def has_handler(pid):
    """Is the process ready for our signal, or would it be killed?"""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (SIGNAL - 1) & 1)
    return False


class Run:
    """One run of `python -m test`; preload None: without census."""

    def __init__(self, folder, preload, module, cases):
        self.folder, self.report, self.dumps = folder, folder / "report.xml", 0
        (folder / "dumps").mkdir(parents=True)
        (folder / "tmp").mkdir()
        env = {k: v for k, v in os.environ.items() if not k.startswith(("HEAPCENSUS_", "LD_PRELOAD", "PYTHON"))}
        env.update(TMPDIR=str(folder / "tmp"), TERM="dumb")
        if preload:
            env.update(LD_PRELOAD=str(preload), HEAPCENSUS_DIR=str(folder / "dumps"), HEAPCENSUS_SIGNAL=str(SIGNAL),
                       HEAPCENSUS_EVERY=str(DUMP_EVERY))
        options = [word for name in EXPLAINED.get(module, ()) for word in ("-i", name)]
        options += [word for name in cases for word in ("-m", name)]
        with open(folder / "output", "wb") as output:
            self.process = subprocess.Popen([SYSTEM, "-m", "test", "--junit-xml", self.report, *options, module], env=env, cwd=folder / "tmp",
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        self.preload = preload

    def ask(self):
        """Asks for a dump, if it runs; and throws away those that are done, but for the newest."""
        if self.preload and self.process.poll() is None and has_handler(self.process.pid):
            self.process.send_signal(SIGNAL)
        done = sorted((self.folder / "dumps").glob("*.hc"), key=lambda path: path.stat().st_mtime_ns)
        for path in done[:-1]:
            path.unlink()
            self.dumps += 1

    def outcomes(self):
        """Counter of (case, outcome), and the exit status."""
        counts = collections.Counter()
        assert self.report.exists(), (self.folder / "output").read_text(errors="replace")[-3000:]
        for case in ElementTree.parse(self.report).iter("testcase"):
            outcome = next((mark.tag for mark in case if mark.tag in ("skipped", "failure", "error")), "ok")
            counts[case.get("name", "(a part of a test)"), outcome] += 1
        return counts, self.process.returncode

    def check_dumps(self):
        """The newest dump is whole, nothing is left of others, and there was nothing to say."""
        left = list((self.folder / "dumps").iterdir())
        for path in left:
            assert path.suffix == ".hc", path.read_text(errors="replace") if path.suffix == ".log" else path.name
            assert hcdump.Dump(path).proc["reason"] in ("signal", "every")
        return self.dumps + len(left)


def compare(folder, preload, module, cases=()):
    """Both runs at once: how their outcomes differ, and how many dumps there were."""
    plain, census = (Run(folder / name, library, module, cases) for name, library in (("plain", None), ("census", preload)))
    end = time.monotonic() + DEADLINE
    try:
        while plain.process.poll() is None or census.process.poll() is None:
            assert time.monotonic() < end, f"{module} does not end"
            census.ask()
            time.sleep(DUMP_EVERY)
    finally:
        for run in plain, census:
            if run.process.poll() is None:
                run.process.kill()
            run.process.wait()
    nr_dumps = census.check_dumps()
    (expected, status), (got, census_status) = plain.outcomes(), census.outcomes()
    assert sum(expected.values()) >= 1
    return (expected - got) + (got - expected), (status, census_status), nr_dumps


@pytest.fixture(scope="module")
def modules():
    """The tests that this machine's Python brings."""
    script = "import pkgutil, test; print(*(m.name for m in pkgutil.iter_modules(test.__path__)))"
    done = subprocess.run([SYSTEM, "-c", script], stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    return done.stdout.split()


@pytest.mark.parametrize("module", QUICK + [pytest.param(name, marks=pytest.mark.slow) for name in SLOW])
def test_module(module, modules, preload, tmp_path):
    if module not in modules:
        pytest.skip(f"no test.{module} here (Debian: libpython3.11-testsuite)")
    differences, statuses, nr_dumps = compare(tmp_path / "first", preload, module)
    if differences:
        # Two runs of one test may differ by themselves, most of all two at once on a busy machine: once more, these cases only.
        cases = {name.rpartition(".")[2] for name, _ in differences if "." in name}
        print(f"{module}: once more: {cases or 'all'}")
        differences, statuses, _ = compare(tmp_path / "again", preload, module, cases)
    assert not differences
    assert statuses[0] == statuses[1]
    print(f"{module}: {nr_dumps} dumps")
