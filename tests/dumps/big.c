/* SPDX-License-Identifier: MIT */
/*
 * Writes a big dump quickly, for measurements of the analyzer:
 *
 *	big OUTPUT [NR_BLOCKS [SHAPE]]
 *
 * shape.c has the shapes; the first one is what is made without.  The same arguments give the same
 * file.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump_writer.h"
#include "shape.h"

#define FILE_ID	    0x6269676269676269ull
#define CODE	    0x100000000000ull /* of the first module */
#define CODE_STEP   16u		      /* from a stack's pc to the next of its module */
#define ROOT	    0x200000000000ull
#define NR_SLOTS    16000u /* of threads, which are there again after each epoch */
#define EPOCH_TICKS 16u
#define TEXT_LEN    12u /* of every string: so their records are as long */
#define RAW_MAX	    (4u << 20)

/* What is to be written; one for the program. */
static struct big {
	struct dump_writer w;
	const struct shape *shape;
	uint64_t nr;		 /* blocks of the shape */
	uint64_t before, behind; /* more of them, before and behind those */
	uint32_t nr_stacks, nr_threads, nr_modules, nr_strings;
	uint64_t module_size;
	uint8_t raw[RAW_MAX];
} big;

static void write_chunk(uint32_t id, uint32_t part, int last, size_t len)
{
	dump_writer_chunk(&big.w, id, part, HC_CHUNK_REQUIRED | (last ? HC_CHUNK_LAST : 0), big.raw,
			  len);
}

/* A section of nr items of that size, which make writes. */
static void write_array(uint32_t id, uint64_t nr, size_t size, void (*make)(uint64_t i, void *out))
{
	const uint64_t per_chunk = RAW_MAX / size;
	uint64_t first = 0;
	uint32_t part = 0;

	do {
		const uint64_t end = nr - first < per_chunk ? nr : first + per_chunk;

		memset(big.raw, 0, (end - first) * size);
		for (uint64_t i = first; i < end; i++)
			make(i, big.raw + (i - first) * size);
		write_chunk(id, part++, end == nr, (end - first) * size);
		first = end;
	} while (first < nr);
}

static size_t add_kv(uint8_t *out, const char *key, uint16_t type, const void *value, uint32_t len)
{
	const struct hc_kv head = { .key_len = (uint16_t)strlen(key),
				    .type = type,
				    .val_len = len };
	const size_t size = (sizeof(head) + head.key_len + len + 7) & ~7ull;

	memset(out, 0, size);
	memcpy(out, &head, sizeof(head));
	memcpy(out + sizeof(head), key, head.key_len);
	memcpy(out + sizeof(head) + head.key_len, value, len);
	return size;
}

static void write_proc(void)
{
	static const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{ "pid", 4242 },
		{ "tick_ns", 1u << 28 },
		{ "start_monotonic_ns", 0 },
		{ "dump_monotonic_ns", 3600000000000ull },
		{ "start_realtime_ns", 1700000000000000000ull },
		{ "dump_realtime_ns", 1700003600000000000ull },
	};
	size_t at = 0;

	at += add_kv(big.raw + at, "exe", HC_KV_TEXT, "/usr/bin/big", 12);
	at += add_kv(big.raw + at, "contents", HC_KV_TEXT, "full", 4);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		at += add_kv(big.raw + at, numbers[i].key, HC_KV_U64, &numbers[i].value, 8);
	write_chunk(HC_SECTION_PROC, 0, 1, at);
	write_chunk(HC_SECTION_CNTR, 0, 1, 0);
}

/* Strings 1 .. SHAPE_NR_TAGS are tags, those of modules and labels follow. */
static void make_string(uint64_t i, void *out)
{
	const uint32_t len = TEXT_LEN;
	char text[TEXT_LEN + 1];

	snprintf(text, sizeof(text), i < SHAPE_NR_TAGS ? "Type%08u" : "/lib%08u", (unsigned int)i);
	memcpy(out, &len, sizeof(len));
	memcpy((uint8_t *)out + sizeof(len), text, TEXT_LEN);
}

static uint32_t later_string(uint64_t i)
{
	return (uint32_t)(SHAPE_NR_TAGS + 1 + i);
}

static void make_attr(uint64_t i, void *out)
{
	const struct hc_attr attr = { .tag = (uint32_t)i + 1 };

	memcpy(out, &attr, sizeof(attr));
}

static void make_module(uint64_t i, void *out)
{
	const uint64_t start = CODE + i * big.module_size;
	const struct hc_module module = { .bias = start,
					  .start = start,
					  .end = start + big.module_size,
					  .path = later_string(i) };

	memcpy(out, &module, sizeof(module));
}

static void make_segment(uint64_t i, void *out)
{
	const uint64_t start = CODE + i * big.module_size;
	const struct hc_segment segment = {
		.start = start, .end = start + big.module_size, .module = (uint32_t)i, .prot = 5
	};

	memcpy(out, &segment, sizeof(segment));
}

static void make_thread(uint64_t i, void *out)
{
	const uint32_t epoch = (uint32_t)(i / NR_SLOTS);
	const struct hc_thread thread = { .slot = 1 + (uint32_t)(i % NR_SLOTS),
					  .tid = 4242 + (int32_t)i,
					  .first_tick = epoch * EPOCH_TICKS,
					  .last_tick = epoch * EPOCH_TICKS + EPOCH_TICKS - 1 };

	memcpy(out, &thread, sizeof(thread));
}

static void make_stack(uint64_t i, void *out)
{
	const uint64_t module = i % big.nr_modules;
	const struct hc_stack_node node = { .pc = CODE + module * big.module_size +
						  (i / big.nr_modules + 1) * CODE_STEP,
					    .parent = (uint32_t)(i / 2) };

	memcpy(out, &node, sizeof(node));
}

static void write_tables(void)
{
	write_array(HC_SECTION_STRS, big.nr_strings, 4 + TEXT_LEN, make_string);
	write_array(HC_SECTION_MODS, big.nr_modules, sizeof(struct hc_module), make_module);
	write_array(HC_SECTION_SEGS, big.nr_modules, sizeof(struct hc_segment), make_segment);
	write_chunk(HC_SECTION_MAPS, 0, 1, 0);
	write_array(HC_SECTION_THRD, big.nr_threads, sizeof(struct hc_thread), make_thread);
	write_array(HC_SECTION_STAK, big.nr_stacks, sizeof(struct hc_stack_node), make_stack);
	write_array(HC_SECTION_ATTR, SHAPE_NR_TAGS, sizeof(struct hc_attr), make_attr);
}

static uint64_t array_bytes(void)
{
	return big.behind ? big.shape->array_words(big.nr) * 8 : 0;
}

struct row {
	uint64_t addr;
	uint32_t size, tick, stack;
	uint16_t thread, tag;
	uint8_t kind, flags;
};

/* Block k of all. */
static struct row make_row(uint64_t k)
{
	const struct shape *s = big.shape;
	const uint64_t i = k - big.before;
	const uint32_t thread = (uint32_t)(i % big.nr_threads);

	if (k < big.before)
		return (struct row){ .addr = SHAPE_BASE,
				     .size = (uint32_t)(big.nr * SHAPE_STRIDE),
				     .kind = HC_KIND_MALLOC };
	if (i >= big.nr)
		return (struct row){ .addr = shape_addr(i),
				     .size = (uint32_t)array_bytes(),
				     .kind = HC_KIND_MALLOC };
	return (struct row){
		.addr = shape_addr(i),
		.size = s->size(i),
		.tick = thread / NR_SLOTS * EPOCH_TICKS + (uint32_t)(i / 1000 % EPOCH_TICKS),
		.stack = 1 + (uint32_t)(i % big.nr_stacks),
		.thread = (uint16_t)(1 + thread % NR_SLOTS),
		.tag = s->tag ? s->tag(i) : 0,
		.kind = s->flags & SHAPE_NESTED ? HC_KIND_POOL : HC_KIND_MALLOC,
		.flags = s->flags & SHAPE_LABELLED ? HC_BLOCK_LABELLED : 0,
	};
}

/* Blocks [first, first + count) as columns; returns their bytes. */
static size_t make_columns(uint64_t first, uint32_t count)
{
	const struct hc_blocks_header head = { .first_addr = make_row(first).addr, .count = count };
	const size_t c32 = (count * 4ull + 7) & ~7ull, c16 = (count * 2ull + 7) & ~7ull,
		     c8 = (count + 7ull) & ~7ull;
	const size_t len = sizeof(head) + c32 * 5 + c16 * 2 + c8 * 2;
	uint8_t *at = big.raw + sizeof(head);
	uint64_t before = head.first_addr;

	memset(big.raw, 0, len);
	memcpy(big.raw, &head, sizeof(head));
	for (uint32_t k = 0; k < count; k++) {
		const struct row row = make_row(first + k);
		const uint32_t words[5] = { (uint32_t)(row.addr - before), row.size, row.tick,
					    (uint32_t)((first + k) & 0xffffff), row.stack };

		for (int c = 0; c < 5; c++)
			memcpy(at + c32 * c + k * 4, &words[c], 4);
		memcpy(at + c32 * 5 + k * 2, &row.thread, 2);
		memcpy(at + c32 * 5 + c16 + k * 2, &row.tag, 2);
		at[c32 * 5 + c16 * 2 + k] = row.kind;
		at[c32 * 5 + c16 * 2 + c8 + k] = row.flags;
		before = row.addr;
	}
	return len;
}

static void write_blocks(void)
{
	const uint64_t nr = big.before + big.nr + big.behind;
	uint32_t part = 0;

	for (uint64_t first = 0; first < nr; first += HC_BLOCKS_MAX, part++) {
		const uint32_t count =
			nr - first < HC_BLOCKS_MAX ? (uint32_t)(nr - first) : HC_BLOCKS_MAX;

		write_chunk(HC_SECTION_BLKS, part, first + count == nr, make_columns(first, count));
	}
}

static void make_label(uint64_t i, void *out)
{
	const struct hc_label label = { .addr = shape_addr(i), .text = later_string(i) };

	memcpy(out, &label, sizeof(label));
}

static void make_relation(uint64_t i, void *out)
{
	const struct hc_relation relation = { .addr = shape_addr(i),
					      .offset = 8,
					      .text = later_string(i) };

	memcpy(out, &relation, sizeof(relation));
}

/* Of small blocks, each chunk as many as fit whatever their sizes are. */
static void write_contents(void)
{
	const uint64_t nr = big.shape->flags & SHAPE_NESTED ? 0 : big.nr;
	const uint64_t per_chunk = (RAW_MAX - sizeof(struct hc_bmem_header)) / SHAPE_STRIDE;
	uint32_t part = 0;

	for (uint64_t first = 0; first < nr; first += per_chunk, part++) {
		const uint64_t count = nr - first < per_chunk ? nr - first : per_chunk;
		const struct hc_bmem_header head = { .first_block = first, .nr_blocks = count };
		size_t at = sizeof(head);

		memset(big.raw, 0, RAW_MAX);
		memcpy(big.raw, &head, sizeof(head));
		for (uint64_t i = first; i < first + count; i++) {
			big.shape->fill(i, big.nr, big.raw + at);
			at += big.shape->size(i);
		}
		write_chunk(HC_SECTION_BMEM, part, first + count == nr, at);
	}
	if (!nr)
		write_chunk(HC_SECTION_BMEM, 0, 1, 0);
}

/* A part of RMEM: nr items of that size from the first on, at addr. */
static void write_range(uint32_t part, int last, struct hc_range head, uint64_t first, size_t size,
			void (*make)(uint64_t i, uint8_t *out))
{
	memset(big.raw, 0, sizeof(head) + head.len);
	memcpy(big.raw, &head, sizeof(head));
	for (uint64_t i = 0; i < head.len / size; i++)
		make(first + i, big.raw + sizeof(head) + i * size);
	write_chunk(HC_SECTION_RMEM, part, last, sizeof(head) + head.len);
}

static void make_nested(uint64_t i, uint8_t *out)
{
	big.shape->fill(i, big.nr, out);
}

static void make_array_word(uint64_t i, uint8_t *out)
{
	const uint64_t addr = shape_addr(i % big.nr);

	memcpy(out, &addr, sizeof(addr));
}

static void write_large_block(uint32_t *part, uint64_t addr, uint64_t nr, size_t size,
			      void (*make)(uint64_t i, uint8_t *out))
{
	const uint64_t per_chunk = (RAW_MAX - sizeof(struct hc_range)) / size;

	for (uint64_t first = 0; first < nr; first += per_chunk) {
		const uint64_t count = nr - first < per_chunk ? nr - first : per_chunk;
		const struct hc_range head = { .addr = addr + first * size,
					       .len = count * size,
					       .kind = HC_RANGE_BLOCK };

		write_range((*part)++, first + count == nr, head, first, size, make);
	}
}

/* A global variable that leads to the first block, and the blocks that are large. */
static void write_ranges(void)
{
	const int is_nested = big.shape->flags & SHAPE_NESTED;
	const struct hc_range root = { .addr = ROOT, .len = 8, .kind = HC_RANGE_DATA };
	uint32_t part = 1;

	write_range(0, !is_nested && !big.behind, root, 0, 8, make_array_word);
	if (is_nested)
		write_large_block(&part, SHAPE_BASE, big.nr, SHAPE_STRIDE, make_nested);
	if (big.behind)
		write_large_block(&part, shape_addr(big.nr), array_bytes() / 8, 8, make_array_word);
}

static void write_all(FILE *out)
{
	dump_writer_begin(&big.w, out, FILE_ID, 1);
	write_proc();
	write_tables();
	write_blocks();
	if (big.shape->flags & SHAPE_LABELLED) {
		write_array(HC_SECTION_LABL, big.nr, sizeof(struct hc_label), make_label);
		write_array(HC_SECTION_RELN, big.nr, sizeof(struct hc_relation), make_relation);
	}
	write_contents();
	write_ranges();
	dump_writer_end(&big.w);
}

static const struct shape *find_shape(const char *name)
{
	const struct shape *s = shapes;

	if (!name)
		return s;
	while (s->name && strcmp(s->name, name) != 0)
		s++;
	return s->name ? s : NULL;
}

static void usage(void)
{
	fprintf(stderr, "usage: big OUTPUT [NR_BLOCKS [SHAPE]], SHAPE is one of\n");
	for (const struct shape *s = shapes; s->name; s++)
		fprintf(stderr, "  %-8s %s\n", s->name, s->summary);
	exit(2);
}

int main(int argc, char **argv)
{
	FILE *out;

	big.nr = argc > 2 ? strtoull(argv[2], NULL, 0) : 10000000;
	big.shape = find_shape(argc > 3 ? argv[3] : NULL);
	if (argc < 2 || !big.nr || big.nr > INT32_MAX || !big.shape)
		usage();
	big.before = big.shape->flags & SHAPE_NESTED ? 1 : 0;
	big.behind = big.shape->array_words ? 1 : 0;
	if ((big.before && big.nr * SHAPE_STRIDE > UINT32_MAX) || array_bytes() > UINT32_MAX)
		errx(2, "%s: too many for one block", big.shape->name);
	big.nr_stacks = big.shape->nr_stacks(big.nr);
	big.nr_threads = big.shape->nr_threads(big.nr);
	big.nr_modules = big.shape->nr_modules(big.nr);
	big.nr_strings = SHAPE_NR_TAGS +
			 (big.shape->flags & SHAPE_LABELLED ? (uint32_t)big.nr : big.nr_modules);
	big.module_size = ((big.nr_stacks / big.nr_modules + 2ull) * CODE_STEP + 0xfff) & ~0xfffull;
	out = fopen(argv[1], "wb");
	if (!out)
		err(1, "%s", argv[1]);
	write_all(out);
	if (fclose(out))
		err(1, "%s", argv[1]);
	return 0;
}
