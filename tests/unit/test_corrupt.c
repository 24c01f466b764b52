/* SPDX-License-Identifier: MIT */
/*
 * A damaged dump gives an error or, where the damage does not matter, exactly what the sound one
 * gives; never a crash, never something else.  Every truncation, every single flipped bit, and
 * random multiple damage of the sample dump. Environment: SAMPLE_DUMP names the dump.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dump/dump.h"

#define FILE_MAX (1u << 20)

/* The sound file, its digest, and the memory file that damaged copies are written to. */
static struct {
	uint8_t bytes[FILE_MAX];
	size_t size;
	uint64_t digest;
	int fd;
	char path[64];
} sample;

static void add(XXH3_state_t *state, const void *bytes, size_t len)
{
	XXH3_64bits_update(state, bytes, len);
}

static void add_kvs(XXH3_state_t *state, const struct dump_kvs *kvs)
{
	for (size_t i = 0; i < kvs->nr; i++) {
		add(state, kvs->items[i].key, strlen(kvs->items[i].key));
		add(state, &kvs->items[i].number, sizeof(kvs->items[i].number));
		add(state, kvs->items[i].text.bytes, kvs->items[i].text.len);
	}
}

static void add_blocks(XXH3_state_t *state, const struct dump *d)
{
	const struct dump_blocks *b = dump_blocks(d);

	add(state, b->addr, b->nr * sizeof(*b->addr));
	add(state, b->size, b->nr * sizeof(*b->size));
	add(state, b->tick, b->nr * sizeof(*b->tick));
	add(state, b->seq, b->nr * sizeof(*b->seq));
	add(state, b->stack, b->nr * sizeof(*b->stack));
	add(state, b->thread, b->nr * sizeof(*b->thread));
	add(state, b->attr, b->nr * sizeof(*b->attr));
	add(state, b->kind, b->nr);
	add(state, b->flags, b->nr);
	for (size_t i = 0; i < b->nr; i++) {
		const uint8_t *bytes = dump_block_bytes(d, i);

		if (bytes)
			add(state, bytes, b->size[i]);
	}
}

/* Every string that an array names goes in by its text. */
static void add_string(XXH3_state_t *state, const struct dump *d, uint32_t index)
{
	const struct dump_string s = dump_get_string(d, index);

	add(state, s.bytes, s.len);
}

static void add_arrays(XXH3_state_t *state, const struct dump *d)
{
	size_t nr;

#define ADD_ARRAY(function) \
	do { \
		const void *items = function(d, &nr); \
		add(state, items, nr * sizeof(*function(d, &nr))); \
	} while (0)
	ADD_ARRAY(dump_modules);
	ADD_ARRAY(dump_segments);
	ADD_ARRAY(dump_maps);
	ADD_ARRAY(dump_threads);
	ADD_ARRAY(dump_registers);
	ADD_ARRAY(dump_places);
	ADD_ARRAY(dump_stacks);
	ADD_ARRAY(dump_attrs);
	ADD_ARRAY(dump_labels);
	ADD_ARRAY(dump_resident);
#undef ADD_ARRAY
	for (size_t i = 0; dump_attrs(d, &nr), i < nr; i++) {
		add_string(state, d, dump_attrs(d, &nr)[i].tag);
		add_string(state, d, dump_attrs(d, &nr)[i].scope);
	}
	for (size_t i = 0; dump_modules(d, &nr), i < nr; i++)
		add_string(state, d, dump_modules(d, &nr)[i].path);
	for (size_t i = 0; dump_ranges(d, &nr), i < nr; i++) {
		const struct dump_range *r = &dump_ranges(d, &nr)[i];

		add(state, &r->addr, sizeof(r->addr));
		add(state, r->bytes, r->len);
	}
}

static uint64_t digest(const struct dump *d)
{
	XXH3_state_t *state = XXH3_createState();
	uint64_t sum;

	XXH3_64bits_reset(state);
	add_kvs(state, dump_proc(d));
	add_kvs(state, dump_counts(d));
	add_kvs(state, dump_alloc(d));
	add_arrays(state, d);
	add_blocks(state, d);
	sum = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	return sum;
}

/* Writes a damaged file and opens it.  True: an error that names the file; false: opened, and
 * nothing is different. */
static bool is_refused(const uint8_t *bytes, size_t size)
{
	struct error *error;
	struct dump *d;

	assert_int_equal(ftruncate(sample.fd, 0), 0);
	assert_int_equal(pwrite(sample.fd, bytes, size, 0), size);
	error = dump_open(sample.path, NULL, &d);
	if (error) {
		assert_memory_equal(error->message, sample.path, strlen(sample.path));
		assert_true(strlen(error->message) > strlen(sample.path) + 5);
		error_destroy(error);
		return true;
	}
	assert_true(digest(d) == sample.digest);
	dump_close(d);
	return false;
}

static int setup(void **state)
{
	FILE *file = fopen(getenv("SAMPLE_DUMP"), "rb");
	struct error *error;
	struct dump *d;

	(void)state;
	if (!file)
		return -1;
	sample.size = fread(sample.bytes, 1, FILE_MAX, file);
	fclose(file);
	sample.fd = memfd_create("damaged", MFD_CLOEXEC);
	snprintf(sample.path, sizeof(sample.path), "/proc/self/fd/%d", sample.fd);
	error = dump_open(getenv("SAMPLE_DUMP"), NULL, &d);
	if (error)
		return -1;
	sample.digest = digest(d);
	dump_close(d);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return close(sample.fd);
}

static void test_sound(void **state)
{
	(void)state;
	assert_false(is_refused(sample.bytes, sample.size));
}

static void test_truncated(void **state)
{
	(void)state;
	for (size_t size = 0; size < sample.size; size++)
		assert_true(is_refused(sample.bytes, size));
}

static void test_appended(void **state)
{
	static uint8_t bytes[FILE_MAX];

	(void)state;
	memcpy(bytes, sample.bytes, sample.size);
	for (size_t more = 1; more < 100; more += 7)
		assert_true(is_refused(bytes, sample.size + more));
}

/* Checksums and the rules on padding and reserved fields leave no bit that could change unseen. */
static void test_flipped_bits(void **state)
{
	(void)state;
	for (size_t bit = 0; bit < sample.size * 8; bit++) {
		sample.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (!is_refused(sample.bytes, sample.size))
			fail_msg("bit %zu of byte 0x%zx changed unseen", bit % 8, bit / 8);
		sample.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

/* Pieces of the file moved, repeated, overwritten. */
static void test_shuffled(void **state)
{
	static uint8_t bytes[FILE_MAX];
	unsigned int seed = 20261121;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		const size_t from = (size_t)rand_r(&seed) % sample.size,
			     to = (size_t)rand_r(&seed) % sample.size;
		const size_t most = sample.size - (from > to ? from : to),
			     len = 1 + (size_t)rand_r(&seed) % most;

		memcpy(bytes, sample.bytes, sample.size);
		memmove(bytes + to, sample.bytes + from, len);
		if (!is_refused(bytes, sample.size))
			assert_memory_equal(bytes, sample.bytes, sample.size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound),	 cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_appended), cmocka_unit_test(test_flipped_bits),
		cmocka_unit_test(test_shuffled),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
