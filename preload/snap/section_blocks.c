/* SPDX-License-Identifier: MIT */
/*
 * PYFR, STAK, ATTR, BLKS and LABL: the census itself.  The snapshot child only.
 */
#include <emmintrin.h>
#include <string.h>

#include "live/attr.h"
#include "live/label.h"
#include "snap/image.h"
#include "snap/layout.h"
#include "snap/walk.h"
#include "stack/depot.h"
#include "stack/location.h"
#include "rt/ban.h"

static uint32_t place_text(struct image *im, uint32_t text)
{
	const struct location_text *const t = location_get_text(text);

	return strings_intern(&im->strings, t->bytes, t->len);
}

void section_places(struct image *im)
{
	const uint32_t nr = location_nr();

	if (!nr)
		return;
	writer_begin(im->writer, HC_SECTION_PYFR);
	for (uint32_t i = 1; i <= nr; i++) {
		const struct location place = location_get(i);
		const struct hc_python_place out = {
			.file = place_text(im, place.file),
			.function = place_text(im, place.function),
			.line = place.line,
		};

		writer_append(im->writer, &out, sizeof(out));
	}
	writer_end(im->writer);
}

void section_stacks(struct image *im)
{
	const uint32_t nr = depot_nr();

	writer_begin(im->writer, HC_SECTION_STAK);
	for (uint32_t i = 1; i <= nr; i++) {
		const struct depot_node *const node = depot_get(i);
		const struct hc_stack_node out = {.pc = node->pc, .parent = node->parent};

		writer_append(im->writer, &out, sizeof(out));
	}
	writer_end(im->writer);
	im->nr_stacks = nr;
}

void section_attrs(struct image *im)
{
	const uint32_t nr = attr_nr();

	writer_begin(im->writer, HC_SECTION_ATTR);
	for (uint32_t i = 1; i <= nr; i++) {
		const struct attr_pair pair = attr_get(i);
		const struct hc_attr out = {
			.tag = pair.tag ? strings_intern_text(&im->strings, attr_text(pair.tag))
					: 0,
			.scope = pair.scope
					 ? strings_intern_text(&im->strings, attr_text(pair.scope))
					 : 0,
		};

		writer_append(im->writer, &out, sizeof(out));
	}
	writer_end(im->writer);
}

/* Columns of one chunk in the making. */
struct columns {
	struct hc_blocks_header head;
	uint64_t last_addr;
	uint32_t delta[HC_BLOCKS_MAX];
	uint64_t size[HC_BLOCKS_MAX];
	uint32_t tick[HC_BLOCKS_MAX];
	uint32_t seq[HC_BLOCKS_MAX];
	uint32_t stack[HC_BLOCKS_MAX];
	uint16_t thread[HC_BLOCKS_MAX];
	uint16_t attr[HC_BLOCKS_MAX];
	uint8_t kind[HC_BLOCKS_MAX];
	uint8_t flags[HC_BLOCKS_MAX];
};

/* One byte each of 16 words. */
static __m128i pick_bytes(const __m128i words[4], __m128i shift)
{
	const __m128i mask = _mm_set1_epi32(0xff);
	const __m128i low = _mm_packs_epi32(_mm_srl_epi32(words[0], shift) & mask,
					    _mm_srl_epi32(words[1], shift) & mask);
	const __m128i high = _mm_packs_epi32(_mm_srl_epi32(words[2], shift) & mask,
					     _mm_srl_epi32(words[3], shift) & mask);

	return _mm_packus_epi16(low, high);
}

/* The planes of the first values of 4 bytes, 16 of them at a time.  Returns how many. */
static size_t put_words(uint8_t *place, const uint8_t *bytes, size_t nr)
{
	size_t i;

	for (i = 0; i + 16 <= nr; i += 16) {
		__m128i words[4];

		memcpy(words, bytes + i * 4, sizeof(words));
		for (int plane = 0; plane < 4; plane++)
			_mm_storeu_si128((__m128i *)(place + (size_t)plane * nr + i),
					 pick_bytes(words, _mm_cvtsi32_si128(plane * 8)));
	}
	return i;
}

/* The same of values of 2 bytes. */
static size_t put_halves(uint8_t *place, const uint8_t *bytes, size_t nr)
{
	const __m128i mask = _mm_set1_epi16(0xff);
	size_t i;

	for (i = 0; i + 16 <= nr; i += 16) {
		__m128i halves[2];

		memcpy(halves, bytes + i * 2, sizeof(halves));
		_mm_storeu_si128((__m128i *)(place + i),
				 _mm_packus_epi16(halves[0] & mask, halves[1] & mask));
		_mm_storeu_si128((__m128i *)(place + nr + i),
				 _mm_packus_epi16(_mm_srli_epi16(halves[0], 8),
						  _mm_srli_epi16(halves[1], 8)));
	}
	return i;
}

/* As HC_BLOCKS_PLANES says. */
static void put_column(struct writer *w, const void *values, size_t nr, size_t item)
{
	const size_t size = nr * item, padded = (size + 7) & ~(size_t)7;
	const uint8_t *const bytes = values;
	uint8_t *const place = writer_take(w, padded);
	size_t done = 0;

	if (item == 1)
		memcpy(place, bytes, done = nr);
	else if (item == 2)
		done = put_halves(place, bytes, nr);
	else if (item == 4)
		done = put_words(place, bytes, nr);
	for (size_t plane = 0; plane < item; plane++)
		for (size_t i = done; i < nr; i++)
			place[plane * nr + i] = bytes[i * item + plane];
	memset(place + size, 0, padded - size);
}

static void put_columns(struct writer *w, struct columns *c)
{
	const uint32_t nr = c->head.count;

	if (!nr)
		return;
	c->head.flags |= HC_BLOCKS_PLANES;
	writer_cut(w);
	writer_append(w, &c->head, sizeof(c->head));
	put_column(w, c->delta, nr, sizeof(c->delta[0]));
	if (!(c->head.flags & HC_BLOCKS_SIZE64)) {
		uint32_t *const narrow = (uint32_t *)c->size;

		for (uint32_t i = 0; i < nr; i++) {
			const uint32_t size = (uint32_t)c->size[i];

			memcpy(&narrow[i], &size, sizeof(size));
		}
		put_column(w, narrow, nr, sizeof(narrow[0]));
	} else {
		put_column(w, c->size, nr, sizeof(c->size[0]));
	}
	put_column(w, c->tick, nr, sizeof(c->tick[0]));
	put_column(w, c->seq, nr, sizeof(c->seq[0]));
	put_column(w, c->stack, nr, sizeof(c->stack[0]));
	put_column(w, c->thread, nr, sizeof(c->thread[0]));
	put_column(w, c->attr, nr, sizeof(c->attr[0]));
	put_column(w, c->kind, nr, sizeof(c->kind[0]));
	put_column(w, c->flags, nr, sizeof(c->flags[0]));
	c->head.count = 0;
	c->head.flags = 0;
}

/* The label's text is kept with the block's address until LABL is written. */
static bool keep_label(struct image *im, const struct walk *walk)
{
	const char *const text = label_find(walk->plane, walk->addr);

	/* Two labelled blocks at one address: the outer one's label is kept. */
	if (!text || (im->nr_labels && im->labels[im->nr_labels - 1].addr == walk->addr))
		return false;
	if (im->nr_labels == im->labels_room) {
		const uint32_t room = im->labels_room ? im->labels_room * 2 : 1024;
		struct hc_label *const labels = bump_alloc(im->bump, room * sizeof(*labels));

		if (!labels)
			return false;
		if (im->nr_labels)
			memcpy(labels, im->labels, im->nr_labels * sizeof(*labels));
		im->labels = labels;
		im->labels_room = room;
	}
	im->labels[im->nr_labels++] = (struct hc_label){
		.addr = walk->addr,
		.text = strings_intern(&im->strings, text, strlen(text)),
	};
	return true;
}

static void add_block(struct image *im, struct columns *c, const struct walk *walk)
{
	const uint64_t a = walk->record.a, b = walk->record.b;
	const uint32_t stack = record_stack(a);
	uint32_t i;

	if (c->head.count == HC_BLOCKS_MAX ||
	    (c->head.count && walk->addr - c->last_addr > UINT32_MAX))
		put_columns(im->writer, c);
	i = c->head.count++;
	if (!i)
		c->head.first_addr = c->last_addr = walk->addr;
	c->delta[i] = (uint32_t)(walk->addr - c->last_addr);
	c->last_addr = walk->addr;
	c->size[i] = walk->size;
	if (walk->size > UINT32_MAX)
		c->head.flags |= HC_BLOCKS_SIZE64;
	c->tick[i] = record_tick(b);
	c->seq[i] = record_seq(b);
	c->stack[i] = stack <= im->nr_stacks ? stack : 0;
	c->thread[i] = (uint16_t)record_thread(b);
	c->attr[i] = (uint16_t)record_attr(a);
	c->kind[i] = (uint8_t)record_kind(a);
	c->flags[i] = 0;
	if ((record_flags(a) & RECORD_LABELLED) && keep_label(im, walk))
		c->flags[i] = HC_BLOCK_LABELLED;
}

void section_blocks(struct image *im)
{
	struct columns *const c = bump_alloc(im->bump, sizeof(*c));
	struct walk walk;

	writer_begin(im->writer, HC_SECTION_BLKS);
	walk_init(&walk);
	while (c && walk_next(&walk)) {
		add_block(im, c, &walk);
		layout_add_block(im, &walk);
	}
	if (c)
		put_columns(im->writer, c);
	else
		im->failed = true;
	writer_end(im->writer);
	im->nr_overlapping = walk.nr_dropped;
	layout_finish(im);
}

void section_labels(struct image *im)
{
	if (!im->nr_labels)
		return;
	writer_begin(im->writer, HC_SECTION_LABL);
	for (uint32_t i = 0; i < im->nr_labels; i++)
		writer_append(im->writer, &im->labels[i], sizeof(im->labels[i]));
	writer_end(im->writer);
}
