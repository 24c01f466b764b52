/* SPDX-License-Identifier: MIT */
/*
 * Classes, and the objects of each, as they are kept for the next time (heap/outline.h): with them
 * values can be read.  References cannot be told, nor named.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "typing/cpython/class.h"

#define NAMES_MAX (64ul << 20)

void cpython_keep(struct pieces_writer *w, const struct cpython *p)
{
	_cleanup_free_ struct cpython_class *classes =
		xcalloc(p->nr_classes + 1ul, sizeof(*classes));
	_cleanup_free_ char *names = NULL;
	size_t len;
	FILE *out = open_memstream(&names, &len);

	if (!out)
		mem_exhausted();
	for (uint32_t i = 0; i < p->nr_classes; i++) {
		classes[i] = p->classes[i];
		classes[i].name = classes[i].short_name = NULL;
		fwrite(p->classes[i].name, strlen(p->classes[i].name) + 1, 1, out);
	}
	if (fclose(out))
		mem_exhausted();
	pieces_add(w, PIECE_CLASSES, classes, p->nr_classes * sizeof(*classes));
	pieces_add(w, PIECE_CLASS_NAMES, names, len);
	pieces_add(w, PIECE_CLASS_OF, p->class, p->heap->nr_objects * sizeof(*p->class));
}

static bool is_class(const struct cpython *p, const struct cpython_class *c)
{
	uint8_t is_heap;

	memcpy(&is_heap, &c->is_heap, sizeof(is_heap));
	return is_heap <= true && !c->name && !c->short_name &&
	       (unsigned int)c->shape <= CPYTHON_SHAPE_WEAKREF && c->type < p->heap->nr_types &&
	       cpython_has_sizes(c) && map_find(&p->class_index, c->addr, 0) == MAP_EMPTY;
}

static bool read_classes(const struct pieces *pieces, struct cpython *p)
{
	size_t len, names_len = 0;
	_cleanup_free_ struct cpython_class *classes =
		pieces_read(pieces, PIECE_CLASSES, NAMES_MAX, &len);
	_cleanup_free_ char *names = pieces_read(pieces, PIECE_CLASS_NAMES, NAMES_MAX, &names_len);
	size_t at = 0;

	if (!classes || !names || len % sizeof(*classes))
		return false;
	for (size_t i = 0; i < len / sizeof(*classes); i++) {
		if (at >= names_len || !is_class(p, &classes[i]))
			return false;
		cpython_class_name(&classes[i], heap_intern_name(p->heap, names + at));
		at += strlen(names + at) + 1;
		cpython_class_append(p, &classes[i]);
	}
	return at == names_len;
}

static bool read_objects(const struct pieces *pieces, struct cpython *p)
{
	const uint64_t bytes = p->heap->nr_objects * sizeof(*p->class);
	size_t len;

	p->class = pieces_read(pieces, PIECE_CLASS_OF, bytes, &len);
	if (!p->class || len != bytes)
		return false;
	for (node_id n = 0; n < p->heap->nr_objects; n++)
		if (p->class[n] != CPYTHON_NO_CLASS && p->class[n] >= p->nr_classes)
			return false;
	return true;
}

bool cpython_recall(const struct pieces *pieces, struct heap *h)
{
	struct cpython *p;

	if (!pieces_has(pieces, PIECE_CLASSES))
		return true;
	p = cpython_create_empty(h);
	return p->version && read_classes(pieces, p) && read_objects(pieces, p);
}
