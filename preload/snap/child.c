/* SPDX-License-Identifier: MIT */
/*
 * The child's life: a stack of its own, no descriptors of the program, low priority; then layout,
 * file, sections, name.  It obeys the rules of a signal handler that may never return: raw system
 * calls, bump memory, no locks, no libc beyond string.h.
 */
#include "snap/child.h"

#include <errno.h>
#include <linux/close_range.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "rt/clock.h"
#include "rt/format.h"
#include "rt/message.h"
#include "rt/option.h"
#include "rt/process.h"
#include "rt/status.h"
#include "rt/sys.h"
#include "snap/copy.h"
#include "snap/output.h"
#include "snap/signals.h"
#include "rt/ban.h"

#define CHILD_STACK (256ul << 10)
#define CHILD_MEMORY (32ul << 20)	/* bump memory that is mapped before the maps are read */
#define CHILD_GUARD 4096ul
#define CHILD_CPUS 1024u	/* above the highest number that the option takes */
#define CHILD_FDS_MAX 65536		/* closed one by one where the kernel has no close_range */

/* Used in the child only. */
static struct {
	const struct facts *facts;
	struct bump bump;
	struct image image;
	struct output output;
	uint64_t own_start, own_end;
} child = {.output = {.fd = -1}};

static const struct {
	int err;
	const char *text;
} error_texts[] = {
	{ENOSPC, "no space left on device"},
	{EDQUOT, "disk quota exceeded"},
	{EFBIG, "file too large (see ulimit -f)"},
	{EACCES, "permission denied"},
	{EPERM, "operation not permitted"},
	{EROFS, "read-only file system"},
	{ENOENT, "no such folder"},
	{ENOTDIR, "not a folder"},
	{ENAMETOOLONG, "name too long"},
	{EMFILE, "no descriptors allowed (see ulimit -n)"},
	{ENFILE, "too many open files in the system"},
	{ENOMEM, "no memory"},
	{EAGAIN, "no more processes allowed (see ulimit -u)"},
	{EIO, "input/output error"},
	{EEXIST, "file exists"},
};

const char *child_error_text(int err)
{
	static char unknown[32];

	for (size_t i = 0; i < sizeof(error_texts) / sizeof(error_texts[0]); i++)
		if (error_texts[i].err == -err)
			return error_texts[i].text;
	(void)format_text(unknown, sizeof(unknown), "error %d", -err);
	return unknown;
}

/* A signal for the process wakes one thread, and may be taken by another that is just looking for
 * signals: the first one's call then ends with EINTR where no handler of ours can make it again. */
static void wake(pid_t pid, pid_t thread, int signal)
{
	if (signal_is_blocked_by(pid, thread, signal) || sys_tgkill(pid, thread, signal) != 0)
		(void)sys_kill(pid, signal);
}

/* The last thing: whoever waits may rely on the counters once the state is IDLE. */
__attribute__((noreturn)) static void child_end(int status)
{
	pid_t thread;

	__atomic_store_n(&rt_status->child, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&rt_status->state, HC_STATUS_IDLE, __ATOMIC_SEQ_CST);
	thread = __atomic_load_n(&rt_status->wake, __ATOMIC_SEQ_CST);
	if (thread && rt_status->signal > 0 && sys_getppid() == child.facts->pid)
		wake(child.facts->pid, thread, rt_status->signal);
	sys_exit_group(status);
}

void child_fail(const char *format, ...)
{
	char text[sizeof(rt_status->last_error)];
	va_list args;

	output_discard(&child.output);
	rt_status->part_path[0] = '\0';
	va_start(args, format);
	(void)format_va(text, sizeof(text), format, args);
	va_end(args);
	status_set_text(rt_status->last_error, sizeof(rt_status->last_error), text);
	rt_status->last_failed = 1;
	__atomic_fetch_add(&rt_status->nr_failed, 1, __ATOMIC_SEQ_CST);
	message("no dump: %s", text);
	child_end(CHILD_FAILED);
}

static void child_crashed(int sig, uint64_t pc, uint64_t addr)
{
	child_fail("the writing process met signal %d at 0x%lx (address 0x%lx): please report this",
		   sig, pc, addr);
}

static void raise_limit(int resource)
{
	struct rlimit limit;

	if (sys_call3(SYS_getrlimit, resource, (long)&limit, 0) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)sys_call3(SYS_setrlimit, resource, (long)&limit, 0);
}

/*
 * The table of descriptors is the program's own until here, so that what it closes meanwhile is
 * closed, and pipes see their end of file, even while we write.
 */
static void leave_descriptors(void)
{
	const int keep = option_get(OPTION_LOG) == HC_LOG_STDERR ? 2 : -1;

	if (sys_close_range((unsigned int)keep + 1, ~0u, CLOSE_RANGE_UNSHARE) == 0) {
		if (keep >= 0)
			(void)sys_close_range(0, (unsigned int)keep - 1, 0);
		return;
	}
	if (sys_call3(SYS_unshare, CLONE_FILES, 0, 0) != 0)
		child_fail("no memory");
	for (int fd = 0; fd < CHILD_FDS_MAX; fd++)
		if (fd != keep)
			(void)sys_close(fd);
}

/* Nicer than the program, whatever that is; what it waits for the disk with follows. */
static void leave_processors(void)
{
	const uint64_t cpu = option_get(OPTION_CPU);
	const int nice = 20 - (int)sys_call3(SYS_getpriority, PRIO_PROCESS, 0, 0);
	uint64_t mask[CHILD_CPUS / 64] = {0};

	(void)sys_setpriority(PRIO_PROCESS, 0, nice + (int)option_get(OPTION_NICE));
	if (cpu == HC_OPTION_WORD)
		return;
	mask[cpu / 64] = 1ull << cpu % 64;
	if (sys_call3(SYS_sched_setaffinity, 0, sizeof(mask), (long)mask) < 0)
		message("processor %lu cannot be had: the dump is written on any", cpu);
}

static void leave_the_program(void)
{
	(void)sys_call3(SYS_prctl, PR_SET_NAME, (long)"heapcensus", 0);
	leave_processors();
	raise_limit(RLIMIT_NOFILE);
	raise_limit(RLIMIT_FSIZE);
	raise_limit(RLIMIT_AS);
	copy_init(child_crashed);
}

static int child_sink(void *arg, const void *bytes, size_t len)
{
	/* The first bytes go out while the writer is being made. */
	if (child.image.writer)
		__atomic_store_n(&rt_status->progress_done, writer_raw_bytes(child.image.writer),
				 __ATOMIC_RELAXED);
	return output_sink(arg, bytes, len);
}

static uint64_t random_id(void)
{
	uint64_t id = 0;

	if (sys_call3(SYS_getrandom, (long)&id, sizeof(id), 1 /* GRND_NONBLOCK */) != sizeof(id))
		id = clock_monotonic_ns() * 0x9e3779b97f4a7c15ull + (uint64_t)sys_getpid();
	return id;
}

static void open_output(uint64_t id)
{
	const int err = output_open(&child.output, id, true);

	if (err)
		child_fail("%s: %s", child.output.dir, child_error_text(err));
	if (child.output.dir_error)
		message("%s: %s: dumps go to %s", rt_process.dir,
			child_error_text(child.output.dir_error), child.output.dir);
	status_set_text(rt_status->part_path, sizeof(rt_status->part_path), child.output.part);
}

static void write_dump(uint64_t id)
{
	struct image *const im = &child.image;
	const uint64_t level = option_get(OPTION_ZSTD);
	int err;

	im->writer = writer_create(&child.bump, level == HC_OPTION_WORD ? 0 : (int)level, id,
				   child_sink, &child.output);
	if (!im->writer)
		child_fail("no memory");
	err = image_write(im);
	if (!err)
		err = output_commit(&child.output, child.facts->number);
	if (err)
		child_fail("%s: %s", child.output.dir, child_error_text(err));
}

/* Only what this process has written goes: a number of a name may be an older process'. */
static void drop_oldest(void)
{
	const uint64_t keep = option_get(OPTION_KEEP);

	if (!keep)
		return;
	uint64_t *const slot = &rt_status->kept[rt_status->nr_done % keep];

	if (*slot)
		output_remove(*slot & 1 ? rt_process.fallback : rt_process.dir, *slot >> 1);
	*slot = child.output.number << 1 | (child.output.dir == rt_process.fallback);
}

static void report_done(void)
{
	drop_oldest();
	rt_status->part_path[0] = '\0';
	status_set_text(rt_status->last_path, sizeof(rt_status->last_path), child.output.path);
	rt_status->last_number = child.output.number;
	rt_status->last_failed = 0;
	__atomic_fetch_add(&rt_status->nr_done, 1, __ATOMIC_SEQ_CST);
}

/* On the child's own stack. */
__attribute__((noreturn, used)) static void child_main(void)
{
	const uint64_t id = random_id();

	leave_the_program();
	rt_status->progress_total = child.facts->live_bytes + child.facts->live_blocks * 34;
	__atomic_store_n(&rt_status->child, sys_getpid(), __ATOMIC_RELAXED);
	__atomic_store_n(&rt_status->state, HC_STATUS_WRITING, __ATOMIC_SEQ_CST);
	if (!image_init(&child.image, child.facts, &child.bump, child.own_start, child.own_end))
		child_fail("/proc/self/maps cannot be read");
	open_output(id);
	write_dump(id);
	report_done();
	child_end(0);
}

/* Guards on both sides keep the kernel from merging it with memory of the program. */
static bool map_own_memory(void)
{
	const size_t size = CHILD_STACK + CHILD_MEMORY;
	char *const p = sys_mmap(NULL, size + 2 * CHILD_GUARD, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (sys_is_error((long)p) ||
	    sys_mprotect(p + CHILD_GUARD, size, PROT_READ | PROT_WRITE) != 0)
		return false;
	child.own_start = (uint64_t)(p + CHILD_GUARD);
	child.own_end = child.own_start + size;
	bump_init(&child.bump);
	child.bump.at = p + CHILD_GUARD + CHILD_STACK;
	child.bump.end = p + CHILD_GUARD + size;
	return true;
}

void child_run(const struct facts *facts)
{
	child.facts = facts;
	leave_descriptors();
	raise_limit(RLIMIT_AS);
	if (!map_own_memory())
		child_fail("no memory");
	__asm__ volatile("movq %0, %%rsp\n\t"
			 "xorl %%ebp, %%ebp\n\t"
			 "call *%1"
			 :
			 : "r"(child.own_start + CHILD_STACK), "r"(child_main)
			 : "memory");
	__builtin_unreachable();
}
