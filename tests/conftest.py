# SPDX-License-Identifier: MIT
"""What every pytest of heapcensus shares: where the build is, how to run its programs, and bounds on time.

    pytest tests [--build DIR] [--pages N] [--guppy DIR] [--slow] [--update]
"""
import os
import pathlib
import subprocess
import sys

import pytest

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / "tests" / "bench"))
sys.path.insert(0, str(SOURCE / "tests" / "dumps"))
sys.path.insert(0, str(SOURCE / "tests" / "site"))

os.environ["HEAPCENSUS_CACHE"] = ""  # the user's stays as it is


def pytest_addoption(parser):
    parser.addoption("--build", default=os.environ.get("TEST_BUILD", str(SOURCE / "build")),
                     help="build directory with libheapcensus.so and heapcensus")
    parser.addoption("--pages", type=int, default=300, help="pages of the site that the crawlers crawl")
    parser.addoption("--guppy", default=os.environ.get("TEST_GUPPY", ""),
                     help="directory with a built guppy3, where Python does not find it by itself")
    parser.addoption("--slow", action="store_true", help="also the tests that take minutes")
    parser.addoption("--update", action="store_true", help="rewrite the expected output of golden tests")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    left_out = [item for item in items if item.get_closest_marker("slow")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def build(request):
    path = pathlib.Path(request.config.getoption("--build")).resolve()
    if not (path / "build.ninja").exists():
        pytest.fail(f"{path} is no build directory: meson setup {path} && ninja -C {path}")
    return path


def _built(build, relative):
    path = build / relative
    if not path.exists():
        pytest.fail(f"{path} was not built: ninja -C {build}")
    return path


@pytest.fixture(scope="session")
def preload(build):
    """Path of libheapcensus.so."""
    return _built(build, "preload/libheapcensus.so")


@pytest.fixture(scope="session")
def program(build):
    """program(name): the path of tests/e2e/programs/<name>, built."""
    return lambda name: _built(build, f"tests/e2e/e2e_{name}")


@pytest.fixture(scope="session")
def heapcensus(build):
    """heapcensus(*args, check=True, timeout=60, **kw): runs the analyzer, gives the CompletedProcess (text)."""
    executable = _built(build, "analyzer/heapcensus")

    def run(*args, check=True, timeout=60, **kw):
        done = subprocess.run([executable, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=timeout, **kw)
        if check and done.returncode != 0:
            pytest.fail(f"heapcensus {' '.join(map(str, args))}: exit status {done.returncode}\n{done.stderr}")
        return done

    run.path = executable
    return run


@pytest.fixture
def update(request):
    return request.config.getoption("--update")
