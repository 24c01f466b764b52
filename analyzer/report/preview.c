/* SPDX-License-Identifier: MIT */
/*
 * Finding text near an object.
 */
#include "report/preview.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define TEXT_LEAST 4		/* shorter runs are chance */
#define TEXT_MOST 72		/* characters printed of one text */
#define WORDS_MOST 32		/* words of the object that are followed */
#define TEXTS_MOST 3

/* Length of the text at s: printable UTF-8 up to a NUL or the end; 0 where it is not, or is too short. */
static size_t text_len(const char *s, size_t size)
{
	size_t len = 0;

	while (len < size && s[len]) {
		const size_t n = text_utf8_len(s + len, size - len);
		const bool blank = s[len] == '\n' || s[len] == '\t' || s[len] == '\r';

		if (!n || (!blank && !text_is_printable(text_decode(s + len, n))))
			return 0;
		len += n;
	}
	return len >= TEXT_LEAST ? len : 0;
}

static uint64_t load_word(const uint8_t *bytes, uint64_t offset)
{
	uint64_t word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

static char *quote(const char *s, size_t len)
{
	_cleanup_free_ char *escaped = text_escape_max(s, len, TEXT_MOST);

	return xasprintf("\"%s\"", escaped);
}

/* The text that a block begins with, quoted; NULL where it begins with none. */
static char *own_text(const struct dump *d, const uint8_t *bytes, uint64_t size)
{
	size_t len;

	/* The bytes of a pointer may look like letters. */
	if (size >= 8 && (dump_find_block(d, load_word(bytes, 0)) != UINT32_MAX ||
			  dump_find_module(d, load_word(bytes, 0)) != UINT32_MAX))
		return NULL;
	len = text_len((const char *)bytes, size);
	return len ? quote((const char *)bytes, len) : NULL;
}

static char *pointed_text(const struct dump *d, uint64_t addr)
{
	const struct dump_blocks *blocks = dump_blocks(d);
	const uint32_t target = dump_find_block(d, addr);
	const uint8_t *bytes = target == UINT32_MAX ? NULL : dump_block_bytes(d, target);
	uint64_t distance;

	if (!bytes)
		return NULL;
	distance = addr - blocks->addr[target];
	return own_text(d, bytes + distance, blocks->size[target] - distance);
}

char *preview_object(const struct heap *h, node_id n)
{
	const uint64_t size = object_size(h, n);
	const uint8_t *bytes = dump_block_bytes(h->dump, n);
	char *text = bytes ? own_text(h->dump, bytes, size) : NULL;
	int nr_texts = 0;

	if (text)
		return text;
	text = xstrdup("");
	for (uint64_t word = 0; bytes && word < size / 8 && word < WORDS_MOST && nr_texts < TEXTS_MOST; word++) {
		_cleanup_free_ char *found = pointed_text(h->dump, load_word(bytes, word * 8));
		_cleanup_free_ char *before = text;

		text = found ? xasprintf("%s%s+0x%" PRIx64 " %s", before, *before ? " " : "", word * 8, found) :
			       xstrdup(before);
		nr_texts += found != NULL;
	}
	return text;
}
