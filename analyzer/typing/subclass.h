/* SPDX-License-Identifier: MIT */
/*
 * Classes by name: how a user may spell one, and what derives from it, in C++ and in Python.
 */
#ifndef TYPING_SUBCLASS_H
#define TYPING_SUBCLASS_H

#include <stdbool.h>

#include "heap/heap.h"

/*
 * wanted is the whole name, or its last component as trackref's users write it: "HtmlResponse" for
 * "scrapy.http.HtmlResponse", "Cache" for "net::Cache", "vector<int>" for "std::vector<int>".
 */
bool class_name_matches(const char *name, const char *wanted);
/* The last component of a dotted name. */
const char *class_short_name(const char *name);

/*
 * [nr_types]: which types are the class of that name, or derive from it in whatever way.  The
 * caller frees it.
 */
bool *subclass_types(const struct heap *h, const char *wanted);
/* The same, one class more; a bit set stays. */
void subclass_add_types(const struct heap *h, const char *wanted, bool *types);

#endif
