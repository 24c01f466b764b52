# SPDX-License-Identifier: MIT
"""CPU-heavy: calls, loops over integers, floats, a sieve, sorting; what pure Python computes in. Argument: how often (1)."""
import math
import sys


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def sieve(n):
    prime = bytearray([1]) * n
    for i in range(2, int(n ** 0.5) + 1):
        if prime[i]:
            for j in range(i * i, n, i):
                prime[j] = 0
    return sum(prime)


def checksum(n):
    s = 0
    for i in range(n):
        s = (s * 31 + i) & 0xffffffff
    return s


def orbit(n):
    x, y, vx, vy = 1.0, 0.0, 0.0, 1.0
    for _ in range(n):
        r = math.sqrt(x * x + y * y)
        vx -= x / r ** 3 * 0.001
        vy -= y / r ** 3 * 0.001
        x += vx * 0.001
        y += vy * 0.001
    return x


def matrix(n):
    a = [[(i * j) % 7 for j in range(n)] for i in range(n)]
    return sum(sum(a[i][k] * a[k][j] for k in range(n)) for i in range(n) for j in range(n))


def order(n):
    words = sorted((str(i * 7919 % n) for i in range(n)), key=lambda w: (len(w), w))
    return words[n // 2]


for _ in range(int(*sys.argv[1:] or ["1"])):
    print(fibonacci(25), sieve(800000), checksum(500000), orbit(300000), matrix(100), order(100000))
