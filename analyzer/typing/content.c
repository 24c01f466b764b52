/* SPDX-License-Identifier: MIT */
/*
 * Types that the bytes alone show: text, wide text, arrays of pointers, zeroes.  Careful: a label
 * that says where the block comes from is better than a guess, so whatever holds a pointer is no
 * text, and a struct of a few pointers is no array.
 */
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/parallel.h"
#include "base/text.h"
#include "base/word.h"
#include "heap/ahead.h"
#include "typing/content.h"
#include "typing/recogniser.h"

#define TEXT_MIN	 4     /* bytes of text in a block that has room for more */
#define TEXT_EXACT_MIN	 3     /* ... that it fills with its NUL */
#define TEXT_UNENDED_MIN 8     /* ... that it fills without one */
#define POINTER_BYTES	 6     /* of an address that are not zero */
#define WIDE_MIN	 6     /* characters */
#define ZEROES_MIN	 32    /* bytes */
#define ITEM_MAX	 65536 /* bytes of a text that an array is believed to hold */
#define ARRAY_WORDS_MIN	 8
#define PIECE_OBJECTS	 16384 /* that a thread looks at at a time */
#define SPARSE_WORDS \
	1024 /* after that many, mostly null, it is no array: it may be a terabyte of nothing */

/* Is addr in any mapping of the process? */
static bool is_mapped(const struct dump *d, uint64_t addr)
{
	size_t nr, low = 0;
	const struct hc_map *maps = dump_maps(d, &nr);

	while (low < nr) {
		const size_t middle = low + (nr - low) / 2;

		if (maps[middle].end <= addr)
			low = middle + 1;
		else
			nr = middle;
	}
	dump_maps(d, &nr);
	return low < nr && addr >= maps[low].start;
}

static bool holds_pointer(const struct dump *d, const uint8_t *bytes, uint64_t size)
{
	for (uint64_t offset = 0; offset + 8 <= size; offset += 8) {
		if (dump_find_block(d, load_word(bytes, offset)) != UINT32_MAX)
			return true;
	}
	return false;
}

static uint32_t decode_utf8(const uint8_t *s, size_t len)
{
	static const uint8_t lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = s[0] & lead[len];

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (s[i] & 0x3f);
	return c;
}

uint64_t content_text_run(const uint8_t *bytes, uint64_t size)
{
	uint64_t i = 0;

	while (i < size) {
		if (bytes[i] >= ' ' && bytes[i] < 0x7f) {
			i++;
			continue;
		}
		if (bytes[i] < ' ') {
			if (!memchr("\t\n\r\f", bytes[i], 4))
				break;
			i++;
			continue;
		}

		const size_t len = text_utf8_len((const char *)bytes + i, size - i);

		if (!len || !text_is_printable(decode_utf8(bytes + i, len)))
			break;
		i += len;
	}
	return i;
}

/* Pointers may be printable: 0x555555756161 is "aauUUU"; in a packed struct they are anywhere. */
static bool ends_in_pointer(const struct dump *d, const uint8_t *bytes, uint64_t size, uint64_t run)
{
	const uint64_t offset = run / 8 * 8, packed = run - POINTER_BYTES;

	return (offset + 8 <= size && is_mapped(d, load_word(bytes, offset))) ||
	       (run >= POINTER_BYTES && packed + 8 <= size &&
		is_mapped(d, load_word(bytes, packed)));
}

static bool is_text(const struct dump *d, const uint8_t *bytes, uint64_t size)
{
	const uint64_t run = content_text_run(bytes, size);

	if (run == size)
		return run >= TEXT_UNENDED_MIN;
	if (bytes[run] || ends_in_pointer(d, bytes, size, run))
		return false;
	if (run + 1 == size)
		return run >= TEXT_EXACT_MIN;
	return run >= TEXT_MIN && run >= size / 2 && !holds_pointer(d, bytes, size);
}

static uint32_t load_unit(const uint8_t *bytes, uint64_t index, unsigned int unit)
{
	uint32_t c = 0;

	memcpy(&c, bytes + index * unit, unit);
	return c;
}

/* Characters of 2 or 4 bytes, ended by a zero, at least half of the block, and most of them
 * letters: small integers are no text. */
static bool is_wide_text(const struct dump *d, const uint8_t *bytes, uint64_t size,
			 unsigned int unit)
{
	const uint64_t nr = size / unit;
	uint64_t len = 0, nr_letters = 0;

	while (len < nr) {
		const uint32_t c = load_unit(bytes, len, unit);

		if (!c)
			break;
		if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ||
		    !(text_is_printable(c) || c == '\n' || c == '\t'))
			return false;
		nr_letters += c < 0x80 && (isalpha(c) || c == ' ');
		len++;
	}
	return len < nr && len >= WIDE_MIN && len >= nr / 2 && nr_letters * 4 >= len * 3 &&
	       !holds_pointer(d, bytes, size);
}

/* What the bytes show. */
enum content {
	CONTENT_UNKNOWN, /* nobody has looked */
	CONTENT_NO_TEXT, /* neither of the next two; the rest has not been looked for */
	CONTENT_ZEROES,
	CONTENT_TEXT,
	CONTENT_NOTHING,
	CONTENT_POINTERS,
	CONTENT_WIDE_TEXT,
};

/* All words null or the start of a live block, at least half of them not null. */
static bool holds_only_pointers(const struct typing *t, const uint8_t *bytes, uint64_t nr)
{
	uint64_t nr_pointers = 0;

	for (uint64_t i = 0; i < nr; i++) {
		const uint64_t word = load_word(bytes, i * 8);

		if (!word && i >= SPARSE_WORDS && nr_pointers < i / 4)
			return false;
		if (!word)
			continue;

		const uint32_t target = dump_find_block(t->heap->dump, word);

		if (target == UINT32_MAX || t->blocks->addr[target] != word)
			return false;
		nr_pointers++;
	}
	return nr_pointers >= nr / 2 && nr_pointers >= ARRAY_WORDS_MIN / 2;
}

static bool is_text_block(const struct typing *t, uint32_t block)
{
	const uint64_t size = t->blocks->size[block];
	/* Another thread may just be finding out more about a block without text. */
	const uint8_t known = __atomic_load_n(&t->contents[block], __ATOMIC_RELAXED);

	if (known)
		return known == CONTENT_TEXT && size <= ITEM_MAX;

	const uint8_t *bytes = size <= ITEM_MAX ? dump_block_bytes(t->heap->dump, block) : NULL;

	return bytes && is_text(t->heap->dump, bytes, size);
}

/* Pointers only, three in four to blocks of one site and size or to texts: a struct's pointers lead
 * to various things, an array's do not. */
static bool is_pointer_array(const struct typing *t, const uint8_t *bytes, uint64_t size)
{
	const struct dump *d = t->heap->dump;
	const uint64_t nr = size / 8;
	uint64_t nr_pointers = 0, nr_alike = 0, nr_texts = 0;
	uint32_t first = UINT32_MAX;

	if (size % 8 || nr < ARRAY_WORDS_MIN || !holds_only_pointers(t, bytes, nr))
		return false;
	for (uint64_t i = 0; i < nr; i++) {
		const uint64_t word = load_word(bytes, i * 8);
		const uint32_t target = word ? dump_find_block(d, word) : UINT32_MAX;

		if (target == UINT32_MAX)
			continue;
		if (!nr_pointers++)
			first = target;
		nr_alike += t->blocks->stack[target] == t->blocks->stack[first] &&
			    t->blocks->size[target] == t->blocks->size[first];
		/* Once a quarter is something else there is no need to look. */
		if ((nr_pointers - 1 - nr_texts) * 4 <= nr)
			nr_texts += is_text_block(t, target);
	}
	return nr_alike * 4 >= nr_pointers * 3 || nr_texts * 4 >= nr_pointers * 3;
}

static bool is_zero(const struct dump *d, node_id n, const uint8_t *bytes, uint64_t size)
{
	uint64_t start, end;

	if (size < ZEROES_MIN)
		return false;
	for (uint64_t from = 0; dump_next_contents(d, n, from, &start, &end); from = end) {
		if (bytes[start] || memcmp(bytes + start, bytes + start + 1, end - start - 1))
			return false;
	}
	return true;
}

static enum content look_for_text(const struct typing *t, node_id n, const uint8_t *bytes,
				  uint64_t size)
{
	const struct dump *d = t->heap->dump;

	if (is_zero(d, n, bytes, size))
		return CONTENT_ZEROES;
	return is_text(d, bytes, size) ? CONTENT_TEXT : CONTENT_NO_TEXT;
}

/* In what is no text. */
static enum content look_for_more(const struct typing *t, const uint8_t *bytes, uint64_t size)
{
	const struct dump *d = t->heap->dump;

	if (is_pointer_array(t, bytes, size))
		return CONTENT_POINTERS;
	if (is_wide_text(d, bytes, size, 4) || is_wide_text(d, bytes, size, 2))
		return CONTENT_WIDE_TEXT;
	return CONTENT_NOTHING;
}

/* Is its type told only by a look at its bytes? */
static bool is_untold(const struct heap *h, node_id n)
{
	const struct dump_blocks *b = dump_blocks(h->dump);
	size_t nr;

	return b->kind[n] != HC_KIND_PYTHON && !dump_attrs(h->dump, &nr)[b->attr[n]].tag;
}

static void look_at_texts(void *arg, unsigned int worker, uint64_t first, uint64_t end)
{
	struct typing *t = arg;

	(void)worker;
	for (node_id n = (node_id)first; n < end; n++) {
		const uint8_t *bytes =
			is_untold(t->heap, n) ? dump_block_bytes(t->heap->dump, n) : NULL;

		if (bytes)
			t->contents[n] =
				(uint8_t)look_for_text(t, n, bytes, t->blocks->size[n]);
	}
}

static void look_at_rest(void *arg, unsigned int worker, uint64_t first, uint64_t end)
{
	struct typing *t = arg;

	(void)worker;
	for (node_id n = (node_id)first; n < end; n++) {
		heap_look_ahead(t->heap, n, is_untold);
		if (t->contents[n] == CONTENT_NO_TEXT)
			__atomic_store_n(&t->contents[n],
					 (uint8_t)look_for_more(t,
								dump_block_bytes(t->heap->dump, n),
								t->blocks->size[n]),
					 __ATOMIC_RELAXED);
	}
}

/* The texts first: what a block's pointers lead to is known then, and need not be read for each. */
void content_look_ahead(struct typing *t)
{
	if (!t->has_text)
		return;
	t->contents = xcalloc(t->heap->nr_objects + 1ul, sizeof(*t->contents));
	parallel_for(t->heap->nr_objects, PIECE_OBJECTS, look_at_texts, t);
	parallel_for(t->heap->nr_objects, PIECE_OBJECTS, look_at_rest, t);
}

/* Of one that was not among those. */
static enum content look(const struct typing *t, node_id n, const uint8_t *bytes, uint64_t size)
{
	const enum content content = look_for_text(t, n, bytes, size);

	return content == CONTENT_NO_TEXT ? look_for_more(t, bytes, size) : content;
}

uint32_t recognise_content(struct typing *t, node_id n, const uint8_t *bytes, uint64_t size)
{
	struct heap *h = t->heap;
	enum content content;

	if (!bytes || !t->has_text)
		return TYPE_UNSURE;
	content = t->contents[n] ? (enum content)t->contents[n] : look(t, n, bytes, size);
	switch (content) {
	case CONTENT_ZEROES:
		return heap_intern_type(h, "zeroes", PROVENANCE_CONTENT, TYPE_NO_POINTERS);
	case CONTENT_TEXT:
		return heap_intern_type(h, "text", PROVENANCE_CONTENT,
					TYPE_NO_POINTERS | TYPE_LEAF);
	case CONTENT_POINTERS:
		return heap_intern_type(h, "pointer array", PROVENANCE_CONTENT, TYPE_POINTER_ARRAY);
	case CONTENT_WIDE_TEXT:
		return heap_intern_type(h, "wide text", PROVENANCE_CONTENT,
					TYPE_NO_POINTERS | TYPE_LEAF);
	case CONTENT_NOTHING:
	case CONTENT_NO_TEXT:
	case CONTENT_UNKNOWN:
		break;
	}
	return TYPE_UNSURE;
}
