/* SPDX-License-Identifier: MIT */
/*
 * heapcensus info: what a dump holds, for somebody who has just received it: whose it is, when and
 * how it was taken, how many blocks of which kind, how sure their types are, and above all what is
 * missing from it.
 */
#include "cmd/info.h"

#include "base/mem.h"
#include "cmd/cmd.h"
#include "heap/interior.h"

static const char doc[] =
	"Say what a dump holds: process, times, options, totals, and what was lost.\v"
	"Example: heapcensus info httrack.4711.1.hc";

struct info_arguments {
	const char *path;
	enum emit_format format;
	struct opened *opened;
	struct totals totals;
};

static const struct totals no_totals = {
#define KIND_ROW(value, label, text) [value].name = value == HC_KIND_ARENA ? NULL : text,
	.kinds = { HC_KINDS(KIND_ROW) },
#undef KIND_ROW
#define PROVENANCE_ROW(value, text, traits, summary) [PROVENANCE_##value].name = text,
	.provenances = { PROVENANCES(PROVENANCE_ROW) },
#undef PROVENANCE_ROW
#define EDGE_ROW(value, text, summary) [EDGE_KIND_##value] = { text, summary, 0 },
	.edges = { EDGE_KINDS(EDGE_ROW) },
#undef EDGE_ROW
	.maps = {
		[HC_MAP_OTHER].name = "anonymous",
		[HC_MAP_FILE].name = "file",
		[HC_MAP_HEAP].name = "heap",
		[HC_MAP_STACK].name = "stack",
		[HC_MAP_PROFILER].name = "heapcensus",
		[HC_MAP_KERNEL].name = "kernel",
	},
	.threads = {
		[HC_THREAD_GONE].name = "gone",
		[HC_THREAD_RUNNING].name = "running",
		[HC_THREAD_BLOCKED].name = "blocked",
		[HC_THREAD_DUMPING].name = "dumping",
	},
};

static void tally_add(struct tally *tally, uint64_t bytes)
{
	tally->nr++;
	tally->bytes += bytes;
}

static struct totals add_up(const struct dump *d, const struct heap *h)
{
	const struct dump_blocks *b = dump_blocks(d);
	struct totals t = no_totals;
	size_t nr;

	for (size_t i = 0; i < b->nr; i++) {
		if (b->kind[i] == HC_KIND_ARENA) {
			tally_add(&t.arenas, b->size[i]);
			continue;
		}
		if (h->owner[i] == NODE_NONE)
			tally_add(&t.left_out, b->size[i]);
		else if (h->owner[i] != i)
			tally_add(&t.folded, b->size[i]);
		tally_add(&t.all, b->size[i]);
		tally_add(&t.kinds[b->kind[i]], b->size[i]);
		tally_add(&t.provenances[object_type(h, (node_id)i)->provenance], b->size[i]);
	}
	for (size_t i = 0; i < h->nr_interiors; i++)
		tally_add(&t.interiors, h->interiors[i].size);
	dump_maps(d, &nr);
	for (size_t i = 0; i < nr; i++)
		tally_add(&t.maps[dump_maps(d, &nr)[i].kind],
			  dump_maps(d, &nr)[i].end - dump_maps(d, &nr)[i].start);
	dump_threads(d, &nr);
	for (size_t i = 0; i < nr; i++)
		t.threads[dump_threads(d, &nr)[i].state].nr++;
	return t;
}

/* Without contents there is nothing to count. */
static struct error *count_edges(struct totals *t, struct heap *h)
{
	struct error *error;

	if (!dump_has_contents(h->dump))
		return NULL;
	error = heap_count_edges(h);
	t->has_edges = !error;
	for (unsigned int i = 0; i < NR_EDGE_KINDS && !error; i++)
		t->edges[i].nr = h->edge_counts[i];
	return error;
}

/* What it has found is printed when it is sure. */
static struct error *answer(void *arg, FILE *out)
{
	struct info_arguments *arguments = arg;

	(void)out;
	arguments->totals = add_up(arguments->opened->dump, arguments->opened->heap);
	return count_edges(&arguments->totals, arguments->opened->heap);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct info_arguments *arguments = state->input;

	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = &arguments->format;
	state->child_inputs[1] = &arguments->path;
	return 0;
}

struct error *cmd_info(int argc, char **argv)
{
	static const struct argp_child children[] = { { &output_json_argp, 0, NULL, 0 },
						      { &dump_argp, 0, NULL, 0 },
						      { &cache_argp, 0, NULL, 0 },
						      { 0 } };
	static const struct argp argp = {
		.parser = parse, .args_doc = "DUMP", .doc = doc, .children = children
	};
	struct info_arguments arguments = { 0 };
	_cleanup_(cmd_close) struct opened o = { 0 };
	struct error *error;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	error = cmd_open(arguments.path, CMD_VIEW_USUAL, HEAP_NEED_BLOCKS, &o);
	arguments.opened = &o;
	if (!error)
		error = cmd_answer(&arguments.opened, 1, answer, &arguments);
	if (error)
		return error;
	if (arguments.format == EMIT_JSON)
		info_print_json(o.dump, &arguments.totals);
	else
		info_print_text(o.dump, &arguments.totals);
	return NULL;
}
