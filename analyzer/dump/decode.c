/* SPDX-License-Identifier: MIT */
/*
 * Taking payloads apart.
 */
#include "dump/decode.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"

static bool is_key(const uint8_t *key, size_t len)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";

	for (size_t i = 0; i < len; i++)
		if (!key[i] || !strchr(allowed, key[i]))
			return false;
	return len >= 1 && len <= 255;
}

/* What is wrong with a record whose bytes are all there; NULL: nothing. */
static const char *kv_fault(const struct kv_record *r)
{
	const uint32_t len = r->head.val_len;

	if (!is_key(r->key, r->head.key_len))
		return "the key is not a name";
	switch (r->head.type) {
	case HC_KV_U64:
		return len == sizeof(uint64_t) ? NULL : "a number that has not 8 bytes";
	case HC_KV_TEXT:
		return memchr(r->value, 0, len) ? "a text with a NUL in it" : NULL;
	case HC_KV_LIST:
		return len && r->value[len - 1] ? "a list whose last text has no end" : NULL;
	}
	return "unknown type of value";
}

struct error *decode_kv(const struct dump_file *file, const struct dump_chunk *chunk,
			const uint8_t *raw, size_t *at, struct kv_record *ret)
{
	const size_t left = chunk->header.raw_len - *at;
	const char *fault;
	size_t size;

	if (left < sizeof(ret->head))
		return dump_chunk_error(file, chunk, "byte %zu: cut off in a record", *at);
	memcpy(&ret->head, raw + *at, sizeof(ret->head));
	size = (sizeof(ret->head) + ret->head.key_len + (size_t)ret->head.val_len + 7) & ~7ull;
	if (ret->head.val_len > HC_STRING_MAX || size > left)
		return dump_chunk_error(file, chunk, "byte %zu: record of %zu bytes does not fit",
					*at, size);
	ret->key = raw + *at + sizeof(ret->head);
	ret->value = ret->key + ret->head.key_len;
	fault = kv_fault(ret);
	if (fault)
		return dump_chunk_error(file, chunk, "byte %zu: %s", *at, fault);
	*at += size;
	return NULL;
}

struct error *decode_range(const struct dump_file *file, const struct dump_chunk *chunk,
			   const uint8_t *raw, size_t *at, struct range_record *ret)
{
	const size_t left = chunk->header.raw_len - *at;
	const struct hc_range *head = &ret->head;

	if (left < sizeof(*head))
		return dump_chunk_error(file, chunk, "byte %zu: cut off in a range", *at);
	memcpy(&ret->head, raw + *at, sizeof(*head));
	if (head->len > left - sizeof(*head) || ((head->len + 7) & ~7ull) > left - sizeof(*head))
		return dump_chunk_error(file, chunk,
					"byte %zu: range of %" PRIu64 " bytes does not fit", *at,
					head->len);
	ret->bytes = raw + *at + sizeof(*head);
	*at += sizeof(*head) + ((head->len + 7) & ~7ull);
	return NULL;
}

struct error *decode_string(const struct dump_file *file, const struct dump_chunk *chunk,
			    const uint8_t *raw, size_t *at, struct string_record *ret)
{
	const size_t left = chunk->header.raw_len - *at;

	if (left < sizeof(ret->len))
		return dump_chunk_error(file, chunk, "byte %zu: cut off in a string", *at);
	memcpy(&ret->len, raw + *at, sizeof(ret->len));
	if (ret->len > HC_STRING_MAX || ((ret->len + 3ull) & ~3ull) > left - sizeof(ret->len))
		return dump_chunk_error(file, chunk, "byte %zu: string of %u bytes does not fit",
					*at, ret->len);
	ret->bytes = (const char *)raw + *at + sizeof(ret->len);
	*at += sizeof(ret->len) + ((ret->len + 3ull) & ~3ull);
	return NULL;
}

/* One entry of n bytes at a time from n arrays. */
static void join_planes(uint8_t *to, const uint8_t *planes, size_t count, size_t item)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = 0;

		for (size_t plane = 0; plane < item; plane++)
			value |= (uint64_t)planes[plane * count + i] << 8 * plane;
		memcpy(to + i * item, &value, item);
	}
}

/* Where the compiler knows the size. */
static void join_column(uint8_t *to, const uint8_t *planes, size_t count, size_t item)
{
	if (item == sizeof(uint16_t))
		join_planes(to, planes, count, sizeof(uint16_t));
	else if (item == sizeof(uint32_t))
		join_planes(to, planes, count, sizeof(uint32_t));
	else
		join_planes(to, planes, count, sizeof(uint64_t));
}

static struct error *read_blocks_head(const struct dump_file *file, const struct dump_chunk *chunk,
				      const uint8_t *raw, struct hc_blocks_header *head)
{
	*head = (struct hc_blocks_header){ 0 };
	if (chunk->header.raw_len < sizeof(*head))
		return dump_chunk_error(file, chunk, "too short for its header");
	memcpy(head, raw, sizeof(*head));
	if (!head->count || head->count > HC_BLOCKS_MAX ||
	    head->flags & ~(HC_BLOCKS_SIZE64 | HC_BLOCKS_PLANES))
		return dump_chunk_error(file, chunk, "%u blocks, flags 0x%x", head->count,
					head->flags);
	return NULL;
}

struct error *decode_blocks(const struct dump_file *file, const struct dump_chunk *chunk,
			    const uint8_t *raw, uint8_t *spare, struct block_columns *ret)
{
	struct hc_blocks_header *head = &ret->head;
	struct error *error = read_blocks_head(file, chunk, raw, head);
	const uint8_t *at = raw + sizeof(*head);
	const struct {
		const uint8_t **column;
		size_t item;
	} columns[] = {
		{ &ret->delta, 4 },  { &ret->size, head->flags & HC_BLOCKS_SIZE64 ? 8 : 4 },
		{ &ret->tick, 4 },   { &ret->seq, 4 },
		{ &ret->stack, 4 },  { &ret->thread, 2 },
		{ &ret->attr, 2 },   { &ret->kind, 1 },
		{ &ret->flags, 1 },
	};

	if (error)
		return error;
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		*columns[i].column = at;
		at += (head->count * columns[i].item + 7) & ~7ull;
	}
	if ((uint64_t)(at - raw) != chunk->header.raw_len)
		return dump_chunk_error(file, chunk,
					"%" PRIu64 " bytes, but its %u blocks take %td",
					chunk->header.raw_len, head->count, at - raw);
	for (size_t i = 0; i < ARRAY_SIZE(columns) && head->flags & HC_BLOCKS_PLANES; i++) {
		if (columns[i].item == 1)
			continue;
		join_column(spare, *columns[i].column, head->count, columns[i].item);
		*columns[i].column = spare;
		spare += head->count * columns[i].item;
	}
	return NULL;
}
