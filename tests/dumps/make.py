#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes a dump of a description: make.py DESCRIPTION -o X.hc (- is standard input).  describe.py has the language."""
import argparse
import sys

import describe


def main():
    parser = argparse.ArgumentParser(description=describe.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('description')
    parser.add_argument('-o', '--output', required=True)
    parser.add_argument('--chunk-raw', type=int, default=1 << 20, help='bytes a chunk before compression')
    args = parser.parse_args()
    with (sys.stdin if args.description == '-' else open(args.description, encoding='utf-8')) as file:
        text = file.read()
    try:
        describe.parse(text).write(args.output, chunk_raw=args.chunk_raw)
    except describe.DescriptionError as error:
        sys.exit('%s: %s' % (args.description, error))


if __name__ == '__main__':
    main()
