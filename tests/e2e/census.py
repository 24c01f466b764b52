# SPDX-License-Identifier: MIT
"""A program of tests/e2e/programs under census: start it, signal it, read its dumps."""
import ctypes
import os
import pathlib
import signal
import subprocess
import time

import hcdump

DEADLINE = 90
SYS_TGKILL = 234
libc = ctypes.CDLL(None, use_errno=True)


class Census:
    """A running program.  preload None: without the profiler.  after: further libraries to preload, behind ours."""

    def __init__(self, argv, preload, folder, after=(), env=None, **popen):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("HEAPCENSUS_", "LD_PRELOAD"))}
        libraries = [str(path) for path in ([preload] if preload else []) + list(after)]
        if libraries:
            environ["LD_PRELOAD"] = " ".join(libraries)
        if preload:
            environ["HEAPCENSUS_DIR"] = str(self.folder)
        environ.update(env or {})
        self.seen = set()
        self.preloaded = bool(preload)
        streams = {name: popen.pop(name, subprocess.PIPE) for name in ("stdin", "stdout", "stderr")}
        self.process = subprocess.Popen([str(arg) for arg in argv], env=environ, **streams, **popen)
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()

    # --- talking ---

    def expect(self, line):
        """Reads the next line of standard output, which must be this one."""
        got = self.process.stdout.readline().decode()
        assert got == line + "\n", f"expected {line!r}, got {got!r}; stderr: {self.rest_of_stderr()}"

    def rest_of_stderr(self):
        if self.process.poll() is None:
            self.process.kill()
        return self.process.stderr.read().decode(errors="replace") if self.process.stderr else ""

    def last_dump(self):
        """The path of one more dump, after which the program is told to end and does."""
        self.signal()
        path = self.new_file()
        self.say()
        assert self.finish()[0] == 0
        return path

    def say(self, line=""):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def finish(self, timeout=DEADLINE):
        """Ends its input, waits for its end: (exit status, stdout, stderr); None for those that go elsewhere."""
        out, err = self.process.communicate(timeout=timeout)
        return self.process.returncode, *(text if text is None else text.decode() for text in (out, err))

    # --- dumps ---

    def files(self, folder=None):
        return sorted(pathlib.Path(folder or self.folder).glob("*.hc"))

    def all_files(self, nr, timeout=DEADLINE):
        """The same, once there are nr: after an exec the writing child has nobody who waits for it."""
        end = time.monotonic() + timeout
        while len(self.files()) < nr and time.monotonic() < end:
            time.sleep(0.005)
        return self.files()

    def wait_for(self, condition, what, timeout=DEADLINE):
        """Polls until condition() is true and gives its value."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            assert self.process.poll() is None or condition(), \
                f"{what}: the program ended with {self.process.returncode}: {self.rest_of_stderr()}{self.log()}"
            time.sleep(0.005)
        raise AssertionError(f"{what}: not within {timeout} s; log: {self.log()}")

    def log(self):
        return "".join(f"\n{path.name}: {path.read_text(errors='replace')}" for path in self.folder.glob("*.log"))

    def new_file(self, folder=None, timeout=DEADLINE):
        """The path of a dump that was not there before."""
        path = self.wait_for(lambda: next((p for p in self.files(folder) if p not in self.seen), None),
                             "no dump", timeout)
        self.seen.add(path)
        return path

    def signal(self, tid=None, number=signal.SIGUSR1):
        if tid is None:
            self.process.send_signal(number)
        else:
            libc.syscall(SYS_TGKILL, self.pid, tid, int(number))

    def wait_until_blocked(self):
        """Until the main thread is in a system call that does not end by itself."""
        def blocked():
            with open(f"/proc/{self.pid}/syscall", encoding="ascii") as file:
                return not file.read().startswith("running")
        self.wait_for(blocked, "it runs on and on")

    def wait_until_still(self, seconds):
        """Until no thread of it has run for so long: whatever it had to do is done."""
        def switches():
            text = ""
            for tid in self.threads():
                with open(f"/proc/{self.pid}/task/{tid}/status", encoding="ascii") as file:
                    text += "".join(line for line in file if line.startswith(("State", "voluntary", "nonvoluntary")))
            return text

        def is_still():
            before = switches()
            time.sleep(seconds)
            return before == switches() and "State:\tR" not in before
        self.wait_for(is_still, "it never rests")

    def threads(self):
        """Thread ids that the kernel knows."""
        try:
            return [int(name) for name in os.listdir(f"/proc/{self.pid}/task")]
        except FileNotFoundError:
            return []

    def dump(self, tid=None, folder=None):
        """Signals, waits for the file, reads it."""
        self.signal(tid)
        return hcdump.Dump(self.new_file(folder))


def memory(dump, addr, size):
    """size bytes of roots and large blocks at addr, zero where the dump has none."""
    data = bytearray(size)
    for r in dump.ranges:
        start, end = max(r.addr, addr), min(r.addr + len(r.data), addr + size)
        if start < end:
            data[start - addr:end - addr] = r.data[start - r.addr:end - r.addr]
    return bytes(data)


def kind_name(block):
    return hcdump.f.KINDS[block.kind]
