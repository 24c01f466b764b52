/* SPDX-License-Identifier: MIT */
/*
 * Which words of module data are objects: a plausible count of references, then a class of the
 * process, with room for an object of that class behind.  Before the edges are made, one thread;
 * later only read.
 */
#include "typing/cpython/static.h"

#include "base/mem.h"
#include "base/sorted.h"
#include "base/word.h"
#include "typing/cpython/class.h"

#define STATIC_TYPE_SIZE 408u /* PyTypeObject in 3.9 to 3.11, the smallest */
#define REFCNT_MOST	 (1ul << 32)

/* Bytes of the object of class c, as far as they are known to belong to it; 0: it holds nothing. */
static uint64_t static_size(const struct cpython_class *c, const uint8_t *object, uint64_t room)
{
	uint64_t items;

	switch ((unsigned int)c->shape) {
	case CPYTHON_SHAPE_TYPE:
		return STATIC_TYPE_SIZE;
	case CPYTHON_SHAPE_INT:
	case CPYTHON_SHAPE_BOOL:
	case CPYTHON_SHAPE_FLOAT:
	case CPYTHON_SHAPE_COMPLEX:
	case CPYTHON_SHAPE_STR:
	case CPYTHON_SHAPE_BYTES:
	case CPYTHON_SHAPE_NONE:
		return 0;
	}
	if (!c->itemsize)
		return (uint64_t)c->basicsize;
	if (room < CPYTHON_OB_SIZE + 8)
		return 0;
	items = load_word(object, CPYTHON_OB_SIZE);
	return items < room ? (uint64_t)c->basicsize + items * (uint64_t)c->itemsize : 0;
}

/* The size of the static object at addr, 0: there is none.  In tables of C, pairs of a number and a
 * class are rare, of pointers common: a count is no address of a module or block. */
static uint64_t find_static(struct cpython *p, uint64_t addr, const uint8_t *bytes, uint64_t room)
{
	const uint64_t refcnt = load_word(bytes, CPYTHON_OB_REFCNT);
	const struct cpython_class *c;
	uint64_t size;

	if (!refcnt || refcnt > REFCNT_MOST)
		return 0;
	c = cpython_find_class(p, load_word(bytes, CPYTHON_OB_TYPE));
	if (!c || dump_find_module(p->dump, refcnt) != UINT32_MAX ||
	    dump_find_block(p->dump, refcnt) != UINT32_MAX)
		return 0;
	size = static_size(c, bytes, room);
	if (!size || size > room)
		return 0;
	if (c->shape == CPYTHON_SHAPE_TYPE && cpython_class_add(p, addr) == CPYTHON_NO_CLASS)
		return 0;
	return size;
}

static void find_statics_in(struct cpython *p, const struct dump_range *r)
{
	for (uint64_t at = 0; at + CPYTHON_OB_SIZE <= r->len;) {
		const uint64_t size = find_static(p, r->addr + at, r->bytes + at, r->len - at);

		if (!size) {
			at += 8;
			continue;
		}
		p->statics = array_grow(p->statics, p->nr_statics, &p->room_statics,
					sizeof(*p->statics));
		p->statics[p->nr_statics++] = (struct cpython_static){ r->addr + at, size };
		at += (size + 7) / 8 * 8;
	}
}

void cpython_find_statics(struct cpython *p)
{
	size_t nr;
	const struct dump_range *ranges = dump_ranges(p->dump, &nr);

	for (size_t i = 0; i < nr; i++)
		if (ranges[i].kind == HC_RANGE_DATA)
			find_statics_in(p, &ranges[i]);
}

const struct cpython_static *cpython_static_at(const struct cpython *p, uint64_t addr)
{
	const size_t after = SORTED_COUNT(p->statics, p->nr_statics, addr, addr);

	if (!after || addr - p->statics[after - 1].addr >= p->statics[after - 1].size)
		return NULL;
	return &p->statics[after - 1];
}
