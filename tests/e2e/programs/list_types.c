/* SPDX-License-Identifier: MIT */
/*
 * list_types DUMP: what the analyzer knows of every object, a line each: address, provenance, type,
 * relations by which roots hold it (joined by ;), separated by tabs.  Notes about binaries go to
 * standard error.  For tests of types on real programs.
 */
#include <stdio.h>

#include "typing/typing.h"

static void list_object(struct heap *h, node_id n)
{
	static const char *const provenances[] = {
#define PROVENANCE_TEXT(name, text, summary) text,
		PROVENANCES(PROVENANCE_TEXT)
#undef PROVENANCE_TEXT
	};
	const struct type *type = object_type(h, n);
	const char *separator = "";

	printf("%lx\t%s\t%s\t", dump_blocks(h->dump)->addr[n], provenances[type->provenance],
	       type->name);
	for (uint64_t k = h->in_first[n]; k < h->in_first[n + 1]; k++) {
		if (!node_is_root(h, h->in_from[k]))
			continue;
		printf("%s%s", separator, heap_relation(h, h->in_from[k], h->in_offset[k], n));
		separator = ";";
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct dump *d = NULL;
	struct heap *h = NULL;
	struct error *error =
		argc == 2 ? dump_open(argv[1], NULL, &d) : error_create("usage: list_types DUMP");
	size_t nr = 0;

	if (!error)
		error = heap_open(d, NULL, &h);
	if (!error)
		error = heap_need_graph(h);
	if (error) {
		fprintf(stderr, "list_types: %s\n", error->message);
		error_destroy(error);
		heap_close(h);
		dump_close(d);
		return 1;
	}
	for (node_id n = 0; n < h->nr_objects; n++)
		list_object(h, n);

	const char *const *notes = heap_notes(h, &nr);

	for (size_t i = 0; i < nr; i++)
		fprintf(stderr, "%s\n", notes[i]);
	heap_close(h);
	dump_close(d);
	return 0;
}
