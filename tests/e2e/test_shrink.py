# SPDX-License-Identifier: MIT
"""The shadow of heap that the program has given back goes back, too, while blocks come and go elsewhere."""
import time

from census import Census
from pythons import SYSTEM

SIZE, BLOCKS, KEPT = 208, 100_000, 1_000    # bytes; blocks; one in so many stays

SCRIPT = f"""
import ctypes, gc, sys, threading, time
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
going = True
def churn():
    while going:
        libc.free(libc.malloc(500))
worker = threading.Thread(target=churn)
worker.start()
print("ready", flush=True)
for line in sys.stdin:
    blocks = [libc.malloc({SIZE}) for i in range({BLOCKS})]
    for block in blocks:
        ctypes.memset(block, 1, {SIZE})
    print("full", flush=True)
    sys.stdin.readline()
    kept = blocks[::{KEPT}]
    for i, block in enumerate(blocks):
        if i % {KEPT}:
            libc.free(block)
    del blocks, block
    gc.collect()
    libc.malloc_trim(0)
    print(*kept, flush=True)
going = False
worker.join()
"""


def test_shrinks(preload, tmp_path):
    with Census([SYSTEM, "-c", SCRIPT], preload, tmp_path, env={"HEAPCENSUS_CONTENTS": "none"}) as run:
        run.expect("ready")
        before = run.dump().proc["profiler_bytes"]
        for _ in range(2):
            run.say()
            run.expect("full")
            full = run.dump().proc["profiler_bytes"]
            # 8 bytes for 32 of heap; what Python's objects need comes to that
            assert full - before >= BLOCKS * SIZE // 4
            run.say()
            kept = {int(word) for word in run.process.stdout.readline().split()}
            end = time.monotonic() + 60
            while True:
                dump = run.dump()
                assert {block.addr for block in dump.blocks if block.size == SIZE} >= kept
                if dump.proc["profiler_bytes"] < before + (full - before) / 2:
                    break
                assert time.monotonic() < end, (before, full, dump.proc["profiler_bytes"])
                time.sleep(0.3)
        assert run.finish()[0] == 0
