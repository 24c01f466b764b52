/* SPDX-License-Identifier: MIT */
/*
 * The recognisers over the blocks of tests/dumps/model.heap, in that file's order of blocks.
 * Environment: MODEL_DUMP names the dump.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "heap/demangle.h"
#include "typing/typing.h"

#define PARSE "<app+0x1234>"
#define FETCH "<app+0x222>"

static const struct expected {
	unsigned int nr; /* blocks in a row */
	const char *type;
	enum provenance provenance;
} expected[] = {
	{ 3, "Base", PROVENANCE_VTABLE_RTTI },		    /* base */
	{ 1, "app::Derived", PROVENANCE_VTABLE_RTTI },	    /* derived */
	{ 1, "Base[]", PROVENANCE_VTABLE_RTTI },	    /* vector */
	{ 1, FETCH, PROVENANCE_SITE },			    /* holder */
	{ 1, "Base[]", PROVENANCE_VTABLE_RTTI },	    /* cookie */
	{ 1, FETCH, PROVENANCE_SITE },			    /* middle: a secondary vtable */
	{ 1, "class@app+0x50a0", PROVENANCE_VTABLE_SHAPE }, /* shape */
	{ 1, FETCH, PROVENANCE_SITE },		    /* fake: its metaclass is not __cxxabiv1's */
	{ 1, FETCH, PROVENANCE_SITE },		    /* misnamed */
	{ 1, "Request", PROVENANCE_TAG },	    /* tagged: though it has a vtable */
	{ 1, "text", PROVENANCE_CONTENT },	    /* exact */
	{ 1, "text", PROVENANCE_CONTENT },	    /* roomy */
	{ 1, PARSE, PROVENANCE_SITE },		    /* short */
	{ 1, "text", PROVENANCE_CONTENT },	    /* utf8 */
	{ 1, PARSE, PROVENANCE_SITE },		    /* binary */
	{ 1, PARSE, PROVENANCE_SITE },		    /* named: text, then a pointer */
	{ 1, PARSE, PROVENANCE_SITE },		    /* pointer: printable bytes */
	{ 1, "wide text", PROVENANCE_CONTENT },	    /* wide */
	{ 1, "wide text", PROVENANCE_CONTENT },	    /* utf16 */
	{ 1, "zeroes", PROVENANCE_CONTENT },	    /* zeroes */
	{ 1, PARSE, PROVENANCE_SITE },		    /* few */
	{ 8, PARSE, PROVENANCE_SITE },		    /* item */
	{ 1, "pointer array", PROVENANCE_CONTENT }, /* array */
	{ 1, FETCH, PROVENANCE_SITE },		    /* struct: pointers to various things */
	{ 1, "<malloc>", PROVENANCE_NONE },	    /* nowhere */
};

static struct dump *open_model(void)
{
	struct dump *d = NULL;
	struct error *error = dump_open(getenv("MODEL_DUMP"), NULL, &d);

	if (error)
		fail_msg("%s", error->message);
	return d;
}

static void test_types(void **state)
{
	struct dump *d = open_model();
	struct heap *h;
	node_id n = 0;

	(void)state;
	assert_null(heap_open(d, NULL, &h));
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		for (unsigned int k = 0; k < expected[i].nr; k++, n++) {
			const struct type *type = object_type(h, n);

			if (strcmp(type->name, expected[i].type) ||
			    type->provenance != expected[i].provenance)
				fail_msg("block %u: %s (%u), not %s (%u)", n, type->name,
					 type->provenance, expected[i].type,
					 expected[i].provenance);
		}
	}
	heap_close(h);
	dump_close(d);
}

static void test_types_are_interned(void **state)
{
	struct dump *d = open_model();
	struct heap *h;

	(void)state;
	assert_null(heap_open(d, NULL, &h));
	for (uint32_t i = 0; i < h->nr_types; i++) {
		for (uint32_t k = i + 1; k < h->nr_types; k++)
			assert_false(h->types[i].name == h->types[k].name &&
				     h->types[i].provenance == h->types[k].provenance);
	}
	assert_int_equal(heap_intern_type(h, "Base", PROVENANCE_VTABLE_RTTI, 0), h->type[0]);
	heap_close(h);
	dump_close(d);
}

/* As programs write them. */
static void test_symbols(void **state)
{
	static const char *const symbols[][2] = {
		{ "_ZL5namesB5cxx11", "names" },
		{ "_ZN3web4PageB5cxx114nameB2v7Ev", "web::Page::name" },
		{ "_ZN5CacheISsE4loadEv", "Cache<std::string>::load" },
		{ "_ZN1SixEi", "S::operator[]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		char *name = demangle_symbol(symbols[i][0]);

		assert_string_equal(name, symbols[i][1]);
		free(name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_types_are_interned),
		cmocka_unit_test(test_symbols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
