# SPDX-License-Identifier: MIT
"""A Scrapy spider over the generated site: follows every link, keeps title and length of each page."""
import scrapy


class SiteSpider(scrapy.Spider):
    name = "site"
    custom_settings = {"TELNETCONSOLE_ENABLED": False, "CONCURRENT_REQUESTS": 16, "RETRY_ENABLED": False}

    def __init__(self, url, **kw):
        super().__init__(**kw)
        self.start_urls = [url]

    def parse(self, response):
        if not isinstance(response, scrapy.http.HtmlResponse):
            return
        yield {"url": response.url, "title": response.css("title::text").get(), "length": len(response.body)}
        yield from response.follow_all(css="a::attr(href)")
