/* SPDX-License-Identifier: MIT */
/*
 * Bump allocator over raw mmap (rt/bump.h).  Chunks grow from 256 KB to 16 MB; what needs more gets
 * a chunk of its own size.
 */
#include "rt/bump.h"

#include <string.h>

#include "rt/sys.h"
#include "rt/ban.h"

#define CHUNK_FIRST (256ul << 10)
#define CHUNK_MAX   (16ul << 20)
#define ALIGN	    16ul

/* Stands at the start of its mapping of `size` bytes. */
struct bump_chunk {
	struct bump_chunk *next;
	uint64_t size;
};
_Static_assert(sizeof(struct bump_chunk) % ALIGN == 0, "the first allocation is aligned");

void bump_init(struct bump *b)
{
	*b = (struct bump){ .chunk_size = CHUNK_FIRST };
}

void bump_deinit(struct bump *b)
{
	struct bump_chunk *next;

	for (struct bump_chunk *c = b->chunks; c; c = next) {
		next = c->next;
		(void)sys_munmap(c, c->size);
	}
	bump_init(b);
}

static struct bump_chunk *add_chunk(struct bump *b, size_t size)
{
	struct bump_chunk *c = sys_mmap(NULL, size, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (sys_is_error((long)c))
		return NULL;
	*c = (struct bump_chunk){ .next = b->chunks, .size = size };
	b->chunks = c;
	b->total += size;
	return c;
}

void *bump_alloc(struct bump *b, size_t size)
{
	struct bump_chunk *c;
	char *p = b->at;

	if (size > PTRDIFF_MAX / 2)
		return NULL;
	size = (size + ALIGN - 1) & -ALIGN;
	if ((size_t)(b->end - p) >= size && p) {
		b->at = p + size;
		return p;
	}
	if (size > b->chunk_size / 4) { /* of its own: the rest of the current chunk stays in use */
		c = add_chunk(b, (sizeof(*c) + size + 4095) & -4096ul);
		return c ? c + 1 : NULL;
	}
	c = add_chunk(b, b->chunk_size);
	if (!c)
		return NULL;
	b->at = (char *)(c + 1) + size;
	b->end = (char *)c + c->size;
	if (b->chunk_size < CHUNK_MAX)
		b->chunk_size *= 2;
	return c + 1;
}

char *bump_strndup(struct bump *b, const char *s, size_t len)
{
	char *copy = bump_alloc(b, len + 1);

	if (copy)
		memcpy(copy, s, len);
	return copy;
}

bool bump_contains(const struct bump *b, uint64_t addr)
{
	for (const struct bump_chunk *c = b->chunks; c; c = c->next)
		if (addr - (uint64_t)c < c->size)
			return true;
	return false;
}
