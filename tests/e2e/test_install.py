# SPDX-License-Identifier: MIT
"""An installation works from its own folder: the program finds its library, page and completion are there."""
import os
import subprocess

import pytest


@pytest.fixture(scope="module")
def prefix(build, tmp_path_factory):
    where = tmp_path_factory.mktemp("install")
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", where], check=True,
                   stdout=subprocess.PIPE, timeout=60)
    page, = where.rglob("heapcensus.1")
    return page.parents[3]


def test_installed(prefix, tmp_path):
    files = {path.name: path for path in prefix.rglob("*") if path.is_file()}
    assert {"libheapcensus.so", "tag.h", "heapcensus.1"} <= files.keys()
    assert (prefix / "share/bash-completion/completions/heapcensus").read_text().startswith("_heapcensus")
    env = {**os.environ, "PATH": f"{prefix / 'bin'}:{os.environ['PATH']}"}
    subprocess.run(["heapcensus", "run", "--exit", "1", "--dir", tmp_path, "--", "sort", "/dev/null"], env=env, check=True,
                   timeout=60)
    dump, = tmp_path.glob("sort.*.hc")
    shown = subprocess.run(["heapcensus", "show", dump], env=env, check=True, stdout=subprocess.PIPE, text=True, timeout=60)
    assert shown.stdout.startswith("Partition of a set of ")


def test_tag_header_needs_nothing(prefix, tmp_path):
    """<heapcensus/tag.h> compiles as C and C++ with warnings as errors, links alone, and does nothing without the preload."""
    source = tmp_path / "tagged.c"
    source.write_text('#include <heapcensus/tag.h>\n#include <stdlib.h>\nint main(void)\n{\n\tvoid *p = malloc(10);\n'
                      '\tint tagged = heapcensus_tag(p, "Request");\n\n\tfree(p);\n\treturn tagged;\n}\n')
    library, = prefix.rglob("libheapcensus.so")
    for compiler, language in ("gcc", "c"), ("g++", "c++"), ("clang", "c"), ("clang++", "c++"):
        program = tmp_path / compiler
        subprocess.run([compiler, "-x", language, "-O2", "-Wall", "-Wextra", "-Werror", f"-I{prefix / 'include'}", source, "-o",
                        program], check=True, timeout=60)
        assert subprocess.run([program], timeout=60).returncode == 0
        under = {**os.environ, "LD_PRELOAD": str(library), "HEAPCENSUS_DIR": str(tmp_path)}
        assert subprocess.run([program], env=under, timeout=60).returncode == 1
