/* SPDX-License-Identifier: MIT */
/*
 * Containers of which somebody knows where they are: the shapes are asked of that place only, and
 * whatever they would propose is believed.
 */
#include "typing/container/shape.h"

#include "base/mem.h"

#define HASH_FIRST 16u /* the first node: where libstdc++ has its one bucket in the object */

static const struct family {
	shape_fn *shape;
	uint64_t gnu, llvm;
} families[] = {
#define CONTAINER_FAMILY_ROW(name, text, shape, gnu, llvm) { shape, gnu, llvm },
	CONTAINER_FAMILIES(CONTAINER_FAMILY_ROW)
#undef CONTAINER_FAMILY_ROW
};

static bool ask(struct containers *c, shape_fn *shape, const struct span *s, uint64_t offset)
{
	const node_id block =
		offset + 8 <= s->size ? shape_find_new(c, load_word(s->bytes, offset)) : NODE_NONE;

	if (block == NODE_NONE)
		return false;
	shape(c, s, offset, block);
	return true;
}

void container_read(struct heap *h, const struct container_object *o, container_part_fn *fn,
		    void *arg)
{
	struct containers *c = h->containers;
	const struct family *family = &families[o->family];
	const uint64_t word = o->is_llvm ? family->llvm : family->gnu;
	const uint8_t *bytes = dump_find_bytes(h->dump, o->addr, o->size);
	struct reader reader = { fn, arg, o->is_passing };
	/* The span is the object alone: what is around it is something else. */
	struct span s = {
		.node = o->holder,
		.addr = o->addr,
		.size = o->size,
		.bytes = bytes,
		.origin = o->offset,
	};
	const bool had_llvm = c->has_llvm;

	if (!bytes)
		return;
	c->reader = &reader;
	c->has_llvm = o->is_llvm;
	if (!ask(c, family->shape, &s, word) && family->shape == shape_hash)
		ask(c, family->shape, &s, HASH_FIRST);
	c->has_llvm = had_llvm;
	c->reader = NULL;
}
