# SPDX-License-Identifier: MIT
"""A web site that is the same every time: N pages linked as a tree and across, with what crawlers meet elsewhere.

Everything is a function of the number of pages, so two crawls of Site(n) get the same bytes. There are

    /                      the front page: the first pages, the sections, a form, a style sheet
    /p/<section>/<i>.html  the N pages; page i links its children 8i+1 .. 8i+8 (all are reachable) and some others
    /img/<k>.png           pictures, shared by pages
    /q?page=i&sort=...     query URLs, one for every tenth page, that link back
    /r/<i>                 redirects (301 and 302) to /moved/<i>.html, for every twentieth; nothing else links there, so
                           that a crawler with several connections meets them in the same order every time
    /missing/<i>.html      linked by every fiftieth page, answered 404
    /files/<k>.bin         a few larger files
    /robots.txt            disallows /private/, which is linked all the same
"""
import random
import struct
import zlib

WORDS = ("harbour amber lattice meadow signal copper orchard thistle engine ledger marble lantern quarry willow "
         "compass gravel saddle ember canyon velvet anchor bramble cinder dapple falcon glacier hollow island "
         "juniper kettle linden mosaic nectar oyster pebble quiver ripple sparrow timber umbrella valley wicker").split()

CHILDREN = 8
SECTION_SIZE = 100
MODIFIED = "Sat, 01 Aug 2026 12:00:00 GMT"


class Answer:
    """One response: status, headers beyond the usual ones, body."""

    def __init__(self, status, body, content_type="text/html; charset=utf-8", location=None):
        self.status = status
        self.body = body
        self.content_type = content_type
        self.location = location


class Site:
    def __init__(self, pages=3000):
        self.pages = pages
        self.pictures = max(4, min(200, pages // 10))
        self.files = 5

    def page_url(self, i):
        return f"/p/{i // SECTION_SIZE:03d}/{i:05d}.html"

    def answer(self, target):
        """The Answer to GET target (path and query)."""
        path, _, query = target.partition("?")
        handlers = {"": self._front, "p": self._page, "img": self._picture, "q": self._query, "r": self._redirect, "moved": self._moved,
                    "files": self._file, "style.css": self._style, "robots.txt": self._robots}
        parts = path.strip("/").split("/")
        handler = handlers.get(parts[0])
        found = handler(parts[1:], query) if handler and len(parts) <= 3 else None
        return found or Answer(404, b"<html><head><title>Not found</title></head><body>No such page.</body></html>\n")

    # -- one method a kind of URL; None where there is no such thing --

    def _number(self, text, limit, suffix=""):
        digits = text[:-len(suffix)] if suffix and text.endswith(suffix) else text
        return int(digits) if digits.isdigit() and int(digits) < limit else None

    def _front(self, parts, query):
        sections = [f'<li><a href="{self.page_url(i)}">Section {i // SECTION_SIZE}</a></li>'
                    for i in range(0, self.pages, SECTION_SIZE)]
        body = ("<h1>A site of %d pages</h1>\n<ul>\n%s\n</ul>\n"
                '<form action="/q" method="get"><input name="page"><input type="submit"></form>\n'
                '<p><a href="/private/secret.html">private</a> <a href="#top">top</a></p>\n'
                % (self.pages, "\n".join(sections)))
        return self._html("Front page", body)

    def _page(self, parts, query):
        i = self._number(parts[-1], self.pages, ".html") if len(parts) == 2 else None
        if i is None or f"/p/{parts[0]}/{parts[1]}" != self.page_url(i):
            return None
        rng = random.Random(i)
        body = [f"<h1>Page {i}</h1>"]
        for paragraph in range(rng.randint(2, 6)):
            body.append(f"<h2 id=\"s{paragraph}\">{rng.choice(WORDS).title()}</h2>\n<p>{self._prose(rng)}</p>")
        if i % 500 == 7:
            body += [f"<p>{self._prose(rng)}</p>" for _ in range(400)]
        body.append("<ul>")
        body += [f'<li><a href="{url}">{text}</a></li>' for url, text in self._links(i, rng)]
        body.append("</ul>")
        body += [f'<img src="/img/{rng.randrange(self.pictures)}.png" alt="{rng.choice(WORDS)}" width=16 height=16>'
                 for _ in range(rng.randint(0, 2))]
        return self._html(f"Page {i}: {rng.choice(WORDS)} &amp; {rng.choice(WORDS)}", "\n".join(body) + "\n")

    def _links(self, i, rng):
        """What page i links: (url, text)."""
        for child in range(CHILDREN * i + 1, min(CHILDREN * i + CHILDREN + 1, self.pages)):
            yield self.page_url(child), f"page {child}"
        for _ in range(rng.randint(3, 10)):
            other = rng.randrange(self.pages)
            yield f"../{other // SECTION_SIZE:03d}/{other:05d}.html#s{rng.randint(0, 1)}", rng.choice(WORDS)
        if i % 10 == 0:
            yield f"/q?page={i}&amp;sort={rng.choice(WORDS)}", "sorted"
        if i % 20 == 0:
            yield f"/r/{i}", "moved"
        if i % 50 == 0:
            yield f"/missing/{i}.html", "gone"
        if i % 97 == 0:
            yield f"/files/{i % self.files}.bin", "download"
        yield "/", "front page"

    def _query(self, parts, query):
        fields = dict(field.partition("=")[::2] for field in query.split("&"))
        i = self._number(fields.get("page", ""), self.pages)
        if parts or i is None:
            return None
        return self._html(f"Query {i}", f'<p>{self._prose(random.Random(query))}</p>\n'
                          f'<a href="{self.page_url(i)}">page {i}</a>\n')

    def _redirect(self, parts, query):
        i = self._number(parts[0], self.pages) if len(parts) == 1 else None
        if i is None:
            return None
        return Answer(301 if i % 40 else 302, b"<html><body>moved</body></html>\n", location=f"/moved/{i}.html")

    def _moved(self, parts, query):
        i = self._number(parts[0], self.pages, ".html") if len(parts) == 1 else None
        return None if i is None else self._html(f"Moved {i}", f'<a href="{self.page_url(i)}">page {i}</a>\n')

    def _picture(self, parts, query):
        k = self._number(parts[0], self.pictures, ".png") if len(parts) == 1 else None
        return None if k is None else Answer(200, self._png(k), "image/png")

    def _file(self, parts, query):
        k = self._number(parts[0], self.files, ".bin") if len(parts) == 1 else None
        return None if k is None else Answer(200, random.Random(k).randbytes(100_000 * (k + 1)), "application/octet-stream")

    def _style(self, parts, query):
        return Answer(200, b"body { font-family: serif; background: url(/img/0.png) }\n", "text/css")

    def _robots(self, parts, query):
        return Answer(200, b"User-agent: *\nDisallow: /private/\n", "text/plain")

    # -- pieces --

    def _html(self, title, body):
        return Answer(200, (
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
            f'<meta name="description" content="{title}"><link rel="stylesheet" href="/style.css"></head>\n'
            f'<body id="top">\n<!-- generated -->\n{body}</body></html>\n').encode())

    def _prose(self, rng):
        words = [rng.choice(WORDS) for _ in range(rng.randint(30, 120))]
        return " ".join(words).capitalize() + "."

    def _png(self, k):
        """A 16 x 16 grey picture whose pixels depend on k."""
        rows = b"".join(b"\0" + bytes((k * 7 + x * y) & 255 for x in range(16)) for y in range(16))

        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 0, 0, 0, 0))
                + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
