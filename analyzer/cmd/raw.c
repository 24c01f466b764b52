/* SPDX-License-Identifier: MIT */
/*
 * heapcensus raw: the file as it is, for debugging a dump.  Without a section the table of chunks,
 * each read and checked; with one, its decoded records.  A damaged dump is shown up to the damage,
 * and what is wrong comes last, as the error.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/raw_records.h"
#include "dump/file.h"

static const char doc[] =
	"Show the chunks of a dump, or the decoded records of one SECTION (PROC, MODS, BLKS ...).\v"
	"Damaged dumps are shown as far as they can be read; the exit status is then 1.\n"
	"Example: heapcensus raw httrack.4711.1.hc THRD";

struct raw_arguments {
	const char *path;
	const char *section; /* NULL: the table */
	enum emit_format format;
};

/* A walk over the file: every chunk, whatever the one before was like. */
struct raw {
	struct dump_file *file;
	struct dump_buffer buffer;
	uint8_t *payload;
	struct dump_chunk *chunks;
	size_t nr, capacity;
	uint32_t section; /* id to show, 0: the table */
	bool found;
	struct json *json;
	struct record_output out;
};

static void raw_deinit(struct raw *r)
{
	dump_file_close(r->file);
	dump_buffer_deinit(&r->buffer);
	free(r->payload);
	free(r->chunks);
}

static const char *codec_name(uint32_t codec)
{
	return codec == HC_CODEC_ZSTD ? "zstd" : "none";
}

static void print_table_row(const struct raw *r, const struct dump_chunk *chunk,
			    const struct error *error)
{
	const struct hc_chunk_header *h = &chunk->header;
	char name[5];

	if (!r->json) {
		printf("%#10" PRIx64 "  %-7s %5u %10" PRIu64 " %10" PRIu64 "  %-5s  %016" PRIx64
		       "  %s\n",
		       chunk->offset, dump_section_name(h->id, name), h->part, h->raw_len,
		       h->stored_len, codec_name(h->codec), h->payload_checksum,
		       error ? "BAD" : "ok");
		return;
	}
	json_begin_object(r->json, NULL);
	json_number(r->json, "offset", chunk->offset);
	json_text(r->json, "section", dump_section_name(h->id, name));
	json_number(r->json, "part", h->part);
	json_number(r->json, "raw_len", h->raw_len);
	json_number(r->json, "stored_len", h->stored_len);
	json_text(r->json, "codec", codec_name(h->codec));
	json_addr(r->json, "payload_checksum", h->payload_checksum);
	json_text(r->json, "state", error ? error->message : "ok");
	json_end_object(r->json);
}

/* Reads one payload and prints what is to be shown of it. */
static struct error *show_chunk(struct raw *r, const struct dump_chunk *chunk)
{
	struct error *error;

	if (r->section && chunk->header.id != r->section)
		return NULL;
	r->found = true;
	r->payload = xrealloc(r->payload, chunk->header.raw_len, 1);
	error = dump_file_read_payload(r->file, &r->buffer, chunk, r->payload);
	if (!r->section)
		print_table_row(r, chunk, error);
	else if (!error)
		error = raw_print_records(&r->out, r->file, chunk, r->payload);
	return error;
}

/* Keeps the first error. */
static void keep_error(struct error **first, struct error *error)
{
	if (*first)
		error_destroy(error);
	else
		*first = error;
}

/* A payload that is damaged does not hide the chunks after it; a chunk header that is damaged does.
 */
static struct error *walk(struct raw *r)
{
	uint64_t offset = dump_file_header(r->file)->header_size;
	struct error *first = NULL;

	for (;;) {
		struct error *error;

		r->chunks = array_grow(r->chunks, r->nr, &r->capacity, sizeof(*r->chunks));
		error = dump_file_read_chunk(r->file, offset, &r->chunks[r->nr]);
		if (error) {
			keep_error(&first, error);
			return first;
		}
		keep_error(&first, show_chunk(r, &r->chunks[r->nr]));
		offset = dump_chunk_end(&r->chunks[r->nr++]);
		if (r->chunks[r->nr - 1].header.id == HC_SECTION_END)
			break;
	}
	return first ? first : dump_file_check_end(r->file, r->chunks, r->nr);
}

static struct error *print_text(struct raw *r)
{
	const struct hc_file_header *h = dump_file_header(r->file);
	struct error *error;

	if (!r->section) {
		printf("format %u.%u, file id %016" PRIx64 ", %" PRIu64 " bytes\n", h->major,
		       h->minor, h->file_id, dump_file_size(r->file));
		printf("%10s  %-7s %5s %10s %10s  %-5s  %-16s  %s\n", "offset", "section", "part",
		       "bytes", "stored", "codec", "checksum", "state");
	}
	error = walk(r);
	if (r->section && !r->found && !error)
		puts("(no such section in this dump)");
	return error;
}

static struct error *print_json(struct raw *r)
{
	const struct hc_file_header *h = dump_file_header(r->file);
	struct json json = { .out = stdout };
	struct error *error;

	r->json = &json;
	r->out.json = &json;
	json_begin_object(&json, NULL);
	json_number(&json, "major", h->major);
	json_number(&json, "minor", h->minor);
	json_addr(&json, "file_id", h->file_id);
	json_begin_array(&json, r->section ? "records" : "chunks");
	error = walk(r);
	json_end_array(&json);
	json_text(&json, "error", error ? error->message : NULL);
	json_end_object(&json);
	json_finish(&json);
	return error;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct raw_arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->format;
		state->child_inputs[1] = &arguments->path;
		return 0;
	case ARGP_KEY_ARG:
		if (!arguments->path)
			return ARGP_ERR_UNKNOWN;
		if (arguments->section)
			argp_error(state, "more than one section");
		arguments->section = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static struct error *find_section(const char *name, uint32_t *id)
{
	for (const struct dump_section_info *s = dump_sections; s->name; s++) {
		if (!strcasecmp(s->name, name)) {
			*id = s->id;
			return NULL;
		}
	}
	return error_create_usage("no section '%s'; 'heapcensus raw DUMP' lists those of a dump",
				  name);
}

struct error *cmd_raw(int argc, char **argv)
{
	static const struct argp_child children[] = { { &output_json_argp, 0, NULL, 0 },
						      { &dump_argp, 0, NULL, 0 },
						      { 0 } };
	static const struct argp argp = {
		.parser = parse, .args_doc = "DUMP [SECTION]", .doc = doc, .children = children
	};
	_cleanup_(raw_deinit) struct raw r = { 0 };
	struct raw_arguments arguments = { 0 };
	struct error *error = NULL;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (arguments.section)
		error = find_section(arguments.section, &r.section);
	if (!error)
		error = dump_file_open(arguments.path, &r.file);
	if (error)
		return error;
	return arguments.format == EMIT_JSON ? print_json(&r) : print_text(&r);
}
