/* SPDX-License-Identifier: MIT */
/*
 * Records of one payload, one after another, without a look at any other section: what the decoders
 * of section_*.c begin with, and all that `raw` needs.  Every function checks that what it returns
 * lies inside the payload.
 */
#ifndef DUMP_DECODE_H
#define DUMP_DECODE_H

#include <stdbool.h>

#include "dump/file.h"

/* A record of PROC, CNTR or ALLC; key and value point into the payload and have no NUL. */
struct kv_record {
	struct hc_kv head;
	const uint8_t *key;
	const uint8_t *value;
};

/* An entry of RMEM or ANEX. */
struct range_record {
	struct hc_range head;
	const uint8_t *bytes;
};

/* A string of STRS. */
struct string_record {
	uint32_t len;
	const char *bytes;
};

/*
 * Each decodes the record at byte *at of the payload (which is less than raw_len) and moves *at to
 * the next one.
 */
struct error *decode_kv(const struct dump_file *file, const struct dump_chunk *chunk,
			const uint8_t *raw, size_t *at, struct kv_record *ret)
	__attribute__((warn_unused_result));
struct error *decode_range(const struct dump_file *file, const struct dump_chunk *chunk,
			   const uint8_t *raw, size_t *at, struct range_record *ret)
	__attribute__((warn_unused_result));
struct error *decode_string(const struct dump_file *file, const struct dump_chunk *chunk,
			    const uint8_t *raw, size_t *at, struct string_record *ret)
	__attribute__((warn_unused_result));

/* Bytes of an entry of a section that is an array; 0: it is none. */
size_t dump_item_size(uint32_t id);

/* The payload of one BLKS chunk: where its columns stand, in the payload or in `spare`, which has
 * room for as many bytes. */
struct block_columns {
	struct hc_blocks_header head;
	const uint8_t *delta, *size, *tick, *seq, *stack, *thread, *attr, *kind, *flags;
};

struct error *decode_blocks(const struct dump_file *file, const struct dump_chunk *chunk,
			    const uint8_t *raw, uint8_t *spare, struct block_columns *ret)
	__attribute__((warn_unused_result));

static inline uint16_t column_u16(const uint8_t *column, size_t i)
{
	uint16_t value;

	__builtin_memcpy(&value, column + i * sizeof(value), sizeof(value));
	return value;
}

static inline uint32_t column_u32(const uint8_t *column, size_t i)
{
	uint32_t value;

	__builtin_memcpy(&value, column + i * sizeof(value), sizeof(value));
	return value;
}

static inline uint64_t column_u64(const uint8_t *column, size_t i)
{
	uint64_t value;

	__builtin_memcpy(&value, column + i * sizeof(value), sizeof(value));
	return value;
}

static inline uint64_t column_size(const struct block_columns *c, size_t i)
{
	return c->head.flags & HC_BLOCKS_SIZE64 ? column_u64(c->size, i) : column_u32(c->size, i);
}

#endif
