# SPDX-License-Identifier: MIT
"""The heap of the Scrapy crawl whose two tables Scrapy's documentation prints: 297,033 objects, 22,307 of them dicts.

The ten printed rows are given; the rows that the documentation leaves out share what is left evenly. Each object is a block
with the type as its tag; a dict is referred to by one word of a tuple for each of its relations, which are named.
"""
import itertools

import hcdump

OBJECTS, SIZE = 297033, 52587824
TYPES = [
    (22307, 16423880, "dict"),
    (122285, 12441544, "str"),
    (68346, 5966696, "tuple"),
    (227, 5836528, "unicode"),
    (2461, 2222272, "type"),
    (16870, 2024400, "function"),
    (13949, 1673880, "types.CodeType"),
    (13422, 1653104, "list"),
    (3735, 1173680, "_sre.SRE_Pattern"),
    (1209, 456936, "scrapy.http.headers.Headers"),
]
MORE_TYPES = 1676
RELATIONS = [
    (10982, 9416336, [".__dict__"]),
    (1820, 2681504, [".__dict__", ".func_globals"]),
    (3097, 1122904, []),
    (990, 277200, ["['cookies']"]),
    (987, 276360, ["['cache']"]),
    (985, 275800, ["['meta']"]),
    (897, 251160, ["[2]"]),
    (1, 196888, ["['moduleDict']", "['modules']"]),
    (672, 188160, ["['cb_kwargs']"]),
    (27, 155016, ["[1]"]),
]
MORE_RELATIONS = 333


def shares(whole, parts):
    """parts numbers that differ by at most one and add up to whole."""
    return [whole // parts + (i < whole % parts) for i in range(parts)]


def rest(rows, count, size, nr):
    """(count, size) of nr further rows that bring the totals to count and size."""
    return zip(shares(count - sum(r[0] for r in rows), nr), shares(size - sum(r[1] for r in rows), nr))


def heap():
    made = hcdump.Heap(exe="/usr/bin/scrapy")
    count, size, name = TYPES[0]
    more = [(n, s, ["['key%03d']" % i]) for i, (n, s) in enumerate(rest(RELATIONS, count, size, MORE_RELATIONS))]
    referred = []
    for row_count, row_size, relations in RELATIONS + more:
        for one in shares(row_size, row_count):
            block = made.block(one, tag=name)
            referred += [(block, relation) for relation in relations]
    more = [(n, s, "Type%04d" % i) for i, (n, s) in enumerate(rest(TYPES, OBJECTS, SIZE, MORE_TYPES))]
    for row_count, row_size, name in TYPES[1:] + more:
        words = iter(referred if name == "tuple" else [])
        for one, word in zip(shares(row_size, row_count), itertools.chain(words, itertools.repeat(None))):
            made.block(one, tag=name, refs={8: word[0]} if word else None, names={8: word[1]} if word else None)
    return made
