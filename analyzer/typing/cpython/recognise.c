/* SPDX-License-Identifier: MIT */
/*
 * Which blocks hold CPython objects: those whose object header, behind the collector's and the
 * managed dict's where the class has them, names a class of the process, and whose size is what
 * that class says.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/word.h"
#include "typing/cpython/class.h"
#include "typing/cpython/frame.h"
#include "typing/cpython/interp.h"
#include "typing/cpython/names.h"
#include "typing/cpython/static.h"
#include "typing/recogniser.h"

#define HEAD_STEP	 16u
#define REFCNT_MOST	 (1ul << 40)
#define PAGES_WITHOUT	 (1u << 16) /* no block lies below (vm.mmap_min_addr) */
#define HEAD_MOST	 32u
#define SHARED_KEYS_MOST 30u

static uint64_t round8(uint64_t size)
{
	return (size + 7) / 8 * 8;
}

/* Items of a var-sized object as its class counts them. */
static uint64_t nr_items(const struct cpython *p, const struct cpython_class *c,
			 const uint8_t *object)
{
	const int64_t size = (int64_t)load_word(object, CPYTHON_OB_SIZE);

	if (c->shape == CPYTHON_SHAPE_INT || c->shape == CPYTHON_SHAPE_BOOL) {
		if (p->version->has_long_tag)
			return (uint64_t)size >> 3;
	}
	return size < 0 ? -(uint64_t)size : (uint64_t)size;
}

/* A str has its text behind it, or somewhere else. */
static bool is_str_size(const struct cpython *p, const uint8_t *object, uint64_t size)
{
	const struct cpython_version *v = p->version;
	const uint64_t length = load_word(object, CPYTHON_STR_LENGTH);
	const uint8_t state = object[CPYTHON_STR_STATE];
	const uint64_t unit = state >> 2 & 7;
	uint64_t least;

	if (!(state >> 5 & 1))
		return size >= v->str_size;
	if (length > size)
		return false;
	least = (state >> 6 & 1 ? v->str_ascii_size : v->str_compact_size) + (length + 1) * unit;
	/* The empty one of 3.10 was made with room for a character. */
	return size == least || (!length && size == least + unit);
}

/* Room for `capacity` inline values (3.13) behind an object: how many there are, the values, in
 * what order they were set. */
static uint64_t values_room(const struct cpython *p, uint64_t capacity)
{
	return round8(p->version->values_first + capacity * 8 + capacity);
}

/* The room was made for as many values as the keys had room for then, which becomes less. */
static bool has_values_size(const struct cpython *p, const struct cpython_class *c,
			    const uint8_t *object, uint64_t size)
{
	const uint64_t basic = (uint64_t)c->basicsize;

	return size >= basic + p->version->values_first &&
	       size >= basic + values_room(p, object[basic]) &&
	       size <= basic + values_room(p, SHARED_KEYS_MOST);
}

static bool is_object_size(const struct cpython *p, const struct cpython_class *c,
			   const uint8_t *object, uint64_t size)
{
	const uint64_t basic = (uint64_t)c->basicsize, item = (uint64_t)c->itemsize;
	uint64_t items;

	if (c->shape == CPYTHON_SHAPE_STR && !c->is_heap)
		return is_str_size(p, object, size);
	if ((c->shape == CPYTHON_SHAPE_DATETIME || c->shape == CPYTHON_SHAPE_TIME) && !c->is_heap &&
	    size > CPYTHON_HAS_TZINFO && !object[CPYTHON_HAS_TZINFO])
		return size == basic - 8;
	if (size < basic)
		return false;
	if (p->version->values_first && c->flags & CPYTHON_FLAG_INLINE_VALUES)
		return has_values_size(p, c, object, size);
	if (!item)
		return size <= round8(basic);
	switch ((unsigned int)c->shape) {
	case CPYTHON_SHAPE_FRAME:     /* up to 3.10 there is a count, and more room than that */
	case CPYTHON_SHAPE_GENERATOR: /* no count of its own: the code has it */
	case CPYTHON_SHAPE_COROUTINE:
	case CPYTHON_SHAPE_ASYNC_GENERATOR:
		return size % 8 == 0;
	}
	if (size < CPYTHON_OB_SIZE + 8)
		return false;
	items = nr_items(p, c, object);
	if (items > size || basic + items * item > size)
		return false;
	/* Classes made at run time have one item more; struct sequences hide some; an int may have
	 * lost its highest digits in a calculation. */
	if (c->shape == CPYTHON_SHAPE_TUPLE || c->shape == CPYTHON_SHAPE_INT)
		return size % CPYTHON_DIGIT == 0;
	return size <= round8(basic + (items + 1) * item);
}

/* Programs that are not position independent have their heap, and their data, at addresses that
 * could be counts: of more references than there are words. */
static bool is_low_pointer(const struct cpython *p, uint64_t refcnt)
{
	if (refcnt <= PAGES_WITHOUT)
		return false;
	return dump_find_block(p->dump, refcnt) != UINT32_MAX ||
	       (refcnt % 8 == 0 && refcnt > p->nr_words &&
		dump_find_module(p->dump, refcnt) != UINT32_MAX);
}

/* Can a class be at addr?  Classes are collected objects, so that none is at the start of a block,
 * where the links of the collector's lists lead to. */
static bool may_be_class(const struct cpython *p, uint64_t addr)
{
	const uint32_t n = dump_find_block(p->dump, addr);

	return n == UINT32_MAX || addr != dump_blocks(p->dump)->addr[n];
}

static uint32_t find_class(struct cpython *p, uint64_t addr)
{
	const uint64_t known = map_find(&p->class_index, addr, 0);

	if (known != MAP_EMPTY)
		return (uint32_t)known;
	return may_be_class(p, addr) ? cpython_class_add(p, addr) : CPYTHON_NO_CLASS;
}

/* The class of the object at `head` in the block's bytes. */
static uint32_t object_class(struct cpython *p, const uint8_t *bytes, uint64_t head, uint64_t size)
{
	uint32_t class;

	/* A pointer in the place of the count: a table with an old header in it. */
	if (head + CPYTHON_OB_SIZE > size ||
	    load_word(bytes, head + CPYTHON_OB_REFCNT) > REFCNT_MOST)
		return CPYTHON_NO_CLASS;
	class = find_class(p, load_word(bytes, head + CPYTHON_OB_TYPE));
	if (class == CPYTHON_NO_CLASS || cpython_object_head(p, &p->classes[class]) != head ||
	    !is_object_size(p, &p->classes[class], bytes + head, size - head) ||
	    is_low_pointer(p, load_word(bytes, head + CPYTHON_OB_REFCNT)))
		return CPYTHON_NO_CLASS;
	return class;
}

static bool is_candidate(const struct dump_blocks *b, node_id n)
{
	return b->kind[n] != HC_KIND_ARENA && b->kind[n] != HC_KIND_MMAP &&
	       b->kind[n] != HC_KIND_POOL;
}

static void find_objects(struct cpython *p)
{
	struct heap *h = p->heap;
	const struct dump_blocks *b = dump_blocks(p->dump);

	for (node_id n = 0; n < h->nr_objects; n++)
		p->nr_words += b->size[n] / 8;
	for (node_id n = 0; n < h->nr_objects; n++) {
		const uint8_t *bytes = is_candidate(b, n) ? dump_block_bytes(p->dump, n) : NULL;

		p->class[n] = CPYTHON_NO_CLASS;
		for (uint64_t head = 0; bytes && head <= HEAD_MOST; head += HEAD_STEP) {
			const uint32_t class = object_class(p, bytes, head, b->size[n]);

			if (class == CPYTHON_NO_CLASS)
				continue;
			/* Without references it waits on a free list. */
			if (load_word(bytes, head + CPYTHON_OB_REFCNT))
				p->class[n] = class;
			else
				p->table[n] = CPYTHON_TABLE_FREE;
			if (p->classes[class].shape == CPYTHON_SHAPE_TYPE)
				cpython_class_add(p, b->addr[n] + head);
			h->head[n] = p->table[n] ? 0 : (uint8_t)head;
			break;
		}
	}
}

/* The types in modules' data, so that every static object's class is known. */
static void find_static_types(struct cpython *p)
{
	size_t nr;
	const struct dump_range *ranges = dump_ranges(p->dump, &nr);

	for (size_t i = 0; i < nr; i++) {
		if (ranges[i].kind != HC_RANGE_DATA)
			continue;
		for (uint64_t at = CPYTHON_OB_TYPE; at + 8 <= ranges[i].len; at += 8) {
			if (load_word(ranges[i].bytes, at) == p->type_type)
				cpython_class_add(p, ranges[i].addr + at - CPYTHON_OB_TYPE);
		}
	}
}

static const struct cpython_version *find_version(const struct dump *d)
{
	const char *version = dump_proc_text(d, "python_version");
	unsigned int major, minor;

	if (!version || sscanf(version, "%u.%u", &major, &minor) != 2 ||
	    dump_proc_number(d, "python_free_threaded", 0))
		return NULL;
	return cpython_find_version(major, minor);
}

static void cpython_destroy(struct cpython *p)
{
	free(p->free_lists);
	free(p->statics);
	cpython_names_destroy(p->names);
	cpython_frames_destroy(p->frames);
	map_deinit(&p->class_index);
	free(p->classes);
	free(p->class);
	free(p->table);
	free(p);
}

/* A Python whose layouts nobody knows: said once, its objects are blocks like others. */
static void note_unknown(const struct heap *h, const char *version)
{
	_cleanup_free_ char *note = xasprintf(
		"the layouts of this CPython (%s%s) are not known: its objects have no "
		"Python types",
		version,
		dump_proc_number(h->dump, "python_free_threaded", 0) ? ", free-threaded" : "");

	symbols_add_note(h->symbols, note);
}

/* Sizes and flags of classes are numbers, which the program was told not to give away. */
static void note_no_contents(const struct heap *h)
{
	_cleanup_free_ char *note =
		xasprintf("a dump with contents=%s does not tell what Python's objects are",
			  dump_proc_text(h->dump, "contents"));

	symbols_add_note(h->symbols, note);
}

static struct cpython find_process(struct heap *h)
{
	return (struct cpython){
		.heap = h,
		.dump = h->dump,
		.version = find_version(h->dump),
		.type_type = dump_proc_number(h->dump, "python_type_type", 0),
		.runtime = dump_proc_number(h->dump, "python_runtime", 0),
	};
}

struct cpython *cpython_create_empty(struct heap *h)
{
	struct cpython *p = xcalloc(1, sizeof(*p));

	*p = find_process(h);
	p->table = xcalloc(h->nr_objects + 1ul, sizeof(*p->table));
	h->cpython = p;
	h->destroy_cpython = cpython_destroy;
	return p;
}

void cpython_create(struct typing *t)
{
	struct heap *h = t->heap;
	const char *text = dump_proc_text(h->dump, "python_version");
	const struct cpython found = find_process(h);
	struct cpython *p;

	if (!text)
		return;
	if (!t->has_text) {
		note_no_contents(h);
		return;
	}
	if (!found.version || !cpython_check_offsets(&found)) {
		note_unknown(h, text);
		return;
	}
	p = cpython_create_empty(h);
	p->class = xcalloc(h->nr_objects + 1ul, sizeof(*p->class));
	if (cpython_class_add(p, p->type_type) != CPYTHON_NO_CLASS)
		find_static_types(p);
	find_objects(p);
	cpython_find_statics(p);
	cpython_name_bases(p);
	cpython_fold(p);
	cpython_prepare_edges(p);
}

uint32_t recognise_cpython(struct typing *t, node_id n, const uint8_t *bytes, uint64_t size)
{
	struct cpython *p = t->heap->cpython;

	(void)bytes;
	(void)size;
	if (!p)
		return TYPE_UNSURE;
	if (p->class[n] != CPYTHON_NO_CLASS)
		return p->classes[p->class[n]].type;
	if (n == p->interp_block) {
		const uint32_t type =
			heap_intern_type(t->heap, CPYTHON_INTERP_TYPE, PROVENANCE_LAYOUT, 0);

		t->heap->types[type].ops = &cpython_ops;
		return type;
	}
	return p->table[n] ? cpython_table_type(p, p->table[n]) : TYPE_UNSURE;
}
