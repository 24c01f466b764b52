# SPDX-License-Identifier: MIT
"""Real C and C++ programs, built -O2 -g from Debian's sources and run under load until a dump of them is worth a look.

PROGRAMS is the one list. A Program knows its source package, how it is built there, and a load that leaves a state to
look at; `dump(...)` gives the path of the dump. Sources come from `apt-get source` (deb-src lines and dpkg-dev are
needed), into a folder outside the repository that is kept between runs. Nothing is installed; the network is 127.0.0.1.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "site"))
from server import Server  # noqa: E402
from site_pages import Site  # noqa: E402

BUILD_TIMEOUT = 1800
DEADLINE = 120
FLAGS = "-O2 -g"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(condition, what):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    sys.exit(f"real: {what}: not within {DEADLINE} s")


def accepts(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


class Program:
    """package: Debian's source package; build: shell lines run at its top; executable: relative to it.
    blocks: the share of blocks that must have a type, in percent."""

    package = build = executable = None
    blocks = 90
    signal = signal.SIGUSR1

    def __init__(self, sources):
        self.sources = sources
        self.top = self.find_top()

    def find_top(self):
        return next((p for p in sorted(self.sources.glob(self.package + "*")) if p.is_dir()), None)

    def make(self):
        """The path of the executable, fetched and built unless it is there."""
        if not self.top:
            self.sources.mkdir(parents=True, exist_ok=True)
            self.call(["apt-get", "source", "-qq", self.package], self.sources)
            self.top = self.find_top()
        path = self.top / self.executable
        if not path.exists():
            env = {**os.environ, "CFLAGS": FLAGS, "CXXFLAGS": FLAGS}
            self.call(["sh", "-ec", self.build], self.top, env)
        return path

    def call(self, argv, cwd, env=None):
        done = subprocess.run(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=BUILD_TIMEOUT, check=False)
        if done.returncode:
            sys.exit(f"real: {argv} in {cwd}:\n{done.stdout.decode(errors='replace')[-3000:]}")

    def dump(self, preload, where, stacks):
        """Runs the program with its load in the folder `where`; the path of the dump."""
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir(parents=True)
        self.where = where
        self.env = {**os.environ, "LC_ALL": "C", "HEAPCENSUS_STACKS": stacks, "HEAPCENSUS_DIR": str(where),
                    "HEAPCENSUS_EXEC": "stop", "LD_PRELOAD": str(preload),
                    "HEAPCENSUS_SIGNAL": self.signal.name.removeprefix("SIG")}
        self.load(self.make())
        return self.files()[0]

    def files(self):
        return sorted(self.where.glob(f"{pathlib.Path(self.executable).name}.*.hc"))

    @contextlib.contextmanager
    def running(self, *argv, **popen):
        child = subprocess.Popen([str(word) for word in argv], cwd=self.where, env=self.env,
                                 **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL,
                                    **popen})
        try:
            yield child
        finally:
            child.kill()
            child.wait()

    def take(self, child):
        child.send_signal(self.signal)
        wait_for(self.files, "no dump")

    def load(self, executable):
        raise NotImplementedError


class Redis(Program):
    package = "redis"
    build = "make -j2 MALLOC=libc OPTIMIZATION=-O2 CFLAGS=-g"
    executable = "src/redis-server"

    def load(self, executable):
        port = free_port()
        with self.running(executable, "--port", port, "--save", "", "--bind", "127.0.0.1") as child:
            wait_for(lambda: accepts(port), "redis does not listen")
            for arguments in ["-n 60000 -r 20000 -t set,lpush,sadd,hset,zadd".split(),
                              "-n 4000 -r 2000 xadd stream:__rand_int__ * field value".split()]:
                self.call([str(executable.with_name("redis-benchmark")), "-q", "-p", str(port), *arguments], self.where)
            self.take(child)


class Lua(Program):
    package = "lua5.4"
    # Debian's Makefile wants libtool and a header that its package build makes.
    build = ("echo '#define DEB_HOST_MULTIARCH \"x86_64-linux-gnu\"' > src/lua5.4-deb-multiarch.h; "
             "gcc -std=gnu99 -O2 -g -DLUA_USE_LINUX -Wl,-E -o src/lua $(ls src/*.c | grep -v luac.c) -lm")
    executable = "src/lua"
    blocks = 99
    SCRIPT = """
        local t = {} for i = 1, 60000 do t[i] = {name = "n" .. i, val = i * 1.5, next = t[i - 1], f = function() return i end} end
        local s = {} for i = 1, 20000 do s["k" .. i] = tostring(i) end
        local co = {} for i = 1, 200 do co[i] = coroutine.create(function() coroutine.yield(i) end) coroutine.resume(co[i]) end
        io.write("ready\\n") io.flush() io.read()
    """

    def find_top(self):
        return next((p for p in sorted(self.sources.glob("lua*5.4*")) if p.is_dir()), None)

    def load(self, executable):
        with self.running(executable, "-e", self.SCRIPT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            child.stdout.readline()
            self.take(child)


class Ninja(Program):
    package = "ninja-build"
    build = "cmake -B b -DCMAKE_BUILD_TYPE=None -DBUILD_TESTING=OFF && make -j2 -C b ninja"
    executable = "b/ninja"
    blocks = 99

    def find_top(self):
        return next((p for p in sorted(self.sources.glob("ninja-*")) if p.is_dir()), None)

    def load(self, executable):
        lines = ["rule cc", "  command = cc -c $in -o $out", "  depfile = $out.d", "rule stop",
                 f"  command = kill -{self.signal.name.removeprefix('SIG')} $$PPID; sleep 5"]
        for i in range(4000):
            (self.where / f"{i}.c").touch()
            (self.where / f"{i}.o").touch()
            lines += [f"build {i}.o: cc {i}.c | h{i % 50} || d{i % 7}", f"  flags = -O{i % 4} -DNUMBER={i}"]
        lines += [f"build h{i}: phony" for i in range(50)] + [f"build d{i}: phony" for i in range(7)]
        lines += ["build stop: stop", f"build all: phony {' '.join(f'{i}.o' for i in range(4000))}", "default stop"]
        (self.where / "build.ninja").write_text("\n".join(lines) + "\n")
        with self.running(executable):
            wait_for(self.files, "no dump")


class Sqlite(Program):
    package = "sqlite3"
    build = "./configure --disable-tcl --disable-shared --disable-readline && make sqlite3"
    executable = "sqlite3"
    SCRIPT = """
        create table page(id integer primary key, url text unique, body blob, depth int);
        create table link(a int references page, b int references page, text);
        create index link_a on link(a); create index link_b on link(b);
        create view deep as select * from page join link on page.id = link.a where depth > 3;
        create trigger t after insert on page begin update page set depth = depth + 1 where id = new.id - 1; end;
        with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
            insert into page select i, 'http://site/' || i, zeroblob(i % 300), i % 9 from n;
        insert into link select id, id * 7 % 20000, 'link ' || id from page;
        create temp table x as select * from deep limit 2000;
    """

    def load(self, executable):
        many = "".join(f"create table t{i}(a, b text collate nocase, c default 7, primary key(a, b)) without rowid;\n"
                       for i in range(150))
        stop = f".shell kill -{self.signal.name.removeprefix('SIG')} $PPID; sleep 5\n"
        with self.running(executable, ":memory:", stdin=subprocess.PIPE) as child:
            child.stdin.write((self.SCRIPT + many + stop).encode())
            child.stdin.flush()
            wait_for(self.files, "no dump")


class Nginx(Program):
    package = "nginx"
    build = "./configure --with-cc-opt='-O2 -g' --without-http_rewrite_module --without-http_gzip_module && make -j2"
    executable = "objs/nginx"
    signal = signal.SIGURG    # USR1 has nginx reopen its logs

    def load(self, executable):
        port = free_port()
        (self.where / "logs").mkdir()
        (self.where / "page.html").write_text("<p>" * 30000)
        servers = "".join(f"server {{ listen 127.0.0.1:{port}; server_name s{i}.example; root {self.where};\n"
                          f"location /a{i} {{ expires {i}h; add_header X-S {i}; }} location = /b {{ return 204; }} }}\n"
                          for i in range(60)).replace("location = /b { return 204; }", "location = /b { empty_gif; }")
        (self.where / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {self.where}/pid; error_log {self.where}/error;\n"
            "events { worker_connections 512; }\n"
            f"http {{ access_log {self.where}/access; keepalive_timeout 60s; types {{ text/html html; }}\n"
            f"upstream u {{ server 127.0.0.1:{port}; server 127.0.0.2:{port} backup; }}\n"
            f"proxy_temp_path {self.where}/p; client_body_temp_path {self.where}/c; fastcgi_temp_path {self.where}/f;\n"
            f"uwsgi_temp_path {self.where}/u; scgi_temp_path {self.where}/s;\n{servers}}}\n")
        with self.running(executable, "-p", self.where, "-c", self.where / "nginx.conf") as child:
            wait_for(lambda: accepts(port), "nginx does not listen")
            for i in range(200):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/page.html?{i}").read()
            with contextlib.ExitStack() as stack:
                for i in range(40):
                    s = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
                    s.sendall(f"GET /page.html HTTP/1.1\r\nHost: s{i}.example\r\nX-Header-{i}: y\r\n".encode()
                              + (b"\r\n" if i % 2 else b""))
                    if i % 2:
                        s.recv(64)
                self.take(child)


class Crawler(Program):
    """A crawl of the tests' site, which stands still after half of it."""

    pages = 600

    def argv(self, executable, url):
        raise NotImplementedError

    def load(self, executable):
        server = Server(Site(self.pages))
        try:
            server.hold({"/": self.pages // 2})
            with self.running(*self.argv(executable, server.url)) as child:
                wait_for(lambda: server.nr_held("/"), "the crawler does not come so far")
                time.sleep(0.5)
                self.take(child)
        finally:
            server.stop()


class Httrack(Crawler):
    package = "httrack"
    build = "./configure --disable-shared --disable-https && make -j2"
    executable = "src/httrack"

    def argv(self, executable, url):
        return (executable, "-q", "-O", "out", "--disable-security-limits", "-c8", "-%c0", "-A1000000000", "-s0", "-I0",
                "-r99", "-%D0", "-%k0", "-%F", "", url)


class Wget(Crawler):
    package = "wget"
    build = "./configure --without-ssl --disable-iri --without-libpsl && make -j2"
    executable = "src/wget"

    def find_top(self):
        return next((p for p in sorted(self.sources.glob("wget-*")) if p.is_dir()), None)

    def argv(self, executable, url):
        return (executable, "-nv", "-r", "-l", "inf", "-P", "out", url)


PROGRAMS = {cls.__name__.lower(): cls for cls in (Redis, Lua, Ninja, Sqlite, Nginx, Httrack, Wget)}
