/* SPDX-License-Identifier: MIT */
/*
 * Live references: how many objects of each class are alive, and how old the oldest is.  The text
 * is that of Scrapy's trackref.
 */
#ifndef REPORT_LIVE_H
#define REPORT_LIVE_H

#include <stdio.h>

#include "base/emit.h"
#include "report/class.h"

struct live_options {
	bool all;		   /* every type, not only classes */
	const char *const *ignore; /* [nr_ignore] names, with all their subclasses */
	size_t nr_ignore;
};

struct live_row {
	const char *name;
	uint64_t size;
	uint64_t oldest_ns;
	uint32_t count; /* > 0 */
};

/* Rows by class name, sorted bytewise. */
struct live {
	struct live_row *rows;
	uint32_t nr_rows;
};

struct live *live_create(const struct heap *h, const struct live_options *options);
void live_destroy(struct live *live); /* NULL is fine */
void live_print(FILE *out, const struct live *live, enum emit_format format);

#endif
