/* SPDX-License-Identifier: MIT */
/*
 * What was found out of a module's debug information, on disk: one file a build id.  Other builds
 * of heapcensus ignore it.  It is safe to delete at any time, and nothing in it is believed that
 * has not been checked; a file that is damaged, or of anybody else, is as good as none.
 */
#ifndef TYPING_NATIVE_CACHE_H
#define TYPING_NATIVE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct debug;
struct dump_string;
struct heap;

/* Fills the module's facts, if there are some; before anything is asked of it. */
void cache_load(struct debug *d);
/* Is there a file of a module with that build id? */
bool cache_has(const struct heap *h, const struct dump_string *build_id);
/* Writes them, if there are news.  Where that is not possible nothing happens. */
void cache_save(struct debug *d);

/*
 * The facts of a module as bytes, all as numbers of 7 bits a byte, the lowest first:
 *
 *     strings     count; each: length, bytes, a 0
 *     modules     count; each: build id as a string's index; those that types are from, its own
 * first types       count; each: kind, flags, name, size, target, elements, and of a record:
 * module, file and offset of its DIE, spelling, layout.  What has a target comes after it members
 * of each record: 0; or 1 and what it consists of; or 2 and its definition facts       count; each:
 * kind, is_returned, place, name, count of items; item: name, scope, number, type
 *
 * A string or type that may be missing is its index + 1, or 0.
 */
struct bytes {
	uint8_t *bytes;
	size_t nr, room;
};
/* False: there is a type that cannot be found again. */
bool cache_encode(struct debug *d, struct bytes *ret);
/* False: it is damaged, or some of its types are from a module that the dump has not; nothing has
 * changed then. */
bool cache_decode(struct debug *d, const uint8_t *bytes, size_t len);

#endif
