# SPDX-License-Identifier: MIT
"""Interpreters with a GIL of their own, in four threads at once: pools of all classes come and go in each, then some blocks stay.

Says where they are, as python_objects.py does: "object ADDRESS SIZE", then "ready"; ends at the end of the input.
"""
import os
import sys
import threading

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

ISOLATED = ("isolated",) if sys.version_info >= (3, 13) else ()
CODE = """
import os
for _ in range(20):
    churn = [bytes(bytearray(n)) for n in range(1, 470, 5) for _ in range(80)]
    churn = [tuple([i] * (i % 40)) for i in range(3000)]
    del churn
stays = [bytes(bytearray(2 + i % 440)) for i in range(3000)]
text = "".join("object %d %d\\n" % (id(b), 33 + len(b)) for b in stays).encode()
while text:
    text = text[os.write(PIPE, text):]
"""


def work(interpreter, pipe):
    interpreters.run_string(interpreter, CODE.replace("PIPE", str(pipe)))
    os.close(pipe)


def main():
    new = (lambda: interpreters.create(*ISOLATED)) if ISOLATED else (lambda: interpreters.create(isolated=True))
    pipes = [os.pipe() for _ in range(4)]
    alive = [new() for _ in pipes]    # 3.12 ends an interpreter with its last id
    threads = [threading.Thread(target=work, args=(i, write)) for i, (_, write) in zip(alive, pipes)]
    for thread in threads:
        thread.start()
    for read, _ in pipes:
        with os.fdopen(read) as said:
            sys.stdout.write(said.read())
    for thread in threads:
        thread.join()
    print("ready", flush=True)
    sys.stdin.read()
    os._exit(0)


main()
