/* SPDX-License-Identifier: MIT */
/*
 * What counts as a class for reports about "live objects", and objects by class.
 */
#ifndef REPORT_CLASS_H
#define REPORT_CLASS_H

#include <stdbool.h>

#include "heap/heap.h"

/* Scrapy's class whose subclasses its trackref reports. */
#define CLASS_TRACKREF "scrapy.utils.trackref.object_ref"

/*
 * The classes of a program: what it tagged, C++ classes, and of Python those that a class statement
 * made.  In a process with Scrapy's trackref, of Python's only those that trackref reports, by the
 * short names that it prints.
 */
struct classes {
	bool *is_class; /* [nr_types] */
	bool *is_short; /* [nr_types] trackref's: printed by its last component */
};

void classes_init(struct classes *c, const struct heap *h);
void classes_deinit(struct classes *c);
/* As reports print it. */
const char *classes_name(const struct classes *c, const struct heap *h, uint32_t type);

/*
 * [nr_types]: the types of that name; where there is none, those with that last component, and of
 * these only trackref's, if it has any.  The caller frees it.
 */
bool *classes_named(const struct heap *h, const char *wanted);
/* Oldest first, then by thread and its running number. */
void class_sort_by_age(const struct heap *h, node_id *ids, uint32_t nr);
/* The objects of the types of that name, oldest first.  The caller frees them. */
node_id *class_objects(const struct heap *h, const char *wanted, uint32_t *nr);

/* How many blocks of the types of that name are parts of other objects. */
uint32_t class_count_parts(const struct heap *h, const char *wanted);

static inline uint64_t object_age_ns(const struct heap *h, node_id n)
{
	return dump_age_ns(h->dump, dump_blocks(h->dump)->tick[n]);
}

#define NS_PER_S UINT64_C(1000000000)

#endif
