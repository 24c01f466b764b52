/* SPDX-License-Identifier: MIT */
/*
 * C++ dynamic types.  The first word of a polymorphic object points at its class's vtable, { offset
 * to top, type_info, functions... }, behind the first two of these.  Three ways to its name, the
 * surest first: the type_info (works stripped), the _ZTV symbol, and for classes built without RTTI
 * the shape alone: two null words, then code, in constant memory of a C++ module.
 */
#include <string.h>

#include "base/mem.h"
#include "base/word.h"
#include "typing/recogniser.h"
#include "typing/rtti.h"

#define SEARCH_MAX (1u << 20) /* bytes of a block */

/* Memory that nobody writes after relocation. */
static bool is_constant(const struct hc_segment *g, uint64_t addr)
{
	return !(g->prot & 2) || (addr >= g->relro_start && addr < g->relro_end);
}

static const char *name_by_symbol(struct typing *t, uint64_t vtable, bool knows_top)
{
	struct symbol symbol;

	if (!symbols_find(t->heap->symbols, vtable, SYMBOL_OBJECT, &symbol))
		return NULL;
	/* Virtual bases put offsets before the usual two words. */
	if (vtable < symbol.addr + 16 || (!knows_top && vtable != symbol.addr + 16))
		return NULL;
	return rtti_vtable_symbol_name(t, symbol.name);
}

/* "class@libfoo.so+0x1234", or NULL where the place does not look like a vtable without RTTI. */
static const char *name_by_shape(struct typing *t, uint64_t vtable, const struct hc_segment *g)
{
	struct symbols *symbols = t->heap->symbols;
	struct symbol symbol;
	uint64_t top, info, function[2];
	size_t nr;

	if (g->prot & 4)
		return NULL;
	if (!rtti_read_word(t, vtable - 16, &top) || top || !rtti_read_word(t, vtable - 8, &info) ||
	    info)
		return NULL;
	for (unsigned int i = 0; i < 2; i++) {
		if (!rtti_read_word(t, vtable + i * 8, &function[i]) ||
		    !symbols_is_code(symbols, function[i]))
			return NULL;
	}
	/* Tables of functions in C look the same; and a symbol that covers the place has been asked
	 * already. */
	if (!symbols_is_cxx(symbols, g->module) ||
	    symbols_find(symbols, vtable, SYMBOL_OBJECT, &symbol))
		return NULL;

	const uint64_t bias = dump_modules(t->heap->dump, &nr)[g->module].bias;
	_cleanup_free_ char *name =
		xasprintf("class@%s+0x%lx", symbols_module_name(symbols, g->module), vtable - bias);

	return heap_intern_name(t->heap, name);
}

static uint32_t vtable_recognise(struct typing *t, uint64_t vtable)
{
	const struct hc_segment *g = symbols_find_segment(t->heap->symbols, vtable);
	uint64_t top, info;
	const char *name;

	if (!g || vtable % 8 || !is_constant(g, vtable))
		return TYPE_UNSURE;

	const bool knows_top = rtti_read_word(t, vtable - 16, &top);

	if (knows_top && top)
		return TYPE_UNSURE; /* of a base inside an object: this is not where one starts */
	if (knows_top && rtti_read_word(t, vtable - 8, &info) && info &&
	    (name = rtti_class_name(t, info))) {
		const uint32_t type = heap_intern_type(t->heap, name, PROVENANCE_VTABLE_RTTI, 0);

		t->heap->types[type].bases = rtti_base_names(t, info);
		return type;
	}
	name = name_by_symbol(t, vtable, knows_top);
	if (name)
		return heap_intern_type(t->heap, name, PROVENANCE_VTABLE_SYMBOL, 0);
	name = name_by_shape(t, vtable, g);
	return name ? heap_intern_type(t->heap, name, PROVENANCE_VTABLE_SHAPE, 0) : TYPE_UNSURE;
}

uint32_t vtable_get_type(struct typing *t, uint64_t vtable)
{
	if (!symbols_find_segment(t->heap->symbols, vtable))
		return TYPE_UNSURE; /* most first words: not worth a place in the map */

	uint64_t *cached = map_find_or_insert(&t->vtables, vtable, 0);

	if (*cached == MAP_EMPTY)
		*cached = vtable_recognise(t, vtable);
	return *cached;
}

uint32_t vtable_find_type(const struct typing *t, uint64_t word)
{
	const uint64_t type = map_find(&t->vtables, word, 0);

	return type == MAP_EMPTY ? TYPE_UNSURE : (uint32_t)type;
}

static uint32_t array_type(struct typing *t, uint32_t type)
{
	const struct type element = t->heap->types[type];
	_cleanup_free_ char *name = xasprintf("%s[]", element.name);
	_cleanup_free_ char *bases = xasprintf("%s\n%s", element.name, element.bases);
	const uint32_t array = heap_intern_type(t->heap, name, element.provenance, 0);

	t->heap->types[array].bases = heap_intern_name(t->heap, bases);
	return array;
}

/* new T[n] of a class with a destructor: n, then the objects. */
static uint32_t recognise_cookie(struct typing *t, const uint8_t *bytes, uint64_t size)
{
	if (size < 16)
		return TYPE_UNSURE;

	const uint64_t nr = load_word(bytes, 0), vtable = load_word(bytes, 8);

	if (!nr || nr > (size - 8) / 8 || (size - 8) % nr)
		return TYPE_UNSURE;

	const uint64_t element_size = (size - 8) / nr;

	if (element_size % 8 || (nr > 1 && load_word(bytes, 8 + element_size) != vtable))
		return TYPE_UNSURE;

	const uint32_t type = vtable_get_type(t, vtable);

	return type == TYPE_UNSURE ? type : array_type(t, type);
}

uint32_t recognise_vtable(struct typing *t, node_id n, const uint8_t *bytes, uint64_t size)
{
	if (!bytes || size < 8 || t->blocks->addr[n] % 8)
		return TYPE_UNSURE;

	const uint32_t type = vtable_get_type(t, load_word(bytes, 0));

	if (type == TYPE_UNSURE && t->blocks->kind[n] == HC_KIND_NEW_ARRAY)
		return recognise_cookie(t, bytes, size);
	return type;
}

bool vtable_is_single(const struct type *type)
{
	return provenance_is(type->provenance, BY_VTABLE) && !strstr(type->name, "[]");
}

/* Where in a block its first word stands again, from `offset` on; 0: nowhere. */
static uint64_t find_again(const uint8_t *bytes, uint64_t size, uint64_t offset)
{
	const uint64_t vtable = load_word(bytes, 0);

	for (; offset + 8 <= size && offset < SEARCH_MAX; offset += 8) {
		if (load_word(bytes, offset) == vtable)
			return offset;
	}
	return 0;
}

/* No object is a part of one of its own class. */
static bool contains_itself(const struct typing *t, node_id n)
{
	return find_again(dump_block_bytes(t->heap->dump, n), t->blocks->size[n], 8);
}

struct type_size {
	uint32_t type;
	uint64_t nr;	  /* objects of the type */
	uint64_t size;	  /* of most of them */
	uint64_t nr_size; /* ... how many */
};

static bool is_object(const struct typing *t, node_id n)
{
	return vtable_is_single(object_type(t->heap, n));
}

/* For every type its most frequent size.  [nr_types], the caller frees it. */
static struct type_size *count_sizes(struct typing *t)
{
	const struct heap *h = t->heap;
	struct type_size *sizes = xcalloc(h->nr_types, sizeof(*sizes));
	struct map counts = { 0 };

	for (node_id n = 0; n < h->nr_objects; n++) {
		struct type_size *s = &sizes[h->type[n]];

		if (!is_object(t, n) || contains_itself(t, n))
			continue;

		uint64_t *count = map_find_or_insert(&counts, h->type[n], t->blocks->size[n]);

		*count = *count == MAP_EMPTY ? 1 : *count + 1;
		s->nr++;
		if (*count > s->nr_size || (*count == s->nr_size && t->blocks->size[n] < s->size)) {
			s->nr_size = *count;
			s->size = t->blocks->size[n];
		}
	}
	map_deinit(&counts);
	return sizes;
}

/* Several objects of one class side by side, and nowhere between, as in the buffer of a vector. */
static bool is_array_of(const uint8_t *bytes, uint64_t size, uint64_t element_size)
{
	uint64_t at =
		element_size >= 8 && size % element_size == 0 ? find_again(bytes, size, 8) : 0;

	if (!at || at != element_size)
		return false;
	while (at && at % element_size == 0)
		at = find_again(bytes, size, at + 8);
	return !at;
}

/*
 * All objects of a class have one size.  A block that begins with a class's vtable and has another
 * is an array of such objects, or something else that holds one first: an arena, a struct whose
 * first member it is, memory that was not written since.  So is one that holds another.
 */
static uint32_t settle_object(struct typing *t, node_id n, const struct type_size *usual)
{
	const uint8_t *bytes = dump_block_bytes(t->heap->dump, n);
	const uint64_t size = t->blocks->size[n];

	if (is_array_of(bytes, size, usual->size))
		return array_type(t, t->heap->type[n]);

	static recognise_fn *const others[] = { recognise_content, recognise_site, recognise_kind };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		const uint32_t other = others[i](t, n, bytes, size);

		if (other != TYPE_UNSURE)
			return other;
	}
	return 0;
}

/* Objects with room behind them come in all sizes. */
static bool has_another_size(const struct type_size *s, uint64_t size)
{
	return size != s->size && s->nr > 1 && s->nr_size * 2 >= s->nr;
}

void vtable_settle(struct typing *t)
{
	struct heap *h = t->heap;
	const uint32_t nr_types = h->nr_types; /* those of arrays come later */
	_cleanup_free_ struct type_size *sizes = count_sizes(t);

	for (node_id n = 0; n < h->nr_objects; n++) {
		const uint32_t type = h->type[n];

		if (type >= nr_types || !is_object(t, n))
			continue;
		if (t->blocks->kind[n] == HC_KIND_POOL)
			continue; /* its size is what its pool gave */
		if (has_another_size(&sizes[type], t->blocks->size[n]) || contains_itself(t, n))
			h->type[n] = settle_object(t, n, &sizes[type]);
	}
}
