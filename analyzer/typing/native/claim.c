/* SPDX-License-Identifier: MIT */
/*
 * Whether a block can be what a pointer says that it is: by its size, and by what is in it.  A
 * pointer of type T to the start of a block says that the block is a T if it has that size, several
 * if it is a whole number of them, and else that it begins with one; types that link to their own
 * kind (a list's node, embedded first in something larger) are never several.
 */
#include "typing/native/claim.h"

#include <string.h>

#include "typing/content.h"
#include "typing/native/block.h"
#include "typing/native/layout.h"

static enum belief believe_by_pointer(struct native *n, const struct ctype *t, uint64_t size)
{
	if (t->kind == CTYPE_CHAR)
		return BELIEF_BYTES;
	switch (ctype_find_fit(n, t, size)) {
	case CTYPE_FIT_EXACT:
	case CTYPE_FIT_FLEXIBLE:
		return BELIEF_POINTED;
	case CTYPE_FIT_MANY:
		if (!ctype_is_record(t) || !layout_links_to_itself(n, t))
			return BELIEF_ARRAY;
		return BELIEF_PREFIX;
	case CTYPE_FIT_TAIL:
		return ctype_is_record(t) ? BELIEF_PREFIX : BELIEF_NONE;
	case CTYPE_FIT_NONE:
		return BELIEF_NONE;
	}
	return BELIEF_NONE;
}

const struct ctype *claim_counted(struct native *n, const struct ctype *target, node_id to)
{
	const uint8_t *bytes = dump_block_bytes(n->heap->dump, to);
	const uint64_t size = block_size(n->heap, to);
	uint64_t count;

	if (dump_blocks(n->heap->dump)->kind[to] != HC_KIND_NEW_ARRAY || !bytes || !target->size)
		return NULL;
	memcpy(&count, bytes, sizeof(count));
	if (!count || (size - sizeof(count)) / target->size != count ||
	    (size - sizeof(count)) % target->size)
		return NULL;
	return ctype_get_counted(n, target, count);
}

/* char * leads to anything: in C's strings there are no pointers, and they begin with a character.
 */
static bool is_plausible_text(struct native *n, const struct ctype *t, const uint8_t *bytes,
			      uint64_t size)
{
	bool is_zero = true;

	for (uint64_t at = 0; at + 8 <= size; at += 8) {
		uint64_t word;
		uint32_t to;

		memcpy(&word, bytes + at, sizeof(word));
		is_zero &= !word;
		to = word ? dump_find_block(n->heap->dump, word) : UINT32_MAX;
		if (to != UINT32_MAX && dump_blocks(n->heap->dump)->addr[to] == word)
			return false;
	}
	return !(t->flags & CTYPE_SIGNED) || is_zero || content_text_run(bytes, size);
}

/* Does what is in the block agree with what is said of it? */
static bool is_plausible(struct native *n, node_id block, const struct ctype *t)
{
	const uint8_t *bytes = dump_block_bytes(n->heap->dump, block);

	if (bytes && t->kind == CTYPE_CHAR)
		return is_plausible_text(n, t, bytes, block_size(n->heap, block));
	return !bytes || !ctype_is_record(t) ||
	       layout_is_plausible(n, t, bytes, block_size(n->heap, block));
}

bool claim_believe(struct native *n, node_id block, const struct ctype *t, bool is_guess)
{
	const enum belief belief = believe_by_pointer(n, t, block_size(n->heap, block));
	const bool plausible = is_plausible(n, block, t);

	if (belief == BELIEF_NONE || (!plausible && (is_guess || belief != BELIEF_POINTED)))
		return false;
	return block_believe(n, block, t, belief, is_guess || belief == BELIEF_BYTES || !plausible);
}

/* Null, or the start of a block that can be one of what the pointer leads to. */
static bool is_right_pointer(struct native *n, const struct layout_pointer *pointer,
			     const uint8_t *bytes)
{
	const struct dump *d = n->heap->dump;
	uint64_t word;
	uint32_t to;

	memcpy(&word, bytes + pointer->offset, sizeof(word));
	if (!word)
		return true;
	to = dump_find_block(d, word);
	if (to == UINT32_MAX || dump_blocks(d)->addr[to] != word)
		return false;
	switch (ctype_find_fit(n, pointer->target, dump_blocks(d)->size[to])) {
	case CTYPE_FIT_EXACT:
	case CTYPE_FIT_FLEXIBLE:
		return true;
	case CTYPE_FIT_MANY:
	case CTYPE_FIT_TAIL:
	case CTYPE_FIT_NONE:
		break;
	}
	return false;
}

bool claim_are_elements(struct native *n, const struct ctype *t, const uint8_t *bytes, uint64_t len)
{
	const struct layout *l = layout_get(n, t);
	const uint64_t size = ctype_complete(n, t)->size;

	for (uint64_t at = 0; size && at + size <= len; at += size) {
		for (size_t i = 0; i < l->nr; i++) {
			if (!is_right_pointer(n, &l->pointers[i], bytes + at))
				return false;
		}
	}
	return size;
}
