/* SPDX-License-Identifier: MIT */
/*
 * Names of the words that an instance has by its class: what the class and its bases say in
 * tp_members (which is also where __slots__ are), and what only the C sources say.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "heap/private.h"
#include "heap/symbol.h"
#include "typing/cpython/member_library.h"
#include "typing/cpython/member_list.h"
#include "typing/cpython/names.h"

#define MEMBERS_MAX 512
#define NAME_MAX    256
#define BASES_MAX   64

/* struct PyMemberDef */
#define MEMBER_NAME	 0u
#define MEMBER_TYPE	 8u
#define MEMBER_OFFSET	 16u
#define MEMBER_SIZE	 40u
#define MEMBER_OBJECT	 6u  /* T_OBJECT */
#define MEMBER_OBJECT_EX 16u /* T_OBJECT_EX */

static const struct cpython_member_row rows[] = {
#define MEMBER_ROW(class, relation, ...) { class, relation, { __VA_ARGS__ } },
	CPYTHON_MEMBERS(MEMBER_ROW) CPYTHON_QUIET_MEMBERS(MEMBER_ROW)
		CPYTHON_LIBRARY_MEMBERS(MEMBER_ROW)
#undef MEMBER_ROW
};

#define COUNT_ROW(...) +1
#define FIRST_QUIET    (0 CPYTHON_MEMBERS(COUNT_ROW)) /* of the rows */

/* From the dump, or else from the module's file: names of C members are constants. */
static bool read_any(const struct cpython *p, uint64_t addr, void *to, size_t len)
{
	const uint8_t *bytes;

	if (cpython_read(p, addr, to, len))
		return true;
	bytes = symbols_find_bytes(p->heap->symbols, addr, len);
	if (bytes)
		memcpy(to, bytes, len);
	return bytes;
}

static bool read_text(const struct cpython *p, uint64_t addr, char to[NAME_MAX])
{
	for (size_t i = 0; i < NAME_MAX; i++) {
		if (!read_any(p, addr + i, &to[i], 1))
			return false;
		if (!to[i])
			return i > 0;
	}
	return false;
}

static void add_member(struct cpython *p, struct cpython_members *m, uint64_t offset,
		       const char *relation, bool is_quiet)
{
	for (size_t i = 0; i < m->nr; i++)
		if (m->items[i].offset == offset)
			return; /* the most derived class comes first */
	m->items = array_grow(m->items, m->nr, &m->capacity, sizeof(*m->items));
	m->items[m->nr++] =
		(struct cpython_member){ offset, heap_intern_name(p->heap, relation), is_quiet };
}

static void add_fixed(struct cpython *p, struct cpython_members *m, const char *class)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const uint16_t offset = rows[i].offsets[p->version->minor - 8];

		if (offset != CPYTHON_NO_MEMBER && !strcmp(rows[i].class, class))
			add_member(p, m, offset, rows[i].relation, i >= FIRST_QUIET);
	}
}

static void add_declared(struct cpython *p, struct cpython_members *m, uint64_t class)
{
	const uint64_t table = cpython_word(p, class + CPYTHON_TP_MEMBERS);

	for (uint64_t i = 0; table && i < MEMBERS_MAX; i++) {
		uint8_t def[MEMBER_SIZE];
		uint64_t name, offset;
		uint32_t type;
		char text[NAME_MAX + 1] = ".";

		if (!read_any(p, table + i * MEMBER_SIZE, def, sizeof(def)))
			return;
		memcpy(&name, def + MEMBER_NAME, sizeof(name));
		memcpy(&type, def + MEMBER_TYPE, sizeof(type));
		memcpy(&offset, def + MEMBER_OFFSET, sizeof(offset));
		if (!name)
			return;
		if ((type == MEMBER_OBJECT || type == MEMBER_OBJECT_EX) &&
		    read_text(p, name, text + 1))
			add_member(p, m, offset, text, false);
	}
}

/* PyHeapTypeObject's own, whose places differ. */
static void add_heap_type(struct cpython *p, struct cpython_members *m)
{
	const struct cpython_version *v = p->version;

	add_member(p, m, v->ht_name, ".__name__", false);
	add_member(p, m, v->ht_slots, ".__slots__", false);
	add_member(p, m, v->ht_qualname, ".__qualname__", false);
	if (v->ht_module)
		add_member(p, m, v->ht_module, "->ht_module", false);
}

static void make_members(struct cpython *p, const struct cpython_class *c,
			 struct cpython_members *m)
{
	unsigned int depth = 0;

	if (c->shape == CPYTHON_SHAPE_TYPE)
		add_heap_type(p, m);
	if (c->dictoffset > 0)
		add_member(p, m, (uint64_t)c->dictoffset, ".__dict__", false);
	for (; c && depth < BASES_MAX; c = cpython_find_class(p, c->base), depth++) {
		char name[NAME_MAX];

		if (c->is_heap)
			add_fixed(p, m, c->name);
		else if (read_text(p, cpython_word(p, c->addr + CPYTHON_TP_NAME), name))
			add_fixed(p, m, name);
		add_declared(p, m, c->addr);
	}
}

/* NULL: the class came after the names were begun. */
static const struct cpython_members *members_of(struct cpython *p, const struct cpython_class *c)
{
	const uint32_t index = (uint32_t)(c - p->classes);
	struct cpython_members *m;

	if (!p->names)
		p->names = cpython_names_create(p->nr_classes);
	if (index >= p->names->nr_classes)
		return NULL;
	m = &p->names->members[index];
	if (!m->is_known) {
		make_members(p, c, m);
		m->is_known = true;
	}
	return m;
}

static const struct cpython_member *find_member(struct cpython *p, const struct cpython_class *c,
						uint64_t offset)
{
	const struct cpython_members *m = members_of(p, c);

	for (size_t i = 0; m && i < m->nr; i++)
		if (m->items[i].offset == offset)
			return &m->items[i];
	return NULL;
}

const char *cpython_member_name(struct cpython *p, const struct cpython_class *c, uint64_t offset)
{
	const struct cpython_member *member = find_member(p, c, offset);

	return member ? member->relation : NULL;
}

bool cpython_is_quiet_member(struct cpython *p, const struct cpython_class *c, uint64_t offset)
{
	const struct cpython_member *member = find_member(p, c, offset);

	return member && member->is_quiet;
}

static const struct {
	const char *class, *relation;
	uint64_t offset;
} item_rows[] = {
#define ITEM_ROW(class, relation, offset) { class, relation, offset },
	CPYTHON_ITEM_MEMBERS(ITEM_ROW)
#undef ITEM_ROW
};

const char *cpython_item_name(struct cpython *p, const struct cpython_class *c, uint64_t offset)
{
	const size_t prefix = strlen("builtins.");
	const char *name = c->name + (strncmp(c->name, "builtins.", prefix) ? 0 : prefix);

	for (size_t i = 0; i < ARRAY_SIZE(item_rows); i++)
		if (offset >= item_rows[i].offset && !strcmp(item_rows[i].class, name))
			return intern_format(p->heap->private->names, "%s[%lu]",
					     item_rows[i].relation,
					     (offset - item_rows[i].offset) / 8);
	return NULL;
}

bool cpython_find_member(struct cpython *p, const struct cpython_class *c, const char *name,
			 uint64_t *offset)
{
	const struct cpython_members *m = members_of(p, c);

	for (size_t i = 0; m && i < m->nr; i++) {
		const char *relation = m->items[i].relation;

		if (relation[0] == '.' && !strcmp(relation + 1, name)) {
			*offset = m->items[i].offset;
			return true;
		}
	}
	return false;
}

struct cpython_names *cpython_names_create(uint32_t nr_classes)
{
	struct cpython_names *names = xcalloc(1, sizeof(*names));

	names->members = xcalloc(nr_classes + 1ul, sizeof(*names->members));
	names->nr_classes = nr_classes;
	return names;
}

void cpython_names_destroy(struct cpython_names *names)
{
	if (!names)
		return;
	for (uint32_t i = 0; i < names->nr_classes; i++)
		free(names->members[i].items);
	for (size_t i = 0; i < names->ranks.nr_slots; i++)
		if (names->ranks.slots[i].value != MAP_EMPTY)
			free((void *)(uintptr_t)names->ranks.slots[i].value);
	map_deinit(&names->ranks);
	map_deinit(&names->values);
	map_deinit(&names->keys);
	map_deinit(&names->parts);
	map_deinit(&names->deques);
	free(names->members);
	free(names);
}
