/* SPDX-License-Identifier: MIT */
/*
 * Hash tables of programs' own making, without debug information: an array of pointers with gaps,
 * each null or the first of a chain of small blocks of one size, that a header leads to which knows
 * exactly how many there are.  What says so little is told only of blocks that have no type.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/parallel.h"
#include "base/word.h"
#include "typing/pointed.h"
#include "typing/recogniser.h"

#define BUCKETS_MIN 8
#define NODES_MIN   8
#define NODES_SURE  32 /* so many need no second number */
#define NODE_MAX    48 /* bytes: what is larger has a life of its own */
#define PIECE_OBJECTS 16384 /* that a thread looks at at a time */
#define REACH	    64 /* the header's numbers lie so near the pointer */

struct table {
	node_id buckets;
	uint64_t nr_buckets;
	uint64_t node_size;
	uint64_t next; /* offset in nodes */
	uint64_t nr_nodes;
	bool is_sure; /* a header agrees */
};

struct hash {
	struct typing *typing;
	struct table *tables;
	size_t nr_tables, tables_room;
	struct map table_of; /* (buckets, 0) -> index in tables */
	uint32_t *seen;	     /* [nr_objects] the walk that has met the block */
	uint32_t nr_walks;
	uint8_t *node_size; /* [nr_objects] of buckets, as their words say; 0: it is none */
};

/* The block of that size that begins at addr; NODE_NONE: there is none. */
static node_id find_node(const struct hash *s, uint64_t addr, uint64_t size)
{
	const uint32_t n = dump_find_block(s->typing->heap->dump, addr);

	return n != UINT32_MAX && s->typing->blocks->addr[n] == addr &&
			       s->typing->blocks->size[n] == size
		       ? n
		       : NODE_NONE;
}

static bool may_be_buckets(const struct hash *s, node_id n)
{
	const struct type *type = object_type(s->typing->heap, n);
	const uint64_t size = s->typing->blocks->size[n];

	return (type->flags & TYPE_FALLBACK ||
		(type->provenance == PROVENANCE_CONTENT && type->flags & TYPE_POINTER_ARRAY)) &&
	       size % 8 == 0 && size >= BUCKETS_MIN * 8;
}

/* The size of the blocks that all words but the null ones lead to; 0: they differ, are large, or
 * there are no gaps. */
static uint64_t find_node_size(const struct hash *s, const uint8_t *bytes, uint64_t nr)
{
	uint64_t size = 0, nr_heads = 0;

	for (uint64_t i = 0; i < nr; i++) {
		const uint64_t word = load_word(bytes, i * 8);
		const uint32_t n = word ? dump_find_block(s->typing->heap->dump, word) : UINT32_MAX;

		if (!word)
			continue;
		if (n == UINT32_MAX || s->typing->blocks->addr[n] != word)
			return 0;
		if (!nr_heads++)
			size = s->typing->blocks->size[n];
		else if (size != s->typing->blocks->size[n])
			return 0;
	}
	return size <= NODE_MAX && size >= 16 && nr_heads >= 4 && nr_heads < nr ? size : 0;
}

/* One chain by the word `next`: every node is new and ends in null.  False: it is none. */
static bool walk_chain(struct hash *s, uint64_t head, const struct table *t, uint64_t *nr)
{
	for (uint64_t word = head; word; (*nr)++) {
		const node_id n = find_node(s, word, t->node_size);
		const uint8_t *bytes =
			n == NODE_NONE ? NULL : dump_block_bytes(s->typing->heap->dump, n);

		if (!bytes || s->seen[n] == s->nr_walks)
			return false;
		s->seen[n] = s->nr_walks;
		word = load_word(bytes, t->next);
	}
	return true;
}

/* True: the word at t->next chains some of the nodes, and all of them end. */
static bool walk_table(struct hash *s, const uint8_t *bytes, struct table *t)
{
	uint64_t nr_heads = 0;

	s->nr_walks++;
	t->nr_nodes = 0;
	for (uint64_t i = 0; i < t->nr_buckets; i++) {
		const uint64_t head = load_word(bytes, i * 8);

		nr_heads += head != 0;
		if (!walk_chain(s, head, t, &t->nr_nodes))
			return false;
	}
	return t->nr_nodes > nr_heads && t->nr_nodes >= NODES_MIN;
}

static void find_table(struct hash *s, node_id n)
{
	const uint8_t *bytes = dump_block_bytes(s->typing->heap->dump, n);
	struct table t = { .buckets = n,
			   .nr_buckets = s->typing->blocks->size[n] / 8,
			   .node_size = s->node_size[n] };

	for (; t.next + 8 <= t.node_size; t.next += 8) {
		if (!walk_table(s, bytes, &t))
			continue;
		*map_find_or_insert(&s->table_of, n, 0) = s->nr_tables;
		s->tables =
			array_grow(s->tables, s->nr_tables, &s->tables_room, sizeof(*s->tables));
		s->tables[s->nr_tables++] = t;
		return;
	}
}

/* Is one of the numbers in [from, to), 4 bytes or 8, that one?  Halves of addresses are none. */
static bool has_number(const struct dump *d, const uint8_t *bytes, uint64_t from, uint64_t to,
		       uint64_t number)
{
	for (uint64_t offset = from; offset + 8 <= to; offset += 8) {
		const uint64_t word = load_word(bytes, offset);

		if (((uint32_t)word == number || word >> 32 == number) &&
		    dump_find_block(d, word) == UINT32_MAX)
			return true;
	}
	return false;
}

static void look_at_header(void *arg, const struct pointed *p)
{
	struct hash *s = arg;
	const struct dump *d = s->typing->heap->dump;
	struct table *t = &s->tables[map_find(&s->table_of, p->to, 0)];
	const uint64_t start = p->at < REACH ? 0 : p->at - REACH;
	const uint64_t end = p->at + REACH > p->size ? p->size : p->at + REACH;

	if (p->offset || !has_number(d, p->bytes, start, end, t->nr_nodes))
		return;
	t->is_sure |= t->nr_nodes >= NODES_SURE ||
		      has_number(d, p->bytes, start, end, t->nr_buckets) ||
		      has_number(d, p->bytes, start, end, t->nr_buckets - 1);
}

static void find_node_sizes(void *arg, unsigned int worker, uint64_t first, uint64_t end)
{
	struct hash *s = arg;

	(void)worker;
	for (node_id n = (node_id)first; n < end; n++) {
		const uint8_t *bytes = may_be_buckets(s, n)
					       ? dump_block_bytes(s->typing->heap->dump, n)
					       : NULL;

		if (bytes)
			s->node_size[n] = (uint8_t)find_node_size(
				s, bytes, s->typing->blocks->size[n] / 8);
	}
}

static void name_block(struct hash *s, node_id n, const char *name, uint32_t flags)
{
	struct heap *h = s->typing->heap;
	const struct type *type = object_type(h, n);

	if (type->flags & TYPE_FALLBACK || type->flags & TYPE_POINTER_ARRAY)
		h->type[n] = heap_intern_type(h, name, PROVENANCE_CONTENT, flags);
}

static void name_table(struct hash *s, const struct table *t)
{
	const uint8_t *bytes = dump_block_bytes(s->typing->heap->dump, t->buckets);

	name_block(s, t->buckets, "hash table buckets", TYPE_POINTER_ARRAY);
	for (uint64_t i = 0; i < t->nr_buckets; i++) {
		for (uint64_t word = load_word(bytes, i * 8); word;) {
			const node_id n = find_node(s, word, t->node_size);

			name_block(s, n, "hash table node", 0);
			word = load_word(dump_block_bytes(s->typing->heap->dump, n), t->next);
		}
	}
}

void hash_settle(struct typing *t)
{
	struct heap *h = t->heap;
	struct hash s = { .typing = t };

	if (!t->has_text || !dump_has_contents(h->dump))
		return;
	s.seen = xcalloc(h->nr_objects + 1ul, sizeof(*s.seen));
	s.node_size = xcalloc(h->nr_objects + 1ul, sizeof(*s.node_size));
	parallel_for(h->nr_objects, PIECE_OBJECTS, find_node_sizes, &s);
	for (node_id n = 0; n < h->nr_objects; n++) {
		if (s.node_size[n])
			find_table(&s, n);
	}
	if (s.nr_tables) {
		_cleanup_free_ uint8_t *wanted = xcalloc(h->nr_objects, sizeof(*wanted));

		for (size_t i = 0; i < s.nr_tables; i++)
			wanted[s.tables[i].buckets] = 1;
		pointed_each(h, wanted, look_at_header, &s);
	}
	for (size_t i = 0; i < s.nr_tables; i++) {
		if (s.tables[i].is_sure)
			name_table(&s, &s.tables[i]);
	}
	map_deinit(&s.table_of);
	free(s.tables);
	free(s.seen);
	free(s.node_size);
}
