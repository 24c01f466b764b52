/* SPDX-License-Identifier: MIT */
/*
 * heapcensus info as JSON.
 */
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/info.h"

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

static void emit_tallies(struct json *j, const char *name, const struct tally *tallies, size_t nr)
{
	json_begin_object(j, name);
	for (size_t i = 0; i < nr; i++) {
		if (tallies[i].name)
			emit_tally(j, tallies[i].name, &tallies[i]);
	}
	json_end_object(j);
}

static void emit_edges(struct json *j, const struct totals *t)
{
	if (!t->has_edges)
		return;
	json_begin_object(j, "references");
	for (size_t i = 0; i < NR_EDGE_KINDS; i++)
		json_number(j, t->edges[i].name, t->edges[i].nr);
	json_end_object(j);
}

void info_print_json(const struct dump *d, const struct totals *t)
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
	emit_tallies(&j, "kinds", t->kinds, ARRAY_SIZE(t->kinds));
	emit_tallies(&j, "provenances", t->provenances, NR_PROVENANCES);
	emit_edges(&j, t);
	emit_tallies(&j, "mappings", t->maps, ARRAY_SIZE(t->maps));
	json_begin_object(&j, "threads");
	for (size_t i = 0; i < ARRAY_SIZE(t->threads); i++)
		json_number(&j, t->threads[i].name, t->threads[i].nr);
	json_end_object(&j);
	json_end_object(&j);
	json_finish(&j);
}
