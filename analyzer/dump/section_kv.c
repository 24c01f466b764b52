/* SPDX-License-Identifier: MIT */
/*
 * PROC, CNTR and ALLC: keys and values.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "dump/decode.h"
#include "dump/internal.h"

/* PROC keys without which nothing can be said about the others. */
static const struct {
	const char *key;
	enum hc_kv_type type;
} required_keys[] = {
	{ "exe", HC_KV_TEXT },
	{ "contents", HC_KV_TEXT },
	{ "pid", HC_KV_U64 },
	{ "tick_ns", HC_KV_U64 },
	{ "start_monotonic_ns", HC_KV_U64 },
	{ "dump_monotonic_ns", HC_KV_U64 },
	{ "start_realtime_ns", HC_KV_U64 },
	{ "dump_realtime_ns", HC_KV_U64 },
};

#define NR_KVS_MAX  4096u
#define TICK_NS_MAX (1ull << 31)
#define TIME_NS_MAX (1ull << 63)

static const struct dump_kv *find_key(const struct dump_kvs *kvs, const char *key)
{
	for (size_t i = 0; i < kvs->nr; i++)
		if (!strcmp(kvs->items[i].key, key))
			return &kvs->items[i];
	return NULL;
}

uint64_t dump_proc_number(const struct dump *d, const char *key, uint64_t missing)
{
	const struct dump_kv *kv = find_key(&d->proc, key);

	return kv && kv->type == HC_KV_U64 ? kv->number : missing;
}

const char *dump_proc_text(const struct dump *d, const char *key)
{
	const struct dump_kv *kv = find_key(&d->proc, key);

	return kv && kv->type == HC_KV_TEXT ? kv->text.bytes : NULL;
}

static void add_record(struct dump_kvs *kvs, size_t *capacity, const struct kv_record *record)
{
	struct dump_kv *kv;

	kvs->items = array_grow(kvs->items, kvs->nr, capacity, sizeof(*kvs->items));
	kv = &kvs->items[kvs->nr++];
	memset(kv, 0, sizeof(*kv));
	kv->key = xstrndup((const char *)record->key, record->head.key_len);
	kv->type = record->head.type;
	if (kv->type == HC_KV_U64) {
		memcpy(&kv->number, record->value, sizeof(kv->number));
		return;
	}
	kv->text.bytes = xstrndup((const char *)record->value, record->head.val_len);
	kv->text.len = record->head.val_len;
}

static struct error *parse_kvs(const struct dump_file *file, const struct dump_chunk *chunk,
			       const uint8_t *raw, struct dump_kvs *kvs, size_t *capacity)
{
	size_t at = 0;

	while (at < chunk->header.raw_len) {
		const size_t start = at;
		struct kv_record record;
		struct error *error = decode_kv(file, chunk, raw, &at, &record);

		if (error)
			return error;
		for (size_t i = 0; i < kvs->nr; i++)
			if (strlen(kvs->items[i].key) == record.head.key_len &&
			    !memcmp(kvs->items[i].key, record.key, record.head.key_len))
				return dump_chunk_error(file, chunk,
							"byte %zu: key %s stands there twice",
							start, kvs->items[i].key);
		if (kvs->nr == NR_KVS_MAX)
			return dump_chunk_error(file, chunk, "byte %zu: more than %u keys", start,
						NR_KVS_MAX);
		add_record(kvs, capacity, &record);
	}
	return NULL;
}

struct error *load_kvs(struct dump *d, enum section_index i, struct dump_kvs *kvs)
{
	const struct section *s = &d->sections[i];
	struct error *error = NULL;
	size_t capacity = 0;

	for (size_t part = 0; part < s->nr_chunks && !error; part++) {
		_cleanup_free_ uint8_t *raw = xmalloc(s->chunks[part]->header.raw_len);

		error = section_read(d, s, part, raw);
		if (!error)
			error = parse_kvs(d->file, s->chunks[part], raw, kvs, &capacity);
	}
	return error;
}

void kvs_deinit(struct dump_kvs *kvs)
{
	for (size_t i = 0; i < kvs->nr; i++) {
		free((char *)kvs->items[i].key);
		free((char *)kvs->items[i].text.bytes);
	}
	free(kvs->items);
}

static struct error *check_contents(struct dump *d, const struct dump_chunk *chunk)
{
	const char *contents = dump_proc_text(d, "contents");

	if (strcmp(contents, "full") && strcmp(contents, "pointers") && strcmp(contents, "none"))
		return dump_chunk_error(d->file, chunk, "contents is not full, pointers or none");
	d->has_contents = strcmp(contents, "none") != 0;
	return NULL;
}

static struct error *check_times(struct dump *d, const struct dump_chunk *chunk)
{
	d->tick_ns = dump_proc_number(d, "tick_ns", 0);
	d->start_ns = dump_proc_number(d, "start_monotonic_ns", 0);
	d->end_ns = dump_proc_number(d, "dump_monotonic_ns", 0);
	if (!d->tick_ns || d->tick_ns > TICK_NS_MAX)
		return dump_chunk_error(d->file, chunk, "a tick of %" PRIu64 " ns", d->tick_ns);
	if (d->end_ns < d->start_ns || d->end_ns >= TIME_NS_MAX)
		return dump_chunk_error(d->file, chunk,
					"the dump was taken before the program started");
	return NULL;
}

struct error *load_proc(struct dump *d)
{
	const struct dump_chunk *chunk = d->sections[SECTION_PROC].chunks[0];
	struct error *error = load_kvs(d, SECTION_PROC, &d->proc);

	for (size_t i = 0; i < ARRAY_SIZE(required_keys) && !error; i++) {
		const struct dump_kv *kv = find_key(&d->proc, required_keys[i].key);

		if (!kv || kv->type != required_keys[i].type)
			error = dump_chunk_error(d->file, chunk,
						 "key %s is missing or of the wrong type",
						 required_keys[i].key);
	}
	if (!error)
		error = check_times(d, chunk);
	if (!error)
		error = check_contents(d, chunk);
	return error;
}
