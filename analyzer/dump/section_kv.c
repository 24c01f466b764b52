/* SPDX-License-Identifier: MIT */
/*
 * PROC, CNTR and ALLC: keys and values.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "dump/file.h"
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

static bool is_key(const uint8_t *key, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.", key[i]) || !key[i])
			return false;
	return len >= 1 && len <= 255;
}

/* What is wrong with a record whose bytes are all there; NULL: nothing. */
static const char *record_fault(const struct hc_kv *head, const uint8_t *key, const uint8_t *value)
{
	if (!is_key(key, head->key_len))
		return "the key is not a name";
	switch (head->type) {
	case HC_KV_U64:
		return head->val_len == sizeof(uint64_t) ? NULL : "a number that has not 8 bytes";
	case HC_KV_TEXT:
		return memchr(value, 0, head->val_len) ? "a text with a NUL in it" : NULL;
	case HC_KV_LIST:
		return head->val_len && value[head->val_len - 1] ? "a list whose last text has no end" : NULL;
	}
	return "unknown type of value";
}

static void add_record(struct dump_kvs *kvs, size_t *capacity, const struct hc_kv *head, const uint8_t *key)
{
	const uint8_t *value = key + head->key_len;
	struct dump_kv *kv;

	kvs->items = array_grow(kvs->items, kvs->nr, capacity, sizeof(*kvs->items));
	kv = &kvs->items[kvs->nr++];
	memset(kv, 0, sizeof(*kv));
	kv->key = xstrndup((const char *)key, head->key_len);
	kv->type = head->type;
	if (head->type == HC_KV_U64) {
		memcpy(&kv->number, value, sizeof(kv->number));
		return;
	}
	kv->text.bytes = xstrndup((const char *)value, head->val_len);
	kv->text.len = head->val_len;
}

static struct error *parse_kvs(const struct dump_file *file, const struct dump_chunk *chunk, const uint8_t *raw,
			       struct dump_kvs *kvs, size_t *capacity)
{
	const size_t len = chunk->header.raw_len;
	size_t at = 0;

	while (at < len) {
		struct hc_kv head;
		const char *fault;
		size_t size;

		if (len - at < sizeof(head))
			return dump_chunk_error(file, chunk, "byte %zu: cut off in a record", at);
		memcpy(&head, raw + at, sizeof(head));
		size = (sizeof(head) + head.key_len + (size_t)head.val_len + 7) & ~7ull;
		if (head.val_len > HC_STRING_MAX || size > len - at)
			return dump_chunk_error(file, chunk, "byte %zu: record of %zu bytes does not fit", at, size);
		fault = record_fault(&head, raw + at + sizeof(head), raw + at + sizeof(head) + head.key_len);
		if (fault)
			return dump_chunk_error(file, chunk, "byte %zu: %s", at, fault);
		add_record(kvs, capacity, &head, raw + at + sizeof(head));
		for (size_t i = 0; i + 1 < kvs->nr; i++)
			if (!strcmp(kvs->items[i].key, kvs->items[kvs->nr - 1].key))
				return dump_chunk_error(file, chunk, "byte %zu: key %s stands there twice", at,
							kvs->items[i].key);
		at += size;
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
		return dump_chunk_error(d->file, chunk, "the dump was taken before the program started");
	return NULL;
}

struct error *load_proc(struct dump *d)
{
	const struct dump_chunk *chunk = d->sections[SECTION_PROC].chunks[0];
	struct error *error = load_kvs(d, SECTION_PROC, &d->proc);

	for (size_t i = 0; i < ARRAY_SIZE(required_keys) && !error; i++) {
		const struct dump_kv *kv = find_key(&d->proc, required_keys[i].key);

		if (!kv || kv->type != required_keys[i].type)
			error = dump_chunk_error(d->file, chunk, "key %s is missing or of the wrong type",
						 required_keys[i].key);
	}
	if (!error)
		error = check_times(d, chunk);
	if (!error)
		error = check_contents(d, chunk);
	return error;
}
