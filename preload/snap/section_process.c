/* SPDX-License-Identifier: MIT */
/*
 * PROC, CNTR, ALLC and STRS: what the process is, what was lost, what its allocator holds.  The
 * snapshot child only.
 */
#include <string.h>
#include <sys/utsname.h>

#include "live/thread.h"
#include "rt/clock.h"
#include "rt/count.h"
#include "rt/format.h"
#include "rt/option.h"
#include "rt/private.h"
#include "rt/process.h"
#include "rt/status.h"
#include "rt/sys.h"
#include "snap/image.h"
#include "snap/kv.h"
#include "snap/layout.h"
#include "target/python.h"
#include "rt/ban.h"

#define CMDLINE_MAX 65536
#define PAUSE_WAIT_NS 1000000 /* a step of waiting for the parent to say how long it stood still \
			       */
#define PAUSE_WAIT_STEPS 100

static long read_file(const char *path, char *buf, size_t size)
{
	const int fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
	size_t len = 0;
	long n;

	if (fd < 0)
		return fd;
	while (len < size && (n = sys_read(fd, buf + len, size - len)) > 0)
		len += (size_t)n;
	(void)sys_close(fd);
	return (long)len;
}

static void put_cmdline(struct image *im)
{
	char *const buf = bump_alloc(im->bump, CMDLINE_MAX);
	const long len = buf ? read_file("/proc/self/cmdline", buf, CMDLINE_MAX - 1) : -1;

	if (len <= 0)
		return;
	/* Each text ends with a zero, the last one of a cut list too. */
	kv_list(im->writer, "cmdline", buf, (size_t)len + (buf[len - 1] != '\0'));
}

static uint64_t read_rss(void)
{
	char buf[128];
	const long len = read_file("/proc/self/statm", buf, sizeof(buf) - 1);
	uint64_t pages = 0;
	const char *at = buf;

	if (len <= 0)
		return 0;
	buf[len] = '\0';
	at = strchr(at, ' ');
	for (at = at ? at + 1 : ""; *at >= '0' && *at <= '9'; at++)
		pages = pages * 10 + (uint64_t)(*at - '0');
	return pages * rt_process.page_size;
}

/* The parent says it once it runs on; it may not have come to that yet. */
static uint64_t wait_for_pause(void)
{
	for (int i = 0; i < PAUSE_WAIT_STEPS; i++) {
		const uint64_t pause = __atomic_load_n(&rt_status->pause_ns, __ATOMIC_RELAXED);

		if (pause)
			return pause;
		(void)sys_nanosleep(PAUSE_WAIT_NS);
	}
	return 0;
}

static uint64_t count_profiler_bytes(struct image *im)
{
	uint64_t bytes = 0;

	for (uint64_t i = 0; i < im->layout.nr; i++) {
		const struct area *const a = &im->layout.items[i];
		uint64_t at = a->start, start, stop;

		if (a->kind != AREA_PROFILER || a->start == im->own_start)
			continue;
		while (at < a->end && pages_find_run(&im->pages, at, a->end, &start, &stop)) {
			bytes += stop - start;
			at = stop;
		}
	}
	return bytes;
}

static void put_options(struct writer *w)
{
	char key[64];

	for (int i = 0; i < NR_OPTIONS; i++) {
		if (!option_values[i].text)
			continue;
		(void)format_text(key, sizeof(key), "option.%s", option_rows[i].name);
		kv_text(w, key, option_values[i].text);
	}
}

static void put_python(struct writer *w)
{
	const struct python *const py = &target_python;

	if (!py->version[0])
		return;
	kv_text(w, "python_version", py->version);
	kv_text(w, "python_allocator", py->allocator);
	kv_number(w, "python_free_threaded", py->free_threaded);
	kv_number(w, "python_runtime", py->runtime);
	kv_number(w, "python_type_type", py->type_type);
}

void section_process(struct image *im)
{
	const struct facts *const facts = im->facts;
	struct writer *const w = im->writer;
	struct utsname uts;

	writer_begin(w, HC_SECTION_PROC);
	kv_text(w, "exe", rt_process.exe);
	put_cmdline(im);
	kv_number(w, "pid", (uint64_t)facts->pid);
	kv_number(w, "ppid", (uint64_t)facts->ppid);
	if (sys_call3(SYS_uname, (long)&uts, 0, 0) == 0)
		kv_text(w, "host", uts.nodename);
	kv_text(w, "heapcensus_version", HEAPCENSUS_VERSION);
	kv_number(w, "page_size", rt_process.page_size);
	kv_number(w, "start_realtime_ns", rt_clock.start_realtime_ns);
	kv_number(w, "start_monotonic_ns", rt_clock.start_monotonic_ns);
	kv_number(w, "dump_realtime_ns", facts->realtime_ns);
	kv_number(w, "dump_monotonic_ns", facts->monotonic_ns);
	kv_number(w, "tick_ns", 1ull << CLOCK_TICK_SHIFT);
	kv_number(w, "dump_number", facts->number);
	kv_text(w, "reason", facts->reason);
	kv_text(w, "allocator", layout_allocator());
	kv_text(w, "contents", option_text(OPTION_CONTENTS));
	kv_text(w, "stacks", option_text(OPTION_STACKS));
	kv_number(w, "stack_depth", (uint64_t)option_get(OPTION_DEPTH));
	kv_number(w, "pause_ns", wait_for_pause());
	kv_number(w, "rss_bytes", read_rss());
	kv_number(w, "profiler_bytes", count_profiler_bytes(im));
	put_python(w);
	put_options(w);
	writer_end(w);
}

void section_strings(struct image *im) { strings_write(&im->strings, im->writer); }

static const char *const count_names[NR_COUNTS] = {
#define COUNT_NAME(name, text) [COUNT_##name] = #name,
	HC_COUNTS(COUNT_NAME)
#undef COUNT_NAME
};

void section_counts(struct image *im)
{
	count_add(COUNT_ranges_unreadable, im->nr_unreadable);
	count_add(COUNT_blocks_overlapping, im->nr_overlapping);
	writer_begin(im->writer, HC_SECTION_CNTR);
	for (int i = 0; i < NR_COUNTS; i++) {
		const uint64_t nr = rt_counts[i] + threads_count((enum count_id)i);

		if (nr)
			kv_number(im->writer, count_names[i], nr);
	}
	writer_end(im->writer);
}

static void put_arena_number(struct writer *w, uint32_t arena, const char *what, uint64_t value)
{
	char key[64];

	(void)format_text(key, sizeof(key), "arena.%u.%s", arena, what);
	kv_number(w, key, value);
}

void section_allocator(struct image *im)
{
	const struct heap_stats *const s = &im->heap;
	struct writer *const w = im->writer;

	writer_begin(w, HC_SECTION_ALLC);
	kv_text(w, "allocator", layout_allocator());
	for (uint32_t i = 0; i < s->nr_arenas; i++) {
		put_arena_number(w, i, "blocks", s->arenas[i].nr_blocks);
		put_arena_number(w, i, "requested_bytes", s->arenas[i].requested);
		put_arena_number(w, i, "usable_bytes", s->arenas[i].usable);
		put_arena_number(w, i, "mapped_bytes", s->arenas[i].mapped);
	}
	if (s->nr_mmapped) {
		kv_number(w, "mmapped.blocks", s->nr_mmapped);
		kv_number(w, "mmapped.requested_bytes", s->mmapped_requested);
		kv_number(w, "mmapped.usable_bytes", s->mmapped_usable);
	}
	if (s->nr_odd)
		kv_number(w, "unknown_header.blocks", s->nr_odd);
	writer_end(w);
}
