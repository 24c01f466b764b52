/* SPDX-License-Identifier: MIT */
/*
 * Small files of /proc, and the numbers in them.  Any context; raw system calls only.
 */
#ifndef RT_PROC_H
#define RT_PROC_H

#include <stddef.h>
#include <stdint.h>

/* As much of the file as one read gives and `size` has room for, with a 0 behind.  Bytes, or
 * -errno. */
long proc_read(const char *path, char *text, size_t size);

/* Hexadecimal digits in small letters, with or without 0x; *s comes to stand behind them. */
uint64_t proc_parse_hex(const char **s);

#endif
