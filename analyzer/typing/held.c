/* SPDX-License-Identifier: MIT */
/*
 * After all recognisers: a block that has no more than the label of its site, and that a field of
 * an object of known type leads to, is called by these: "web::Page.+0x18".  That is a label, not a
 * type, but it says what the memory is for, and tells apart what one function allocates.
 *
 * A list's nodes are called as its first one, a table's entries "List.+0x8[*]".  What has got its
 * label leads to others in the next round.  The blocks of one site and size are looked at
 * together: where three in four could have one label they are of one kind.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "heap/ahead.h"
#include "typing/container/container.h"
#include "typing/held_label.h"
#include "typing/native/block.h"

#define NR_ROUNDS	3
#define TABLE_WORDS_MIN 8
#define MANY		UINT32_MAX
#define NO_GROUP	0u

struct link {
	uint32_t group, label;
	node_id block;
};

struct held {
	struct heap *heap;
	struct fields fields;
	struct labels labels;
	uint32_t *group; /* [nr_objects] of one site and size; of the others NO_GROUP */
	struct majority {
		uint64_t nr_open, nr; /* blocks without a type, and those that have the label */
		uint32_t label;
	} * majorities; /* [nr_groups] */
	size_t nr_groups;

	/* Of the round at hand. */
	uint32_t *only;	    /* [nr_objects] NO_LABEL, the one label, or MANY */
	struct link *links; /* who could have which label */
	size_t nr_links, links_room;
	bool from_table; /* the block that is looked through is a table */

	node_id *news; /* who got a label, to be looked through in the next round */
	size_t nr_news, news_room;
};

static bool is_open(const struct heap *h, node_id n)
{
	const struct type *type = object_type(h, n);

	return node_is_object(h, n) && type->flags & TYPE_FALLBACK &&
	       (type->provenance == PROVENANCE_SITE || type->provenance == PROVENANCE_NONE);
}

/* Words [0, end) are null or the start of a block. */
static bool has_only_starts(const struct held *s, node_id n, uint64_t end)
{
	const uint8_t *bytes = dump_block_bytes(s->heap->dump, n);
	uint64_t word;

	if (!bytes || end % 8)
		return false;
	for (uint64_t offset = 0; offset < end; offset += 8) {
		memcpy(&word, bytes + offset, sizeof(word));
		if (word && fields_find_target(&s->fields, word) == NODE_NONE)
			return false;
	}
	return true;
}

/* What leads to an array leads to its elements, even where it has a type of its own. */
static bool is_plain_array(const struct held *s, node_id n)
{
	const struct type *type = object_type(s->heap, n);
	const struct container_part *part = container_find_part(s->heap, n);

	if (part)
		return part->role == CONTAINER_ITEMS && has_only_starts(s, n, part->end);
	return type->provenance == PROVENANCE_CONTENT && type->flags & TYPE_POINTER_ARRAY;
}

static bool is_wanted(const struct held *s, node_id n)
{
	return is_open(s->heap, n) || is_plain_array(s, n);
}

static bool has_fields(const struct type *type)
{
	return provenance_is(type->provenance, HAS_FIELDS) && !(type->flags & TYPE_NO_POINTERS);
}

static void add_link(struct held *s, node_id block, uint32_t label)
{
	if (s->only[block] == label)
		return;
	s->only[block] = s->only[block] == NO_LABEL ? label : MANY;
	s->links = array_grow(s->links, s->nr_links, &s->links_room, sizeof(*s->links));
	s->links[s->nr_links++] = (struct link){ s->group[block], label, block };
}

static const char *plain_relation(struct heap *h, uint64_t offset)
{
	_cleanup_free_ char *text = xasprintf(".+0x%lx", offset);

	return heap_intern_name(h, text);
}

static void add_part_field(struct held *s, const struct field *f)
{
	labels_count(&s->labels, f->part, f->part_offset, f);
	if (f->to != NODE_NONE && f->to != f->from && is_wanted(s, f->to))
		add_link(s, f->to,
			 labels_get(&s->labels, f->part, f->part_offset,
				    plain_relation(s->heap, f->part_offset)));
}

/* Where the type tells which words are pointers, others are none.  Of a class without debug
 * information, and of what is inside containers, nobody knows. */
static bool may_be_pointer(struct heap *h, const struct field *f)
{
	const enum word_use use = heap_word_use(h, f->from, f->offset);
	const bool is_known = native_type_of(h->native, f->from) ||
			      object_type(h, f->from)->provenance == PROVENANCE_LAYOUT;

	return use == WORD_POINTER || (use == WORD_UNKNOWN && !is_known);
}

/* What the word is called that leads to a block; "": it is no field, or nothing to speak of. */
static const char *find_relation(const struct held *s, const struct field *f)
{
	struct heap *h = s->heap;
	const struct type_ops *ops = object_type(h, f->from)->ops;

	if (s->from_table)
		return heap_intern_name(h, "[*]");
	if (ops && ops->is_edge && !ops->is_edge(h, f->from, f->offset, f->to))
		return "";
	if (!may_be_pointer(h, f))
		return "";
	return heap_relation(h, f->from, f->offset / 8, f->to);
}

static void add_own_field(struct held *s, const struct field *f)
{
	const node_id owner = s->heap->owner[f->from];
	const uint32_t type = owner == NODE_NONE ? 0 : s->heap->type[owner];

	if (!has_fields(&s->heap->types[type]) || labels_is_of_arrays(&s->labels, type))
		return;

	/* Words of what counts for another are the other's fields, but not by their offset. */
	const uint64_t offset = owner == f->from && !s->from_table ? f->offset : ANY_FIELD;

	labels_count(&s->labels, type, offset, f);
	if (f->to == NODE_NONE || f->to == f->from || !is_wanted(s, f->to))
		return;

	const char *relation = find_relation(s, f);

	if (*relation)
		add_link(s, f->to, labels_get(&s->labels, type, offset, relation));
}

static void add_field(void *arg, const struct field *f)
{
	struct held *s = arg;

	if (f->part != TYPE_UNSURE)
		add_part_field(s, f);
	else if (!node_is_root(s->heap, f->from))
		add_own_field(s, f);
}

struct chain {
	struct held *held;
	uint32_t label;
};

static bool is_of_group(const struct held *s, uint64_t word, uint32_t group)
{
	const node_id n = fields_find_target(&s->fields, word);

	return n != NODE_NONE && s->group[n] == group;
}

/* A word of a labelled block that leads to one of its site and size, whose same word leads to one
 * or nowhere. */
static void add_next(void *arg, const struct field *f)
{
	const struct chain *c = arg;
	struct held *s = c->held;
	const uint32_t group = s->group[f->from];
	uint64_t next;

	if (f->to == NODE_NONE || f->to == f->from || s->group[f->to] != group ||
	    s->only[f->to] != NO_LABEL || !is_open(s->heap, f->to))
		return;
	memcpy(&next, dump_block_bytes(s->heap->dump, f->to) + f->offset, sizeof(next));
	if (!next || is_of_group(s, next, group))
		add_link(s, f->to, c->label);
}

static void add_element(void *arg, const struct field *f)
{
	const struct chain *c = arg;

	if (f->to != NODE_NONE && is_wanted(c->held, f->to))
		add_link(c->held, f->to, c->label);
}

/* The rest of a list, the elements of an array: links grow meanwhile. */
static void follow_links(struct held *s)
{
	for (size_t i = 0; i < s->nr_links; i++) {
		const node_id n = s->links[i].block;
		struct chain c = { s, s->links[i].label };

		if (s->only[n] == MANY || !labels_is_pointer(&s->labels, c.label))
			continue;
		if (is_open(s->heap, n)) {
			fields_each_of_block(&s->fields, n, add_next, &c);
		} else {
			c.label = labels_get_element(&s->labels, c.label);
			fields_each_of_block(&s->fields, n, add_element, &c);
		}
	}
}

static void name_block(struct held *s, const struct link *link)
{
	const node_id n = link->block;

	s->heap->type[n] = labels_make_type(&s->labels, link->label, block_size(s->heap, n));
	s->news = array_grow(s->news, s->nr_news, &s->news_room, sizeof(*s->news));
	s->news[s->nr_news++] = n;
}

static void drop_doubtful_links(struct held *s)
{
	size_t nr = 0;

	for (size_t i = 0; i < s->nr_links; i++) {
		struct link link = s->links[i];

		if (!labels_is_pointer(&s->labels, link.label))
			continue;
		link.label = labels_unite(&s->labels, link.label);
		s->links[nr++] = link;
	}
	s->nr_links = nr;
}

/* For each group the label that most of its blocks have. */
static void find_majorities(struct held *s)
{
	struct map counts = { 0 }; /* (group, label) -> links */

	memset(s->majorities, 0, s->nr_groups * sizeof(*s->majorities));
	for (node_id n = 0; n < s->heap->nr_objects; n++)
		s->majorities[s->group[n]].nr_open += is_open(s->heap, n);
	for (size_t i = 0; i < s->nr_links; i++) {
		const struct link *link = &s->links[i];
		struct majority *m = &s->majorities[link->group];
		uint64_t *count = map_find_or_insert(&counts, link->group, link->label);

		*count = *count == MAP_EMPTY ? 1 : *count + 1;
		if (*count > m->nr) {
			m->nr = *count;
			m->label = link->label;
		}
	}
	map_deinit(&counts);
}

static void decide(struct held *s)
{
	drop_doubtful_links(s);
	find_majorities(s);
	for (size_t i = 0; i < s->nr_links; i++) {
		const struct link *link = &s->links[i];
		const struct majority *m = &s->majorities[link->group];

		if (link->label == m->label && m->nr * 4 >= m->nr_open * 3 &&
		    is_open(s->heap, link->block))
			name_block(s, link);
	}
}

/* Python's objects have none. */
static bool may_have_parts(const struct heap *h, node_id n)
{
	const struct type *type = object_type(h, n);

	return h->owner[n] != NODE_NONE && !(type->flags & TYPE_NO_POINTERS) &&
	       type->provenance != PROVENANCE_CPYTHON;
}

/* All blocks: parts may lie in those without a type. */
static void run_first_round(struct held *s)
{
	const struct heap *h = s->heap;

	for (node_id n = 0; n < h->nr_objects; n++) {
		heap_look_ahead(h, n, may_have_parts);
		if (may_have_parts(h, n))
			fields_each_of_block(&s->fields, n, add_field, s);
	}
	fields_each_of_roots(&s->fields, add_field, s);
	follow_links(s);
	decide(s);
}

/* Those that got a label in the round before. */
static void run_next_round(struct held *s)
{
	_cleanup_free_ node_id *blocks = s->news;
	const size_t nr = s->nr_news;

	s->news = NULL;
	s->nr_news = s->news_room = s->nr_links = 0;
	memset(s->only, 0, s->heap->nr_objects * sizeof(*s->only));
	for (size_t i = 0; i < nr; i++) {
		const uint64_t size = block_size(s->heap, blocks[i]);

		s->from_table = size >= TABLE_WORDS_MIN * 8 && has_only_starts(s, blocks[i], size);
		fields_each_of_block(&s->fields, blocks[i], add_field, s);
		s->from_table = false;
		for (node_id part = s->heap->next_table[blocks[i]]; part != NODE_NONE;
		     part = s->heap->next_table[part])
			fields_each_of_block(&s->fields, part, add_field, s);
	}
	follow_links(s);
	decide(s);
}

static void make_groups(struct held *s, const struct dump_blocks *blocks)
{
	struct map ids = { 0 }; /* (stack, size) -> group */

	s->nr_groups = NO_GROUP + 1;
	for (node_id n = 0; n < s->heap->nr_objects; n++) {
		if (!is_open(s->heap, n))
			continue;

		uint64_t *slot = map_find_or_insert(&ids, blocks->stack[n], blocks->size[n]);

		if (*slot == MAP_EMPTY)
			*slot = s->nr_groups++;
		s->group[n] = (uint32_t)*slot;
	}
	map_deinit(&ids);
}

static bool has_open(const struct heap *h)
{
	for (node_id n = 0; n < h->nr_objects; n++) {
		if (is_open(h, n))
			return true;
	}
	return false;
}

void held_settle(struct typing *t)
{
	struct heap *h = t->heap;

	if (!has_open(h) || !dump_has_contents(h->dump))
		return;

	_cleanup_free_ uint32_t *group = xcalloc(h->nr_objects, sizeof(*group));
	_cleanup_free_ uint32_t *only = xcalloc(h->nr_objects, sizeof(*only));
	struct held s = { .heap = h, .group = group, .only = only };

	fields_init(&s.fields, t);
	labels_init(&s.labels, h);
	make_groups(&s, t->blocks);
	s.majorities = xcalloc(s.nr_groups, sizeof(*s.majorities));
	run_first_round(&s);
	for (int i = 1; i < NR_ROUNDS && s.nr_news; i++)
		run_next_round(&s);
	fields_deinit(&s.fields);
	labels_deinit(&s.labels);
	free(s.majorities);
	free(s.links);
	free(s.news);
}
