/* SPDX-License-Identifier: MIT */
/*
 * Chunk and heap headers of glibc (2.26 .. 2.40, x86-64), as malloc/malloc.c and arena.c lay them
 * out.  The snapshot child only.
 */
#include "snap/heap.h"

#include <stddef.h>

#include "snap/copy.h"
#include "rt/ban.h"

#define CHUNK_MMAPPED 2u
#define CHUNK_NON_MAIN 4u
#define CHUNK_FLAGS 7u

#define HEAP_ALIGN (64ul << 20)	/* HEAP_MAX_SIZE on x86-64 */
#define HEAP_PAGE 4096ul

/* arena.c, struct _heap_info: its first fields have been the same since 2.3. */
struct heap_info {
	uint64_t arena;
	uint64_t prev;
	uint64_t size;		/* in use by the arena */
	uint64_t mprotect_size;	/* readable and writable */
};

static bool heap_info_is_plausible(const struct heap_info *h, uint64_t at, uint64_t room)
{
	const uint64_t arena_offset = h->arena & (HEAP_ALIGN - 1);

	return h->size && h->size <= h->mprotect_size && h->mprotect_size <= HEAP_ALIGN &&
	       h->mprotect_size <= room && !(h->size % HEAP_PAGE) &&
	       !(h->mprotect_size % HEAP_PAGE) && !(h->prev % HEAP_ALIGN) &&
	       arena_offset >= sizeof(*h) && arena_offset <= 64 &&
	       (h->prev || h->arena - arena_offset == at);
}

/* Index of an arena in the table; new ones are added. */
static struct heap_arena *heap_get_arena(struct heap_stats *s, uint64_t arena)
{
	uint32_t i;

	for (i = 1; i < s->nr_arenas; i++)
		if (s->arenas[i].arena == arena)
			return &s->arenas[i];
	if (i >= HEAP_NR_ARENAS)
		return &s->arenas[HEAP_NR_ARENAS - 1];
	if (i == 0)
		i = 1;
	s->arenas[i].arena = arena;
	s->nr_arenas = i + 1;
	return &s->arenas[i];
}

void heap_find_arenas(uint64_t start, uint64_t end, struct areas *layout, struct heap_stats *s)
{
	for (uint64_t at = (start + HEAP_ALIGN - 1) & ~(HEAP_ALIGN - 1); at < end;
	     at += HEAP_ALIGN) {
		struct heap_info h;

		if (!copy_memory(&h, at, sizeof(h)) || !heap_info_is_plausible(&h, at, end - at))
			continue;
		areas_add(layout, at, at + h.mprotect_size, AREA_HEAP, 0);
		heap_get_arena(s, h.arena)->mapped += h.mprotect_size;
	}
}

enum heap_block_kind heap_add_block(struct heap_stats *s, uint64_t addr, uint64_t size,
				    uint64_t *start, uint64_t *end)
{
	struct { uint64_t prev_size, size; } chunk;
	struct heap_arena *arena = &s->arenas[0];
	uint64_t bytes;

	if (addr < sizeof(chunk) || !copy_word(&chunk.size, addr - sizeof(chunk.size)))
		goto odd;
	bytes = chunk.size & ~(uint64_t)CHUNK_FLAGS;
	if (bytes < size || bytes % 16 || bytes >> 47)
		goto odd;
	if (chunk.size & CHUNK_MMAPPED) {
		if (!copy_word(&chunk.prev_size, addr - sizeof(chunk)) ||
		    (addr - 16 - chunk.prev_size) % HEAP_PAGE ||
		    (chunk.prev_size + bytes) % HEAP_PAGE)
			goto odd;
		*start = addr - 16 - chunk.prev_size;
		*end = addr - 16 + bytes;
		s->nr_mmapped++;
		s->mmapped_requested += size;
		s->mmapped_usable += bytes - 16;
		return HEAP_MMAPPED;
	}
	if (chunk.size & CHUNK_NON_MAIN) {
		uint64_t state;

		if (!copy_word(&state, addr & ~(HEAP_ALIGN - 1)))
			goto odd;
		arena = heap_get_arena(s, state);
	}
	arena->nr_blocks++;
	arena->requested += size;
	arena->usable += bytes - 8;
	return arena == &s->arenas[0] ? HEAP_MAIN : HEAP_ARENA;
odd:
	s->nr_odd++;
	return HEAP_ODD;
}
