/* SPDX-License-Identifier: MIT */
/*
 * The flow of a call's result through flow_code.S: is it returned?  Environment: FLOW_DUMP is a
 * dump of a process that has that code, FLOW_CODE the code's file.
 */
#include <dlfcn.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "heap/heap.h"
#include "typing/native/flow.h"
#include "typing/native/native.h"

#define BASE 0x7f1000000000 /* as flow.heap has it */

static const char *const places[] = {
	"returned_at_once",
	"returned_from_another_register",
	"returned_where_not_null",
	"returned_where_checked",
	"returned_from_memory",
	"returned_kept_over_a_call",
	"returned_handed_back",
	"returned_second_handed_back",
	"returned_by_tail_call",
	"lost_written_over",
	"lost_half",
	"lost_added",
	"lost_other_memory",
	"lost_stack_moved",
	"lost_in_a_call",
	"lost_handed_on",
	"lost_in_recursion",
	"lost_in_a_loop",
	"lost_at_an_unknown_place",
	"lost_at_the_end_of_the_way",
};

struct code {
	struct dump *dump;
	struct heap *heap;
	struct native *native;
	void *library;
};

static int open_code(void **state)
{
	static char folder[4096];
	static struct code c;
	struct heap_options options = { .symbol_path = folder };
	char *slash;

	strncpy(folder, getenv("FLOW_CODE"), sizeof(folder) - 1);
	slash = strrchr(folder, '/');
	if (!slash)
		return 1;
	*slash = '\0';
	if (dump_open(getenv("FLOW_DUMP"), NULL, &c.dump))
		return 1;
	c.heap = heap_create(c.dump, &options);
	c.native = native_create(c.heap);
	c.library = dlopen(getenv("FLOW_CODE"), RTLD_NOW);
	*state = &c;
	return !c.library;
}

static int close_code(void **state)
{
	struct code *c = *state;

	native_destroy(c->native);
	heap_close(c->heap);
	dump_close(c->dump);
	return dlclose(c->library);
}

static uint64_t address_of(const struct code *c, const char *name)
{
	const struct link_map *map;
	const void *here = dlsym(c->library, name);

	assert_non_null(here);
	assert_int_equal(dlinfo(c->library, RTLD_DI_LINKMAP, &map), 0);
	return BASE + ((uintptr_t)here - map->l_addr);
}

static void test_returned(void **state)
{
	const struct code *c = *state;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const bool expected = !strncmp(places[i], "returned", strlen("returned"));

		/* Twice: what is known of functions is kept. */
		for (int k = 0; k < 2; k++) {
			if (flow_follow(c->native, address_of(c, places[i]), NULL, NULL) !=
			    expected)
				fail_msg("%s", places[i]);
		}
	}
}

static void count_type(void *arg, enum flow_end end, const struct ctype *pointer)
{
	(void)end, (void)pointer;
	++*(unsigned int *)arg;
}

/* Nothing is told of code that has no debug information. */
static void test_no_types(void **state)
{
	const struct code *c = *state;
	unsigned int nr = 0;

	assert_true(flow_follow(c->native, address_of(c, "returned_from_memory"), count_type, &nr));
	assert_int_equal(nr, 0);
}

/* Where there is no code. */
static void test_nowhere(void **state)
{
	const struct code *c = *state;

	assert_false(flow_follow(c->native, 0, NULL, NULL));
	assert_false(flow_follow(c->native, BASE + 0x100000, NULL, NULL));
	assert_false(flow_follow(c->native, UINT64_MAX - 3, NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_returned),
		cmocka_unit_test(test_no_types),
		cmocka_unit_test(test_nowhere),
	};

	return cmocka_run_group_tests(tests, open_code, close_code);
}
