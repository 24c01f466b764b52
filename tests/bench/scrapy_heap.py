# SPDX-License-Identifier: MIT
"""A heap as a Scrapy crawl has it, for tests/bench/guppy: Scrapy's modules, and Requests and Responses by the ten thousand.

    scrapy_heap.py PAGES dump      a dump of it, by the libheapcensus.so that is preloaded
    scrapy_heap.py PAGES guppy     what Guppy takes to say bytype[0].byvia of it: objects, seconds of CPU, of wall; then its table

The same heap both times: nothing in it depends on the time or on chance.
"""
import os
import signal
import sys
import time

import scrapy.crawler  # noqa: F401 (its modules are a third of such a heap)
import scrapy.http
import scrapy.spiders


class Pages(scrapy.spiders.Spider):
    name = "pages"

    def parse(self, response):
        pass


def make_page(spider, number):
    url = "http://localhost:8000/shelf/%d/book-%d.html?session=%d" % (number % 97, number, number * 7919 % 65521)
    request = scrapy.http.Request(url, callback=spider.parse, headers={"Referer": "http://localhost:8000/%d" % (number // 10)},
                                  meta={"depth": number % 11, "download_slot": "localhost", "title": "book %d" % number},
                                  cb_kwargs={"number": number})
    body = b"<html><body><a href='/shelf/%d'>%d</a></body></html>" % (number, number)
    return scrapy.http.HtmlResponse(url, headers={"Content-Type": "text/html"}, body=body, request=request)


def ask_guppy():
    import guppy
    start, start_wall = time.process_time(), time.perf_counter()
    heap = guppy.hpy().heap()
    table = str(heap.bytype[0].byvia)
    print(heap.count, time.process_time() - start, time.perf_counter() - start_wall)
    print(table)


spider = Pages()
pages = [make_page(spider, i) for i in range(int(sys.argv[1]))]
if sys.argv[2] == "guppy":
    ask_guppy()
else:
    os.kill(os.getpid(), signal.SIGUSR1)
