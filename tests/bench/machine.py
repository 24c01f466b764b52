# SPDX-License-Identifier: MIT
"""Where and with what a table was measured: machine, versions, date, command; and the part of a page that has the table."""
import datetime
import os
import pathlib
import platform
import re

from tools import CONFIGURATIONS, PYTHON, package_version, said

BEGIN, END = "<!-- bench: begin (tests/bench/run --markdown writes this part) -->", "<!-- bench: end -->"
PACKAGES = ("libc6", "g++", "libxml2-utils", "sqlite3", "perl", "httrack", "wget2", "htdig", "wget", "python3-scrapy")


def first_match(pattern, path):
    found = re.search(pattern, pathlib.Path(path).read_text(), re.MULTILINE)
    return found.group(1) if found else "unknown"


def describe(source, command):
    """Facts as {title: text}."""
    cpu = first_match(r"^model name\s*: (.*)$", "/proc/cpuinfo")
    memory = int(first_match(r"^MemTotal:\s*(\d+)", "/proc/meminfo")) / (1 << 20)
    return {
        "machine": f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GB, Linux {platform.release()}",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "heapcensus": said("git", "-C", str(source), "describe", "--always", "--dirty").strip() or "unknown",
        "profilers": ", ".join(f"{c.name} {c.missing() or c.version()}" for c in CONFIGURATIONS if c.version() or c.missing()),
        "programs": ", ".join([said(PYTHON, "--version").strip(), *(f"{name} {package_version(name)() or 'not installed'}"
                                                                   for name in PACKAGES)]),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "command": f"`{command}`",
    }


def has_part(path):
    text = path.read_text()
    return BEGIN in text and END in text


def replace_part(path, part):
    text = path.read_text()
    before, after = text.index(BEGIN) + len(BEGIN), text.index(END)
    path.write_text(f"{text[:before]}\n\n{part}\n{text[after:]}")
