/* SPDX-License-Identifier: MIT */
/*
 * What a program of the corpus says of its own blocks, for corpus.py: a line on standard output for
 * each,
 *
 *     block ADDRESS TYPE              of this type; "T[]" several of them; "T + " begins with one;
 *                                     "T : BASE" begins with that, and to say no more is not wrong
 *                                     "? T" nothing tells of what type, T may be guessed
 *     gone ADDRESS                    freed or moved
 *     edge HOLDER TARGET .field       the block HOLDER holds the start of the block TARGET so; a
 *                                     part of it: .field@.part
 *     root TARGET name                a global or static variable does
 *     part PART OWNER                 the block PART is nothing by itself: it counts for OWNER
 *     ready
 *
 * then it waits for the end of standard input.  The functions take void pointers, so that they tell
 * the compiler nothing, and the debug information neither, of what the block is.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TRUTH_LINE 256

/* Of all sources of a program. */
__attribute__((weak)) char truth_lines[65536];
__attribute__((weak)) unsigned long truth_len;

static __attribute__((noinline, unused)) void truth_flush(void)
{
	unsigned long done = 0;

	while (done < truth_len) {
		const long n = write(1, truth_lines + done, truth_len - done);

		if (n <= 0)
			_exit(1);
		done += n;
	}
	truth_len = 0;
}

static __attribute__((noinline, format(printf, 1, 2))) void truth_say(const char *format, ...)
{
	va_list args;

	if (sizeof(truth_lines) - truth_len < TRUTH_LINE)
		truth_flush();
	va_start(args, format);
	truth_len += vsnprintf(truth_lines + truth_len, TRUTH_LINE, format, args);
	va_end(args);
}

static __attribute__((noinline, unused)) void note(const volatile void *p, const char *type)
{
	truth_say("block %lx %s\n", (unsigned long)p, type);
}

static __attribute__((noinline, unused)) void gone(const volatile void *p)
{
	truth_say("gone %lx\n", (unsigned long)p);
}

static __attribute__((noinline, unused)) void edge(const volatile void *holder,
						   const volatile void *target, const char *path)
{
	if (target)
		truth_say("edge %lx %lx %s\n", (unsigned long)holder, (unsigned long)target, path);
}

static __attribute__((noinline, unused)) void root(const volatile void *target, const char *name)
{
	if (target)
		truth_say("root %lx %s\n", (unsigned long)target, name);
}

static __attribute__((noinline, unused)) void part(const volatile void *part,
						   const volatile void *owner)
{
	truth_say("part %lx %lx\n", (unsigned long)part, (unsigned long)owner);
}

/* The pointer p->path leads to the start of a block, or is null. */
#define HOLDS(p, path) edge(p, (p)->path, "." #path)
/* The same of a global: ROOTS(queue.head). */
#define ROOTS(path) root(path, #path)

static __attribute__((noinline, unused)) void wait_for_the_dump(void)
{
	char c;

	truth_say("ready\n");
	truth_flush();
	memset(truth_lines, 0, sizeof(truth_lines));
	while (read(0, &c, 1) > 0)
		;
}

#endif
