/* SPDX-License-Identifier: MIT */
/*
 * Types as data: what lies where, what fits, what is believed of a block; made by hand, without
 * debug information.  Environment: MODEL_DUMP names a dump, whose blocks lend their sizes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "typing/native/block.h"
#include "typing/native/ctype.h"
#include "typing/native/layout.h"
#include "typing/native/path.h"
#include "typing/native/union.h"
#include "typing/typing.h"

struct types {
	struct dump *dump;
	struct heap *heap;
	struct native *native;
	const struct ctype *integer, *byte, *any; /* int, char, void */
	struct ctype *node; /* { struct node *next; int key; union { char *text; struct node *sub; }
			       u } */
	struct ctype *values;
	struct ctype *list;    /* { int nr; struct node *items[]; } */
	struct ctype *derived; /* node, and an int */
	struct ctype *empty;
};

#define MEMBER(name_, type_, offset_) \
	(struct ctype_member) \
	{ \
		.name = heap_intern_name(t->heap, name_), .type = type_, .offset = offset_ \
	}

static struct ctype *record(struct types *t, enum ctype_kind kind, const char *name, uint64_t size)
{
	struct ctype *r =
		ctype_add_record(t->native, kind, heap_intern_name(t->heap, name), size, size);

	r->is_complete = true;
	return r;
}

static void set_members(struct types *t, struct ctype *r, uint32_t nr,
			const struct ctype_member *members)
{
	struct ctype_member *copy = native_alloc(t->native, nr, sizeof(*copy));

	memcpy(copy, members, nr * sizeof(*copy));
	r->members = copy;
	r->nr_members = nr;
}

static void make_types(struct types *t)
{
	struct native *n = t->native;

	t->integer = ctype_get_scalar(n, CTYPE_INTEGER, "int", 4, CTYPE_SIGNED);
	t->byte = ctype_get_scalar(n, CTYPE_CHAR, "char", 1, CTYPE_SIGNED);
	t->any = ctype_get_scalar(n, CTYPE_VOID, "void", 0, 0);
	t->node = record(t, CTYPE_STRUCT, "struct node", 24);

	struct ctype *u = record(t, CTYPE_UNION, "union (anonymous)", 8);

	set_members(t, u, 2,
		    (struct ctype_member[]){ MEMBER("text", ctype_get_pointer(n, t->byte), 0),
					     MEMBER("sub", ctype_get_pointer(n, t->node), 0) });
	set_members(t, t->node, 3,
		    (struct ctype_member[]){ MEMBER("next", ctype_get_pointer(n, t->node), 0),
					     MEMBER("key", t->integer, 8), MEMBER("u", u, 16) });

	t->list = record(t, CTYPE_STRUCT, "struct list", 8);
	t->list->flags |= CTYPE_FLEXIBLE;
	set_members(
		t, t->list, 2,
		(struct ctype_member[]){
			MEMBER("nr", t->integer, 0),
			MEMBER("items", ctype_get_array(n, ctype_get_pointer(n, t->node), 0), 8) });

	t->empty = record(t, CTYPE_STRUCT, "Empty", 1);
	t->derived = record(t, CTYPE_STRUCT, "struct derived", 32);
	set_members(t, t->derived, 3,
		    (struct ctype_member[]){ MEMBER("node", t->node, 0),
					     MEMBER("none", t->empty, 0),
					     MEMBER("more", t->integer, 24) });

	t->values = record(t, CTYPE_STRUCT, "struct values", 48);
	set_members(t, t->values, 1,
		    (struct ctype_member[]){ MEMBER("pairs", ctype_get_array(n, t->node, 2), 0) });
}

static int set_up(void **state)
{
	static struct types t;

	if (dump_open(getenv("MODEL_DUMP"), NULL, &t.dump) || heap_open(t.dump, NULL, &t.heap))
		return 1;
	t.native = t.heap->native;
	t.native->blocks = native_alloc(t.native, t.heap->nr_objects, sizeof(struct native_block));
	make_types(&t);
	*state = &t;
	return 0;
}

static int tear_down(void **state)
{
	struct types *t = *state;

	heap_close(t->heap);
	dump_close(t->dump);
	return 0;
}

/* ---- ctype.c ---- */

static void test_one_type_each(void **state)
{
	struct types *t = *state;
	struct native *n = t->native;
	const struct ctype *p = ctype_get_pointer(n, t->node);

	assert_ptr_equal(p, ctype_get_pointer(n, t->node));
	assert_string_equal(p->name, "struct node *");
	assert_string_equal(ctype_get_pointer(n, p)->name, "struct node **");
	assert_ptr_equal(ctype_get_array(n, p, 3), ctype_get_array(n, p, 3));
	assert_ptr_not_equal(ctype_get_array(n, p, 3), ctype_get_array(n, p, 4));
	assert_string_equal(ctype_get_array(n, t->integer, 3)->name, "int[3]");
	assert_int_equal(ctype_get_array(n, t->node, 3)->size, 72);
	/* as large as it cannot be: it has no size */
	assert_int_equal(ctype_get_array(n, t->node, UINT64_MAX / 2)->size, 0);
	assert_ptr_equal(ctype_get_counted(n, t->node, 2), ctype_get_counted(n, t->node, 2));
	assert_string_equal(ctype_get_counted(n, t->node, 2)->name, "struct node[]");
	assert_int_equal(ctype_get_counted(n, t->node, 2)->size, 56);
}

static void test_fit(void **state)
{
	struct types *t = *state;
	struct native *n = t->native;
	static const struct {
		uint64_t size;
		enum ctype_fit node, list;
	} expected[] = {
		{ 0, CTYPE_FIT_NONE, CTYPE_FIT_NONE },
		{ 7, CTYPE_FIT_NONE, CTYPE_FIT_NONE },
		{ 8, CTYPE_FIT_NONE, CTYPE_FIT_EXACT },
		{ 23, CTYPE_FIT_NONE, CTYPE_FIT_TAIL }, /* no whole number of items */
		{ 24, CTYPE_FIT_EXACT, CTYPE_FIT_FLEXIBLE },
		{ 25, CTYPE_FIT_TAIL, CTYPE_FIT_TAIL },
		{ 48, CTYPE_FIT_MANY, CTYPE_FIT_FLEXIBLE },
		{ 71, CTYPE_FIT_TAIL, CTYPE_FIT_TAIL },
		{ 72, CTYPE_FIT_MANY, CTYPE_FIT_FLEXIBLE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(ctype_find_fit(n, t->node, expected[i].size), expected[i].node);
		assert_int_equal(ctype_find_fit(n, t->list, expected[i].size), expected[i].list);
	}
	assert_int_equal(ctype_find_fit(n, t->any, 8), CTYPE_FIT_NONE);
}

static void test_find_at(void **state)
{
	struct types *t = *state;
	struct native *n = t->native;
	uint64_t base;

	assert_ptr_equal(ctype_find_at(n, t->node, 0, &base), ctype_get_pointer(n, t->node));
	assert_ptr_equal(ctype_find_at(n, t->node, 8, &base), t->integer);
	assert_null(ctype_find_at(n, t->node, 10, &base)); /* in the middle of it */
	assert_null(ctype_find_at(n, t->node, 12, &base)); /* padding */
	assert_null(ctype_find_at(n, t->node, 24, &base)); /* behind it */
	assert_int_equal(ctype_find_at(n, t->node, 20, &base)->kind, CTYPE_UNION);
	assert_int_equal(base, 16);
	assert_ptr_equal(ctype_find_at(n, t->values, 24 + 8, &base), t->integer);
	assert_null(ctype_find_at(n, t->values, 48, &base));
	/* open arrays go on behind the told end */
	assert_ptr_equal(ctype_find_at(n, t->list, 8 + 5 * 8, &base),
			 ctype_get_pointer(n, t->node));
	/* an empty member hides nothing */
	assert_ptr_equal(ctype_find_at(n, t->derived, 0, &base), ctype_get_pointer(n, t->node));
}

static void test_begins_with(void **state)
{
	struct types *t = *state;
	struct native *n = t->native;

	assert_true(ctype_begins_with(n, t->node, t->node));
	assert_true(ctype_begins_with(n, t->derived, t->node));
	assert_true(ctype_begins_with(n, t->derived, ctype_get_pointer(n, t->node)));
	assert_false(ctype_begins_with(n, t->node, t->derived));
	assert_false(ctype_begins_with(n, t->list, t->node));
	assert_false(ctype_begins_with(n, t->derived, t->empty));
}

/* A structure that has another one's members before its own, without saying so. */
static void test_extends(void **state)
{
	struct types *t = *state;
	struct ctype *same = record(t, CTYPE_STRUCT, "struct same", 40);

	set_members(t, same, 4,
		    (struct ctype_member[]){ t->node->members[0], t->node->members[1],
					     t->node->members[2], MEMBER("rest", t->integer, 32) });
	assert_true(ctype_extends(t->native, same, t->node));
	assert_false(ctype_extends(t->native, t->node, same));
	assert_false(ctype_extends(t->native, t->derived, t->node));
	assert_false(ctype_extends(t->native, t->node, t->node));
}

/* ---- layout.c ---- */

static void test_layout(void **state)
{
	struct types *t = *state;
	const struct layout *node = layout_get(t->native, t->node),
			    *values = layout_get(t->native, t->values),
			    *list = layout_get(t->native, t->list);

	assert_int_equal(node->nr, 1); /* not the union's */
	assert_ptr_equal(node->pointers[0].target, t->node);
	assert_null(node->rest);
	assert_int_equal(values->nr, 2);
	assert_int_equal(values->pointers[1].offset, 24);
	assert_int_equal(list->nr, 0);
	assert_ptr_equal(list->rest, ctype_get_pointer(t->native, t->node));
	assert_int_equal(list->rest_offset, 8);
	assert_ptr_equal(list, layout_get(t->native, t->list));
	assert_int_equal(layout_get(t->native, ctype_get_counted(t->native, t->node, 3))->nr, 3);
}

static void test_plausible(void **state)
{
	struct types *t = *state;
	uint64_t words[3] = { 0, 5, 0x1234 };
	const uint8_t *bytes = (const uint8_t *)words;

	assert_true(layout_is_plausible(t->native, t->node, bytes, sizeof(words)));
	words[0] = 0x1000000010; /* mapped */
	assert_true(layout_is_plausible(t->native, t->node, bytes, sizeof(words)));
	words[0] = 0x4141414141414141;
	assert_false(layout_is_plausible(t->native, t->node, bytes, sizeof(words)));
	/* what is not there says nothing */
	assert_true(layout_is_plausible(t->native, t->node, bytes, 4));
}

/* ---- union.c ---- */

static void test_unions(void **state)
{
	struct types *t = *state;
	struct native *n = t->native;
	const struct ctype *u = t->node->members[2].type;
	struct ctype *either = record(t, CTYPE_UNION, "union either", 16);
	struct ctype *same = record(t, CTYPE_STRUCT, "struct as large", 24);

	assert_int_equal(layout_get(n, t->node)->nr_unions, 1);
	assert_int_equal(layout_get(n, t->node)->unions[0].offset, 16);
	assert_ptr_equal(union_find_target(n, u, 0, 24), t->node);
	assert_null(union_find_target(n, u, 0, 25));
	/* of two that are as large nobody knows */
	set_members(t, either, 2,
		    (struct ctype_member[]){ MEMBER("one", ctype_get_pointer(n, t->node), 0),
					     MEMBER("other", ctype_get_pointer(n, same), 0) });
	assert_null(union_find_target(n, either, 0, 24));
	assert_null(union_find_target(n, either, 8, 24)); /* there is no pointer */
	either = record(t, CTYPE_UNION, "union of base and derived", 8);
	set_members(t, either, 2,
		    (struct ctype_member[]){ MEMBER("list", ctype_get_pointer(n, t->list), 0),
					     MEMBER("more", ctype_get_pointer(n, t->derived), 0) });
	assert_ptr_equal(union_find_target(n, either, 0, 24), t->list); /* two items */
	assert_null(union_find_target(n, either, 0, 32));		/* three, or the other */
}

/* ---- path.c ---- */

static void assert_path(struct types *t, const struct ctype *type, uint64_t offset,
			const char *expected)
{
	assert_string_equal(path_format(t->native, type, offset, true, NULL), expected);
}

static void test_paths(void **state)
{
	struct types *t = *state;
	struct native *n = t->native;

	assert_path(t, t->node, 0, ".next");
	assert_path(t, t->node, 8, ".key");
	assert_path(t, t->node, 10, ".key+0x2");
	assert_path(t, t->node, 12, "+0xc");
	assert_path(t, t->integer, 0, "");
	assert_path(t, t->derived, 0, ".node.next");
	assert_path(t, t->derived, 24, ".more");
	assert_path(t, t->values, 24, ".pairs[1].next");
	assert_path(t, t->list, 8 + 4 * 8, ".items[4]");
	assert_path(t, ctype_get_array(n, t->node, 0), 3 * 24 + 8, "[3].key");
	assert_path(t, ctype_get_counted(n, t->node, 4), 8 + 24, "[1].next");
	assert_string_equal(path_format(n, t->values, 24, false, NULL), ".pairs[*].next");
	/* which of a union's members it is what it leads to tells */
	assert_string_equal(path_format(n, t->node, 16, false, t->node), ".u.sub");
	assert_string_equal(path_format(n, t->node, 16, false, t->byte), ".u.text");
}

static void test_places(void **state)
{
	struct types *t = *state;

	assert_string_equal(path_format_place(t->native, t->derived, 24, false), ".more");
	assert_string_equal(path_format_place(t->native, t->values, 24, true), ".pairs[1]");
	assert_string_equal(path_format_place(t->native, t->values, 32, true), ".pairs[1].key");
}

/* ---- block.c ---- */

static node_id block_of_size(const struct types *t, uint64_t size)
{
	for (node_id i = 0; i < t->heap->nr_objects; i++) {
		if (block_size(t->heap, i) == size && block_is_open(t->native, i))
			return i;
	}
	fail_msg("no block of %lu bytes", size);
	return 0;
}

static void forget(struct types *t, node_id block)
{
	t->native->blocks[block] = (struct native_block){ 0 };
}

static const char *settled(struct types *t, node_id block, enum provenance provenance)
{
	block_settle(t->native, block);
	assert_int_equal(object_type(t->heap, block)->provenance, provenance);
	return object_type(t->heap, block)->name;
}

static void test_stronger_beliefs(void **state)
{
	struct types *t = *state;
	struct native *n = t->native;
	const node_id block = block_of_size(t, 24);

	forget(t, block);
	assert_true(block_believe(n, block, t->byte, BELIEF_BYTES, true));
	assert_true(block_believe(n, block, t->node, BELIEF_POINTED, false));
	assert_false(block_believe(n, block, t->node, BELIEF_POINTED, false)); /* no news */
	assert_false(block_believe(n, block, t->byte, BELIEF_BYTES, true));
	/* a guess, however strong, gives way to what is none */
	assert_false(block_believe(n, block, t->values, BELIEF_SITE, true));
	assert_ptr_equal(native_type_of(n, block), t->node);
	assert_int_equal(block_find_fit(n, block), CTYPE_FIT_EXACT);
}

static void test_conflicts(void **state)
{
	struct types *t = *state;
	struct native *n = t->native;
	const node_id block = block_of_size(t, 24);
	struct ctype *other = record(t, CTYPE_STRUCT, "struct other", 24);

	forget(t, block);
	assert_true(block_believe(n, block, t->node, BELIEF_POINTED, false));
	block_believe(n, block, other, BELIEF_POINTED, false);
	assert_null(native_type_of(n, block)); /* neither */
	assert_false(block_believe(n, block, t->node, BELIEF_POINTED, false));
	assert_string_equal(settled(t, block, PROVENANCE_INFERRED), "struct node|struct other");
	/* the site decides */
	assert_true(block_believe(n, block, other, BELIEF_SITE, false));
	assert_string_equal(settled(t, block, PROVENANCE_DWARF), "struct other");
}

static void test_prefixes(void **state)
{
	struct types *t = *state;
	struct native *n = t->native;
	const node_id block = block_of_size(t, 32);
	struct ctype *half = record(t, CTYPE_STRUCT, "struct half", 16);

	/* what it begins with, then what it is: derived from that */
	forget(t, block);
	assert_true(block_believe(n, block, t->node, BELIEF_PREFIX, false));
	assert_true(block_believe(n, block, t->derived, BELIEF_POINTED, false));
	assert_false(block_believe(n, block, t->node, BELIEF_PREFIX, false));
	assert_ptr_equal(native_type_of(n, block), t->derived);

	/* several, or begins with one: as it came about */
	forget(t, block);
	assert_true(block_believe(n, block, half, BELIEF_ARRAY, false));
	assert_int_equal(block_find_fit(n, block), CTYPE_FIT_MANY);
	assert_true(block_believe(n, block, half, BELIEF_HEADER, false));
	assert_int_equal(block_find_fit(n, block), CTYPE_FIT_TAIL);
	assert_false(block_believe(n, block, half, BELIEF_ARRAY, false));
	assert_string_equal(settled(t, block, PROVENANCE_INFERRED), "struct half + 16 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_type_each),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_find_at),
		cmocka_unit_test(test_begins_with),
		cmocka_unit_test(test_extends),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_plausible),
		cmocka_unit_test(test_unions),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_stronger_beliefs),
		cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
