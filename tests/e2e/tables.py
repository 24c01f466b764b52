# SPDX-License-Identifier: MIT
"""Tables that `heapcensus show` prints, all rows of them."""
import json


def table(heapcensus, dump, expression, *options, **kw):
    """{row name: {"count": , "size": , ...}}"""
    told = json.loads(heapcensus("show", "--all", "--json", *options, dump, expression, **kw).stdout)
    return {row["name"]: row for row in told["rows"]}


def counts(heapcensus, dump, expression, *options):
    """{row name: count}"""
    return {name: row["count"] for name, row in table(heapcensus, dump, expression, *options).items()}
