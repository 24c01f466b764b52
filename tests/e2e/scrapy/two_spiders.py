# SPDX-License-Identifier: MIT
"""Two spiders in one process, each in its own part of a shop: one that hands each response on to the next request, as the
seeds' example does, one that does not.

    two_spiders.py URL [ORACLE]

With ORACLE, a file, SIGUSR2 has the process write there what it knows of its own heap.
"""
import json
import pathlib
import re
import signal
import sys
import time

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.utils.trackref import live_refs


class SomenastySpider(scrapy.Spider):
    name = "somenasty"

    def __init__(self, url, **kw):
        super().__init__(**kw)
        self.start_urls = [url + self.name + "/"]

    def parse(self, response):
        yield {"url": response.url, "title": re.search("<title>(.*)</title>", response.text)[1]}
        for product_id in re.findall(r"pid=(\d+)", response.text):
            yield scrapy.Request(response.urljoin("product.php?pid=%s" % product_id),
                                 callback=self.parse, meta={"referer": response})


class TidySpider(SomenastySpider):
    name = "tidy"

    def parse(self, response):
        yield {"url": response.url, "title": response.css("title::text").get()}
        yield from response.follow_all(css="a::attr(href)")


def write_truth(path):
    """Everything as trackref and the collector know it: {"now": time, "live": {class: [count, age]}, "urls": {class: [...]},
    "dicts": {attribute of Request: how many have a dict there}, "heap": a file of oracle.py's}."""
    now = time.time()
    live = {kind.__name__: [len(refs), now - min(refs.values())] for kind, refs in live_refs.items() if refs}
    urls = {kind.__name__: [o.url for o, _ in sorted(refs.items(), key=lambda item: item[1])]
            for kind, refs in live_refs.items() if refs and kind.__name__ in ("HtmlResponse", "Request")}
    dicts = {name: sum(isinstance(getattr(request, name), dict) for request in live_refs[scrapy.Request])
             for name in ("_meta", "cookies", "_cb_kwargs")}
    import oracle
    oracle.write(path + ".heap")
    truth = pathlib.Path(path + ".part")
    truth.write_text(json.dumps({"now": now, "live": live, "urls": urls, "dicts": dicts, "heap": path + ".heap"}))
    truth.rename(path)


def main():
    process = CrawlerProcess({"TELNETCONSOLE_ENABLED": False, "RETRY_ENABLED": False, "CONCURRENT_REQUESTS": 8,
                              "FEEDS": {"items.jsonl": {"format": "jsonlines"}}})
    for spider in SomenastySpider, TidySpider:
        process.crawl(spider, url=sys.argv[1])
    if len(sys.argv) > 2:
        sys.path.append(str(pathlib.Path(__file__).parents[1] / "python"))
        signal.signal(signal.SIGUSR2, lambda *_: write_truth(sys.argv[2]))
    process.start()


if __name__ == "__main__":
    main()
