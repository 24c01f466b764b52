/* SPDX-License-Identifier: MIT */
/*
 * bythread: the thread that allocated it, "name tid", with "(gone)" where it had ended before the
 * dump.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "partition/kinds.h"
#include "partition/rules.h"

struct bythread {
	struct classifier base;
	const struct heap *heap;
	struct kinds kinds; /* of struct hc_thread pointers */
	char **names;	    /* [kinds.nr] */
	size_t capacity;
};

static char *format(const struct dump *d, const struct hc_thread *thread)
{
	const char *name = thread ? dump_get_string(d, thread->name).bytes : "";

	if (!thread)
		return xstrdup("<unknown>");
	return xasprintf("%s%s%d%s", name, *name ? " " : "", thread->tid,
			 thread->state == HC_THREAD_GONE ? " (gone)" : "");
}

static uint32_t classify(struct classifier *c, node_id n)
{
	struct bythread *b = (struct bythread *)c;
	const struct dump *d = b->heap->dump;
	const struct hc_thread *thread =
		dump_find_thread(d, dump_blocks(d)->thread[n], dump_blocks(d)->tick[n]);
	const uint32_t nr = b->kinds.nr, kind = kinds_get(&b->kinds, (uintptr_t)thread);

	if (b->kinds.nr != nr) {
		b->names = array_grow(b->names, nr, &b->capacity, sizeof(*b->names));
		b->names[nr] = format(d, thread);
	}
	return kind;
}

static const char *name(struct classifier *c, uint32_t kind)
{
	return ((struct bythread *)c)->names[kind];
}

static void destroy(struct classifier *c)
{
	struct bythread *b = (struct bythread *)c;

	for (uint32_t i = 0; i < b->kinds.nr; i++)
		free(b->names[i]);
	free(b->names);
	kinds_deinit(&b->kinds);
	free(b);
}

struct classifier *partition_create_bythread(struct heap *h)
{
	struct bythread *b = xcalloc(1, sizeof(*b));

	b->base = (struct classifier){ .refs = 1, "Thread", classify, name, .destroy = destroy };
	b->heap = h;
	return &b->base;
}
