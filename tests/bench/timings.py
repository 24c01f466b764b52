# SPDX-License-Identifier: MIT
"""What heapcensus says of its passes (HEAPCENSUS_TIMINGS=1), read back."""
import collections
import re

Pass = collections.namedtuple("Pass", "name cpu wall resident_mb peak_mb")

LINE = re.compile(r"heapcensus: timing: (\S.*?) +([\d.]+) s cpu +([\d.]+) s wall +([\d.]+) MB +([\d.]+) MB peak")


def parse(stderr):
    """The passes in the order in which they ended."""
    return [Pass(m[1], *(float(number) for number in m.groups()[1:])) for m in map(LINE.fullmatch, stderr.splitlines()) if m]
