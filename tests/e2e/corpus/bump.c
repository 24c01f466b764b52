/* SPDX-License-Identifier: MIT */
/*
 * Objects of C in slabs of the program's own: what is told of them comes from typed pointers only.
 */
#include <stdlib.h>

#include "truth.h"

#define SLAB 16384u

struct scope;
struct symbol {
	const char *name;
	struct symbol *next;
	struct scope *scope;
	long line;
};
struct scope {
	struct scope *parent;
	struct symbol *symbols;
	struct scope *first, *sibling;
	int depth, nr_symbols;
	double weights[3];
};
struct slab {
	struct slab *before;
	size_t used;
	char bytes[];
};

static char *at, *end;
struct slab *slabs;
struct scope *global;
struct symbol *last;

/* Either from a slab that begins with a header, or from one that is objects only. */
static void *take(size_t size, int has_header)
{
	if (has_header) {
		if (!slabs || slabs->used + size > SLAB - sizeof(*slabs)) {
			struct slab *s = malloc(SLAB);

			note(s, "struct slab");
			s->before = slabs;
			s->used = 0;
			slabs = s;
		}
		slabs->used += size;
		return memset(slabs->bytes + slabs->used - size, 0, size);
	}
	if ((size_t)(end - at) < size) {
		at = malloc(SLAB);
		note(at, "arena (struct symbol, struct scope)");
		memset(at, 0, SLAB);
		end = at + SLAB;
	}
	at += size;
	return at - size;
}

static struct scope *make_scope(struct scope *parent, int depth, int has_header)
{
	struct scope *s = take(sizeof(*s), has_header);

	s->parent = parent;
	s->depth = depth;
	for (int i = 0; i < 3 + depth % 4; i++) {
		struct symbol *symbol = take(sizeof(*symbol), has_header);

		symbol->name = "a symbol";
		symbol->next = s->symbols;
		symbol->scope = s;
		symbol->line = i;
		s->symbols = symbol;
		last = symbol;
		s->nr_symbols++;
	}
	for (int i = 0; depth < 7 && i < 3; i++) {
		struct scope *inner = make_scope(s, depth + 1, has_header);

		inner->sibling = s->first;
		s->first = inner;
	}
	return s;
}

/* Not in any slab. */
struct table {
	struct symbol *symbols[2048];
};
struct table *table;

int main(int argc, char **argv)
{
	(void)argv;
	global = make_scope(NULL, argc - 1, 0);
	global->sibling = make_scope(NULL, argc - 1, 1);
	table = calloc(1, sizeof(*table));
	note(table, "struct table");
	for (struct scope *s = global; s; s = s->first)
		table->symbols[s->depth] = s->symbols;
	wait_for_the_dump();
	return 0;
}
