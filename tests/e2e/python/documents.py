# SPDX-License-Identifier: MIT
"""Runs inside a Python that has lxml: documents of known numbers of nodes behind few proxies, and streams of zlib and ssl;
says how many, as one line of JSON {type: number}, and waits for a line."""
import json
import ssl
import sys
import zlib

from lxml import etree, html

DOCUMENTS, ROWS = 7, 50
STREAMS = 5


def xml(n):
    rows = "".join("<row id='r%d' kind='k'>text %d of %d</row>" % (i, i, n) for i in range(ROWS))
    return etree.fromstring("<table>%s</table>" % rows)


def page(n):
    rows = "".join("<li class='c%d'>item <b>%d</b></li>" % (i, i) for i in range(ROWS))
    return html.fromstring("<html><body><ul>%s</ul></body></html>" % rows)


def main():
    kept = [xml(n) for n in range(DOCUMENTS)] + [page(n) for n in range(DOCUMENTS)]
    deflating = [zlib.compressobj() for _ in range(STREAMS)]
    inflating = [zlib.decompressobj() for _ in range(STREAMS)]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    channels = [context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO()) for _ in range(STREAMS)]
    nodes = sum(1 for root in kept for _ in root.getroottree().iter())
    texts = sum(len(root.getroottree().xpath("//text()")) for root in kept)
    attributes = sum(len(root.getroottree().xpath("//@*")) for root in kept)
    # (The value of an attribute is a node, too.)
    print(json.dumps({"xmlDoc": 2 * DOCUMENTS, "xmlNode": nodes + texts + attributes, "xmlAttr": attributes,
                      "zlib.Compress": len(deflating), "<deflateInit2_>": len(deflating), "zlib.Decompress": len(inflating),
                      "<inflateInit2_>": len(inflating), "_ssl._SSLSocket": len(channels), "<SSL_new>": len(channels)}), flush=True)
    sys.stdin.readline()


main()
