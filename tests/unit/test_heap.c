/* SPDX-License-Identifier: MIT */
/*
 * Graph, relations, sets and sites of the heap that tests/dumps/model.heap describes.  Environment:
 * MODEL_DUMP names the dump.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "heap/heap.h"
#include "heap/nodeset.h"
#include "typing/typing.h"

#define POOL  0x1000090000ull
#define LARGE 0x10000a0000ull

static struct dump *dump;
static struct heap *heap;

static int setup(void **state)
{
	struct error *error = dump_open(getenv("MODEL_DUMP"), NULL, &dump);

	(void)state;
	if (!error)
		error = heap_open(dump, NULL, &heap);
	if (!error)
		error = heap_need_graph(heap);
	if (error)
		print_error("%s\n", error->message);
	return error ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	heap_close(heap);
	dump_close(dump);
	return 0;
}

static node_id find_referrer_count(uint32_t size, unsigned int nr)
{
	for (node_id n = 0; n < heap->nr_objects; n++) {
		if (object_size(heap, n) == size && heap->in_first[n + 1] - heap->in_first[n] == nr)
			return n;
	}
	fail_msg("no object of %u bytes with %u referrers", size, nr);
	return NODE_NONE;
}

/* `self`: the 32 bytes that point at themselves. */
static node_id find_self(void)
{
	for (node_id n = 0; n < heap->nr_objects; n++) {
		for (uint64_t e = heap->out_first[n]; e < heap->out_first[n + 1]; e++) {
			if (heap->out_to[e] == n)
				return n;
		}
	}
	fail_msg("nothing points at itself");
	return NODE_NONE;
}

static bool has_relation(node_id n, node_id from, const char *name)
{
	for (uint64_t k = heap->in_first[n]; k < heap->in_first[n + 1]; k++) {
		if ((from == NODE_NONE || heap->in_from[k] == from) &&
		    !strcmp(heap_relation(heap, heap->in_from[k], heap->in_offset[k], n), name))
			return true;
	}
	return false;
}

static void test_both_directions_agree(void **state)
{
	uint64_t nr = 0;

	(void)state;
	for (node_id n = 0; n < heap->nr_nodes; n++) {
		for (uint64_t e = heap->out_first[n]; e < heap->out_first[n + 1]; e++) {
			const node_id to = heap->out_to[e];
			bool is_found = false;

			for (uint64_t k = heap->in_first[to]; k < heap->in_first[to + 1]; k++)
				is_found |= heap->in_from[k] == n &&
					    heap->in_offset[k] == heap->out_offset[e];
			assert_true(is_found);
			assert_true(e == heap->out_first[n] ||
				    EDGE_OFFSET(heap->out_offset[e]) >
					    EDGE_OFFSET(heap->out_offset[e - 1]));
			nr++;
		}
	}
	assert_int_equal(nr, heap->nr_edges);
	assert_int_equal(heap->in_first[heap->nr_objects], heap->nr_edges);
	for (node_id n = 0; n < heap->nr_objects; n++) {
		for (uint64_t k = heap->in_first[n] + 1; k < heap->in_first[n + 1]; k++)
			assert_true(heap->in_from[k - 1] <= heap->in_from[k]);
	}
}

static void test_relations_of_blocks(void **state)
{
	const node_id self = find_self();
	const node_id pool = dump_find_block(dump, POOL),
		      inner = dump_find_block(dump, POOL + 0x10);
	const node_id large = dump_find_block(dump, LARGE);

	(void)state;
	assert_true(has_relation(self, self, ".+0x18"));
	assert_true(has_relation(self, pool, ".+0x0"));
	assert_true(has_relation(self, pool, ".+0x40"));
	/* The word at 0x20 of the pool is the inner block's. */
	assert_false(has_relation(self, pool, ".+0x20"));
	assert_true(has_relation(self, inner, ".+0x10") || has_relation(self, inner, ".+0x18"));
	/* Large and of no known type: a table. */
	assert_true(has_relation(self, large, "[*]"));
}

static void test_relation_names_are_interned(void **state)
{
	const node_id self = find_self();
	const uint64_t k = heap->in_first[self];
	const char *name = heap_relation(heap, heap->in_from[k], heap->in_offset[k], self);

	(void)state;
	assert_ptr_equal(name, heap_relation(heap, heap->in_from[k], heap->in_offset[k], self));
}

static void test_interior_pointers(void **state)
{
	const node_id binary = find_referrer_count(24, 3); /* twice reader, once struct */

	(void)state;
	assert_true(has_relation(binary, NODE_NONE, ".+0x0@+0x8"));
	assert_true(has_relation(binary, NODE_NONE, ".+0x38"));
}

static void test_relations_of_roots(void **state)
{
	const node_id self = find_self();
	node_id reader = NODE_NONE;

	(void)state;
	assert_true(has_relation(self, NODE_NONE, "::app+0x6000"));
	for (node_id n = 0; n < heap->nr_objects; n++) {
		if (has_relation(n, NODE_NONE, "<register rbx>"))
			reader = n;
	}
	assert_int_not_equal(reader, NODE_NONE);
	assert_int_equal(object_size(heap, reader), 64);
	assert_true(has_relation(reader, NODE_NONE, "::app+0x6018@+0x4"));
	assert_true(has_relation(reader, NODE_NONE, "<stack 77>"));
	assert_true(has_relation(reader, NODE_NONE, "<tls 77+0x10>"));
	assert_true(has_relation(reader, NODE_NONE, "<range 0x7e0000000000>"));
}

static void test_free_lists_hold_nothing(void **state)
{
	unsigned int nr_lists = 0, nr_others = 0;

	(void)state;
	for (node_id n = 0; n < heap->nr_objects; n++) {
		nr_lists += has_relation(n, NODE_NONE, "::libc.so.6+0x2060@+0x10");
		nr_others += has_relation(n, NODE_NONE, "::libc.so.6+0x2068");
	}
	assert_int_equal(nr_lists, 0);
	assert_int_equal(nr_others, 1);
}

static void test_pointer_array_has_elements(void **state)
{
	unsigned int nr = 0;

	(void)state;
	for (node_id n = 0; n < heap->nr_objects; n++)
		nr += has_relation(n, NODE_NONE, "[*]");
	assert_int_equal(nr, 7 + 2); /* and what `large` holds */
}

static void test_exact_index(void **state)
{
	const struct heap_options options = { .exact_index = true };
	struct heap *exact, *usual = heap;
	unsigned int nr = 0;

	(void)state;
	assert_null(heap_open(dump, &options, &exact));
	assert_null(heap_need_graph(exact));
	heap = exact;
	for (node_id n = 0; n < heap->nr_objects; n++)
		nr += has_relation(n, NODE_NONE, "[3]");
	assert_true(has_relation(find_self(), NODE_NONE, ".+0x40000"));
	heap_close(exact);
	heap = usual;
	assert_int_equal(nr, 1);
}

static void test_sets(void **state)
{
	node_id some[] = { 5, 1, 3, 3, 1 }, others[] = { 3, 4 };
	struct nodeset *a = nodeset_create(heap, some, 5), *b = nodeset_create(heap, others, 2);
	struct nodeset *both = nodeset_and(heap, a, b), *any = nodeset_or(heap, a, b),
		       *only = nodeset_minus(heap, a, b);
	struct nodeset *all = nodeset_create_all(heap);

	(void)state;
	assert_int_equal(a->nr, 3);
	assert_int_equal(a->ids[0], 1);
	assert_int_equal(a->size,
			 object_size(heap, 1) + object_size(heap, 3) + object_size(heap, 5));
	assert_int_equal(both->nr, 1);
	assert_int_equal(both->ids[0], 3);
	assert_int_equal(any->nr, 4);
	assert_int_equal(any->ids[2], 4);
	assert_int_equal(only->nr, 2);
	assert_int_equal(only->ids[1], 5);
	assert_int_equal(all->nr, heap->nr_objects);
	nodeset_unref(a);
	nodeset_unref(b);
	nodeset_unref(both);
	nodeset_unref(any);
	nodeset_unref(only);
	nodeset_unref(all);
}

static void test_neighbours(void **state)
{
	node_id self = find_self();
	struct nodeset *s = nodeset_create(heap, &self, 1);
	struct nodeset *referrers = nodeset_referrers(heap, s),
		       *referents = nodeset_referents(heap, s);

	(void)state;
	/* itself, the pool, the inner block, the large block; the global is no object */
	assert_int_equal(referrers->nr, 4);
	assert_int_equal(referents->nr, 1);
	assert_int_equal(referents->ids[0], self);
	nodeset_unref(s);
	nodeset_unref(referrers);
	nodeset_unref(referents);
}

/* An object and another block that it points at. */
static node_id find_pair(node_id *table)
{
	for (node_id n = 0; n < heap->nr_objects; n++) {
		for (uint64_t e = heap->out_first[n]; e < heap->out_first[n + 1]; e++) {
			const node_id t = heap->out_to[e];

			if (t != n && heap->out_first[t] != heap->out_first[t + 1]) {
				*table = t;
				return n;
			}
		}
	}
	fail_msg("no object points at another that points somewhere");
	return NODE_NONE;
}

static struct heap *open_folded(const struct heap_options *options, node_id owner, node_id table)
{
	struct heap *h;

	assert_null(heap_open(dump, options, &h));
	heap_fold(h, owner, table);
	assert_null(heap_need_graph(h));
	return h;
}

static bool holds(const struct heap *h, node_id n, node_id target)
{
	struct nodeset *one = nodeset_create(h, &n, 1), *referents = nodeset_referents(h, one);
	bool found = false;

	for (uint32_t i = 0; i < referents->nr; i++)
		found |= referents->ids[i] == target;
	nodeset_unref(referents);
	nodeset_unref(one);
	return found;
}

static void test_folding(void **state)
{
	node_id table;
	const node_id owner = find_pair(&table);
	struct heap *h = open_folded(NULL, owner, table);
	struct nodeset *all = nodeset_create_all(heap), *folded = nodeset_create_all(h);

	(void)state;
	assert_int_equal(folded->nr, all->nr - 1);
	assert_int_equal(folded->size, all->size);
	assert_int_equal(object_size(h, owner), block_size(h, owner) + block_size(h, table));
	assert_false(node_is_object(h, table));
	assert_int_equal(h->in_first[table], h->in_first[table + 1]);
	/* What the table holds, its owner holds. */
	for (uint64_t e = heap->out_first[table]; e < heap->out_first[table + 1]; e++)
		assert_true(holds(h, owner, h->owner[heap->out_to[e]]));
	nodeset_unref(all);
	nodeset_unref(folded);
	heap_close(h);
}

static void test_unfolded(void **state)
{
	const struct heap_options options = { .unfolded = true };
	node_id table;
	const node_id owner = find_pair(&table);
	struct heap *h = open_folded(&options, owner, table);

	(void)state;
	assert_int_equal(h->nr_edges, heap->nr_edges);
	assert_int_equal(object_size(h, owner), block_size(h, owner));
	assert_true(node_is_object(h, table));
	heap_close(h);
}

static void test_left_out(void **state)
{
	node_id table;
	const node_id owner = find_pair(&table);
	struct nodeset *all = nodeset_create_all(heap), *rest;
	struct heap *h;

	(void)state;
	assert_null(heap_open(dump, NULL, &h));
	heap_leave_out(h, owner);
	assert_null(heap_need_graph(h));
	rest = nodeset_create_all(h);
	assert_int_equal(rest->nr, all->nr - 1);
	assert_int_equal(h->out_first[owner], h->out_first[owner + 1]);
	assert_int_equal(h->in_first[owner], h->in_first[owner + 1]);
	nodeset_unref(all);
	nodeset_unref(rest);
	heap_close(h);
}

static void test_sites(void **state)
{
	const uint32_t stack = dump_blocks(dump)->stack[find_self()];
	char *text = heap_format_stack(heap, stack);

	(void)state;
	assert_string_equal(heap_site_name(heap, stack), "app+0x222");
	assert_string_equal(heap_site_module(heap, stack), "app");
	assert_string_equal(heap_site_name(heap, 0), "");
	assert_string_equal(heap_site_module(heap, 0), "");
	assert_string_equal(text, "#0  0x00007f1000000222 +0x222 (app)\n"
				  "#1  0x00007f1000001100 +0x1100 (app)\n"
				  "#2  0x00007f1000001000 +0x1000 (app)\n");
	free(text);
}

static void test_missing_file_is_noted_once(void **state)
{
	size_t nr, nr_app = 0;
	const char *const *notes = heap_notes(heap, &nr);

	(void)state;
	for (size_t i = 0; i < nr; i++)
		nr_app += !strncmp(notes[i], "/nowhere/app ", 13);
	assert_int_equal(nr_app, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_directions_agree),
		cmocka_unit_test(test_relations_of_blocks),
		cmocka_unit_test(test_relation_names_are_interned),
		cmocka_unit_test(test_interior_pointers),
		cmocka_unit_test(test_relations_of_roots),
		cmocka_unit_test(test_free_lists_hold_nothing),
		cmocka_unit_test(test_pointer_array_has_elements),
		cmocka_unit_test(test_exact_index),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_folding),
		cmocka_unit_test(test_unfolded),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_sites),
		cmocka_unit_test(test_missing_file_is_noted_once),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
