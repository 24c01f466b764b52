# SPDX-License-Identifier: MIT
"""Runs inside the Python under test, 3.8 to 3.13: leaves what importing half of the standard library leaves uncollected, says
ready, waits for a line; then has the collector find it and writes where it was, as a line of JSON; waits again."""
import gc

gc.disable()

import asyncio  # noqa: E402,F401
import ctypes  # noqa: E402,F401
import dataclasses  # noqa: E402,F401
import datetime  # noqa: E402,F401
import decimal  # noqa: E402,F401
import enum  # noqa: E402,F401
import json  # noqa: E402
import logging  # noqa: E402,F401
import pickle  # noqa: E402,F401
import sqlite3  # noqa: E402,F401
import ssl  # noqa: E402,F401
import sys  # noqa: E402
import typing  # noqa: E402,F401
import unittest  # noqa: E402,F401
import urllib.request  # noqa: E402,F401
import xml.etree.ElementTree  # noqa: E402,F401


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
    sys.stdin.readline()


say("ready")
gc.set_debug(gc.DEBUG_SAVEALL)
gc.collect()
say(json.dumps([id(o) for o in gc.garbage]))
