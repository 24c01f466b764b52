/* SPDX-License-Identifier: MIT */
/*
 * Key/value records.  The snapshot child only.
 */
#include "snap/kv.h"

#include <string.h>

#include "rt/ban.h"

#define KV_VALUE_MAX 65536u

static void kv_put(struct writer *w, const char *key, enum hc_kv_type type, const void *value,
		   size_t len)
{
	const struct hc_kv head = {
		.key_len = (uint16_t)strlen(key),
		.type = (uint16_t)type,
		.val_len = (uint32_t)len,
	};
	const size_t used = sizeof(head) + head.key_len + len;
	const size_t size = (used + 7) & ~(size_t)7;
	char *const place = writer_take(w, size);

	memcpy(place, &head, sizeof(head));
	memcpy(place + sizeof(head), key, head.key_len);
	if (len)
		memcpy(place + sizeof(head) + head.key_len, value, len);
	memset(place + used, 0, size - used);
}

void kv_number(struct writer *w, const char *key, uint64_t value)
{
	kv_put(w, key, HC_KV_U64, &value, sizeof(value));
}

void kv_text(struct writer *w, const char *key, const char *text)
{
	const size_t len = strlen(text);

	kv_put(w, key, HC_KV_TEXT, text, len < KV_VALUE_MAX ? len : KV_VALUE_MAX);
}

void kv_list(struct writer *w, const char *key, const char *texts, size_t len)
{
	kv_put(w, key, HC_KV_LIST, texts, len < KV_VALUE_MAX ? len : KV_VALUE_MAX);
}
