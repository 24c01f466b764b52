#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Serves a Site on 127.0.0.1, for crawlers under test.

As a library: Server(site) starts a thread; .url; .at(n, callback) calls back when the n-th request comes, before it is
answered, so that a test signals a crawler at the same place every time; .hold({prefix: n}) answers n more requests of
that part of the site and keeps the others waiting until the next hold(), so that a crawler stands still in a known
state; .stop(). As a program (its own process, for
benches and the demo): server.py [--pages N] [--port P] prints its URL as a line and serves until stdin ends.
HTTP/1.1 with keep-alive; the answers carry no date, so that output trees of two crawls can be compared.
"""
import argparse
import asyncio
import http
import sys
import threading

from site_pages import MODIFIED, Site

REQUEST_MAX = 64 << 10


class Connection(asyncio.Protocol):
    def __init__(self, server):
        self.server = server
        self.buffer = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while b"\r\n\r\n" in self.buffer and not self.transport.is_closing():
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            self.respond(head.decode("latin-1"))
        if len(self.buffer) > REQUEST_MAX:
            self.transport.close()

    def respond(self, head):
        lines = head.split("\r\n")
        words = lines[0].split(" ")
        if len(words) != 3 or words[0] not in ("GET", "HEAD"):
            self.transport.write(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self.transport.close()
            return
        headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip().lower() for line in lines[1:]}
        default = "keep-alive" if words[2] == "HTTP/1.1" else "close"
        keep = "keep-alive" in headers.get("connection", default)
        self.server.admit(words[1], lambda: self.send(words[0], words[1], keep))

    def send(self, method, target, keep):
        self.transport.write(self.server.response(method, target, keep))
        if not keep:
            self.transport.close()


class Server:
    def __init__(self, site, port=0):
        self.site = site
        self.nr_requests = 0
        self.callbacks = {}
        self.limits = {}
        self.waiting = []
        self.cache = {}
        self.loop = asyncio.new_event_loop()
        listening = threading.Event()
        self.thread = threading.Thread(target=self._serve, args=(port, listening), daemon=True)
        self.thread.start()
        if not listening.wait(10):
            raise RuntimeError("the site's server did not start")

    def _serve(self, port, listening):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(self.loop.create_server(lambda: Connection(self), "127.0.0.1", port))
        self.port = server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        listening.set()
        self.loop.run_forever()
        server.close()

    def at(self, n, callback):
        """Calls callback() when the n-th request from now arrives (n >= 1), before it is answered."""
        self.callbacks[self.nr_requests + n] = callback

    def hold(self, limits):
        """limits: {prefix of targets: how many more of them are answered}; {}: all are.  What waits comes first."""
        self.loop.call_soon_threadsafe(self._hold, limits)

    def _hold(self, limits):
        self.limits = dict(limits)
        waiting, self.waiting = self.waiting, []
        for target, send in waiting:
            self.admit(target, send)

    def nr_held(self, prefix):
        return sum(target.startswith(prefix) for target, _ in self.waiting)

    def admit(self, target, send):
        """Answers now or later."""
        prefix = next((prefix for prefix in self.limits if target.startswith(prefix)), None)
        if prefix is not None and not self.limits[prefix]:
            self.waiting.append((target, send))
            return
        if prefix is not None:
            self.limits[prefix] -= 1
        send()

    def response(self, method, target, keep):
        self.nr_requests += 1
        callback = self.callbacks.pop(self.nr_requests, None)
        if callback:
            callback()
        key = (method, target, keep)
        if key not in self.cache:
            self.cache[key] = self._format(method, self.site.answer(target), keep)
        return self.cache[key]

    @staticmethod
    def _format(method, answer, keep):
        head = [f"HTTP/1.1 {answer.status} {http.HTTPStatus(answer.status).phrase}",
                f"Content-Type: {answer.content_type}", f"Content-Length: {len(answer.body)}",
                f"Last-Modified: {MODIFIED}", f"Connection: {'keep-alive' if keep else 'close'}"]
        if answer.location:
            head.append(f"Location: {answer.location}")
        return "\r\n".join(head + ["", ""]).encode("latin-1") + (b"" if method == "HEAD" else answer.body)

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--pages", type=int, default=3000)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    arguments = parser.parse_args()
    server = Server(Site(arguments.pages), arguments.port)
    print(server.url, flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
