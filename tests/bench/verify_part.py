# SPDX-License-Identifier: MIT
"""Every workload once under HEAPCENSUS_STACKS=verify: how many stacks were compared with libunwind's, and how many differ."""
import re

from tools import VERIFY
from verdicts import line

COMPARED = re.compile(r"(\d+) stacks compared with libunwind's, (\d+) differ")


def compared(out):
    """(compared, differing) of all processes that logged into the folder."""
    logs = "".join(log.read_text(errors="replace") for log in out.glob("*.log"))
    pairs = [(int(number), int(differ)) for number, differ in COMPARED.findall(logs)]
    return sum(number for number, _ in pairs), sum(differ for _, differ in pairs)


def verify(runner, workloads):
    """Lines to print."""
    total = differing = failed = 0
    for workload in workloads:
        sample, (number, differ) = runner.run(workload, VERIFY, look=compared)
        trouble = sample.trouble or ("" if number else "nothing was compared")
        total, differing, failed = total + number, differing + differ, failed + bool(trouble)
        yield line(not (differ or trouble), 3, f"verify on {workload.name}", trouble or f"{number} compared, {differ} differ")
    yield line(not (differing or failed), 3, "verify on all of them",
               f"{total} compared, {differing} differ" + (f", {failed} workloads failed" if failed else ""))
