/* SPDX-License-Identifier: MIT */
/*
 * A small snprintf: no locale, no stdio, no allocation, any context.  Knows %s %c %d %i %u %x %p %%
 * with the lengths l, ll, z and the flags 0 and - with a width, and %.*s / %.Ns.  Anything else is
 * printed as it stands.
 */
#ifndef RT_FORMAT_H
#define RT_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Always ends buf with a zero (size > 0).  Returns the length written, less than size: longer text
 * is cut. */
size_t format_text(char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t format_va(char *buf, size_t size, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

#endif
