/* SPDX-License-Identifier: MIT */
/*
 * One snapshot from the program's side.  Callers: snap/trigger.c, one at a time, signals blocked.
 */
#include "snap/snapshot.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>

#include "live/thread.h"
#include "rt/clock.h"
#include "rt/count.h"
#include "rt/format.h"
#include "rt/message.h"
#include "rt/private.h"
#include "rt/process.h"
#include "rt/status.h"
#include "rt/sys.h"
#include "snap/child.h"
#include "snap/gate.h"
#include "snap/image.h"
#include "rt/ban.h"

#define SNAPSHOT_FACTS_SIZE (4ul << 20)		/* address space; pages are touched as needed */
#define SNAPSHOT_GATE_NS \
	100000000 /* a thread inside the allocator for longer is probably waiting for us */
#define SNAPSHOT_WAKE_STEPS 100
#define SNAPSHOT_WAKE_NS 200000

/* Under trigger.c's busy, except child, which handlers read. */
static struct {
	struct facts *facts;	/* SNAPSHOT_FACTS_SIZE bytes, zero between snapshots */
	int32_t child;		/* 0: none runs */
	int32_t last_child;
	uint32_t wakes;
} snapshot;

bool snapshot_init(void)
{
	if (!snapshot.facts)
		snapshot.facts = private_pages(SNAPSHOT_FACTS_SIZE);
	if (!snapshot.facts)
		message("no memory: this process cannot be dumped");
	return snapshot.facts != NULL;
}

static void set_state(enum hc_status_state state, int32_t child)
{
	__atomic_store_n(&rt_status->child, child, __ATOMIC_RELAXED);
	__atomic_store_n(&rt_status->state, state, __ATOMIC_SEQ_CST);
}

void snapshot_set_pending(void)
{
	uint32_t idle = HC_STATUS_IDLE;

	(void)__atomic_compare_exchange_n(&rt_status->state, &idle, HC_STATUS_PENDING, false,
					  __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static void report_failure(const char *text)
{
	COUNT(snapshots_failed);
	status_set_text(rt_status->last_error, sizeof(rt_status->last_error), text);
	rt_status->last_failed = 1;
	__atomic_fetch_add(&rt_status->nr_failed, 1, __ATOMIC_SEQ_CST);
	message("no dump: %s", text);
}

void snapshot_report_stuck(void)
{
	COUNT(gate_timeouts);
	set_state(HC_STATUS_IDLE, 0);
	report_failure("a thread stayed inside the allocator for too long");
}

/* In the order of DWARF's register numbers. */
static const uint8_t greg_of_dwarf[IMAGE_NR_REGISTERS] = {
	REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
	REG_R9,	 REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP,
};

static void set_register(struct facts *f, uint32_t dwarf, uint64_t value)
{
	f->registers[dwarf] = value;
	f->known_registers |= 1u << dwarf;
}

/* Without a signal frame: what a function must keep for its caller, and where we are. */
__attribute__((noinline)) static void note_own_registers(struct facts *f)
{
	uint64_t rbx, rbp, r12, r13, r14, r15;

	__asm__ volatile("movq %%rbx, %0\n\tmovq %%rbp, %1\n\tmovq %%r12, %2"
			 : "=r"(rbx), "=r"(rbp), "=r"(r12));
	__asm__ volatile("movq %%r13, %0\n\tmovq %%r14, %1\n\tmovq %%r15, %2"
			 : "=r"(r13), "=r"(r14), "=r"(r15));
	set_register(f, 3, rbx);
	set_register(f, 6, rbp);
	set_register(f, 7, (uint64_t)__builtin_frame_address(0));
	set_register(f, 12, r12);
	set_register(f, 13, r13);
	set_register(f, 14, r14);
	set_register(f, 15, r15);
	set_register(f, 16, (uint64_t)__builtin_return_address(0));
}

static void note_registers(struct facts *f, const ucontext_t *uc)
{
	if (!uc) {
		note_own_registers(f);
		return;
	}
	for (uint32_t i = 0; i < IMAGE_NR_REGISTERS; i++)
		set_register(f, i, (uint64_t)uc->uc_mcontext.gregs[greg_of_dwarf[i]]);
}

/* With the gate closed. */
static void note_facts(struct facts *f, const char *reason, const void *context)
{
	struct bump bump;

	bump_init(&bump);
	bump.at = (char *)(f + 1);
	bump.end = (char *)f + SNAPSHOT_FACTS_SIZE;
	f->reason = reason;
	f->number = rt_status->last_number + 1;
	f->realtime_ns = clock_realtime_ns();
	f->monotonic_ns = clock_monotonic_ns();
	f->live_blocks = rt_status->live_blocks;
	f->live_bytes = rt_status->live_bytes;
	f->pid = rt_process.pid;
	f->ppid = sys_getppid();
	f->tid = sys_gettid();
	note_registers(f, context);
	(void)threads_read(&f->threads, &bump);
}

/* fork's system call, with exit signal 0 and nothing run before or after; descriptors are shared
 * until the child leaves them. */
__attribute__((noinline)) static long clone_child(void)
{
	return sys_call6(SYS_clone, CLONE_FILES, 0, 0, 0, 0, 0);
}

static void begin_status(void)
{
	rt_status->progress_done = 0;
	rt_status->progress_total = 0;
	rt_status->wake = 0;
	rt_status->part_path[0] = '\0';
	__atomic_store_n(&rt_status->pause_ns, 0, __ATOMIC_RELAXED);
	set_state(HC_STATUS_STOPPING, 0);
}

static void report_no_child(long err)
{
	char text[128];

	set_state(HC_STATUS_IDLE, 0);
	(void)format_text(text, sizeof(text), "the system refuses another process: %s",
			  child_error_text((int)err));
	report_failure(text);
}

bool snapshot_take(const char *reason, void *context)
{
	const uint64_t start = clock_monotonic_ns();
	long child;

	begin_status();
	if (!gate_close(SNAPSHOT_GATE_NS)) {
		set_state(HC_STATUS_PENDING, 0);
		return false;
	}
	note_facts(snapshot.facts, reason, context);
	child = clone_child();
	if (child == 0)
		child_run(snapshot.facts);
	gate_open();
	(void)sys_madvise(snapshot.facts, SNAPSHOT_FACTS_SIZE, MADV_DONTNEED);
	if (child < 0) {
		report_no_child(child);
		return true;
	}
	__atomic_store_n(&rt_status->pause_ns, clock_monotonic_ns() - start, __ATOMIC_RELAXED);
	snapshot.wakes = 0;
	snapshot.last_child = (int32_t)child;
	__atomic_store_n(&snapshot.child, (int32_t)child, __ATOMIC_RELEASE);
	/* The child sets the state WRITING itself: it may have finished already. */
	return true;
}

/* A child that did not come to say how it ended. */
static void report_death(int status)
{
	char text[128];

	if (rt_status->part_path[0])
		(void)sys_unlink(rt_status->part_path);
	rt_status->part_path[0] = '\0';
	if (WIFSIGNALED(status))
		(void)format_text(text, sizeof(text), "the writing process was killed by signal %d",
				  WTERMSIG(status));
	else
		(void)format_text(text, sizeof(text), "the writing process ended with status %d",
				  WEXITSTATUS(status));
	set_state(HC_STATUS_IDLE, 0);
	report_failure(text);
}

bool snapshot_is_running(void)
{
	const int32_t child = snapshot.child;
	int status = 0;
	pid_t got;

	if (!child)
		return false;
	do
		got = sys_wait4(child, &status, __WALL | WNOHANG);
	while (got == -EINTR);
	if (got == 0)
		return true;
	__atomic_store_n(&snapshot.child, 0, __ATOMIC_RELEASE);
	if (got != child)
		status = 0; /* somebody else has waited for it, with __WALL: how it ended stands in
			       the status page */
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_FAILED)
		COUNT(snapshots_failed);
	else if (status)
		report_death(status);
	return false;
}

bool snapshot_wait_for_end(bool wake)
{
	if (wake)
		__atomic_store_n(&rt_status->wake, sys_gettid(), __ATOMIC_SEQ_CST);
	/* Pairs with the child's: it sets the state, then looks at wake. */
	if (__atomic_load_n(&rt_status->state, __ATOMIC_SEQ_CST) != HC_STATUS_IDLE ||
	    snapshot.wakes++ >= SNAPSHOT_WAKE_STEPS)
		return false;
	(void)sys_nanosleep(SNAPSHOT_WAKE_NS);
	return true;
}

bool snapshot_is_child(int32_t pid)
{
	return pid && (pid == __atomic_load_n(&snapshot.child, __ATOMIC_ACQUIRE) ||
		       pid == snapshot.last_child);
}

void snapshot_after_fork(void)
{
	snapshot.child = 0;
	snapshot.last_child = 0;
}
