/* SPDX-License-Identifier: MIT */
/*
 * What counts as a class for reports about "live objects", and how a user may spell its name.
 */
#ifndef REPORT_CLASS_H
#define REPORT_CLASS_H

#include <stdbool.h>

#include "heap/heap.h"

/* A type that the program itself named (tag, C++ class), as opposed to one told by content or
 * place. */
bool type_is_class(const struct type *type);
/*
 * wanted is the whole name, or its last component as trackref's users write it: "HtmlResponse" for
 * "scrapy.http.HtmlResponse", "Cache" for "net::Cache", "vector<int>" for "std::vector<int>".
 */
bool class_name_matches(const char *name, const char *wanted);

/* The type's own name matches, or that of a class it derives from. */
bool type_is_or_derives(const struct type *type, const char *wanted);

/* The objects of every type whose name matches, oldest first (then by thread and its running
 * number).  The caller frees them. */
node_id *class_objects(const struct heap *h, const char *wanted, uint32_t *nr);

static inline uint64_t object_age_ns(const struct heap *h, node_id n)
{
	return dump_age_ns(h->dump, dump_blocks(h->dump)->tick[n]);
}

#define NS_PER_S UINT64_C(1000000000)

#endif
