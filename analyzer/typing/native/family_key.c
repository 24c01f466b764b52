/* SPDX-License-Identifier: MIT */
/*
 * Keys are the scalars of a structure, those of its own structures among them.
 */
#include "typing/native/family_key.h"

#include <string.h>

#include "typing/native/block.h"
#include "typing/native/layout.h"

#define DEPTH_MAX    4
#define KEY_SIZE_MAX 4

struct key_list {
	struct family_key *keys;
	unsigned int nr;
};

static bool is_number(const struct ctype *t)
{
	return t->kind == CTYPE_BOOL || t->kind == CTYPE_CHAR || t->kind == CTYPE_INTEGER ||
	       t->kind == CTYPE_ENUM;
}

static void add_keys(struct native *n, const struct ctype *t, uint64_t offset, int depth,
		     struct key_list *list)
{
	t = ctype_complete(n, t);
	for (uint32_t i = 0; i < t->nr_members && list->nr < FAMILY_KEYS_MAX; i++) {
		const struct ctype_member *m = &t->members[i];
		const struct ctype *type = ctype_complete(n, m->type);

		if (m->flags & CTYPE_MEMBER_VIRTUAL_BASE)
			continue;
		if (type->kind == CTYPE_STRUCT && depth < DEPTH_MAX)
			add_keys(n, type, offset + m->offset, depth + 1, list);
		else if (is_number(type) && type->size <= KEY_SIZE_MAX)
			list->keys[list->nr++] = (struct family_key){
				.offset = offset + m->offset,
				.size = type->size,
				.shift = m->bit_offset,
				.bits = m->bit_size,
			};
	}
}

unsigned int family_find_keys(struct native *n, const struct ctype *base,
			      struct family_key keys[FAMILY_KEYS_MAX])
{
	struct key_list list = { keys, 0 };

	add_keys(n, base, 0, 0, &list);
	return list.nr;
}

uint64_t family_read_key(const struct family_key *key, const uint8_t *bytes)
{
	uint64_t number = 0;

	memcpy(&number, bytes + key->offset, key->size);
	return key->bits ? number >> key->shift & ((1ull << key->bits) - 1) : number;
}

/* What is known of a block, and what a pointer says. */
static bool agree(struct native *n, const struct ctype *known, const struct ctype *target)
{
	return known == target || ctype_begins_with(n, known, target) ||
	       ctype_begins_with(n, target, known) || ctype_extends(n, known, target) ||
	       ctype_extends(n, target, known);
}

static enum family_answer compare_pointer(struct native *n, const struct layout_pointer *pointer,
					  uint64_t word)
{
	const struct dump *d = n->heap->dump;
	const struct ctype *target = ctype_complete(n, pointer->target);
	const uint32_t to = word ? dump_find_block(d, word) : UINT32_MAX;

	if (to == UINT32_MAX || dump_blocks(d)->addr[to] != word || !ctype_is_record(target))
		return FAMILY_MAYBE;

	const struct ctype *known = native_type_of(n, to);

	if (known && n->blocks[to].belief >= BELIEF_PREFIX)
		return agree(n, known, target) ? FAMILY_YES : FAMILY_NO;
	return ctype_find_fit(n, target, dump_blocks(d)->size[to]) == CTYPE_FIT_NONE ? FAMILY_NO
										     : FAMILY_MAYBE;
}

enum family_answer family_compare(struct native *n, const struct ctype *t, const uint8_t *bytes,
				  uint64_t size, uint64_t common)
{
	const struct layout *l = layout_get(n, t);
	enum family_answer answer = FAMILY_MAYBE;

	if (!layout_is_plausible(n, t, bytes, size))
		return FAMILY_NO;
	for (size_t i = 0; i < l->nr && l->pointers[i].offset + 8 <= size; i++) {
		uint64_t word;

		memcpy(&word, bytes + l->pointers[i].offset, sizeof(word));
		switch (compare_pointer(n, &l->pointers[i], word)) {
		case FAMILY_NO:
			return FAMILY_NO;
		case FAMILY_YES:
			if (l->pointers[i].offset >= common)
				answer = FAMILY_YES;
			break;
		case FAMILY_MAYBE:
			break;
		}
	}
	return answer;
}
