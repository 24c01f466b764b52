# SPDX-License-Identifier: MIT
"""A dump by itself in a folder, and what it costs to ask about it: cold, when nothing is kept from earlier questions, or not."""
import collections
import json
import os
import pathlib
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
TIMEOUT = 900

# Seconds, MB, and what was said on standard error.
Cost = collections.namedtuple("Cost", "wall cpu peak_mb stderr")


class Dump:
    def __init__(self, build, folder):
        self.build, self.folder = pathlib.Path(build).resolve(), folder
        self.heapcensus = self.build / "analyzer/heapcensus"
        self.path = folder / "dump.hc"
        self.environment = {**os.environ, "HEAPCENSUS_TIMINGS": "1", "HEAPCENSUS_CACHE": str(folder / "cache")}
        for built in (self.heapcensus, self.build / "tests/bench/measure", self.build / "preload/libheapcensus.so"):
            if not built.exists():
                sys.exit(f"{built} was not built")

    def take(self, argv):
        """Of a program that sends itself the signal. The snapshot's child may outlive it."""
        subprocess.run(list(map(str, argv)), cwd=self.folder, check=True, timeout=TIMEOUT,
                       env={**os.environ, "LD_PRELOAD": str(self.build / "preload/libheapcensus.so")})
        for _ in range(TIMEOUT * 10):
            made = list(self.folder.glob("*.hc"))
            if made:
                made[0].rename(self.path)
                return
            time.sleep(0.1)
        sys.exit(f"{argv[0]} made no dump")

    def forget(self):
        """Everything but the dump."""
        for left in self.folder.rglob("*"):
            if left.is_file() and left != self.path:
                left.unlink()

    def ask(self, *words):
        cost = self.folder / "cost"
        ran = subprocess.run([self.build / "tests/bench/measure", cost, str(TIMEOUT), self.heapcensus, *map(str, words)],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True,
                             env=self.environment)
        status, wall, cpu, kib = cost.read_text().split()
        cost.unlink()
        if status != "0":
            sys.exit(f"heapcensus {' '.join(map(str, words))}: status {status}\n{ran.stderr}")
        return Cost(float(wall), float(cpu), int(kib) / 1024, ran.stderr)

    def ask_cold(self, *words):
        self.forget()
        return self.ask(*words)

    def nr_blocks(self):
        told = subprocess.run([self.heapcensus, "info", "--json", self.path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=True, timeout=TIMEOUT, env={**self.environment, "HEAPCENSUS_TIMINGS": ""})
        return json.loads(told.stdout)["blocks"]
