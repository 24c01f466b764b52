/* SPDX-License-Identifier: MIT */
/*
 * Up to 3.9 the cache of methods is a static array of { version of the class, name, what the class
 * has by that name }, the last of which it does not hold.  No symbol tells where it is in a
 * stripped binary, so it is found by what is in it.
 */
#include "base/word.h"
#include "typing/cpython/interp.h"

#define ENTRY	    24u
#define ENTRY_NAME  8u
#define ENTRY_VALUE 16u
#define NR_ENTRIES  4096u
#define USED_MIN    32u /* a program that runs has looked up that many methods */

static bool is_name(const struct cpython *p, uint64_t addr)
{
	const struct cpython_class *c = addr ? cpython_class_at(p, addr) : NULL;

	return !addr || (c && (c->shape == CPYTHON_SHAPE_STR || c->shape == CPYTHON_SHAPE_NONE));
}

/* Entries that are not used are zero, or their version is and their name is None. */
static bool is_entry(const struct cpython *p, const uint8_t *bytes)
{
	const uint64_t value = load_word(bytes, ENTRY_VALUE);

	return load_word(bytes, 0) <= UINT32_MAX && is_name(p, load_word(bytes, ENTRY_NAME)) &&
	       (!value || cpython_class_at(p, value));
}

/* How many entries follow each other from offset `at` on, and how many of them are in use. */
static uint64_t measure_run(const struct cpython *p, const struct dump_range *r, uint64_t at,
			    uint64_t *used)
{
	uint64_t nr = 0;

	for (*used = 0; at + ENTRY <= r->len && is_entry(p, r->bytes + at); at += ENTRY, nr++)
		*used += load_word(r->bytes + at, 0) && load_word(r->bytes + at, ENTRY_VALUE);
	return nr;
}

/* Zeroes on both sides may count for entries. */
static bool find_run(struct cpython *p, const struct dump_range *r, uint64_t phase)
{
	for (uint64_t at = phase; at + ENTRY <= r->len;) {
		uint64_t used;
		const uint64_t nr = measure_run(p, r, at, &used);

		if (nr >= NR_ENTRIES && used >= USED_MIN) {
			p->method_cache =
				(struct cpython_span){ r->addr + at, r->addr + at + nr * ENTRY };
			return true;
		}
		at += (nr + 1) * ENTRY;
	}
	return false;
}

void cpython_find_method_cache(struct cpython *p)
{
	const uint32_t module = dump_find_module(p->dump, p->type_type);
	size_t nr;
	const struct dump_range *ranges = dump_ranges(p->dump, &nr);

	for (size_t i = 0; i < nr; i++) {
		if (ranges[i].kind != HC_RANGE_DATA ||
		    dump_find_module(p->dump, ranges[i].addr) != module)
			continue;
		for (uint64_t phase = 0; phase < ENTRY; phase += 8)
			if (find_run(p, &ranges[i], phase))
				return;
	}
}

bool cpython_is_cached_method(const struct cpython *p, uint64_t addr)
{
	const uint64_t offset = addr - p->method_cache.addr;

	return offset < p->method_cache.end - p->method_cache.addr && offset % ENTRY == ENTRY_VALUE;
}
