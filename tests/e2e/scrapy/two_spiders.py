# SPDX-License-Identifier: MIT
"""Two spiders in one process over the generated site: one that hands each response on to the next request, one that does not.

    two_spiders.py URL
"""
import sys

import scrapy
from scrapy.crawler import CrawlerProcess


class SomenastySpider(scrapy.Spider):
    name = "somenasty"

    def __init__(self, url, **kw):
        super().__init__(**kw)
        self.start_urls = [url]

    def parse(self, response):
        if not isinstance(response, scrapy.http.HtmlResponse):
            return
        yield {"url": response.url, "title": response.css("title::text").get()}
        for link in response.css("a::attr(href)").getall():
            yield scrapy.Request(response.urljoin(link), callback=self.parse, meta={"referer": response})


class TidySpider(SomenastySpider):
    name = "tidy"

    def parse(self, response):
        if isinstance(response, scrapy.http.HtmlResponse):
            yield {"url": response.url, "title": response.css("title::text").get()}
            yield from response.follow_all(css="a::attr(href)")


def main():
    process = CrawlerProcess({"TELNETCONSOLE_ENABLED": False, "LOG_ENABLED": False, "RETRY_ENABLED": False,
                              "CONCURRENT_REQUESTS": 8, "FEEDS": {"items.jsonl": {"format": "jsonlines"}}})
    for spider in SomenastySpider, TidySpider:
        process.crawl(spider, url=sys.argv[1])
    process.start()


main()
