/* SPDX-License-Identifier: MIT */
/*
 * heapcensus info as text.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "base/text.h"
#include "cmd/info.h"
#include "heapcensus/count_list.h"

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
static void print_tallies(const char *title, const struct tally *tallies, size_t nr,
			  const struct tally *all)
{
	struct human h;

	if (!all->nr)
		return;
	printf("\n%-16s%12s%7s%12s%7s\n", title, "count", "%", "bytes", "%");
	for (size_t i = 0; i < nr; i++)
		if (tallies[i].nr)
			printf("  %-14s%12" PRIu64 "%7.1f%12s%7.1f\n", tallies[i].name,
			       tallies[i].nr, percent(tallies[i].nr, all->nr),
			       human_bytes(&h, tallies[i].bytes),
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
		nr += t->edges[i].nr;
	return nr;
}

static void print_edges(const struct totals *t)
{
	const uint64_t all = count_all_edges(t);

	if (!all)
		return;
	printf("\n%-16s%12s%7s\n", "References", "count", "%");
	for (size_t i = 0; i < NR_EDGE_KINDS; i++)
		if (t->edges[i].nr)
			printf("  %-14s%12" PRIu64 "%7.1f  %s\n", t->edges[i].name, t->edges[i].nr,
			       percent(t->edges[i].nr, all), t->edges[i].summary);
}

static void print_threads(const struct totals *t)
{
	const char *comma = "";

	printf("\nThreads     ");
	for (size_t i = 0; i < ARRAY_SIZE(t->threads); i++) {
		if (!t->threads[i].nr)
			continue;
		printf("%s%" PRIu64 " %s", comma, t->threads[i].nr, t->threads[i].name);
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

void info_print_text(const struct dump *d, const struct totals *t)
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
	print_tallies("Made by", t->kinds, ARRAY_SIZE(t->kinds), &t->all);
	print_tallies("Type known by", t->provenances, NR_PROVENANCES, &t->all);
	print_edges(t);
	print_tallies("Address space", t->maps, ARRAY_SIZE(t->maps), &maps);
	print_losses(d);
}
