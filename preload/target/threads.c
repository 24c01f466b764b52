/* SPDX-License-Identifier: MIT */
/*
 * Reads /proc/self/task (target/threads.h): three small files a thread, each read once into a
 * buffer on the stack.
 */
#include "target/threads.h"

#include <string.h>

#include "rt/format.h"
#include "rt/proc.h"
#include "rt/sys.h"
#include "rt/ban.h"

/* What getdents64 returns. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

/* Threads in chunks while their number is not known. */
struct chunk {
	struct chunk *next;
	uint32_t nr;
	struct os_thread threads[64];
};

static long read_file(int32_t tid, const char *name, char *buf, size_t size)
{
	char path[64];

	(void)format_text(path, sizeof(path), "/proc/self/task/%d/%s", tid, name);
	return proc_read(path, buf, size);
}

/* "nr arg1 ... arg6 sp pc", "-1 sp pc" (stopped outside of a call), or "running". */
static void read_registers(struct os_thread *t)
{
	char text[256];
	char *space;
	const char *sp, *pc;

	if (read_file(t->tid, "syscall", text, sizeof(text)) <= 0 || text[0] == 'r')
		return;
	space = strrchr(text, ' ');
	if (!space)
		return;
	*space = '\0';
	pc = space + 1;
	space = strrchr(text, ' ');
	if (!space)
		return;
	sp = space + 1;
	t->sp = proc_parse_hex(&sp);
	t->pc = proc_parse_hex(&pc);
	t->blocked = t->sp != 0;
}

static void read_thread(struct os_thread *t, int32_t tid)
{
	char text[512];
	char *end;

	*t = (struct os_thread){ .tid = tid, .state = '?' };
	if (read_file(tid, "comm", text, sizeof(text)) > 0) {
		end = strchr(text, '\n');
		if (end)
			*end = '\0';
		(void)format_text(t->name, sizeof(t->name), "%s", text);
	}
	/* "tid (name) S ...": the name may hold anything, so the last parenthesis counts */
	if (read_file(tid, "stat", text, sizeof(text)) > 0) {
		end = strrchr(text, ')');
		if (end && end[1] == ' ')
			t->state = end[2];
	}
	read_registers(t);
}

static int32_t parse_tid(const char *name)
{
	int32_t tid = 0;

	for (; *name >= '0' && *name <= '9' && tid < INT32_MAX / 10; name++)
		tid = tid * 10 + (*name - '0');
	return *name ? 0 : tid;
}

static bool add_thread(struct chunk **chunks, int32_t tid, struct bump *b)
{
	struct chunk *c = *chunks;

	if (!c || c->nr == sizeof(c->threads) / sizeof(c->threads[0])) {
		c = bump_alloc(b, sizeof(*c));
		if (!c)
			return false;
		c->next = *chunks;
		*chunks = c;
	}
	read_thread(&c->threads[c->nr++], tid);
	return true;
}

/* All chunks into one array, in the order that they were read. */
static bool flatten(struct os_threads *out, const struct chunk *chunks, struct bump *b)
{
	uint32_t nr = 0;

	for (const struct chunk *c = chunks; c; c = c->next)
		nr += c->nr;
	out->threads = bump_alloc(b, nr * sizeof(struct os_thread));
	if (!out->threads)
		return false;
	out->nr = nr;
	for (const struct chunk *c = chunks; c; c = c->next) {
		nr -= c->nr;
		memcpy(out->threads + nr, c->threads, c->nr * sizeof(struct os_thread));
	}
	return out->nr > 0;
}

bool threads_read(struct os_threads *out, struct bump *b)
{
	const int fd = sys_open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	char buf[2048] __attribute__((aligned(8)));
	struct chunk *chunks = NULL;
	long n;

	*out = (struct os_threads){ .complete = true };
	if (fd < 0)
		return false;
	while ((n = sys_getdents64(fd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < n;) {
			const struct entry *e = (const void *)(buf + at);
			const int32_t tid = parse_tid(e->name);

			if (tid && !add_thread(&chunks, tid, b))
				out->complete = false;
			at += e->size;
		}
	}
	(void)sys_close(fd);
	return flatten(out, chunks, b);
}
