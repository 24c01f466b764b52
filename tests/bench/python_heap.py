# SPDX-License-Identifier: MIT
"""A CPython with about that many objects, for tests/bench/growth: instances with dicts, strings, lists, tuples and numbers, in
the mixture of a program that holds parsed documents. Dumps itself."""
import os
import signal
import sys


class Page:
    def __init__(self, number, parent):
        self.url = "http://localhost/page/%d" % number
        self.parent = parent
        self.links = ["/page/%d" % (number * k % 1000003) for k in range(2, 5)]
        self.meta = {"depth": number % 17, "priority": float(number), "tags": (str(number), "a%d" % (number % 100))}


BLOCKS_A_PAGE = 15   # itself, its dict, two strings ...

pages = []
for i in range(int(sys.argv[1]) // BLOCKS_A_PAGE):
    pages.append(Page(i, pages[i // 2] if pages else None))
os.kill(os.getpid(), signal.SIGUSR1)
