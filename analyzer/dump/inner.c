/* SPDX-License-Identifier: MIT */
/*
 * Blocks that the analyzer found inside others: the columns are made anew with room for them, and
 * everything that names blocks by their numbers follows.
 */
#include <string.h>

#include "base/mem.h"
#include "dump/internal.h"

struct insertion {
	struct dump *d;
	struct dump old; /* the columns, areas and places as they were */
	const struct dump_inner *items;
	size_t nr;
	uint32_t *open; /* blocks around the one at hand, outermost first */
	size_t depth;
};

static void copy_block(struct dump_blocks *to, size_t i, const struct dump_blocks *from, size_t k)
{
	to->addr[i] = from->addr[k];
	to->size[i] = from->size[k];
	to->tick[i] = from->tick[k];
	to->seq[i] = from->seq[k];
	to->stack[i] = from->stack[k];
	to->thread[i] = from->thread[k];
	to->attr[i] = from->attr[k];
	to->kind[i] = from->kind[k];
	to->flags[i] = from->flags[k];
}

static void set_parent(struct insertion *in, size_t i)
{
	struct dump_blocks *b = &in->d->core.blocks;

	while (in->depth) {
		const uint32_t top = in->open[in->depth - 1];

		if (b->addr[top] + b->size[top] > b->addr[i])
			break;
		in->depth--;
	}
	b->parent[i] = in->depth ? in->open[in->depth - 1] : NO_BLOCK;
	in->open[in->depth++] = (uint32_t)i;
}

/* Where the bytes of old block k are is now told by its new number. */
static void move_place(struct insertion *in, size_t i, size_t k)
{
	const struct dump_core *old = &in->old.core;

	if (!old->place)
		return;
	if (old->place[k] == DUMP_NO_PLACE)
		in->d->core.place[i] = DUMP_NO_PLACE;
	else
		set_place(in->d, i, dump_place_offset(old, k));
}

static void merge(struct insertion *in)
{
	struct dump_blocks *b = &in->d->core.blocks;
	const struct dump_blocks *old = &in->old.core.blocks;
	size_t item = 0, large = 0;

	b->nr = 0;
	for (size_t k = 0; k < old->nr || item < in->nr;) {
		if (item < in->nr && (k == old->nr || in->items[item].addr < old->addr[k])) {
			copy_block(b, b->nr, old, in->items[item].like);
			b->addr[b->nr] = in->items[item].addr;
			b->size[b->nr] = in->items[item].size;
			b->kind[b->nr] = HC_KIND_POOL;
			b->stack[b->nr] = 0; /* `like` was made for the arena, not for this */
			b->flags[b->nr] = DUMP_BLOCK_INSERTED;
			if (in->d->core.place)
				in->d->core.place[b->nr] = DUMP_NO_PLACE;
			item++;
		} else {
			copy_block(b, b->nr, old, k);
			move_place(in, b->nr, k);
			if (large < in->d->nr_large_blocks && in->d->large_blocks[large].block == k)
				in->d->large_blocks[large++].block = (uint32_t)b->nr;
			k++;
		}
		set_parent(in, b->nr++);
	}
}

struct error *dump_insert_blocks(struct dump *d, const struct dump_inner *items, size_t nr)
{
	struct insertion in = { .d = d, .old = *d, .items = items, .nr = nr };
	const size_t total = d->core.blocks.nr + nr;
	_cleanup_free_ uint32_t *open = xcalloc(total + 1, sizeof(*open));
	struct error *error;

	if (total > UINT32_MAX / 2)
		return error_create("%s: more blocks than can be numbered", dump_path(d));
	memset(d->block_areas, 0, sizeof(d->block_areas));
	error = reserve_columns(d, total);
	if (error)
		return error;
	in.open = open;
	if (d->core.place) {
		d->core.place = xcalloc(total, sizeof(*d->core.place));
		d->core.place_base =
			xcalloc((total >> DUMP_PLACE_GROUP_SHIFT) + 1, sizeof(*d->core.place_base));
	}
	merge(&in);
	for (size_t i = 0; i < ARRAY_SIZE(in.old.block_areas); i++)
		area_release(&in.old.block_areas[i]);
	if (in.old.core.place) {
		free(in.old.core.place);
		free(in.old.core.place_base);
	}
	block_index_destroy(&d->core);
	block_index_create(&d->core);
	return NULL;
}
