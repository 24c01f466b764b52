/* SPDX-License-Identifier: MIT */
/*
 * A whole snapshot of this very process, taken without the hooks: blocks are put into the census by
 * hand, the dump is read back with the analyzer's reader.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dump/dump.h"
#include "live/attr.h"
#include "live/label.h"
#include "live/live.h"
#include "rt/option.h"
#include "rt/process.h"
#include "rt/status.h"
#include "rt/sys.h"
#include "snap/trigger.h"
#include "stack/depot.h"
#include "target/modules.h"

#define NR_BLOCKS 5000

static char folder[] = "/tmp/heapcensus-test-XXXXXX";

static void start_census(const char *contents)
{
	char dir[128], text[64];
	char *environment[] = {dir, text, NULL};

	snprintf(dir, sizeof(dir), "HEAPCENSUS_DIR=%s", folder);
	snprintf(text, sizeof(text), "HEAPCENSUS_CONTENTS=%s", contents);
	option_read(environment);
	clock_init();
	process_init();
	status_init();
	modules_init();
	assert_true(depot_init());
	assert_true(live_planes_init(5));
	threads_init();
	trigger_init("glibc");
}

/* Waits for dump number nr and opens it. */
static struct dump *take_dump(uint64_t nr)
{
	const uint64_t failed = rt_status->nr_failed;
	struct dump *dump = NULL;
	struct error *err;

	assert_true(trigger_ask(TRIGGER_API, NULL));
	for (int i = 0; i < 5000 && rt_status->nr_done < nr && rt_status->nr_failed == failed; i++)
		usleep(1000);
	if (rt_status->nr_failed != failed)
		fail_msg("%s", rt_status->last_error);
	assert_int_equal(rt_status->nr_done, nr);
	err = dump_open(rt_status->last_path, NULL, &dump);
	if (err)
		fail_msg("%s", err->message);
	return dump;
}

static struct thread *enter(void)
{
	struct thread *const t = thread_enter();

	assert_non_null(t);
	return t;
}

static void check_words(const struct dump *d, uint32_t block, const uint64_t *words, size_t nr)
{
	const uint8_t *const bytes = dump_block_bytes(d, block);

	assert_non_null(bytes);
	assert_memory_equal(bytes, words, nr * sizeof(*words));
}

static void test_snapshot(void **state)
{
	uint64_t *blocks[NR_BLOCKS];
	uint64_t *large = malloc(1 << 20);
	char *map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct thread *t;
	size_t nr = 0;

	(void)state;
	start_census("full");
	t = enter();
	const uint32_t tag =
		attr_intern(attr_intern_text("Request"), attr_intern_text("spider/books"));
	const uint32_t stack = depot_intern(0x1234, depot_intern(0x5678, 0));

	for (size_t i = 0; i < NR_BLOCKS; i++) {
		blocks[i] = malloc(16 + i);
		blocks[i][0] = (uint64_t)(i ? blocks[i - 1] : NULL);
		blocks[i][1] = i;
		live_insert(t, PLANE_MALLOC, (uint64_t)blocks[i], 16 + i, HC_KIND_MALLOC, stack,
			    i % 2 ? tag : 0);
	}
	memset(large, 0, 1 << 20);
	large[70000] = (uint64_t)blocks[7];
	live_insert(t, PLANE_MALLOC, (uint64_t)large, 1 << 20, HC_KIND_NEW, 0, 0);
	map[4096] = 42;
	live_insert(t, PLANE_MMAP, (uint64_t)map, 1 << 20, HC_KIND_MMAP, 0, 0);
	assert_true(label_set(PLANE_MALLOC, (uint64_t)blocks[3], "http://example.org/"));
	live_set_labelled(PLANE_MALLOC, (uint64_t)blocks[3], true);
	live_insert(t, PLANE_POOL, (uint64_t)large + 64, 32, HC_KIND_POOL, 0, 0);
	thread_leave(t);

	struct dump *d = take_dump(1);
	const struct dump_blocks *const b = dump_blocks(d);

	assert_int_equal(b->nr, NR_BLOCKS + 3);
	for (size_t i = 0; i < NR_BLOCKS; i++) {
		const uint32_t k = dump_find_block(d, (uint64_t)blocks[i]);

		assert_int_not_equal(k, UINT32_MAX);
		assert_int_equal(b->addr[k], (uint64_t)blocks[i]);
		assert_int_equal(b->size[k], 16 + i);
		assert_int_equal(b->seq[k], i);
		assert_int_equal(b->stack[k], stack);
		check_words(d, k, blocks[i], 2);
	}
	const uint32_t third = dump_find_block(d, (uint64_t)blocks[3]);
	size_t nr_labels, nr_attrs;
	const struct hc_label *const labels = dump_labels(d, &nr_labels);
	const struct hc_attr *const attrs = dump_attrs(d, &nr_attrs);

	assert_int_equal(nr_labels, 1);
	assert_int_equal(labels[0].addr, b->addr[third]);
	assert_string_equal(dump_get_string(d, labels[0].text).bytes, "http://example.org/");
	assert_string_equal(dump_get_string(d, attrs[b->attr[third]].tag).bytes, "Request");
	assert_string_equal(dump_get_string(d, attrs[b->attr[third]].scope).bytes, "spider/books");
	const uint32_t big = dump_find_block(d, (uint64_t)large + 4096);

	assert_int_equal(b->addr[big], (uint64_t)large);
	assert_memory_equal(dump_block_bytes(d, big), large, 1 << 20);
	assert_int_equal(b->kind[dump_find_block(d, (uint64_t)large + 70)], HC_KIND_POOL);
	assert_memory_equal(dump_block_bytes(d, dump_find_block(d, (uint64_t)map)), map, 1 << 20);

	/* Roots: libc's data (this program's counts as the profiler's own), and this stack, where
	 * blocks[] is. */
	const uint64_t global = (uint64_t)dlsym(RTLD_DEFAULT, "_IO_2_1_stdout_");

	assert_non_null(dump_find_bytes(d, global, 8));
	assert_memory_equal(dump_find_bytes(d, global, 8), (void *)global, 8);
	assert_non_null(dump_find_bytes(d, (uint64_t)&blocks, sizeof(blocks)));
	const struct dump_range *const ranges = dump_ranges(d, &nr);
	bool has_stack = false;

	for (size_t i = 0; i < nr; i++)
		has_stack |= ranges[i].kind == HC_RANGE_STACK && ranges[i].tid == getpid() &&
			     ranges[i].addr <= (uint64_t)&blocks;
	assert_true(has_stack);
	assert_string_equal(dump_proc_text(d, "reason"), "api");
	assert_string_equal(dump_proc_text(d, "allocator"), "glibc");
	assert_int_equal(dump_proc_number(d, "pid", 0), getpid());
	assert_true(dump_proc_number(d, "pause_ns", 0) > 0);
	dump_close(d);
	/* Nobody has noticed. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* Sets one option of the running census. */
static void set_contents(const char *value)
{
	char dir[128], text[64];
	char *environment[] = {dir, text, NULL};

	snprintf(dir, sizeof(dir), "HEAPCENSUS_DIR=%s", folder);
	snprintf(text, sizeof(text), "HEAPCENSUS_CONTENTS=%s", value);
	option_read(environment);
}

/* Only pointers leave the process, or nothing of its memory. */
static void test_contents(void **state)
{
	static const char secret[24] = "correct horse battery";
	uint64_t *const block = malloc(64);
	struct thread *const t = enter();
	const uint8_t *bytes;
	struct dump *d;

	(void)state;
	memset(block, 0, 64);
	memcpy(block, secret, sizeof(secret));
	block[5] = (uint64_t)block;
	live_insert(t, PLANE_MALLOC, (uint64_t)block, 64, HC_KIND_MALLOC, 0, 0);
	thread_leave(t);
	set_contents("pointers");
	d = take_dump(2);
	bytes = dump_block_bytes(d, dump_find_block(d, (uint64_t)block));
	assert_non_null(bytes);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(bytes[i], i / 8 == 5 ? ((uint8_t *)block)[i] : 0);
	dump_close(d);
	set_contents("none");
	d = take_dump(3);
	assert_false(dump_has_contents(d));
	assert_int_equal(dump_blocks(d)->size[dump_find_block(d, (uint64_t)block)], 64);
	dump_close(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snapshot),
		cmocka_unit_test(test_contents),
	};
	char command[128];
	int failed;

	if (!mkdtemp(folder))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) || failed;
}
