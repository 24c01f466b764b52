/* SPDX-License-Identifier: MIT */
/*
 * BMEM: the contents of small blocks, in the order of BLKS.  The snapshot child only.
 */
#include <string.h>

#include "rt/option.h"
#include "snap/annex.h"
#include "snap/copy.h"
#include "snap/filter.h"
#include "snap/image.h"
#include "snap/walk.h"
#include "rt/ban.h"

static void put_contents(struct image *im, uint64_t addr, uint64_t size)
{
	const size_t padded = (size + 7) & ~(size_t)7;
	char *const place = writer_take(im->writer, padded);
	uint64_t word;

	if (padded != size)
		memset(place + padded - 8, 0, 8);
	if (!copy_memory(place, addr, size))
		im->nr_unreadable++;
	if (size >= sizeof(word)) {
		memcpy(&word, place, sizeof(word));
		annex_note(im, word);
	}
	filter_words(im, place, size);
}

static void note_name(struct image *im, uint64_t addr)
{
	uint64_t word;

	if (copy_word(&word, addr))
		annex_note(im, word);
}

void section_contents(struct image *im)
{
	struct writer *const w = im->writer;
	struct hc_bmem_header *head = NULL;
	struct walk walk;

	if (option_get(OPTION_CONTENTS) == HC_CONTENTS_NONE)
		return;
	annex_init(im);
	annex_note_python(im);
	writer_begin(w, HC_SECTION_BMEM);
	walk_init(&walk);
	while (!writer_error(w) && walk_next(&walk)) {
		if (!walk.is_owner)
			continue;
		annex_note_python_block(im, walk.addr, walk.size);
		if (walk.size >= HC_LARGE_BLOCK) {
			note_name(im, walk.addr);
			continue;
		}
		if (!head || writer_left(w) < walk.size + 8) {
			writer_cut(w);
			head = writer_take(w, sizeof(*head));
			*head = (struct hc_bmem_header){.first_block = walk.index};
		}
		put_contents(im, walk.addr, walk.size);
		head->nr_blocks++;
	}
	writer_end(w);
}
