/* SPDX-License-Identifier: MIT */
/*
 * Finds the data stacks on which CPython 3.11 and later keep the frames of running functions.  A
 * chunk begins with the address of the one before it, its size, and how far it is filled; of a
 * thread's newest chunk only the thread's state knows that, in three words in a row: chunk, top,
 * limit.  A greenlet has a data stack of its own, and while it is suspended these words are in its
 * object.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sorted.h"
#include "typing/cpython/frame.h"
#include "typing/cpython/frame_layout.h"

#define PAGE	       4096u
#define CHUNK_SIZE_MIN 16384u
#define CHUNK_SIZE_MAX (1ul << 32)
#define CHUNK_SIZE     8u
#define CHUNK_TOP      16u
#define CHUNK_DATA     24u
#define STATE_SIZE_MIN 256u /* PyThreadState in a block of its own */
#define STATE_SIZE_MAX (1u << 20)
#define FRAME_WORDS    9u /* before the locals */

/* Its last pages may never have been written, and so not be in the dump. */
static bool is_chunk(const struct cpython *p, uint64_t addr)
{
	const uint64_t size = cpython_word(p, addr + CHUNK_SIZE);

	return size >= CHUNK_SIZE_MIN && size % PAGE == 0 && size <= CHUNK_SIZE_MAX &&
	       cpython_word(p, addr) % PAGE == 0 && cpython_word(p, addr + CHUNK_TOP) < size / 8;
}

static void find_chunks(const struct cpython *p, struct cpython_frames *f)
{
	size_t nr;
	const struct dump_range *ranges = dump_ranges(p->dump, &nr);
	uint64_t last = 0;

	for (size_t i = 0; i < nr; i++) {
		const uint64_t end = ranges[i].addr + ranges[i].len;
		const uint64_t first = ranges[i].addr > last ? ranges[i].addr : last;

		if (ranges[i].kind != HC_RANGE_OTHER)
			continue;
		for (uint64_t at = (first + PAGE - 1) / PAGE * PAGE; at + PAGE <= end;) {
			if (!is_chunk(p, at)) {
				at += PAGE;
				continue;
			}
			f->chunks = array_grow(f->chunks, f->nr_chunks, &f->room_chunks,
					       sizeof(*f->chunks));
			f->chunks[f->nr_chunks++] =
				(struct cpython_chunk){ at, at + cpython_word(p, at + CHUNK_SIZE),
							at + CHUNK_DATA +
								cpython_word(p, at + CHUNK_TOP) * 8,
							cpython_word(p, at + CHUNK_TOP) > 0 };
			at = last = f->chunks[f->nr_chunks - 1].end;
		}
	}
}

static struct cpython_chunk *find_chunk(const struct cpython_frames *f, uint64_t addr)
{
	const size_t after = SORTED_COUNT(f->chunks, f->nr_chunks, end, addr);

	return after < f->nr_chunks && f->chunks[after].addr <= addr ? &f->chunks[after] : NULL;
}

/* Takes the tops from thread states among the words. */
static void find_tops(struct cpython_frames *f, const uint8_t *bytes, uint64_t size)
{
	for (uint64_t i = 0; i + 24 <= size; i += 8) {
		uint64_t words[3];

		memcpy(words, bytes + i, sizeof(words));
		if (words[0] % PAGE || words[1] < words[0] || words[1] > words[2])
			continue;

		struct cpython_chunk *chunk = find_chunk(f, words[0]);

		if (chunk && chunk->addr == words[0] && chunk->end == words[2]) {
			chunk->top = words[1];
			chunk->is_top_told = true;
		}
	}
}

static bool is_thread_state(const struct dump_blocks *b, uint32_t n)
{
	return b->size[n] >= STATE_SIZE_MIN && b->size[n] <= STATE_SIZE_MAX &&
	       b->kind[n] != HC_KIND_PYTHON;
}

static void find_tops_in_blocks(const struct cpython *p, struct cpython_frames *f,
				bool thread_states)
{
	const struct dump_blocks *b = dump_blocks(p->dump);

	for (uint32_t n = 0; n < b->nr; n++) {
		const uint8_t *bytes = is_thread_state(b, n) == thread_states
					       ? dump_block_bytes(p->dump, n)
					       : NULL;

		if (bytes)
			find_tops(f, bytes, b->size[n]);
	}
}

static bool has_untold_top(const struct cpython_frames *f)
{
	for (size_t i = 0; i < f->nr_chunks; i++)
		if (!f->chunks[i].is_top_told)
			return true;
	return false;
}

static void find_all_tops(const struct cpython *p, struct cpython_frames *f)
{
	size_t nr;
	const struct dump_range *ranges = dump_ranges(p->dump, &nr);

	for (size_t i = 0; i < nr; i++)
		if (ranges[i].kind == HC_RANGE_DATA)
			find_tops(f, ranges[i].bytes, ranges[i].len);
	find_tops_in_blocks(p, f, true);
	if (has_untold_top(f))
		find_tops_in_blocks(p, f, false);
}

/* How long the frame at addr is; 0: there is none.  The shims that enter the interpreter have no
 * globals. */
static uint64_t frame_size(const struct cpython *p, uint64_t addr)
{
	const struct cpython_frame_layout *l = cpython_frame_layout(p);
	const uint64_t code = cpython_word(p, addr + l->code);
	const uint64_t globals = cpython_word(p, addr + l->globals);
	const struct cpython_class *c = code ? cpython_class_at(p, code) : NULL;

	if (!c || c->shape != CPYTHON_SHAPE_CODE)
		return 0;
	c = globals ? cpython_class_at(p, globals) : NULL;
	if (globals && (!c || (c->shape != CPYTHON_SHAPE_DICT)))
		return 0;
	return (FRAME_WORDS + cpython_code_number(p, code, l->nlocals) +
		cpython_code_number(p, code, l->stacksize)) *
	       8ul;
}

/* Takes the frames that begin in [at, end), as far as the chunk is filled; returns where the last
 * one ends. */
static uint64_t find_frames_in(const struct cpython *p, struct cpython_frames *f,
			       const struct cpython_chunk *chunk, uint64_t at, uint64_t end)
{
	while (at < end && at < chunk->top) {
		const uint64_t size = frame_size(p, at);

		if (!size || size > chunk->end - at) {
			at += 8;
			continue;
		}
		f->frames =
			array_grow(f->frames, f->nr_frames, &f->room_frames, sizeof(*f->frames));
		f->frames[f->nr_frames++] = (struct cpython_frame){ at, at + size };
		at += size;
	}
	return at;
}

/* Only where there is memory: the chunk may say that it is much larger. */
static void find_frames(const struct cpython *p, struct cpython_frames *f,
			const struct cpython_chunk *chunk)
{
	size_t nr;
	const struct dump_range *ranges = dump_ranges(p->dump, &nr);
	uint64_t at = chunk->addr + CHUNK_DATA;

	for (size_t i = 0; i < nr && ranges[i].addr < chunk->top; i++) {
		const uint64_t end = ranges[i].addr + ranges[i].len;

		if (end > at)
			at = find_frames_in(p, f, chunk, at > ranges[i].addr ? at : ranges[i].addr,
					    end);
	}
}

struct cpython_frames *cpython_frames_create(const struct cpython *p)
{
	struct cpython_frames *f = xcalloc(1, sizeof(*f));

	if (!cpython_frame_layout(p)->is_apart)
		return f;
	find_chunks(p, f);
	if (f->nr_chunks)
		find_all_tops(p, f);
	for (size_t i = 0; i < f->nr_chunks; i++)
		find_frames(p, f, &f->chunks[i]);
	return f;
}

void cpython_frames_destroy(struct cpython_frames *f)
{
	if (!f)
		return;
	free(f->chunks);
	free(f->frames);
	free(f);
}

bool cpython_frames_may_hold(const struct cpython_frames *f, uint64_t addr)
{
	const struct cpython_chunk *chunk = find_chunk(f, addr);

	return !chunk || (!chunk->is_top_told && addr >= chunk->addr + CHUNK_DATA);
}

const struct cpython_frame *cpython_frames_find(const struct cpython_frames *f, uint64_t addr)
{
	const size_t after = SORTED_COUNT(f->frames, f->nr_frames, end, addr);

	return after < f->nr_frames && f->frames[after].addr <= addr ? &f->frames[after] : NULL;
}
