/* SPDX-License-Identifier: MIT */
/*
 * Output for machines.  JSON is streamed, because a table may have 10^7 rows and a tree of them
 * would not fit; CSV is RFC 4180's. Bytes that are not UTF-8 become U+FFFD in JSON, so that what
 * comes out always parses.
 */
#ifndef BASE_EMIT_H
#define BASE_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum emit_format {
	EMIT_TEXT,
	EMIT_JSON,
	EMIT_CSV,
};

#define JSON_DEPTH_MAX 32

struct json {
	FILE *out;
	uint32_t depth;
	bool filled[JSON_DEPTH_MAX]; /* the container at this depth has an item already */
};

/*
 * Values go into the innermost open container; key is the member's name in an object, NULL in an
 * array and at the top.
 *
 *   struct json j = { .out = stdout };
 *   json_begin_object(&j, NULL); json_number(&j, "count", 3); json_end_object(&j); json_finish(&j);
 */
void json_begin_object(struct json *j, const char *key);
void json_end_object(struct json *j);
void json_begin_array(struct json *j, const char *key);
void json_end_array(struct json *j);
void json_text(struct json *j, const char *key, const char *value); /* NULL: null */
void json_bytes(struct json *j, const char *key, const char *value, size_t len);
void json_number(struct json *j, const char *key, uint64_t value);
void json_signed(struct json *j, const char *key, int64_t value);
void json_real(struct json *j, const char *key, double value);
void json_bool(struct json *j, const char *key, bool value);
/* "0x7f00..." as text: JSON's numbers end at 2^53. */
void json_addr(struct json *j, const char *key, uint64_t addr);
void json_finish(struct json *j); /* the newline at the end; every container must be closed */

/* One field; quoted where it must be.  first: no comma before it. */
void csv_text(FILE *out, bool first, const char *value);
void csv_number(FILE *out, bool first, uint64_t value);
void csv_signed(FILE *out, bool first, int64_t value);
void csv_end_row(FILE *out);

#endif
