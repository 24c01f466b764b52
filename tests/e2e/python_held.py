# SPDX-License-Identifier: MIT
"""For scripts that run inside the Python under test, of any version: objects of a class each, held by one kind of relation
each.

Lines: relation CLASS RELATION (all COUNT objects of that class are held by it alone); local CLASS RELATION (one
object); garbage CLASS COUNT (in cycles that nothing reaches); ready.
"""
import sys

COUNT = 20
keep = []


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def hold(name, relation, make, bases=(object,), **attributes):
    """Objects of a class of that name, each held by what make(object) returns."""
    new = type(name, bases, dict({"__slots__": ()} if bases == (object,) else {}, __module__="__main__", **attributes))
    for _ in range(COUNT):
        keep.append(make(new()))
    say("relation", name, relation)
