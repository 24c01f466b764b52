/* SPDX-License-Identifier: MIT */
/*
 * Finding text near an object.
 */
#include "report/preview.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/word.h"
#include "report/preview_python.h"
#include "typing/cpython/cpython.h"

#define TEXT_LEAST 4  /* shorter runs are chance */
#define TEXT_MOST  72 /* characters printed of one text */
#define WORDS_MOST 32 /* words of the object that are followed */
#define TEXTS_MOST 3

/* Length of the text at s: printable UTF-8 up to a NUL or the end; 0 where it is not, or is too
 * short. */
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

/* The text that memory begins with; its length is 0 where it begins with none. */
struct text {
	const char *bytes;
	size_t len;
};

static struct text own_text(const struct dump *d, const uint8_t *bytes, uint64_t size)
{
	/* The bytes of a pointer may look like letters. */
	if (!bytes || (size >= 8 && (dump_find_block(d, load_word(bytes, 0)) != UINT32_MAX ||
				     dump_find_module(d, load_word(bytes, 0)) != UINT32_MAX)))
		return (struct text){ 0 };
	return (struct text){ (const char *)bytes, text_len((const char *)bytes, size) };
}

static struct text pointed_text(const struct dump *d, uint64_t addr)
{
	const struct dump_blocks *blocks = dump_blocks(d);
	const uint32_t target = dump_find_block(d, addr);
	const uint8_t *bytes = target == UINT32_MAX ? NULL : dump_block_bytes(d, target);
	const uint64_t distance = bytes ? addr - blocks->addr[target] : 0;

	return bytes ? own_text(d, bytes + distance, blocks->size[target] - distance)
		     : (struct text){ 0 };
}

/* The next text that the object's words from *word on point to; *word is then that word. */
static struct text next_text(const struct heap *h, node_id n, uint64_t *word)
{
	const uint8_t *bytes = dump_block_bytes(h->dump, n);
	const uint64_t nr_words = bytes ? block_size(h, n) / 8 : 0;

	for (; *word < nr_words && *word < WORDS_MOST; ++*word) {
		const struct text text = pointed_text(h->dump, load_word(bytes, *word * 8));

		if (text.len)
			return text;
	}
	return (struct text){ 0 };
}

static char *quote(struct text text)
{
	_cleanup_free_ char *escaped = text_escape_max(text.bytes, text.len, TEXT_MOST);

	return xasprintf("\"%s\"", escaped);
}

static bool is_python(const struct heap *h, node_id n)
{
	return h->cpython && cpython_class_of(h->cpython, n);
}

/* The text that the object begins with, where the program's pointers to it lead. */
static struct text object_text(const struct heap *h, node_id n)
{
	const uint8_t *bytes = dump_block_bytes(h->dump, n);

	return own_text(h->dump, bytes ? bytes + h->head[n] : NULL, block_size(h, n) - h->head[n]);
}

char *preview_object(const struct heap *h, node_id n)
{
	const struct text own = object_text(h, n);
	char *preview;
	uint64_t word = 0;

	if (is_python(h, n))
		return preview_python(h, n);
	if (own.len)
		return quote(own);
	preview = xstrdup("");
	for (int i = 0; i < TEXTS_MOST; i++, word++) {
		const struct text text = next_text(h, n, &word);
		_cleanup_free_ char *quoted = text.len ? quote(text) : NULL;
		_cleanup_free_ char *before = text.len ? preview : NULL;

		if (!text.len)
			break;
		preview = xasprintf("%s%s+0x%" PRIx64 " %s", before, *before ? " " : "", word * 8,
				    quoted);
	}
	return preview;
}

char *preview_first_text(const struct heap *h, node_id n)
{
	struct text text = object_text(h, n);
	uint64_t word = 0;

	if (is_python(h, n))
		return preview_python_text(h, n);
	if (!text.len)
		text = next_text(h, n, &word);
	return text.len ? xstrndup(text.bytes, text.len) : NULL;
}
