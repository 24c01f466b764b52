/* SPDX-License-Identifier: MIT */
/*
 * Paths as a C programmer writes them: ".next", ".u.ptr", ".items[3].name"; of arrays "[*].next".
 */
#include "typing/native/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "typing/native/container.h"
#include "typing/native/native.h"

#define MEMBERS_MOST 2000

/* How well a union's member explains the word at an offset. */
enum match { MATCH_NONE, MATCH_REACHES, MATCH_POINTER, MATCH_TARGET };

struct matcher {
	struct native *native;
	const struct ctype *leads_to;
	unsigned int nr_left; /* members to look at: damaged debug information nests without end */
};

static enum match match_word(struct matcher *m, const struct ctype *t, uint64_t offset);

static const struct ctype_member *match_members(struct matcher *matcher, const struct ctype *t,
						uint64_t offset, enum match *best)
{
	const struct ctype_member *found = NULL;

	*best = MATCH_NONE;
	for (uint32_t i = 0; i < t->nr_members && *best < MATCH_TARGET; i++) {
		const struct ctype_member *m = &t->members[i];
		enum match match;

		if (m->offset > offset || !matcher->nr_left)
			continue;
		matcher->nr_left--;
		match = match_word(matcher, m->type, offset - m->offset);
		if (match <= *best)
			continue;
		*best = match;
		found = m;
	}
	return found;
}

static enum match match_scalar(const struct matcher *m, const struct ctype *t)
{
	if (!ctype_is_pointer(t))
		return MATCH_REACHES;
	return m->leads_to && ctype_begins_with(m->native, m->leads_to,
						ctype_complete(m->native, t->target))
		       ? MATCH_TARGET
		       : MATCH_POINTER;
}

static enum match match_word(struct matcher *m, const struct ctype *t, uint64_t offset)
{
	uint64_t base = 0;
	enum match match;

	t = ctype_complete(m->native, t);
	if (t->size && offset >= t->size)
		return MATCH_NONE;

	const struct ctype *scalar = ctype_find_at(m->native, t, offset, &base);

	if (!scalar)
		return MATCH_REACHES;
	if (scalar->kind != CTYPE_UNION)
		return match_scalar(m, scalar);
	match_members(m, scalar, offset - base, &match);
	return match;
}

/* The member of a union that is told of a word at offset; NULL: none reaches there. */
static const struct ctype_member *choose_member(struct native *n, const struct ctype *t,
						uint64_t offset, const struct ctype *leads_to)
{
	struct matcher m = { n, leads_to, MEMBERS_MOST };
	enum match match;

	return match_members(&m, t, offset, &match);
}

static bool is_library_type(const struct ctype *t)
{
	return t->flags & CTYPE_CXX &&
	       (!strncmp(t->name, "std::", 5) || !strncmp(t->name, "__gnu_cxx::", 11));
}

/* On the way down. */
struct descent {
	struct native *native;
	const struct ctype *t;
	uint64_t offset; /* left to go, from the start of t */
	bool exact_index;
	bool is_in_library; /* the record before was one of the library's */
};

/* Has the member a name that programs know?  The library's own begin with an underscore, also those
 * of records in its records that have no name. */
static bool is_told(struct descent *d, const struct ctype *record, const struct ctype_member *m)
{
	const bool is_anonymous = strstr(record->name, "(anonymous)");

	d->is_in_library = is_library_type(record) || (is_anonymous && d->is_in_library);
	return *m->name && !(m->flags & CTYPE_MEMBER_BASE) &&
	       !(*m->name == '_' && d->is_in_library);
}

/* One step towards the offset, told to out; false: there is none. */
static bool step(struct descent *d, FILE *out, const struct ctype *leads_to)
{
	const struct ctype *whole = ctype_complete(d->native, d->t);
	const struct ctype_member *m = NULL;

	if (whole->kind == CTYPE_ARRAY && whole->target->size) {
		if (d->exact_index)
			fprintf(out, "[%lu]", d->offset / whole->target->size);
		else
			fputs("[*]", out);
		d->offset %= whole->target->size;
		d->t = whole->target;
		return true;
	}
	if (container_type_of(d->native, whole)) {
		d->offset = 0; /* whichever of its words */
		return false;
	}
	if (whole->kind == CTYPE_STRUCT)
		m = ctype_find_member(whole, d->offset);
	else if (whole->kind == CTYPE_UNION)
		m = choose_member(d->native, whole, d->offset, leads_to);
	if (!m)
		return false;
	if (is_told(d, whole, m))
		fprintf(out, ".%s", m->name);
	d->offset -= m->offset;
	d->t = m->type;
	return true;
}

const char *path_format(struct native *n, const struct ctype *t, uint64_t offset, bool exact_index,
			const struct ctype *leads_to)
{
	struct descent d = { n, t, offset, exact_index, false };
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		mem_exhausted();
	for (int depth = 0; depth < PATH_DEPTH_MAX; depth++) {
		if (!step(&d, out, leads_to))
			break;
	}
	if (d.offset)
		fprintf(out, "+0x%lx", d.offset);
	fclose(out);
	return heap_intern_name(n->heap, text);
}

const char *path_format_place(struct native *n, const struct ctype *t, uint64_t offset,
			      bool exact_index)
{
	struct descent d = { n, t, offset, exact_index, false };
	const bool is_library = is_library_type(ctype_complete(n, t));
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		mem_exhausted();
	for (int depth = 0; depth < PATH_DEPTH_MAX && d.offset; depth++) {
		if (!step(&d, out, NULL))
			break;
	}
	if (d.offset)
		fprintf(out, "+0x%lx", d.offset);
	fclose(out);
	/* A base class has no name of its own. */
	return heap_intern_name(n->heap, *text || is_library ? text : d.t->name);
}
