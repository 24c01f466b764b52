/* SPDX-License-Identifier: MIT */
/*
 * Parts of objects, and how sure references are, on the heap that tests/dumps/model.heap describes,
 * whose types are made up here.  Environment: MODEL_DUMP names the dump.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "heap/fold.h"
#include "heap/nodeset.h"
#include "typing/native/fold.h"

#define NR_OFFERS 40
#define NR_ROUNDS 200

static struct dump *dump;

static int setup(void **state)
{
	struct error *error = dump_open(getenv("MODEL_DUMP"), NULL, &dump);

	(void)state;
	if (error)
		print_error("%s\n", error->message);
	return error ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	dump_close(dump);
	return 0;
}

static struct heap *create(void)
{
	struct heap *h = heap_create(dump, NULL);

	assert_true(h->nr_objects > NR_OFFERS);
	return h;
}

/* What is in sets is all bytes that there are, whatever is folded. */
static void assert_sums(const struct heap *h)
{
	struct nodeset *all = nodeset_create_all(h);
	uint64_t total = 0;

	for (node_id n = 0; n < h->nr_objects; n++)
		total += block_size(h, n);
	assert_int_equal(all->size, total);
	for (node_id n = 0; n < h->nr_objects; n++) {
		uint64_t parts = 0;

		assert_int_equal(h->owner[h->owner[n]], h->owner[n]);
		for (node_id t = h->next_table[n]; h->owner[n] == n && t != NODE_NONE;
		     t = h->next_table[t]) {
			assert_int_equal(h->owner[t], n);
			parts += block_size(h, t);
		}
		if (h->owner[n] == n)
			assert_int_equal(object_size(h, n), block_size(h, n) + parts);
	}
	nodeset_unref(all);
}

static void test_chain(void **state)
{
	struct heap *h = create();

	(void)state;
	fold_offer(h, 2, 1, 0);
	fold_offer(h, 1, 0, 8);
	fold_offer(h, 1, 0, 8);
	assert_int_equal(h->owner[2], 2);
	fold_apply(h, NULL);
	assert_int_equal(h->owner[1], 0);
	assert_int_equal(h->owner[2], 0);
	assert_int_equal(fold_holder(h, 2), 1);
	assert_int_equal(fold_offset(h, 1), 8);
	assert_sums(h);
	heap_close(h);
}

static void test_circle(void **state)
{
	struct heap *h = create();

	(void)state;
	fold_offer(h, 3, 4, 0);
	fold_offer(h, 4, 5, 0);
	fold_offer(h, 5, 3, 0);
	fold_offer(h, 6, 4, 8);
	fold_offer(h, 7, 7, 0);
	fold_apply(h, NULL);
	for (node_id n = 3; n <= 5; n++)
		assert_int_equal(h->owner[n], n);
	assert_int_equal(h->owner[6], 4);
	assert_int_equal(h->owner[7], 7);
	assert_sums(h);
	heap_close(h);
}

static void test_two_claims(void **state)
{
	struct heap *h = create();

	(void)state;
	fold_offer(h, 1, 0, 8);
	fold_offer(h, 1, 2, 8);
	fold_offer(h, 1, 0, 8);
	fold_offer(h, 3, 0, 8);
	fold_offer(h, 3, 0, 16);
	fold_apply(h, NULL);
	assert_int_equal(h->owner[1], 1);
	assert_int_equal(h->owner[3], 3);
	heap_close(h);
}

/* A word that has no number of its own is nobody else's. */
static void test_far(void **state)
{
	struct heap *h = create();

	(void)state;
	fold_offer(h, 1, 0, UINT64_C(8) << 32);
	fold_offer(h, 2, 0, (UINT64_C(8) << 32) - 8);
	fold_apply(h, NULL);
	assert_int_equal(h->owner[1], 1);
	assert_int_equal(h->owner[2], 0);
	assert_int_equal(fold_offset(h, 2), (UINT64_C(8) << 32) - 8);
	heap_close(h);
}

static void test_identity(void **state)
{
	static const enum provenance kept[] = { PROVENANCE_TAG, PROVENANCE_CPYTHON,
						PROVENANCE_VTABLE_RTTI, PROVENANCE_VTABLE_SYMBOL,
						PROVENANCE_VTABLE_SHAPE };
	struct heap *h = create();

	(void)state;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		h->type[i + 1] = heap_intern_type(h, "Kept", kept[i], 0);
		fold_offer(h, i + 1, 0, 8 * i);
	}
	h->type[10] = heap_intern_type(h, "object", PROVENANCE_CPYTHON, 0);
	fold_offer(h, 11, 10, 0);
	h->owner[12] = NODE_NONE;
	fold_offer(h, 13, 12, 0);
	h->type[14] = heap_intern_type(h, "item", PROVENANCE_SHAPE, 0);
	fold_offer(h, 14, 0, 0);
	fold_apply(h, NULL);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		assert_int_equal(h->owner[i + 1], i + 1);
	assert_int_equal(h->owner[11], 11);
	assert_int_equal(h->owner[13], 13);
	assert_int_equal(h->owner[14], 0);
	heap_close(h);
}

static void test_apart(void **state)
{
	struct heap *h = create();
	_cleanup_free_ bool *is_apart = calloc(h->nr_objects, sizeof(*is_apart));

	(void)state;
	fold_offer(h, 1, 0, 8);
	fold_offer(h, 2, 1, 0);
	fold_offer(h, 3, 0, 16);
	fold_apply(h, NULL);
	is_apart[1] = true;
	fold_apply(h, is_apart);
	assert_int_equal(h->owner[1], 1);
	assert_int_equal(h->owner[2], 1);
	assert_int_equal(h->owner[3], 0);
	assert_sums(h);
	fold_apply(h, NULL);
	assert_int_equal(h->owner[2], 0);
	assert_sums(h);
	heap_close(h);
}

static void test_as_they_are(void **state)
{
	const struct heap_options options = { .unfolded = true };
	struct heap *h = heap_create(dump, &options);

	(void)state;
	fold_offer(h, 1, 0, 8);
	fold_apply(h, NULL);
	assert_true(node_is_object(h, 1));
	assert_int_equal(object_size(h, 0), block_size(h, 0));
	heap_close(h);
}

struct offer {
	node_id part, holder;
	uint64_t offset;
};

static void shuffle(struct offer *offers)
{
	for (size_t i = NR_OFFERS - 1; i > 0; i--) {
		const size_t k = rand() % (i + 1);
		const struct offer kept = offers[i];

		offers[i] = offers[k];
		offers[k] = kept;
	}
}

static struct heap *fold_all(const struct offer *offers)
{
	struct heap *h = create();

	for (size_t i = 0; i < NR_OFFERS; i++)
		fold_offer(h, offers[i].part, offers[i].holder, offers[i].offset);
	fold_apply(h, NULL);
	assert_sums(h);
	return h;
}

/* Whatever is offered, in whatever order. */
static void test_any_order(void **state)
{
	struct offer offers[NR_OFFERS];

	(void)state;
	srand(4);
	for (int round = 0; round < NR_ROUNDS; round++) {
		struct heap *h, *other;

		for (size_t i = 0; i < NR_OFFERS; i++)
			offers[i] = (struct offer){ rand() % NR_OFFERS, rand() % NR_OFFERS,
						    rand() % 4 * 8 };
		h = fold_all(offers);
		shuffle(offers);
		other = fold_all(offers);
		assert_memory_equal(h->owner, other->owner, h->nr_objects * sizeof(*h->owner));
		assert_memory_equal(h->next_table, other->next_table,
				    h->nr_objects * sizeof(*h->next_table));
		heap_close(h);
		heap_close(other);
	}
}

/* ---- made-up types ---- */

static enum word_use all_pointers(struct heap *h, node_id from, uint64_t offset)
{
	(void)h, (void)from, (void)offset;
	return WORD_POINTER;
}

static enum word_use all_slack(struct heap *h, node_id from, uint64_t offset)
{
	(void)h, (void)from, (void)offset;
	return WORD_SLACK;
}

static const char *any_name(struct heap *h, node_id from, uint64_t offset, node_id to)
{
	(void)from, (void)offset, (void)to;
	return heap_intern_name(h, ".text");
}

static const struct type_ops pointers = { .relation = any_name, .use = all_pointers };
static const struct type_ops slack = { .use = all_slack };

static void give_type(struct heap *h, node_id n, const struct type_ops *ops, uint32_t flags)
{
	h->type[n] = heap_add_type(h, "made up", PROVENANCE_DWARF, flags);
	h->types[h->type[n]].ops = ops;
}

/* Of the only block of that size. */
static node_id find_size(const struct heap *h, uint64_t size)
{
	node_id found = NODE_NONE;

	for (node_id n = 0; n < h->nr_objects; n++) {
		if (block_size(h, n) != size)
			continue;
		assert_int_equal(found, NODE_NONE);
		found = n;
	}
	assert_int_not_equal(found, NODE_NONE);
	return found;
}

/* The text of 6 bytes, which one block refers to, by its word at 0x20. */
struct text {
	struct heap *heap;
	node_id text, holder;
	uint32_t offset;
};

static struct text create_text(void)
{
	struct text t = { .heap = create() };
	struct heap *h = create();

	t.text = find_size(h, 6);
	assert_null(heap_need_graph(h));
	assert_int_equal(h->in_first[t.text + 1] - h->in_first[t.text], 1);
	t.holder = h->in_from[h->in_first[t.text]];
	t.offset = h->in_offset[h->in_first[t.text]];
	heap_close(h);
	give_type(t.heap, t.text, NULL, TYPE_NO_POINTERS | TYPE_LEAF);
	return t;
}

static bool is_folded(struct text *t)
{
	bool is_part;

	native_offer_leaves(t->heap);
	fold_apply(t->heap, NULL);
	assert_sums(t->heap);
	is_part = !node_is_object(t->heap, t->text);
	if (is_part)
		assert_int_equal(t->heap->owner[t->text], t->holder);
	heap_close(t->heap);
	return is_part;
}

static void test_leaf(void **state)
{
	struct text t = create_text();

	(void)state;
	give_type(t.heap, t.holder, &pointers, 0);
	assert_true(is_folded(&t));
	t = create_text();
	give_type(t.heap, t.holder, NULL, 0);
	assert_false(is_folded(&t)); /* a word of no type */
	t = create_text();
	give_type(t.heap, t.holder, &slack, 0);
	assert_false(is_folded(&t)); /* room that is not in use */
	t = create_text();
	give_type(t.heap, t.holder, &pointers, 0);
	give_type(t.heap, t.text, NULL, TYPE_NO_POINTERS);
	assert_false(is_folded(&t)); /* a structure */
}

/* Bytes in which there is a pointer to something are no leaf. */
static void test_pool(void **state)
{
	struct heap *h = create();
	node_id pool = NODE_NONE, holder = NODE_NONE;

	(void)state;
	assert_null(heap_need_graph(h));
	for (node_id n = 0; n < h->nr_objects && pool == NODE_NONE; n++) {
		for (uint64_t e = h->out_first[n]; e < h->out_first[n + 1]; e++) {
			const node_id to = h->out_to[e];

			if (to == n || h->out_first[to] == h->out_first[to + 1] ||
			    h->in_first[to + 1] - h->in_first[to] != 1 ||
			    h->out_offset[e] & EDGE_INTERIOR)
				continue;
			pool = to;
			holder = n;
		}
	}
	assert_int_not_equal(pool, NODE_NONE);
	heap_close(h);
	h = create();
	give_type(h, holder, &pointers, 0);
	give_type(h, pool, NULL, TYPE_LEAF);
	native_offer_leaves(h);
	fold_apply(h, NULL);
	assert_true(node_is_object(h, pool));
	heap_close(h);
}

static void test_kinds_of_edges(void **state)
{
	struct text t = create_text();

	(void)state;
	give_type(t.heap, t.holder, &pointers, 0);
	assert_int_equal(heap_edge_kind(t.heap, t.holder, t.offset), EDGE_KIND_EXACT);
	assert_int_equal(heap_edge_kind(t.heap, t.holder, t.offset | EDGE_INTERIOR),
			 EDGE_KIND_INTERIOR);
	give_type(t.heap, t.holder, &slack, 0);
	assert_int_equal(heap_edge_kind(t.heap, t.holder, t.offset), EDGE_KIND_SLACK);
	give_type(t.heap, t.holder, NULL, 0);
	assert_int_equal(heap_edge_kind(t.heap, t.holder, t.offset), EDGE_KIND_CONSERVATIVE);
	assert_int_equal(heap_edge_kind(t.heap, t.heap->nr_objects, 0), EDGE_KIND_CONSERVATIVE);
	heap_close(t.heap);
}

static void test_exact_edges(void **state)
{
	const struct heap_options options = { .exact_edges = true };
	struct text t = create_text();
	struct heap *all = create(), *exact = heap_create(dump, &options);
	uint64_t nr = 0;

	(void)state;
	give_type(exact, t.holder, &pointers, 0);
	assert_null(heap_need_graph(all));
	assert_null(heap_need_graph(exact));
	assert_int_equal(exact->nr_edges + exact->nr_left_out, all->nr_edges);
	for (node_id n = 0; n < exact->nr_nodes; n++) {
		for (uint64_t e = exact->out_first[n]; e < exact->out_first[n + 1]; e++, nr++)
			assert_int_equal(heap_word_use(exact, n, EDGE_OFFSET(exact->out_offset[e])),
					 WORD_POINTER);
	}
	assert_int_equal(nr, exact->nr_edges);
	assert_int_equal(exact->in_first[exact->nr_objects], nr);
	assert_int_equal(exact->in_from[exact->in_first[t.text]], t.holder);
	heap_close(all);
	heap_close(exact);
	heap_close(t.heap);
}

/* What a part holds, its owner holds by way of it. */
static void test_relations(void **state)
{
	struct text t = create_text();
	const node_id owner = t.holder ? 0 : 1;

	(void)state;
	fold_offer(t.heap, t.holder, owner, 0x10);
	fold_apply(t.heap, NULL);
	assert_string_equal(heap_relation(t.heap, t.holder, t.offset, t.text), ".+0x10.+0x20");
	give_type(t.heap, owner, &pointers, 0);
	assert_string_equal(heap_relation(t.heap, t.holder, t.offset, t.text), ".text.+0x20");
	heap_close(t.heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain),	       cmocka_unit_test(test_circle),
		cmocka_unit_test(test_two_claims),     cmocka_unit_test(test_far),
		cmocka_unit_test(test_identity),       cmocka_unit_test(test_apart),
		cmocka_unit_test(test_as_they_are),    cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_leaf),	       cmocka_unit_test(test_pool),
		cmocka_unit_test(test_kinds_of_edges), cmocka_unit_test(test_exact_edges),
		cmocka_unit_test(test_relations),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
