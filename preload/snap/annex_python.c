/* SPDX-License-Identifier: MIT */
/*
 * Names of CPython's classes that lie in modules: those of the class itself and of its C members
 * are constants of the binary, also where the class itself was made at run time from a PyType_Spec.
 * Static classes are found by their type: PyType_Type, or a static class of classes.  The snapshot
 * child only; every read is guarded.
 */
#include "snap/annex.h"

#include <string.h>

#include "snap/copy.h"
#include "target/python.h"
#include "rt/sys.h"
#include "rt/ban.h"

/* PyTypeObject, the same in all versions. */
#define OB_TYPE		 8
#define TP_NAME		 24
#define TP_FLAGS	 168
#define TP_MEMBERS	 240
#define TYPE_SUBCLASS	 (1ul << 31) /* of tp_flags: its objects are classes */
#define TYPE_SIZE	 400
#define GC_HEAD		 16
#define METACLASSES_MOST 16
#define MEMBERS_MOST	 128

/* PyMemberDef */
struct member {
	uint64_t name, type, offset, flags, doc;
};

/* Classes whose objects are classes. */
struct metaclasses {
	uint32_t nr;
	uint64_t types[METACLASSES_MOST];
};

static bool is_metaclass(const struct metaclasses *m, uint64_t type)
{
	for (uint32_t i = 0; i < m->nr; i++)
		if (m->types[i] == type)
			return true;
	return false;
}

static void note_members(struct image *im, uint64_t table)
{
	struct member member;

	for (uint32_t i = 0; i < MEMBERS_MOST; i++) {
		const uint64_t at = table + i * sizeof(member);

		if (!copy_memory(&member, at, sizeof(member)))
			return;
		annex_add_memory(im, at, at + sizeof(member));
		if (!member.name)
			return;
		annex_add_name(im, member.name);
	}
}

static void note_names(struct image *im, uint64_t type)
{
	uint64_t name, members;

	if (!copy_word(&name, type + TP_NAME) || !copy_word(&members, type + TP_MEMBERS))
		return;
	annex_add_name(im, name);
	if (members)
		note_members(im, members);
}

static void note_class(struct image *im, struct metaclasses *m, uint64_t type)
{
	uint64_t flags = 0;

	note_names(im, type);
	copy_word(&flags, type + TP_FLAGS);
	if (flags & TYPE_SUBCLASS && m->nr < METACLASSES_MOST && !is_metaclass(m, type))
		m->types[m->nr++] = type;
}

static void search_area(struct image *im, struct metaclasses *m, const struct area *a)
{
	uint64_t words[PAGES_SIZE / 8];
	uint64_t end;

	for (uint64_t at = (a->start + 7) & ~7ull; at < a->end; at = end) {
		end = (at | (PAGES_SIZE - 1)) + 1;
		if (end > a->end)
			end = a->end;
		if (!copy_memory(words, at, end - at))
			continue;
		for (uint64_t i = 0; i < (end - at) / 8; i++)
			if (words[i] && is_metaclass(m, words[i]))
				note_class(im, m, at + i * 8 - OB_TYPE);
	}
}

void annex_note_python(struct image *im)
{
	struct metaclasses m = { .nr = 1, .types = { target_python.type_type } };
	uint32_t known = 0;

	/* A class of classes may stand behind its classes. */
	while (target_python.type_type && known < m.nr) {
		known = m.nr;
		for (uint64_t i = 0; i < im->layout.nr; i++)
			if (im->layout.items[i].kind == AREA_DATA)
				search_area(im, &m, &im->layout.items[i]);
	}
}

void annex_note_python_block(struct image *im, uint64_t addr, uint64_t size)
{
	uint64_t type;

	if (target_python.type_type && size >= GC_HEAD + TYPE_SIZE &&
	    copy_word(&type, addr + GC_HEAD + OB_TYPE) && type == target_python.type_type)
		note_names(im, addr + GC_HEAD);
}
