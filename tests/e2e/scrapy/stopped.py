# SPDX-License-Identifier: MIT
"""The crawl of two_spiders.py, slow enough to make objects of several ages, until some pages have come; then the oracle serves.

    stopped.py URL
"""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "python"))
import oracle
import two_spiders

SLOW, LAST = 10, 60
PAUSE = 2
parse = two_spiders.SomenastySpider.parse
pages = 0


def counted(spider, response):
    global pages
    pages += 1
    if pages in (SLOW, LAST):
        time.sleep(PAUSE)
    if pages == LAST:
        oracle.serve()
    yield from parse(spider, response)


two_spiders.SomenastySpider.parse = counted
two_spiders.main()
