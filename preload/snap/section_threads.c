/* SPDX-License-Identifier: MIT */
/*
 * THRD and REGS: who allocated, and where everybody stood.  The snapshot child only.
 */
#include <string.h>

#include "live/thread.h"
#include "rt/count.h"
#include "snap/image.h"
#include "snap/layout.h"
#include "rt/ban.h"

static uint32_t thread_state(const struct image *im, const struct layout_thread *t)
{
	if (!t->os)
		return HC_THREAD_GONE;
	if (t->os->tid == im->facts->tid)
		return HC_THREAD_DUMPING;
	return t->os->blocked ? HC_THREAD_BLOCKED : HC_THREAD_RUNNING;
}

static uint32_t name_text(struct image *im, const char *name, size_t size)
{
	const size_t len = strnlen(name, size);

	return len ? strings_intern(&im->strings, name, len) : 0;
}

static void put_thread(struct image *im, const struct layout_thread *t)
{
	const struct thread *const known = t->known;
	struct hc_thread out = {
		.tid = t->os ? t->os->tid : known->tid,
		.last_tick = UINT32_MAX,
		.state = thread_state(im, t),
		.sp = t->sp,
		.pc = t->pc,
		.stack_start = t->stack_start,
		.stack_end = t->stack_end,
		.tls = t->os ? t->tls : 0,
	};

	if (out.state == HC_THREAD_RUNNING)
		COUNT(threads_running);
	if (t->os)
		out.name = name_text(im, t->os->name, sizeof(t->os->name));
	if (known) {
		out.slot = known->slot;
		out.first_tick = known->first_tick;
		out.nr_allocated = known->seq;
		out.nr_freed = known->nr_freed;
		out.bytes_allocated = known->bytes_allocated;
		out.bytes_freed = known->bytes_freed;
	}
	if (known && !t->os) {
		out.last_tick = known->last_tick;
		out.name = name_text(im, known->name, sizeof(known->name));
	}
	writer_append(im->writer, &out, sizeof(out));
}

static void put_gone(struct image *im, const struct thread_gone *t)
{
	const struct hc_thread out = {
		.slot = t->slot,
		.tid = t->tid,
		.first_tick = t->first_tick,
		.last_tick = t->last_tick,
		.state = HC_THREAD_GONE,
		.name = name_text(im, t->name, sizeof(t->name)),
		.nr_allocated = t->nr_allocated,
		.nr_freed = t->nr_freed,
		.bytes_allocated = t->bytes_allocated,
		.bytes_freed = t->bytes_freed,
	};

	writer_append(im->writer, &out, sizeof(out));
}

void section_threads(struct image *im)
{
	uint32_t nr = 0;
	const struct thread_gone *const gone = threads_history(&nr);

	writer_begin(im->writer, HC_SECTION_THRD);
	for (uint32_t i = 0; i < im->nr_threads; i++)
		put_thread(im, &im->threads[i]);
	for (uint32_t i = 0; i < nr; i++)
		if (gone[i].slot)
			put_gone(im, &gone[i]);
	writer_end(im->writer);
}

void section_registers(struct image *im)
{
	writer_begin(im->writer, HC_SECTION_REGS);
	for (uint32_t i = 0; i < IMAGE_NR_REGISTERS; i++) {
		const struct hc_register out = {im->facts->tid, i, im->facts->registers[i]};

		if (im->facts->known_registers & 1u << i)
			writer_append(im->writer, &out, sizeof(out));
	}
	writer_end(im->writer);
}
