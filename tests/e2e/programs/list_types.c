/* SPDX-License-Identifier: MIT */
/*
 * list_types DUMP: what the analyzer knows of every block, a line each: address, provenance, type,
 * relations by which roots hold it (joined by ;), separated by tabs.  list_types --relations DUMP:
 * every reference from block to block: address of either, name of the relation.  list_types
 * --parts DUMP: of every block that counts for another one the address, and the other's.  Notes
 * about binaries go to standard error.  HEAPCENSUS_SYMBOLS as for heapcensus.  For tests of types
 * on real programs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "typing/typing.h"

static void list_object(struct heap *h, node_id n)
{
	const struct type *type = object_type(h, n);
	const char *separator = "";

	printf("%lx\t%s\t%s\t", dump_blocks(h->dump)->addr[n], provenances[type->provenance].text,
	       type->name);
	for (uint64_t k = h->in_first[n]; k < h->in_first[n + 1]; k++) {
		if (!node_is_root(h, h->in_from[k]))
			continue;
		printf("%s%s", separator, heap_relation(h, h->in_from[k], h->in_offset[k], n));
		separator = ";";
	}
	putchar('\n');
}

static void list_relations(struct heap *h, node_id n)
{
	const uint64_t *addr = dump_blocks(h->dump)->addr;

	for (uint64_t e = h->out_first[n]; e < h->out_first[n + 1]; e++)
		printf("%lx\t%lx\t%s\n", addr[n], addr[h->out_to[e]],
		       heap_relation(h, n, h->out_offset[e], h->out_to[e]));
}

static void list_part(struct heap *h, node_id n)
{
	const uint64_t *addr = dump_blocks(h->dump)->addr;

	if (h->owner[n] != n && h->owner[n] != NODE_NONE)
		printf("%lx\t%lx\n", addr[n], addr[h->owner[n]]);
}

int main(int argc, char **argv)
{
	const bool relations = argc == 3 && !strcmp(argv[1], "--relations");
	const bool parts = argc == 3 && !strcmp(argv[1], "--parts");
	const struct heap_options options = { .unfolded = !parts,
					      .symbol_path = getenv("HEAPCENSUS_SYMBOLS") };
	struct dump *d = NULL;
	struct heap *h = NULL;
	struct error *error =
		argc == 2 + (relations || parts)
			? dump_open(argv[argc - 1], NULL, &d)
			: error_create("usage: list_types [--relations | --parts] DUMP");
	size_t nr = 0;

	if (!error)
		error = heap_open(d, &options, &h);
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
		(relations ? list_relations : parts ? list_part : list_object)(h, n);

	const char *const *notes = heap_notes(h, &nr);

	for (size_t i = 0; i < nr; i++)
		fprintf(stderr, "%s\n", notes[i]);
	heap_close(h);
	dump_close(d);
	return 0;
}
