# SPDX-License-Identifier: MIT
"""Allocation-heavy: instances, tuples, dicts, lists and texts that come and go, and trees that stay. Argument: how often (1)."""
import sys


class Point:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


class Node:
    def __init__(self, left, right):
        self.left, self.right = left, right


def tree(depth):
    return Node(tree(depth - 1), tree(depth - 1)) if depth else Node(None, None)


def size(node):
    return 1 if node.left is None else 1 + size(node.left) + size(node.right)


def churn(n):
    total = 0
    for i in range(n):
        point = Point(i, i + 0.5)
        pair = (point, i, total)
        total += len(str(i)) + {"a": [pair, i]}["a"][1]
    return total


def index(n):
    by_start = {}
    for word in ["w%d" % i for i in range(n)]:
        by_start.setdefault(word[:3], []).append(word.upper())
    return len(by_start)


kept = tree(16)
for _ in range(int(*sys.argv[1:] or ["1"])):
    print(size(kept), churn(400000), index(200000), sum(size(tree(14)) for _ in range(4)))
