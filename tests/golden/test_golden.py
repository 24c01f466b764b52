# SPDX-License-Identifier: MIT
"""Golden tests: heaps in readable text, commands, and exactly what they print.

A *.golden file is made of parts, each begun by a line "%% ...":

    %% heap NAME                 a description (tests/dumps/describe.py) that becomes NAME.hc
    %% script NAME FILE          NAME.hc is made by FILE's function heap(), for heaps that are too large to write down
    %% run COMMAND ARGUMENTS     what heapcensus prints on standard output follows
    %% error                     what it printed on standard error, if anything
    %% status N                  its exit status, if it is not 0
    %% # TEXT                    a comment

Text before the first part is the file's own comment, too. --update rewrites the outputs; review the difference.
"""
import importlib.util
import pathlib
import re
import shlex

import pytest

import describe

HERE = pathlib.Path(__file__).resolve().parent
CASES = sorted(HERE.glob("*.golden"))
MARK = "%% "


def parts_of(text):
    """[(head, body)], the first head is empty."""
    parts = [("", "")]
    for line in text.splitlines(keepends=True):
        if line.startswith(MARK):
            parts.append((line[len(MARK):].rstrip("\n"), ""))
        else:
            parts[-1] = (parts[-1][0], parts[-1][1] + line)
    return parts


def script_heap(name):
    spec = importlib.util.spec_from_file_location(pathlib.Path(name).stem, HERE / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.heap()


def normalise(text):
    """What may differ between machines: the size of a file depends on the version of zstd. Every kind of output goes through here."""
    text = re.sub(r"(\.hc, )[0-9.]+ [A-Za-z]+(, format)", r"\1SIZE\2", text)
    return text if not text or text.endswith("\n") else text + "(no newline at the end)\n"


def run(heapcensus, arguments, folder):
    done = heapcensus(*shlex.split(arguments), check=False, cwd=folder)
    out = MARK + "run " + arguments + "\n" + normalise(done.stdout)
    if done.stderr:
        out += MARK + "error\n" + normalise(done.stderr)
    if done.returncode:
        out += MARK + "status %d\n" % done.returncode
    return out


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_golden(path, heapcensus, tmp_path, update):
    expected = path.read_text(encoding="utf-8")
    actual = ""
    for head, body in parts_of(expected):
        words = head.split()
        if not head:
            actual += body
        elif words[0] == "#":
            actual += MARK + head + "\n"
        elif words[0] == "heap":
            describe.parse(body).write(tmp_path / (words[1] + ".hc"))
            actual += MARK + head + "\n" + body
        elif words[0] == "script":
            script_heap(words[2]).write(tmp_path / (words[1] + ".hc"))
            actual += MARK + head + "\n"
        elif words[0] == "run":
            actual += run(heapcensus, head[len("run "):], tmp_path)
        else:
            assert words[0] in ("error", "status"), head
    if update:
        path.write_text(actual, encoding="utf-8")
    assert actual == expected
