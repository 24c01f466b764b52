/* SPDX-License-Identifier: MIT */
/*
 * Writes a big dump quickly, for measurements of the analyzer: big OUTPUT [NR_BLOCKS].  Ten tags
 * for 60% of the blocks, text for 20%, no type for 20%; four pointers in every block that is not
 * text.  The same number gives the same file.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump_writer.h"

#define FILE_ID	    0x6269676269676269ull
#define BASE	    0x7f0000000000ull
#define STRIDE	    96u
#define NR_TAGS	    10u
#define CODE	    0x555500000000ull
#define BMEM_BLOCKS 32768u /* a chunk */
#define RAW_MAX	    (4u << 20)

static struct dump_writer w;

static uint64_t random_state = 88172645463325252ull;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void write_chunk(uint32_t id, uint32_t part, int last, const void *raw, size_t len)
{
	dump_writer_chunk(&w, id, part, HC_CHUNK_REQUIRED | (last ? HC_CHUNK_LAST : 0), raw, len);
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
	uint8_t raw[1024];
	size_t at = 0;

	at += add_kv(raw + at, "exe", HC_KV_TEXT, "/usr/bin/big", 12);
	at += add_kv(raw + at, "contents", HC_KV_TEXT, "full", 4);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		at += add_kv(raw + at, numbers[i].key, HC_KV_U64, &numbers[i].value, 8);
	write_chunk(HC_SECTION_PROC, 0, 1, raw, at);
	write_chunk(HC_SECTION_CNTR, 0, 1, raw, 0);
}

/* Tags are strings 1 .. NR_TAGS; attribute n is tag n. */
static void write_tags(void)
{
	struct hc_attr attrs[NR_TAGS];
	uint8_t raw[NR_TAGS * 12];

	for (uint32_t i = 0; i < NR_TAGS; i++) {
		const uint32_t len = 8;
		char text[9];

		snprintf(text, sizeof(text), "Type%04u", i);
		memcpy(raw + i * 12, &len, sizeof(len));
		memcpy(raw + i * 12 + 4, text, 8);
		attrs[i] = (struct hc_attr){ .tag = i + 1 };
	}
	write_chunk(HC_SECTION_STRS, 0, 1, raw, sizeof(raw));
	write_chunk(HC_SECTION_MODS, 0, 1, raw, 0);
	write_chunk(HC_SECTION_SEGS, 0, 1, raw, 0);
	write_chunk(HC_SECTION_MAPS, 0, 1, raw, 0);
	write_chunk(HC_SECTION_ATTR, 0, 1, attrs, sizeof(attrs));
}

static void write_thread_and_stacks(void)
{
	const struct hc_thread thread = {
		.slot = 1, .tid = 4242, .last_tick = UINT32_MAX, .state = HC_THREAD_RUNNING
	};
	struct hc_stack_node nodes[1000];

	for (uint32_t i = 0; i < 1000; i++)
		nodes[i] = (struct hc_stack_node){ .pc = CODE + i * 64, .parent = i / 2 };
	write_chunk(HC_SECTION_THRD, 0, 1, &thread, sizeof(thread));
	write_chunk(HC_SECTION_STAK, 0, 1, nodes, sizeof(nodes));
}

enum shape { SHAPE_TAGGED, SHAPE_TEXT, SHAPE_OTHER };

static enum shape shape_of(uint64_t i)
{
	return i % 10 < 6 ? SHAPE_TAGGED : i % 10 < 8 ? SHAPE_TEXT : SHAPE_OTHER;
}

static uint32_t size_of(uint64_t i)
{
	return 40 + i % 7 * 8;
}

static void write_blocks(uint64_t nr)
{
	uint8_t *raw = calloc(1, RAW_MAX);
	uint32_t part = 0;

	if (!raw)
		err(1, "calloc");
	for (uint64_t first = 0; first < nr; first += HC_BLOCKS_MAX, part++) {
		const uint32_t count =
			nr - first < HC_BLOCKS_MAX ? (uint32_t)(nr - first) : HC_BLOCKS_MAX;
		const struct hc_blocks_header head = { .first_addr = BASE + first * STRIDE,
						       .count = count };
		const size_t c32 = (count * 4ull + 7) & ~7ull, c16 = (count * 2ull + 7) & ~7ull,
			     c8 = (count + 7ull) & ~7ull;
		uint8_t *at = raw + sizeof(head);

		memcpy(raw, &head, sizeof(head));
		for (uint32_t k = 0; k < count; k++) {
			const uint64_t i = first + k;
			const uint32_t row[5] = { k ? STRIDE : 0, size_of(i), (uint32_t)(i / 1000),
						  (uint32_t)(i & 0xffffff),
						  (uint32_t)(1 + i % 1000) };
			const uint16_t thread = 1, attr = shape_of(i) == SHAPE_TAGGED
								  ? 1 + i / 10 % NR_TAGS
								  : 0;

			for (int c = 0; c < 5; c++)
				memcpy(at + c32 * c + k * 4, &row[c], 4);
			memcpy(at + c32 * 5 + k * 2, &thread, 2);
			memcpy(at + c32 * 5 + c16 + k * 2, &attr, 2);
			at[c32 * 5 + c16 * 2 + k] = HC_KIND_MALLOC;
			at[c32 * 5 + c16 * 2 + c8 + k] = 0;
		}
		write_chunk(HC_SECTION_BLKS, part, first + count == nr, raw,
			    sizeof(head) + c32 * 5 + c16 * 2 + c8 * 2);
	}
	free(raw);
}

static void fill_block(uint64_t i, uint64_t nr, uint8_t *out)
{
	if (shape_of(i) == SHAPE_TEXT) {
		memset(out, 'a' + (int)(i % 26), size_of(i) - 1);
		return;
	}
	for (int k = 0; k < 4; k++) {
		const uint64_t word = BASE + random_next() % nr * STRIDE;

		memcpy(out + 8 + k * 8, &word, sizeof(word));
	}
}

static void write_contents(uint64_t nr)
{
	uint8_t *raw = malloc(RAW_MAX);
	uint32_t part = 0;

	if (!raw)
		err(1, "malloc");
	for (uint64_t first = 0; first < nr; first += BMEM_BLOCKS, part++) {
		const uint64_t count = nr - first < BMEM_BLOCKS ? nr - first : BMEM_BLOCKS;
		const struct hc_bmem_header head = { .first_block = first, .nr_blocks = count };
		size_t at = sizeof(head);

		memset(raw, 0, RAW_MAX);
		memcpy(raw, &head, sizeof(head));
		for (uint64_t i = first; i < first + count; i++) {
			fill_block(i, nr, raw + at);
			at += size_of(i);
		}
		write_chunk(HC_SECTION_BMEM, part, first + count == nr, raw, at);
	}
	free(raw);
}

int main(int argc, char **argv)
{
	const uint64_t nr = argc > 2 ? strtoull(argv[2], NULL, 0) : 10000000;
	FILE *out;

	if (argc < 2 || !nr)
		errx(2, "usage: big OUTPUT [NR_BLOCKS]");
	out = fopen(argv[1], "wb");
	if (!out)
		err(1, "%s", argv[1]);
	dump_writer_begin(&w, out, FILE_ID, 1);
	write_proc();
	write_tags();
	write_thread_and_stacks();
	write_blocks(nr);
	write_contents(nr);
	dump_writer_end(&w);
	if (fclose(out))
		err(1, "%s", argv[1]);
	return 0;
}
