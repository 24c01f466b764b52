# SPDX-License-Identifier: MIT
"""A site for two spiders, each with a shop of its own: products in CHAINS chains, each page linking the next one only.

    /<shop>/                       the front page: the first product of every chain
    /<shop>/product.php?pid=<n>    the products; n links n + CHAINS, as long as there is one

Every page has one parent, so a crawl does the same whatever comes first.
"""
import random

from site_pages import WORDS, Answer

CHAINS = 12


class Shop:
    def __init__(self, products):
        self.products = products

    def answer(self, target):
        """The Answer to GET target (path and query)."""
        shop, _, page = target.strip("/").partition("/")
        name, _, pid = page.partition("?pid=")
        if not page:
            return self._page(shop, "Front page", range(CHAINS), 0)
        if name == "product.php" and pid.isdigit() and int(pid) < self.products:
            following = int(pid) + CHAINS
            return self._page(shop, f"Product {pid}", range(following, min(following + 1, self.products)), int(pid))
        return Answer(404, b"<html><head><title>Not found</title></head><body>No such product.</body></html>\n")

    @staticmethod
    def _page(shop, title, links, seed):
        rng = random.Random(seed)
        prose = "\n".join(f"<p>{' '.join(rng.choices(WORDS, k=60))}.</p>" for _ in range(3))
        items = "\n".join(f'<li><a href="/{shop}/product.php?pid={pid}">product {pid}</a></li>' for pid in links)
        return Answer(200, f"<!DOCTYPE html>\n<html><head><title>{title} of {shop}</title></head>\n"
                           f"<body><h1>{title}</h1>\n{prose}\n<ul>\n{items}\n</ul></body></html>\n".encode())
