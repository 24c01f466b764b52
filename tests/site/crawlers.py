# SPDX-License-Identifier: MIT
"""The unmodified crawlers of Debian that tests and benches run over a generated site, and what makes two runs comparable.

CRAWLERS is the one list. A crawl happens in an empty directory of its own; Outcome.tree maps every file that it left to
its content, with the clock taken out (dates, rates, durations), so that equal means equal.
"""
import dataclasses
import os
import pathlib
import re
import subprocess
import zipfile

SPIDER = pathlib.Path(__file__).resolve().parent / "spider.py"

DATE = re.compile(rb"(Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (\d\d? )?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) .{13,17}"
                  rb"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|\b\d\d:\d\d:\d\d\b|\d{8,14}Z?\b")


def without_clock(data):
    return DATE.sub(b"<time>", data)


@dataclasses.dataclass
class Outcome:
    status: int
    stdout: bytes
    stderr: bytes
    tree: dict


class Crawler:
    """name; argv(url) to run in the crawl's directory; left_out: files that no two runs have in common."""

    def __init__(self, name, argv, left_out=()):
        self.name = name
        self.argv = argv
        self.left_out = left_out

    def prepare(self, url, where):
        """Files that the crawler wants to find in its directory."""

    def normalise(self, path, data):
        """Content of the file `path` (relative) that two equal crawls have in common."""
        return without_clock(data)

    def normalise_output(self, data):
        return without_clock(data)

    def outcome(self, where, status, stdout, stderr):
        tree = {}
        for path in sorted(where.rglob("*")):
            name = str(path.relative_to(where))
            if path.is_file() and not name.startswith(self.left_out or ("\0",)):
                tree[name] = self.normalise(name, path.read_bytes())
        return Outcome(status, self.normalise_output(stdout), self.normalise_output(stderr), tree)

    def run(self, url, where, env=None, timeout=120, started=None):
        """Crawls; started(pid) is called once the process exists. Gives the Outcome."""
        where.mkdir(parents=True)
        self.prepare(url, where)
        child = subprocess.Popen(self.argv(url), cwd=where, env={**os.environ, "LC_ALL": "C", **(env or {})},
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if started:
            started(child.pid)
        try:
            stdout, stderr = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise
        return self.outcome(where, child.returncode, stdout, stderr)


class Httrack(Crawler):
    def normalise_output(self, data):
        # The progress line is rewritten as often as time allows.
        lines = data.replace(b"\r", b"\n").split(b"\n")
        return without_clock(b"\n".join(line for line in lines if line and b"bytes" not in line and b" / " not in line))

    def normalise(self, path, data):
        if path.endswith("hts-log.txt"):
            data = re.sub(rb"(?s)HTTrack Website Copier/\S+ mirror complete in .*? : (\d+ links scanned, \d+ files "
                          rb"written).*?\n", rb"complete: \1\n", data)
            return b"\n".join(sorted(without_clock(data).split(b"\n")))
        if path.endswith("new.txt"):
            return b"\n".join(sorted(line.split(b"\t", 3)[-1] for line in without_clock(data).split(b"\n")))
        if path.endswith("new.lst"):
            return b"\n".join(sorted(data.split(b"\n")))
        return without_clock(data)

    def outcome(self, where, status, stdout, stderr):
        cache = where / "out/hts-cache/new.zip"
        outcome = super().outcome(where, status, stdout, stderr)
        if cache.exists():
            with zipfile.ZipFile(cache) as archive:
                outcome.tree["out/hts-cache/new.zip"] = sorted(archive.namelist())
        return outcome


class Htdig(Crawler):
    def prepare(self, url, where):
        (where / "db").mkdir()
        (where / "htdig.conf").write_text(
            f"start_url: {url}\nlimit_urls_to: {url}\ndatabase_dir: {where}/db\ncommon_dir: /usr/share/htdig/common\n"
            "server_wait_time: 0\nmax_hop_count: 99\nbad_extensions: .bin\n")

    def normalise(self, path, data):
        if path == "htdig.conf":
            return re.sub(rb"database_dir: .*", b"", data)
        return re.sub(rb"\b1[78]\d{8}\b", b"<time>", without_clock(data))


class Wget(Crawler):
    def normalise_output(self, data):
        data = re.sub(rb"Total wall clock time: .*|(Downloaded: .*) in .*", rb"\1", data)
        return without_clock(data)

    def normalise(self, path, data):
        return self.normalise_output(data) if path == "wget-log" else data


class Sorted(Crawler):
    """A crawler that works on several pages at once: its output lines come in any order."""

    def normalise_output(self, data):
        return b"\n".join(sorted(without_clock(data).split(b"\n")))

    def normalise(self, path, data):
        if path.endswith(".jsonl"):
            return b"\n".join(sorted(data.split(b"\n")))
        return super().normalise(path, data)


CRAWLERS = [
    Httrack("httrack", lambda url: ["httrack", "-q", "-O", "out", "--disable-security-limits", "-c8", "-%c0", "-A1000000000",
                                    "-s0", "-I0", "-r99", "-%D0", "-%k0", "-%F", "", url],
            left_out=("out/hts-cache/doit.log",)),
    Sorted("wget2", lambda url: ["wget2", "-q", "-r", "-l", "inf", "-P", "out", url]),
    Htdig("htdig", lambda url: ["htdig", "-i", "-t", "-v", "-c", "htdig.conf"], left_out=("db/db.docdb", "db/db.docs.index",
          "db/db.excerpts", "db/db.words.db")),
    Wget("wget", lambda url: ["wget", "-nv", "-r", "-l", "inf", "-P", "out", url]),
    Sorted("scrapy", lambda url: ["/usr/bin/python3", "-m", "scrapy", "runspider", "--nolog", "-o", "items.jsonl",
                                  "-a", f"url={url}", str(SPIDER)]),
]


def by_name(name):
    return next(crawler for crawler in CRAWLERS if crawler.name == name)
