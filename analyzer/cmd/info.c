/* SPDX-License-Identifier: MIT */
/*
 * heapcensus info: what a dump holds, for somebody who has just received it: whose it is, when and
 * how it was taken, how many blocks of which kind, how sure their types are, and above all what is
 * missing from it.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "heap/interior.h"
#include "heapcensus/count_list.h"

static const char doc[] =
	"Say what a dump holds: process, times, options, totals, and what was lost.\v"
	"Example: heapcensus info httrack.4711.1.hc";

struct info_arguments {
	const char *path;
	enum emit_format format;
};

/* A count and its bytes. */
struct tally {
	uint64_t nr;
	uint64_t bytes;
};

/* What is added up over the dump before anything is printed. */
struct totals {
	struct tally all;      /* arenas are not among them: their pieces are blocks of their own */
	struct tally left_out; /* of all: on free lists */
	struct tally folded;   /* of all: parts of others */
	uint64_t edges[NR_EDGE_KINDS];
	bool has_edges;
	struct tally arenas;
	struct tally interiors; /* of all: objects inside the program's own arenas */
	struct tally kinds[HC_KIND_LIMIT];
	struct tally provenances[NR_PROVENANCES];
	struct tally maps[HC_MAP_KERNEL + 1];
	uint64_t threads[HC_THREAD_DUMPING + 1];
};

static const char *const kind_names[HC_KIND_LIMIT] = {
#define KIND_NAME(value, name, text) [value] = value == HC_KIND_ARENA ? NULL : text,
	HC_KINDS(KIND_NAME)
#undef KIND_NAME
};

static const char *const provenance_names[NR_PROVENANCES] = {
#define PROVENANCE_NAME(name, text, traits, summary) [PROVENANCE_##name] = text,
	PROVENANCES(PROVENANCE_NAME)
#undef PROVENANCE_NAME
};

static const char *const edge_names[NR_EDGE_KINDS] = {
#define EDGE_NAME(name, text, summary) [EDGE_KIND_##name] = text,
	EDGE_KINDS(EDGE_NAME)
#undef EDGE_NAME
};

static const char *const edge_summaries[NR_EDGE_KINDS] = {
#define EDGE_SUMMARY(name, text, summary) [EDGE_KIND_##name] = summary,
	EDGE_KINDS(EDGE_SUMMARY)
#undef EDGE_SUMMARY
};

static const char *const map_names[] = {
	[HC_MAP_OTHER] = "anonymous", [HC_MAP_FILE] = "file",		[HC_MAP_HEAP] = "heap",
	[HC_MAP_STACK] = "stack",     [HC_MAP_PROFILER] = "heapcensus", [HC_MAP_KERNEL] = "kernel",
};

static const char *const thread_names[] = {
	[HC_THREAD_GONE] = "gone",
	[HC_THREAD_RUNNING] = "running",
	[HC_THREAD_BLOCKED] = "blocked",
	[HC_THREAD_DUMPING] = "dumping",
};

static const struct {
	const char *key;
	const char *text;
} losses[] = {
#define LOSS_ROW(name, text) { #name, text },
	HC_COUNTS(LOSS_ROW)
#undef LOSS_ROW
};

/* What a count means; a newer preload may count what this program has no words for. */
static const char *loss_text(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(losses); i++)
		if (!strcmp(losses[i].key, key))
			return losses[i].text;
	return key;
}

static void tally_add(struct tally *tally, uint64_t bytes)
{
	tally->nr++;
	tally->bytes += bytes;
}

static struct totals add_up(const struct dump *d, const struct heap *h)
{
	const struct dump_blocks *b = dump_blocks(d);
	struct totals t = { 0 };
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
		t.threads[dump_threads(d, &nr)[i].state]++;
	return t;
}

/* Without contents there is nothing to count. */
static struct error *count_edges(struct totals *t, struct heap *h)
{
	struct error *error;

	if (!dump_has_contents(h->dump))
		return NULL;
	error = heap_need_graph(h);
	if (error)
		return error;
	t->has_edges = true;
	for (node_id n = 0; n < h->nr_nodes; n++) {
		for (uint64_t e = h->out_first[n]; e < h->out_first[n + 1]; e++)
			t->edges[heap_edge_kind(h, n, h->out_offset[e])]++;
	}
	return NULL;
}

static void print_line(const char *name, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void print_line(const char *name, const char *format, ...)
{
	va_list args;

	printf("%-12s", name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void print_command_line(const struct dump *d)
{
	const struct dump_kvs *proc = dump_proc(d);

	for (size_t i = 0; i < proc->nr; i++) {
		const struct dump_kv *kv = &proc->items[i];

		if (strcmp(kv->key, "cmdline") || kv->type != HC_KV_LIST)
			continue;
		printf("%-12s", "Command");
		for (uint32_t at = 0; at < kv->text.len;
		     at += (uint32_t)strlen(kv->text.bytes + at) + 1) {
			if (at)
				putchar(' ');
			text_print(stdout, kv->text.bytes + at);
		}
		putchar('\n');
	}
}

static void print_process(const struct dump *d)
{
	const uint64_t uptime = dump_proc_number(d, "dump_monotonic_ns", 0) -
				dump_proc_number(d, "start_monotonic_ns", 0);
	_cleanup_free_ char *exe =
		text_escape(dump_proc_text(d, "exe"), strlen(dump_proc_text(d, "exe")));
	const char *host = dump_proc_text(d, "host"), *reason = dump_proc_text(d, "reason");
	const char *allocator = dump_proc_text(d, "allocator"),
		   *stacks = dump_proc_text(d, "stacks");
	_cleanup_free_ char *host_text = text_escape(host ? host : "?", strlen(host ? host : "?"));
	struct human h;

	print_line("Program", "%s, process %" PRIu64 " on %s", exe, dump_proc_number(d, "pid", 0),
		   host_text);
	print_command_line(d);
	print_line("Taken", "%s, number %" PRIu64 " of the process, because of: %s",
		   human_time(&h, dump_proc_number(d, "dump_realtime_ns", 0)),
		   dump_proc_number(d, "dump_number", 0), reason ? reason : "?");
	print_line("After", "%s", human_duration(&h, uptime));
	print_line("Stopped for", "%s", human_duration(&h, dump_proc_number(d, "pause_ns", 0)));
	print_line("Allocator", "%s", allocator ? allocator : "?");
	print_line("Contents", "%s", dump_proc_text(d, "contents"));
	print_line("Stacks", "%s", stacks ? stacks : "?");
	print_line("Resident", "%s", human_bytes(&h, dump_proc_number(d, "rss_bytes", 0)));
	print_line("Heapcensus", "%s of its own",
		   human_bytes(&h, dump_proc_number(d, "profiler_bytes", 0)));
}

static void print_options(const struct dump *d)
{
	const struct dump_kvs *proc = dump_proc(d);

	for (size_t i = 0; i < proc->nr; i++) {
		const struct dump_kv *kv = &proc->items[i];

		if (strncmp(kv->key, "option.", 7) || kv->type != HC_KV_TEXT)
			continue;
		printf("%-12s%s=", "Option", kv->key + 7);
		text_print(stdout, kv->text.bytes);
		putchar('\n');
	}
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* One table: a row for each name with something in it. */
static void print_tallies(const char *title, const char *const *names, const struct tally *tallies,
			  size_t nr, const struct tally *all)
{
	struct human h;

	if (!all->nr)
		return;
	printf("\n%-16s%12s%7s%12s%7s\n", title, "count", "%", "bytes", "%");
	for (size_t i = 0; i < nr; i++)
		if (tallies[i].nr)
			printf("  %-14s%12" PRIu64 "%7.1f%12s%7.1f\n", names[i], tallies[i].nr,
			       percent(tallies[i].nr, all->nr), human_bytes(&h, tallies[i].bytes),
			       percent(tallies[i].bytes, all->bytes));
}

static struct tally sum(const struct tally *tallies, size_t nr)
{
	struct tally all = { 0 };

	for (size_t i = 0; i < nr; i++) {
		all.nr += tallies[i].nr;
		all.bytes += tallies[i].bytes;
	}
	return all;
}

static uint64_t count_all_edges(const struct totals *t)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < NR_EDGE_KINDS; i++)
		nr += t->edges[i];
	return nr;
}

static void print_edges(const struct totals *t)
{
	const uint64_t all = count_all_edges(t);

	if (!all)
		return;
	printf("\n%-16s%12s%7s\n", "References", "count", "%");
	for (size_t i = 0; i < NR_EDGE_KINDS; i++)
		if (t->edges[i])
			printf("  %-14s%12" PRIu64 "%7.1f  %s\n", edge_names[i], t->edges[i],
			       percent(t->edges[i], all), edge_summaries[i]);
}

static void print_threads(const struct totals *t)
{
	const char *comma = "";

	printf("\nThreads     ");
	for (size_t i = 0; i < ARRAY_SIZE(t->threads); i++) {
		if (!t->threads[i])
			continue;
		printf("%s%" PRIu64 " %s", comma, t->threads[i], thread_names[i]);
		comma = ", ";
	}
	printf("%s\n", *comma ? "" : "none known");
}

static void print_losses(const struct dump *d)
{
	const struct dump_kvs *counts = dump_counts(d);
	bool any = false;

	puts("\nMissing from this dump");
	for (size_t i = 0; i < counts->nr; i++) {
		const struct dump_kv *kv = &counts->items[i];

		if (kv->type != HC_KV_U64 || !kv->number)
			continue;
		printf("%12" PRIu64 " %s\n", kv->number, loss_text(kv->key));
		any = true;
	}
	if (!any)
		puts("  nothing: every block that is alive is in it");
}

static void print_text(const struct dump *d, const struct totals *t)
{
	const struct tally maps = sum(t->maps, ARRAY_SIZE(t->maps));
	size_t nr_modules, nr_stacks, nr_places;
	struct human h;

	dump_modules(d, &nr_modules);
	dump_stacks(d, &nr_stacks);
	dump_places(d, &nr_places);
	print_line("Dump", "%s, %s, format %u.%u", dump_path(d),
		   human_bytes(&h, dump_file_bytes(d)), dump_header(d)->major,
		   dump_header(d)->minor);
	print_process(d);
	print_options(d);
	print_line("Modules", "%zu", nr_modules);
	print_line("Frames", "%zu", nr_stacks - 1);
	if (nr_places > 1)
		print_line("Lines", "%zu of Python code", nr_places - 1);
	print_threads(t);
	print_line("Blocks", "%" PRIu64 " of %" PRIu64 " bytes", t->all.nr, t->all.bytes);
	if (t->left_out.nr)
		print_line("Free lists",
			   "%" PRIu64 " blocks of %" PRIu64 " bytes, which show leaves out",
			   t->left_out.nr, t->left_out.bytes);
	if (t->folded.nr)
		print_line("Folded",
			   "%" PRIu64 " blocks of %" PRIu64
			   " bytes, which show counts for what holds them",
			   t->folded.nr, t->folded.bytes);
	if (t->arenas.nr)
		print_line("Arenas", "%" PRIu64 " of %" PRIu64 " bytes, in which other blocks lie",
			   t->arenas.nr, t->arenas.bytes);
	if (t->interiors.nr)
		print_line("Interior",
			   "%" PRIu64 " objects of %" PRIu64 " bytes inside blocks that are arenas",
			   t->interiors.nr, t->interiors.bytes);
	print_tallies("Made by", kind_names, t->kinds, ARRAY_SIZE(t->kinds), &t->all);
	print_tallies("Type known by", provenance_names, t->provenances, NR_PROVENANCES, &t->all);
	print_edges(t);
	print_tallies("Address space", map_names, t->maps, ARRAY_SIZE(t->maps), &maps);
	print_losses(d);
}

static void emit_kvs(struct json *j, const char *name, const struct dump_kvs *kvs)
{
	json_begin_object(j, name);
	for (size_t i = 0; i < kvs->nr; i++)
		cmd_emit_kv(j, &kvs->items[i]);
	json_end_object(j);
}

static void emit_tally(struct json *j, const char *name, const struct tally *tally)
{
	json_begin_object(j, name);
	json_number(j, "count", tally->nr);
	json_number(j, "bytes", tally->bytes);
	json_end_object(j);
}

static void emit_tallies(struct json *j, const char *name, const char *const *names,
			 const struct tally *tallies, size_t nr)
{
	json_begin_object(j, name);
	for (size_t i = 0; i < nr; i++) {
		if (names[i])
			emit_tally(j, names[i], &tallies[i]);
	}
	json_end_object(j);
}

static void emit_edges(struct json *j, const struct totals *t)
{
	if (!t->has_edges)
		return;
	json_begin_object(j, "references");
	for (size_t i = 0; i < NR_EDGE_KINDS; i++)
		json_number(j, edge_names[i], t->edges[i]);
	json_end_object(j);
}

static void print_json(const struct dump *d, const struct totals *t)
{
	struct json j = { .out = stdout };

	json_begin_object(&j, NULL);
	json_text(&j, "path", dump_path(d));
	json_number(&j, "file_bytes", dump_file_bytes(d));
	json_number(&j, "format_major", dump_header(d)->major);
	json_number(&j, "format_minor", dump_header(d)->minor);
	json_number(&j, "blocks", t->all.nr);
	json_number(&j, "bytes", t->all.bytes);
	emit_tally(&j, "free_lists", &t->left_out);
	emit_tally(&j, "folded", &t->folded);
	emit_tally(&j, "arenas", &t->arenas);
	emit_tally(&j, "interiors", &t->interiors);
	emit_kvs(&j, "process", dump_proc(d));
	emit_kvs(&j, "losses", dump_counts(d));
	emit_kvs(&j, "allocator", dump_alloc(d));
	emit_tallies(&j, "kinds", kind_names, t->kinds, ARRAY_SIZE(t->kinds));
	emit_tallies(&j, "provenances", provenance_names, t->provenances, NR_PROVENANCES);
	emit_edges(&j, t);
	emit_tallies(&j, "mappings", map_names, t->maps, ARRAY_SIZE(t->maps));
	json_begin_object(&j, "threads");
	for (size_t i = 0; i < ARRAY_SIZE(t->threads); i++)
		json_number(&j, thread_names[i], t->threads[i]);
	json_end_object(&j);
	json_end_object(&j);
	json_finish(&j);
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
	struct totals totals;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	error = cmd_open(arguments.path, CMD_VIEW_USUAL, &o);
	if (error)
		return error;
	totals = add_up(o.dump, o.heap);
	error = count_edges(&totals, o.heap);
	if (error)
		return error;
	if (arguments.format == EMIT_JSON)
		print_json(o.dump, &totals);
	else
		print_text(o.dump, &totals);
	return NULL;
}
