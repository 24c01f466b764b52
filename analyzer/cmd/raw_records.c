/* SPDX-License-Identifier: MIT */
/*
 * One printer for each shape of section.  Arrays are described by tables of their fields; nothing
 * here looks into another section, so strings and modules appear as their indices.
 */
#include "cmd/raw_records.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "dump/decode.h"

#define TEXT_SHOWN  200u /* bytes of a value; JSON has all of them */
#define BYTES_SHOWN 32u	 /* of a range */

enum field_format { FIELD_DECIMAL, FIELD_SIGNED, FIELD_HEX };

struct field {
	const char *name;
	size_t offset;
	size_t size;
	enum field_format format;
};

/* clang-format off */
#define FIELD(type, name, format) \
	{ #name, offsetof(struct type, name), sizeof(((struct type *)0)->name), FIELD_##format }
/* clang-format on */

static const struct field module_fields[] = {
	FIELD(hc_module, bias, HEX),
	FIELD(hc_module, start, HEX),
	FIELD(hc_module, end, HEX),
	FIELD(hc_module, path, DECIMAL),
	FIELD(hc_module, build_id, DECIMAL),
	FIELD(hc_module, flags, HEX),
	{ 0 },
};
static const struct field segment_fields[] = {
	FIELD(hc_segment, start, HEX),
	FIELD(hc_segment, end, HEX),
	FIELD(hc_segment, file_offset, HEX),
	FIELD(hc_segment, file_size, HEX),
	FIELD(hc_segment, module, DECIMAL),
	FIELD(hc_segment, prot, HEX),
	FIELD(hc_segment, relro_start, HEX),
	FIELD(hc_segment, relro_end, HEX),
	{ 0 },
};
static const struct field map_fields[] = {
	FIELD(hc_map, start, HEX),
	FIELD(hc_map, end, HEX),
	FIELD(hc_map, file_offset, HEX),
	FIELD(hc_map, prot, HEX),
	FIELD(hc_map, kind, DECIMAL),
	FIELD(hc_map, path, DECIMAL),
	{ 0 },
};
static const struct field thread_fields[] = {
	FIELD(hc_thread, slot, DECIMAL),
	FIELD(hc_thread, tid, SIGNED),
	FIELD(hc_thread, first_tick, DECIMAL),
	FIELD(hc_thread, last_tick, DECIMAL),
	FIELD(hc_thread, state, DECIMAL),
	FIELD(hc_thread, name, DECIMAL),
	FIELD(hc_thread, sp, HEX),
	FIELD(hc_thread, pc, HEX),
	FIELD(hc_thread, stack_start, HEX),
	FIELD(hc_thread, stack_end, HEX),
	FIELD(hc_thread, tls, HEX),
	FIELD(hc_thread, nr_allocated, DECIMAL),
	FIELD(hc_thread, nr_freed, DECIMAL),
	FIELD(hc_thread, bytes_allocated, DECIMAL),
	FIELD(hc_thread, bytes_freed, DECIMAL),
	{ 0 },
};
static const struct field register_fields[] = {
	FIELD(hc_register, tid, SIGNED),
	FIELD(hc_register, regno, DECIMAL),
	FIELD(hc_register, value, HEX),
	{ 0 },
};
static const struct field place_fields[] = {
	FIELD(hc_python_place, file, DECIMAL),
	FIELD(hc_python_place, function, DECIMAL),
	FIELD(hc_python_place, line, DECIMAL),
	{ 0 },
};
static const struct field stack_fields[] = {
	FIELD(hc_stack_node, pc, HEX),
	FIELD(hc_stack_node, parent, DECIMAL),
	{ 0 },
};
static const struct field attr_fields[] = {
	FIELD(hc_attr, tag, DECIMAL),
	FIELD(hc_attr, scope, DECIMAL),
	{ 0 },
};
static const struct field label_fields[] = {
	FIELD(hc_label, addr, HEX),
	FIELD(hc_label, text, DECIMAL),
	{ 0 },
};
static const struct field relation_fields[] = {
	FIELD(hc_relation, addr, HEX),
	FIELD(hc_relation, offset, HEX),
	FIELD(hc_relation, text, DECIMAL),
	{ 0 },
};
static const struct field run_fields[] = {
	FIELD(hc_resident_run, start, HEX),
	FIELD(hc_resident_run, end, HEX),
	{ 0 },
};
static const struct field end_fields[] = {
	FIELD(hc_end, nr_chunks, DECIMAL),
	FIELD(hc_end, file_size, DECIMAL),
	FIELD(hc_end, chunks_checksum, HEX),
	{ 0 },
};

/* Start, fields, end of one record. */
static void begin_record(struct record_output *out)
{
	if (out->json) {
		json_begin_object(out->json, NULL);
		json_number(out->json, "index", out->index);
	} else {
		printf("[%" PRIu64 "]", out->index);
	}
}

static void end_record(struct record_output *out)
{
	if (out->json)
		json_end_object(out->json);
	else
		putchar('\n');
	out->index++;
}

static void number_field(struct record_output *out, const char *name, uint64_t value)
{
	if (out->json)
		json_number(out->json, name, value);
	else
		printf(" %s=%" PRIu64, name, value);
}

static void signed_field(struct record_output *out, const char *name, int64_t value)
{
	if (out->json)
		json_signed(out->json, name, value);
	else
		printf(" %s=%" PRId64, name, value);
}

static void hex_field(struct record_output *out, const char *name, uint64_t value)
{
	if (out->json)
		json_addr(out->json, name, value);
	else
		printf(" %s=0x%" PRIx64, name, value);
}

static void text_field(struct record_output *out, const char *name, const char *text, size_t len)
{
	_cleanup_free_ char *escaped = NULL;

	if (out->json) {
		json_bytes(out->json, name, text, len);
		return;
	}
	escaped = text_escape_max(text, len, TEXT_SHOWN);
	printf(" %s=\"%s\"", name, escaped);
}

static void print_fields(struct record_output *out, const struct field *fields, const uint8_t *item)
{
	begin_record(out);
	for (const struct field *f = fields; f->name; f++) {
		uint64_t value = 0;

		memcpy(&value, item + f->offset, f->size);
		if (f->format == FIELD_HEX)
			hex_field(out, f->name, value);
		else if (f->format == FIELD_SIGNED)
			signed_field(out, f->name, (int32_t)value);
		else
			number_field(out, f->name, value);
	}
	end_record(out);
}

static struct error *print_items(struct record_output *out, const struct dump_file *file,
				 const struct dump_chunk *chunk, const uint8_t *payload,
				 const struct field *fields)
{
	const size_t size = chunk->header.id == HC_SECTION_END ? sizeof(struct hc_end)
							       : dump_item_size(chunk->header.id);
	const uint64_t len = chunk->header.raw_len;

	for (size_t at = 0; at + size <= len; at += size)
		print_fields(out, fields, payload + at);
	if (len % size)
		return dump_chunk_error(file, chunk, "%" PRIu64 " bytes are no whole number of %zu",
					len, size);
	return NULL;
}

static void list_field(struct record_output *out, const uint8_t *value, size_t len)
{
	const char *text = (const char *)value;

	if (out->json)
		json_begin_array(out->json, "value");
	for (size_t at = 0; at < len; at += strlen(text + at) + 1) {
		if (out->json)
			json_text(out->json, NULL, text + at);
		else
			text_field(out, "value", text + at, strlen(text + at));
	}
	if (out->json)
		json_end_array(out->json);
}

static struct error *print_kvs(struct record_output *out, const struct dump_file *file,
			       const struct dump_chunk *chunk, const uint8_t *payload,
			       const struct field *fields)
{
	size_t at = 0;

	(void)fields;
	while (at < chunk->header.raw_len) {
		struct kv_record r;
		struct error *error = decode_kv(file, chunk, payload, &at, &r);

		if (error)
			return error;
		begin_record(out);
		text_field(out, "key", (const char *)r.key, r.head.key_len);
		if (r.head.type == HC_KV_U64)
			number_field(out, "value", column_u64(r.value, 0));
		else if (r.head.type == HC_KV_LIST)
			list_field(out, r.value, r.head.val_len);
		else
			text_field(out, "value", (const char *)r.value, r.head.val_len);
		end_record(out);
	}
	return NULL;
}

static struct error *print_strings(struct record_output *out, const struct dump_file *file,
				   const struct dump_chunk *chunk, const uint8_t *payload,
				   const struct field *fields)
{
	size_t at = 0;

	(void)fields;
	while (at < chunk->header.raw_len) {
		struct string_record r;
		struct error *error = decode_string(file, chunk, payload, &at, &r);

		if (error)
			return error;
		begin_record(out);
		text_field(out, "text", r.bytes, r.len);
		end_record(out);
	}
	return NULL;
}

static struct error *print_blocks(struct record_output *out, const struct dump_file *file,
				  const struct dump_chunk *chunk, const uint8_t *payload,
				  const struct field *fields)
{
	_cleanup_free_ uint8_t *spare = xmalloc(chunk->header.raw_len);
	struct block_columns c;
	struct error *error =
		chunk->header.raw_len ? decode_blocks(file, chunk, payload, spare, &c) : NULL;
	uint64_t addr;

	(void)fields;
	if (error || !chunk->header.raw_len)
		return error;
	addr = c.head.first_addr;
	for (size_t i = 0; i < c.head.count; i++) {
		addr += column_u32(c.delta, i);
		begin_record(out);
		hex_field(out, "addr", addr);
		number_field(out, "size", column_size(&c, i));
		number_field(out, "tick", column_u32(c.tick, i));
		number_field(out, "seq", column_u32(c.seq, i));
		number_field(out, "stack", column_u32(c.stack, i));
		number_field(out, "thread", column_u16(c.thread, i));
		number_field(out, "attr", column_u16(c.attr, i));
		number_field(out, "kind", c.kind[i]);
		number_field(out, "flags", c.flags[i]);
		end_record(out);
	}
	return NULL;
}

static struct error *print_contents(struct record_output *out, const struct dump_file *file,
				    const struct dump_chunk *chunk, const uint8_t *payload,
				    const struct field *fields)
{
	struct hc_bmem_header head;

	(void)fields;
	if (!chunk->header.raw_len)
		return NULL;
	if (chunk->header.raw_len < sizeof(head))
		return dump_chunk_error(file, chunk, "too short for its header");
	memcpy(&head, payload, sizeof(head));
	begin_record(out);
	number_field(out, "first_block", head.first_block);
	number_field(out, "nr_blocks", head.nr_blocks);
	number_field(out, "bytes", chunk->header.raw_len - sizeof(head));
	end_record(out);
	return NULL;
}

static void bytes_field(struct record_output *out, const uint8_t *bytes, size_t len)
{
	const size_t shown = len < BYTES_SHOWN ? len : BYTES_SHOWN;
	char hex[2 * BYTES_SHOWN + 1] = "";

	for (size_t i = 0; i < shown; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	text_field(out, "bytes", hex, strlen(hex));
}

static struct error *print_ranges(struct record_output *out, const struct dump_file *file,
				  const struct dump_chunk *chunk, const uint8_t *payload,
				  const struct field *fields)
{
	size_t at = 0;

	(void)fields;
	while (at < chunk->header.raw_len) {
		struct range_record r;
		struct error *error = decode_range(file, chunk, payload, &at, &r);

		if (error)
			return error;
		begin_record(out);
		hex_field(out, "addr", r.head.addr);
		number_field(out, "len", r.head.len);
		number_field(out, "kind", r.head.kind);
		signed_field(out, "tid", r.head.tid);
		bytes_field(out, r.bytes, r.head.len);
		end_record(out);
	}
	return NULL;
}

static const struct printer {
	uint32_t id;
	struct error *(*print)(struct record_output *out, const struct dump_file *file,
			       const struct dump_chunk *chunk, const uint8_t *payload,
			       const struct field *fields);
	const struct field *fields; /* of print_items */
	uint64_t first_index;
} printers[] = {
	{ HC_SECTION_PROC, print_kvs, NULL, 0 },
	{ HC_SECTION_CNTR, print_kvs, NULL, 0 },
	{ HC_SECTION_ALLC, print_kvs, NULL, 0 },
	{ HC_SECTION_STRS, print_strings, NULL, 1 },
	{ HC_SECTION_MODS, print_items, module_fields, 0 },
	{ HC_SECTION_SEGS, print_items, segment_fields, 0 },
	{ HC_SECTION_MAPS, print_items, map_fields, 0 },
	{ HC_SECTION_THRD, print_items, thread_fields, 0 },
	{ HC_SECTION_REGS, print_items, register_fields, 0 },
	{ HC_SECTION_PYFR, print_items, place_fields, 1 },
	{ HC_SECTION_STAK, print_items, stack_fields, 1 },
	{ HC_SECTION_ATTR, print_items, attr_fields, 1 },
	{ HC_SECTION_BLKS, print_blocks, NULL, 0 },
	{ HC_SECTION_LABL, print_items, label_fields, 0 },
	{ HC_SECTION_RELN, print_items, relation_fields, 0 },
	{ HC_SECTION_BMEM, print_contents, NULL, 0 },
	{ HC_SECTION_RMEM, print_ranges, NULL, 0 },
	{ HC_SECTION_ANEX, print_ranges, NULL, 0 },
	{ HC_SECTION_RESI, print_items, run_fields, 0 },
	{ HC_SECTION_END, print_items, end_fields, 0 },
};

struct error *raw_print_records(struct record_output *out, const struct dump_file *file,
				const struct dump_chunk *chunk, const uint8_t *payload)
{
	for (size_t i = 0; i < ARRAY_SIZE(printers); i++) {
		if (printers[i].id != chunk->header.id)
			continue;
		if (!chunk->header.part)
			out->index = printers[i].first_index;
		return printers[i].print(out, file, chunk, payload, printers[i].fields);
	}
	return dump_chunk_error(file, chunk, "this heapcensus does not know what is in it");
}
