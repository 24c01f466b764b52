/* SPDX-License-Identifier: MIT */
/*
 * What a program of the corpus says of its own blocks, for test_native_types.py: a line on standard
 * output for each,
 *
 *     block ADDRESS TYPE      of this type; "T[]" several of them; "T + " begins with one
 *     gone ADDRESS            freed or moved
 *     ready
 *
 * then it waits for the end of standard input.  note() takes a void pointer, so that it tells the
 * compiler nothing, and the debug information neither, of what the block is.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include <stdio.h>
#include <unistd.h>

static __attribute__((noinline)) void note(const volatile void *p, const char *type)
{
	char line[160];
	int len = snprintf(line, sizeof(line), "block %lx %s\n", (unsigned long)p, type);

	if (write(1, line, len) != len)
		_exit(1);
}

static __attribute__((noinline, unused)) void gone(const volatile void *p)
{
	char line[40];
	int len = snprintf(line, sizeof(line), "gone %lx\n", (unsigned long)p);

	if (write(1, line, len) != len)
		_exit(1);
}

static __attribute__((noinline)) void wait_for_the_dump(void)
{
	char c;

	if (write(1, "ready\n", 6) != 6)
		_exit(1);
	while (read(0, &c, 1) > 0)
		;
}

#endif
