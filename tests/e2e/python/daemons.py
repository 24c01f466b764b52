# SPDX-License-Identifier: MIT
"""Ends while threads run C code that allocates, without the GIL, below Python frames that the end frees.

    daemons.py LIBRARY      with allocate_for_ever()
"""
import ctypes
import sys
import threading
import time

library = ctypes.CDLL(sys.argv[1])


def deep(n):
    return deep(n - 1) if n else library.allocate_for_ever()


for i in range(6):
    threading.Thread(target=deep, args=(i * 30,), daemon=True).start()
time.sleep(0.05)
