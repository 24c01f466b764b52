/* SPDX-License-Identifier: MIT */
/*
 * Triggers: the policy around snap/snapshot.c.
 *
 * `asked` holds reasons that nobody has answered yet.  Whoever gets `busy` answers them; whoever
 * does not may go, since the holder looks again after giving it back.  While a child writes, asked
 * stays set: the thread that reaps it (periodic work, the next trigger) answers, and an idle
 * program is woken by a signal from the child, where it was a signal that asked.
 *
 * Any context outside the door, or in a signal handler; no locks, errno kept.
 */
#include "snap/trigger.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <string.h>
#include <ucontext.h>

#include "live/thread.h"
#include "rt/clock.h"
#include "rt/count.h"
#include "rt/option.h"
#include "rt/process.h"
#include "rt/status.h"
#include "rt/sys.h"
#include "snap/gate.h"
#include "snap/handler.h"
#include "snap/later.h"
#include "snap/layout.h"
#include "snap/restart.h"
#include "snap/shrink.h"
#include "snap/signals.h"
#include "snap/snapshot.h"
#include "rt/ban.h"

#define TRIGGER_GATE_TRIES 10
#define TRIGGER_STUCK_NS \
	10000000000ull /* at exit: a child that gets nothing done for so long is left alone */
#define TRIGGER_STEP_NS 2000000
#define TRIGGER_SILENCE_NS 600000000	/* over two ticks without an allocation */

static const char *const reason_texts[NR_TRIGGER_REASONS] = {
#define TRIGGER_TEXT(name, text) [TRIGGER_##name] = text,
	TRIGGER_REASONS(TRIGGER_TEXT)
#undef TRIGGER_TEXT
};

static struct {
	bool ready;		/* written once by trigger_init */
	bool ended;		/* a dump for the end of the program has been asked for */
	uint32_t busy;		/* 1: a thread decides or takes a snapshot (atomic) */
	uint32_t asked;		/* a bit for each reason (atomic) */
	uint32_t gate_tries;	/* in a row without success; under busy */
	uint64_t next_tick;	/* of the periodic work (atomic) */
	uint64_t next_every_ns;	/* under busy */
	uint64_t grow_from;	/* live bytes at the last snapshot; under busy */
	uint64_t changes;	/* births and deaths; under busy */
	uint64_t freed;		/* bytes in all; under busy */
	uint64_t changes_dumped;	/* ... at the last snapshot */
} trigger;

/* Under busy. */
static void trigger_update_estimates(void)
{
	uint64_t allocated = 0, freed = 0, births = 0, deaths = 0;

	for (const struct thread *t = __atomic_load_n(&threads_all, __ATOMIC_ACQUIRE); t;
	     t = t->next) {
		allocated += t->bytes_allocated;
		freed += t->bytes_freed;
		births += t->seq;
		deaths += t->nr_freed;
	}
	trigger.changes = births + deaths;
	trigger.freed = freed;
	__atomic_store_n(&rt_status->live_bytes, allocated > freed ? allocated - freed : 0,
			 __ATOMIC_RELAXED);
	__atomic_store_n(&rt_status->live_blocks, births > deaths ? births - deaths : 0,
			 __ATOMIC_RELAXED);
}

static bool trigger_take_busy(void)
{
	return !__atomic_exchange_n(&trigger.busy, 1, __ATOMIC_ACQUIRE);
}

static void trigger_give_busy(void)
{
	__atomic_store_n(&trigger.busy, 0, __ATOMIC_SEQ_CST);
}

/* Under busy, no child running.  Takes one snapshot for all that was asked.  False: the gate would
 * not close. */
static bool trigger_take_one(uint32_t reasons, void *context)
{
	const char *const text = reason_texts[__builtin_ctz(reasons)];

	trigger_update_estimates();
	if (!snapshot_take(text, context)) {
		if (++trigger.gate_tries < TRIGGER_GATE_TRIES)
			return false;
		snapshot_report_stuck();
	}
	trigger.gate_tries = 0;
	trigger.grow_from = rt_status->live_bytes;
	trigger.changes_dumped = trigger.changes;
	shrink_ask();
	return true;
}

/* Under busy.  True where the caller shall look again, as somebody may have asked meanwhile. */
static bool trigger_answer(void *context, bool *begun)
{
	uint32_t reasons;

	if (snapshot_is_running()) {
		/* Only a signal may be answered by a signal: the program's own action for it knows
		 * of none otherwise. */
		reasons = __atomic_load_n(&trigger.asked, __ATOMIC_RELAXED);
		return snapshot_wait_for_end(reasons & 1u << TRIGGER_SIGNAL);
	}
	reasons = __atomic_exchange_n(&trigger.asked, 0, __ATOMIC_ACQ_REL);
	if (!reasons)
		return true;
	if (!trigger_take_one(reasons, context)) {
		/* Some thread is inside and waits for what we hold up: try again when we have gone
		 * on a bit. */
		__atomic_fetch_or(&trigger.asked, reasons, __ATOMIC_RELAXED);
		if (thread_self)
			__atomic_fetch_or(&thread_self->pending, THREAD_PENDING_SNAPSHOT,
					  __ATOMIC_RELAXED);
		return false;
	}
	*begun = true;
	return true;
}

static bool trigger_serve(void *context)
{
	const uint64_t mask = signal_block_all();
	bool begun = false, more = true;

	while (more && __atomic_load_n(&trigger.asked, __ATOMIC_SEQ_CST) && trigger_take_busy()) {
		more = trigger_answer(context, &begun);
		trigger_give_busy();
	}
	signal_restore(mask);
	return begun;
}

/*
 * Is this the process that the census belongs to?  A child that shares our memory (vfork) must
 * leave it alone; one that was made without libc's fork, and so without its handlers, becomes a
 * process of its own now.
 */
static bool trigger_is_at_home(void)
{
	const pid_t pid = sys_getpid();

	if (pid == rt_process.pid)
		return true;
	const pid_t parent = sys_getppid();
	const long order = sys_call6(SYS_kcmp, pid, parent, KCMP_VM, 0, 0, 0);

	/* Where the system does not say (seccomp), a direct child is taken for one that shares: a
	 * dump less harms nobody. */
	if (order == 0 || (order < 0 && parent == rt_process.pid))
		return false;
	process_after_fork();
	status_after_fork();
	threads_fork_child();
	trigger_after_fork();
	return true;
}

bool trigger_ask(enum trigger_reason reason, void *context)
{
	struct thread *const t = thread_self;

	if (!trigger.ready || !trigger_is_at_home())
		return false;
	__atomic_fetch_add(&rt_status->nr_asked, 1, __ATOMIC_RELAXED);
	if (__atomic_fetch_or(&trigger.asked, 1u << reason, __ATOMIC_SEQ_CST)) {
		COUNT(snapshots_skipped);
		__atomic_fetch_add(&rt_status->nr_skipped, 1, __ATOMIC_RELAXED);
	}
	if (t && t->inside) {
		__atomic_fetch_or(&t->pending, THREAD_PENDING_SNAPSHOT, __ATOMIC_RELAXED);
		snapshot_set_pending();
		return false;
	}
	return trigger_serve(context);
}

bool trigger_is_from_child(int32_t pid) { return snapshot_is_child(pid); }

void trigger_resume(void *context)
{
	struct thread *const t = thread_self;

	if (t && t->inside)
		__atomic_fetch_or(&t->pending, THREAD_PENDING_SNAPSHOT, __ATOMIC_RELAXED);
	else
		(void)trigger_serve(context);
}

/* Under busy: what is due by time and by growth. */
static uint32_t trigger_find_due(void)
{
	const uint64_t every = option_get(OPTION_EVERY), grow = option_get(OPTION_GROW);
	uint32_t due = 0;

	if (every && clock_monotonic_ns() >= trigger.next_every_ns &&
	    trigger.changes != trigger.changes_dumped) {
		trigger.next_every_ns = clock_monotonic_ns() + every;
		due |= 1u << TRIGGER_EVERY;
	}
	if (rt_status->live_bytes < trigger.grow_from)
		trigger.grow_from = rt_status->live_bytes;
	if (grow && rt_status->live_bytes - trigger.grow_from >= grow) {
		trigger.grow_from = rt_status->live_bytes;
		due |= 1u << TRIGGER_GROW;
	}
	return due;
}

/* mask: what the thread has blocked; we have all. */
static void trigger_look_later(uint64_t ns, uint64_t mask)
{
	const int sig = (int)option_get(OPTION_SIGNAL);

	if (sig && (option_get(OPTION_EVERY) || option_get(OPTION_GROW)) && !handler_is_programs())
		later_ask(sig, ns, mask);
}

/* Under busy: asks for what is due.  Nothing is by time where nothing has changed. */
static void trigger_look(void)
{
	trigger_update_estimates();
	(void)snapshot_is_running();	/* reaps */
	__atomic_fetch_or(&trigger.asked, trigger_find_due(), __ATOMIC_RELAXED);
	shrink_look(rt_status->live_bytes, trigger.freed);
}

/* Once a tick, by whichever thread comes first. */
static void trigger_work_periodically(void)
{
	const uint64_t mask = signal_block_all();
	const uint64_t tick = clock_tick();
	uint64_t next = __atomic_load_n(&trigger.next_tick, __ATOMIC_RELAXED);

	if (tick >= next && __atomic_compare_exchange_n(&trigger.next_tick, &next, tick + 1, false,
							__ATOMIC_RELAXED, __ATOMIC_RELAXED) &&
	    sys_getpid() == rt_process.pid && trigger_take_busy()) {
		trigger_look();
		trigger_give_busy();
		trigger_look_later(clock_monotonic_ns() + TRIGGER_SILENCE_NS, mask);
	}
	signal_restore(mask);
}

/* Nobody has allocated for a while.  In the handler, outside the door. */
static void trigger_look_in_silence(void *context, uint64_t mask)
{
	uint64_t again = 0;

	if (trigger_take_busy()) {
		trigger_look();
		if (option_get(OPTION_EVERY) && trigger.changes != trigger.changes_dumped)
			again = trigger.next_every_ns;
		trigger_give_busy();
	}
	if (__atomic_load_n(&trigger.asked, __ATOMIC_RELAXED)) {
		(void)trigger_serve(context);
		/* Where one is being written, its end is waited for. */
		if (__atomic_load_n(&trigger.asked, __ATOMIC_RELAXED))
			again = clock_monotonic_ns() + TRIGGER_SILENCE_NS;
	}
	if (again)
		trigger_look_later(again, mask);
}

void trigger_look_now(void *context)
{
	struct thread *const t = thread_self;
	uint64_t mask;

	if (sys_getpid() != rt_process.pid)
		return;
	if (t && t->inside) {
		__atomic_fetch_or(&t->pending, THREAD_PENDING_PERIODIC, __ATOMIC_RELAXED);
		return;
	}
	memcpy(&mask, &((ucontext_t *)context)->uc_sigmask, sizeof(mask));
	trigger_look_in_silence(context, mask);
}

void trigger_signals_blocked(uint64_t mask)
{
	const int sig = (int)option_get(OPTION_SIGNAL);

	if (sig && mask & signal_bit(sig))
		later_stop();
}

void trigger_run_pending(struct thread *t)
{
	const uint32_t pending = __atomic_exchange_n(&t->pending, 0, __ATOMIC_RELAXED);

	if (!trigger.ready)
		return;
	if (pending & THREAD_PENDING_PERIODIC)
		trigger_work_periodically();
	if (__atomic_load_n(&trigger.asked, __ATOMIC_RELAXED) && sys_getpid() == rt_process.pid)
		(void)trigger_serve(NULL);
}

void trigger_init(const char *allocator)
{
	trigger.next_every_ns = clock_monotonic_ns() + option_get(OPTION_EVERY);
	layout_init(allocator);
	gate_init();
	restart_init();
	trigger.ready = snapshot_init();
	if (!trigger.ready)
		return;
	handler_init((int)option_get(OPTION_SIGNAL));
	trigger_look_later(clock_monotonic_ns() + TRIGGER_SILENCE_NS, signal_get_blocked());
}

/* As long as the child gets on with its work. */
static void trigger_wait_for_child(void)
{
	uint64_t done = 0, since = clock_monotonic_ns();

	while (snapshot_is_running()) {
		const uint64_t now = clock_monotonic_ns();
		const uint64_t progress =
			__atomic_load_n(&rt_status->progress_done, __ATOMIC_RELAXED);

		if (progress != done) {
			done = progress;
			since = now;
		}
		if (now - since > TRIGGER_STUCK_NS)
			return;
		(void)sys_nanosleep(TRIGGER_STEP_NS);
	}
}

void trigger_at_exit(void)
{
	/* Not at all under census (HEAPCENSUS_EXEC=stop), or a child that shares our memory. */
	if (!trigger.ready || sys_getpid() != rt_process.pid)
		return;
	trigger_wait_for_child();
	if (option_get(OPTION_EXIT) == HC_EXIT_DUMP &&
	    !__atomic_exchange_n(&trigger.ended, true, __ATOMIC_RELAXED))
		__atomic_fetch_or(&trigger.asked, 1u << TRIGGER_EXIT, __ATOMIC_SEQ_CST);
	for (int i = 0; i < TRIGGER_GATE_TRIES && __atomic_load_n(&trigger.asked, __ATOMIC_SEQ_CST);
	     i++)
		(void)trigger_serve(NULL);
	trigger_wait_for_child();
}

void trigger_after_fork(void)
{
	trigger.busy = 0;
	trigger.asked = 0;
	trigger.ended = false;
	trigger.gate_tries = 0;
	trigger.grow_from = 0;
	trigger.next_every_ns = clock_monotonic_ns() + option_get(OPTION_EVERY);
	trigger.changes_dumped = 0;
	snapshot_after_fork();
	handler_after_fork();
	later_after_fork();
	trigger_look_later(clock_monotonic_ns() + TRIGGER_SILENCE_NS, signal_get_blocked());
}
