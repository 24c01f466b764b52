/* SPDX-License-Identifier: MIT */
/*
 * A dump file, opened, checked and decoded into arrays.  Trusts nothing: after dump_open every
 * index in every array is in range, every string exists, addresses ascend, enumerations are known,
 * parents are smaller: nobody above this room checks again. Immutable after dump_open; the caller
 * owns it.  include/heapcensus/dump_format.h has the structures.
 */
#ifndef DUMP_DUMP_H
#define DUMP_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/progress.h"
#include "heapcensus/dump_format.h"

struct dump_string {
	const char *bytes; /* NUL-terminated copy; may hold NULs inside (build ids) */
	uint32_t len;
};

/* One value of PROC, CNTR or ALLC. */
struct dump_kv {
	const char *key; /* NUL-terminated */
	enum hc_kv_type type;
	uint64_t number;	 /* HC_KV_U64 */
	struct dump_string text; /* HC_KV_TEXT, HC_KV_LIST (texts each ended by NUL) */
};

struct dump_kvs {
	struct dump_kv *items;
	size_t nr;
};

/* Blocks as parallel arrays, in address order; all nr_blocks long. */
struct dump_blocks {
	size_t nr; /* <= UINT32_MAX / 2 */
	uint64_t *addr;
	uint64_t *size; /* requested */
	uint32_t *tick;
	uint32_t *seq;
	uint32_t *stack;  /* index in stacks, 0 unknown */
	uint16_t *thread; /* slot */
	uint16_t *attr;	  /* index in attrs, 0 none */
	uint8_t *kind;	  /* enum hc_kind */
	uint8_t *flags;	  /* HC_BLOCK_LABELLED, DUMP_BLOCK_INSERTED */
	uint32_t *parent; /* block that this one lies in (the innermost), or UINT32_MAX */
};

#define DUMP_BLOCK_INSERTED 0x80 /* by dump_insert_blocks */

/* A piece of memory outside of small blocks. */
struct dump_range {
	uint64_t addr;
	uint64_t len;
	enum hc_range_kind kind;
	int32_t tid;
	const uint8_t *bytes;
};

struct dump;

struct error *dump_open(const char *path, const struct progress *progress, struct dump **ret)
	__attribute__((warn_unused_result));
/* The same in two steps.  After the first one it is known what the process was (dump_proc, strings,
 * modules, segments) and what is asked of the file; nothing else may be asked.  Between them: all
 * but contents, which are read when they are asked for, by one thread.  What cannot be read is not
 * there, and dump_is_lacking from then on. */
struct error *dump_open_head(const char *path, const struct progress *progress, struct dump **ret)
	__attribute__((warn_unused_result));
struct error *dump_read_blocks(struct dump *d) __attribute__((warn_unused_result));
bool dump_is_lacking(const struct dump *d);
struct error *dump_read_body(struct dump *d) __attribute__((warn_unused_result));
void dump_close(struct dump *d);

/*
 * More blocks, of kind pool, each inside of one that is there and has no others inside: by address,
 * not overlapping, addresses multiples of 8.  All else but the stack they have from block `like`.
 * Numbers of blocks change.
 */
struct dump_inner {
	uint64_t addr, size;
	uint32_t like;
};
struct error *dump_insert_blocks(struct dump *d, const struct dump_inner *items, size_t nr)
	__attribute__((warn_unused_result));

const char *dump_path(const struct dump *d);
uint64_t dump_file_bytes(const struct dump *d);
const struct hc_file_header *dump_header(const struct dump *d);
/* Other for dumps of other contents: it comes from all checksums in the file. */
uint64_t dump_checksum(const struct dump *d);
/* When the file was last written, in ns since 1970. */
uint64_t dump_file_time(const struct dump *d);
/* More blocks cannot be in it. */
uint64_t dump_blocks_most(const struct dump *d);

const struct dump_kvs *dump_proc(const struct dump *d);
const struct dump_kvs *dump_counts(const struct dump *d);
const struct dump_kvs *dump_alloc(const struct dump *d);
uint64_t dump_proc_number(const struct dump *d, const char *key, uint64_t missing);
/* NULL where it is missing. */
const char *dump_proc_text(const struct dump *d, const char *key);

/* index 1..; 0 gives { "", 0 } */
struct dump_string dump_get_string(const struct dump *d, uint32_t index);

const struct hc_module *dump_modules(const struct dump *d, size_t *nr);
const struct hc_segment *dump_segments(const struct dump *d, size_t *nr);
const struct hc_map *dump_maps(const struct dump *d, size_t *nr);
const struct hc_thread *dump_threads(const struct dump *d, size_t *nr);
const struct hc_register *dump_registers(const struct dump *d, size_t *nr);
/* places[0] is a dummy that knows nothing; indices as in the file. */
const struct hc_python_place *dump_places(const struct dump *d, size_t *nr);
/* nodes[0] is a dummy; indices as in the file.  Walks along parents meet frames of one sort:
 * heap/stack.h puts them together. */
const struct hc_stack_node *dump_stacks(const struct dump *d, size_t *nr);
const struct hc_attr *dump_attrs(const struct dump *d,
				 size_t *nr); /* attrs[0] is a dummy { 0, 0 } */
static inline const struct dump_blocks *dump_blocks(const struct dump *d);
const struct hc_label *dump_labels(const struct dump *d, size_t *nr);
/* By address, then offset; of a block with that address, in its size. */
const struct hc_relation *dump_relations(const struct dump *d, size_t *nr);
const struct hc_resident_run *dump_resident(const struct dump *d, size_t *nr);
const struct dump_range *dump_ranges(const struct dump *d,
				     size_t *nr); /* RMEM, kinds other than BLOCK */

bool dump_has_contents(const struct dump *d); /* full or pointers */
/*
 * The contents of block i: its requested size in bytes (absent pages of large blocks are zero),
 * 8-byte aligned, readable up to the size rounded up to 8.  NULL where the dump has no contents,
 * for ARENA blocks and for empty ones.
 */
static inline const uint8_t *dump_block_bytes(const struct dump *d, size_t i);
/*
 * The first piece [*start, *end) of block i, at offset `from` or after it, that may hold something
 * else than zeroes; false: there is none.  Small blocks are one piece; a large one may be a
 * terabyte of which three pages were written.
 */
static inline bool dump_next_contents(const struct dump *d, size_t i, uint64_t from,
				      uint64_t *start, uint64_t *end);
/*
 * len bytes at addr, wherever they are known: a block, a range, the annex.  NULL where not all of
 * them are.
 */
static inline const uint8_t *dump_find_bytes(const struct dump *d, uint64_t addr, size_t len);

/* The innermost block that contains addr (addr == end counts as outside; an empty block contains
 * its own address). UINT32_MAX: none. O(1). */
static inline uint32_t dump_find_block(const struct dump *d, uint64_t addr);
/*
 * An address will be asked for soon: fetches what the index has of it; somewhat later, the block
 * that is the answer, whose number it returns, or UINT32_MAX: none, or one that is long to find.
 * Words that are no addresses do no harm.
 */
static inline void dump_expect_lookup(const struct dump *d, uint64_t addr);
static inline uint32_t dump_expect_block(const struct dump *d, uint64_t addr);
/* THRD entry of a block, NULL where unknown. */
const struct hc_thread *dump_find_thread(const struct dump *d, uint32_t slot, uint32_t tick);
/* Module that contains addr, UINT32_MAX: none. */
uint32_t dump_find_module(const struct dump *d, uint64_t addr);
/* Age of a birth tick at the time of the dump, in nanoseconds. */
uint64_t dump_age_ns(const struct dump *d, uint32_t tick);

#include "dump/core.h"

#endif
