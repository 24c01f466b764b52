/* SPDX-License-Identifier: MIT */
/*
 * Decoded records of single chunks, as `heapcensus raw DUMP SECTION` prints them.
 */
#ifndef CMD_RAW_RECORDS_H
#define CMD_RAW_RECORDS_H

#include "base/emit.h"
#include "base/error.h"
#include "dump/file.h"

/* Where records go: lines of name=value, or objects in the open JSON array.  index runs over the
 * whole section. */
struct record_output {
	struct json *json; /* NULL: text on standard output */
	uint64_t index;
};

/* Prints the records of one payload, as far as it can be decoded. */
struct error *raw_print_records(struct record_output *out, const struct dump_file *file,
				const struct dump_chunk *chunk, const uint8_t *payload)
	__attribute__((warn_unused_result));

#endif
