# SPDX-License-Identifier: MIT
"""Where and with what a table was measured: machine, versions, date, command."""
import datetime
import json
import os
import pathlib
import platform
import re

from tools import CONFIGURATIONS, PYTHON, package_version, said

PACKAGES = ("libc6", "g++", "libxml2-utils", "sqlite3", "perl", "httrack", "wget2", "htdig", "wget", "python3-scrapy")


def first_match(pattern, path):
    found = re.search(pattern, pathlib.Path(path).read_text(), re.MULTILINE)
    return found.group(1) if found else "unknown"


def built(build):
    """How meson was told to build it."""
    options = json.loads((build / "meson-info/intro-buildoptions.json").read_text())
    return next(option["value"] for option in options if option["name"] == "buildtype")


def describe(source, build, command):
    """Facts as {title: text}."""
    cpu = first_match(r"^model name\s*: (.*)$", "/proc/cpuinfo")
    memory = int(first_match(r"^MemTotal:\s*(\d+)", "/proc/meminfo")) / (1 << 20)
    return {
        "machine": f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GB, Linux {platform.release()}",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "heapcensus": said("git", "-C", str(source), "describe", "--always", "--dirty").strip() or "unknown",
        "build": built(build),
        "profilers": ", ".join(f"{c.name} {c.missing() or c.version()}" for c in CONFIGURATIONS if c.version() or c.missing()),
        "programs": ", ".join([said(PYTHON, "--version").strip(), *(f"{name} {package_version(name)() or 'not installed'}"
                                                                   for name in PACKAGES)]),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "command": f"`{command}`",
    }
