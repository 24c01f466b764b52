# SPDX-License-Identifier: MIT
"""docs/expressions.md and `show --help` say everything that the tables of the language hold."""
import re

import pytest
from conftest import SOURCE

ROW = re.compile(r"^\tX\((\w+),", re.M)


def names(path, table):
    text = (SOURCE / "analyzer" / path).read_text()
    body = text.split("#define %s(X)" % table)[1].split("#define")[0]
    found = ROW.findall(body)
    assert found
    return found


@pytest.mark.parametrize("path, table, form", [
    ("partition/list.h", "PARTITION_RULES", "`.%s`"),
    ("expr/list.h", "SET_ATTRIBUTES", "`.%s`"),
    ("expr/list.h", "OBJECT_ATTRIBUTES", "`.%s`"),
    ("expr/list.h", "FUNCTIONS", "`%s("),
])
def test_reference_has_every_name(path, table, form):
    text = (SOURCE / "docs" / "expressions.md").read_text()
    assert [name for name in names(path, table) if form % name not in text] == []


def test_help_has_every_partition(heapcensus):
    text = heapcensus("show", "--help").stdout
    assert [name for name in names("partition/list.h", "PARTITION_RULES") if " %s " % name not in text] == []
