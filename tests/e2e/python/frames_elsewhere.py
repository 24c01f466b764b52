# SPDX-License-Identifier: MIT
"""Runs inside a Python of any version from 3.8 on: marks (see frames.py) of a sub-interpreter and of a forked child.

    frames_elsewhere.py interpreter | fork

One line of truth, then it waits for a line; a forked child sends itself the signal, and its parent waits for it.
"""
import os
import signal
import sys
import time

CODE = """
import json, os, sys
kept = []
sizes = iter(range(20011, 40000, 16))
def chain(frame):
    frames = []
    while frame:
        frames.append([frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name])
        frame = frame.f_back
    return frames
def mark():
    size = next(sizes)
    data, frames = bytes(size - sys.getsizeof(b"")), chain(sys._getframe())
    kept.append(data)
    return {size: frames}
def deep(n):
    return deep(n - 1) if n else mark()
def small():
    for n in [488 - sys.getsizeof(b"")] * 500: kept.append(b"x" * n)
small()
truth = {**mark(), **deep(5)}
os.write(1, (json.dumps(truth) + "\\n").encode())
"""


def interpreter():
    """Others before it end with their code alive: what comes after may have its address."""
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters
    for i in range(3):
        other = interpreters.create()
        interpreters.run_string(other, "\n" * i + CODE.rpartition("os.write")[0])
        interpreters.destroy(other)
    made = interpreters.create()
    interpreters.run_string(made, CODE)
    return made


def fork():
    child = os.fork()
    if not child:
        exec(CODE, {})
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.5)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


keep = {"interpreter": interpreter, "fork": fork}[sys.argv[1]]()
sys.stdin.readline()
