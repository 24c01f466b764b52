/* SPDX-License-Identifier: MIT */
/*
 * Containers that have their items in arrays of their own, whose sizes follow from the container's
 * counts.
 *
 *	GHashTable	0 size, 8 mod, 12 mask, 16 nnodes, 20 noccupied, 24 big keys and values (2
 *			bits), 32 keys, 40 hashes, 48 values, 56 hash function, 64 equality, 72
 *			references, 76 version, 80, 88 functions that free
 *	GPtrArray	0 pdata, 8 len, 12 alloc, 16 references, 20 null-terminated, 24 function
 *	GArray		0 data, 8 len, 12 capacity, 16 item size, 20 flags, 24 references, 32
 *			function
 *	GString		0 str, 8 len, 16 allocated
 */
#include "base/mem.h"
#include "typing/glib/glib.h"

#define HASH_TABLE_SIZE	   96u
#define PTR_ARRAY_SIZE	   32u
#define ARRAY_SIZE_BYTES   40u
#define STRING_SIZE	   24u
#define HASH_KEYS	   32u
#define HASH_HASHES	   40u
#define HASH_VALUES	   48u
#define HASH_FIRST_REAL	   2u /* hashes below: unused, removed */
#define HASH_SLOTS_MIN	   8u
#define HASH_SLOTS_MAX	   (1u << 28)
#define REFERENCES_MAX	   (1u << 24)
#define ARRAY_CAPACITY_MIN 16u

static bool is_function(const struct glib *g, uint64_t addr)
{
	return symbols_is_code(g->heap->symbols, addr);
}

static bool is_function_or_null(const struct glib *g, uint64_t addr)
{
	return !addr || is_function(g, addr);
}

static bool is_count(uint32_t references)
{
	return references && references < REFERENCES_MAX;
}

static bool is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

struct hash_table {
	uint64_t nr_slots;
	node_id keys, hashes, values; /* values == keys: a set */
	bool has_big_keys, has_big_values;
};

static bool read_hash_table(const struct glib *g, const uint8_t *bytes, struct hash_table *t)
{
	const uint64_t keys = load_word(bytes, HASH_KEYS), values = load_word(bytes, HASH_VALUES);
	const uint32_t big = load_half(bytes, 24);

	t->nr_slots = load_word(bytes, 0);
	t->has_big_keys = big & 1;
	t->has_big_values = big & 2;
	if (t->nr_slots < HASH_SLOTS_MIN || t->nr_slots > HASH_SLOTS_MAX ||
	    !is_power_of_two(t->nr_slots) || load_half(bytes, 12) != t->nr_slots - 1)
		return false;
	t->keys = glib_find_block(g, keys, t->nr_slots * (t->has_big_keys ? 8 : 4));
	t->hashes = glib_find_block(g, load_word(bytes, HASH_HASHES), t->nr_slots * 4);
	t->values = values == keys
			    ? t->keys
			    : glib_find_block(g, values, t->nr_slots * (t->has_big_values ? 8 : 4));
	return t->keys != NODE_NONE && t->hashes != NODE_NONE && t->values != NODE_NONE &&
	       is_function(g, load_word(bytes, 56)) &&
	       is_function_or_null(g, load_word(bytes, 64)) && is_count(load_half(bytes, 72));
}

/* Do the counts agree with what is in the table? */
static bool counts_agree(const struct glib *g, const uint8_t *bytes, const struct hash_table *t)
{
	const uint8_t *hashes = dump_block_bytes(g->heap->dump, t->hashes);
	uint64_t nr_real = 0, nr_used = 0;

	for (uint64_t i = 0; hashes && i < t->nr_slots; i++) {
		const uint32_t hash = load_half(hashes, i * 4);

		nr_used += hash != 0;
		nr_real += hash >= HASH_FIRST_REAL;
	}
	return nr_real == load_half(bytes, 16) && nr_used == load_half(bytes, 20);
}

static bool settle_hash_table(struct glib *g, const struct glib_place *p)
{
	struct hash_table t;

	if (!read_hash_table(g, p->bytes, &t) || !counts_agree(g, p->bytes, &t) ||
	    !glib_name_place(g, p, GLIB_HASH_TABLE, true))
		return false;
	glib_name_part(g, p, HASH_KEYS, t.keys,
		       t.has_big_keys ? GLIB_HASH_KEYS : GLIB_HASH_NUMBERS);
	glib_name_part(g, p, HASH_HASHES, t.hashes, GLIB_HASH_HASHES);
	if (t.values != t.keys)
		glib_name_part(g, p, HASH_VALUES, t.values,
			       t.has_big_values ? GLIB_HASH_VALUES : GLIB_HASH_NUMBERS);
	return true;
}

static bool settle_ptr_array(struct glib *g, const struct glib_place *p)
{
	const uint8_t *bytes = p->bytes;
	const uint32_t len = load_half(bytes, GLIB_ARRAY_LEN), room = load_half(bytes, 12);
	const node_id items = glib_find_block(g, load_word(bytes, 0), room * 8ul);

	if (items == NODE_NONE || !room || len > room || !is_count(load_half(bytes, 16)) ||
	    !is_function_or_null(g, load_word(bytes, 24)) ||
	    !glib_name_place(g, p, GLIB_PTR_ARRAY, true))
		return false;
	glib_name_part(g, p, 0, items, GLIB_PTR_ARRAY_ITEMS);
	return true;
}

static bool settle_array(struct glib *g, const struct glib_place *p)
{
	const uint8_t *bytes = p->bytes;
	const uint64_t data = load_word(bytes, 0);
	const uint32_t len = load_half(bytes, GLIB_ARRAY_LEN), room = load_half(bytes, 12),
		       item = load_half(bytes, GLIB_ARRAY_ITEM);
	const node_id items = data ? dump_find_block(g->heap->dump, data) : NODE_NONE;

	if (items == NODE_NONE || g->blocks->addr[items] != data || !item || !room || len > room ||
	    g->blocks->size[items] < ARRAY_CAPACITY_MIN || g->blocks->size[items] / item != room ||
	    !is_count(load_half(bytes, 24)) || !is_function_or_null(g, load_word(bytes, 32)) ||
	    glib_find_maker(g, items)->kind == GLIB_MAKER_NONE ||
	    !glib_name_place(g, p, item == 1 ? GLIB_BYTES_OR_ARRAY : GLIB_ARRAY, true))
		return false;
	glib_name_part(g, p, 0, items, GLIB_ARRAY_ITEMS);
	return true;
}

/* The layout of many programs' own strings: so GLib itself must have made it. */
static bool settle_string(struct glib *g, const struct glib_place *p)
{
	const uint8_t *bytes = p->bytes;
	const uint64_t len = load_word(bytes, 8), room = load_word(bytes, 16);
	const node_id text = glib_find_block(g, load_word(bytes, 0), room);
	const uint8_t *chars = text == NODE_NONE ? NULL : dump_block_bytes(g->heap->dump, text);

	if (!chars || len >= room || chars[len] ||
	    glib_maker_of(g, p)->kind == GLIB_MAKER_PROGRAM ||
	    !glib_name_place(g, p, GLIB_STRING, true))
		return false;
	glib_name_part(g, p, 0, text, GLIB_STRING_TEXT);
	return true;
}

static const struct {
	uint64_t size;
	glib_place_fn *settle;
} containers[] = {
	{ HASH_TABLE_SIZE, settle_hash_table },
	{ PTR_ARRAY_SIZE, settle_ptr_array },
	{ ARRAY_SIZE_BYTES, settle_array },
	{ STRING_SIZE, settle_string },
};

void glib_settle_arrays(struct glib *g)
{
	for (size_t i = 0; i < ARRAY_SIZE(containers); i++)
		glib_each_place(g, containers[i].size, containers[i].settle);
}
