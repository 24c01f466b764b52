/* SPDX-License-Identifier: MIT */
/*
 * Threads come, end and are followed by others: registration, slots, history; and waiting at the
 * closed gate.
 *
 * A slot number goes on to a later thread only in a tick after its last birth, so (tick, slot)
 * names one thread.  All memory is the profiler's own; the lock of this file is taken by
 * registration, by a thread's end and by fork, never in the snapshot child.
 */
#include "live/thread.h"

#include <errno.h>
#include <heapcensus/dump_format.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "live/lock.h"
#include "live/record.h"
#include "rt/clock.h"
#include "rt/count.h"
#include "rt/private.h"
#include "rt/sys.h"

#include "rt/ban.h"

#define ENDED_TRIES 4

__thread struct thread *thread_self;
__thread bool lock_all_held;
struct thread *threads_all;
union gate gate;

/* Under its lock, except that key is written once by threads_init. */
static struct {
	struct lock lock;
	pthread_key_t key;
	bool has_key;
	bool refused;				/* written once by threads_refuse */
	uint32_t nr_slots;			/* given out so far */
	struct thread *ended, **ended_tail;	/* oldest first */
	struct thread_gone *history;		/* ring of THREAD_HISTORY_MAX */
	uint64_t nr_gone;			/* ever put into it */
} threads;

static void thread_end(void *arg);

void threads_init(void)
{
	threads.ended_tail = &threads.ended;
	threads.has_key = pthread_key_create(&threads.key, thread_end) == 0;
}

static uint32_t tick_now(void)
{
	const uint64_t tick = clock_tick();

	return tick < RECORD_TICK_MAX ? (uint32_t)tick : RECORD_TICK_MAX;
}

static void append_ended(struct thread *t)
{
	t->next_ended = NULL;
	*threads.ended_tail = t;
	threads.ended_tail = &t->next_ended;
}

static struct thread *pop_ended(void)
{
	struct thread *const t = threads.ended;

	threads.ended = t->next_ended;
	if (!threads.ended)
		threads.ended_tail = &threads.ended;
	return t;
}

static bool is_running(const struct thread *t)
{
	return sys_tgkill(sys_getpid(), t->tid, 0) != -ESRCH;
}

/* A struct whose thread is over and was last heard of before this tick, or NULL. */
static struct thread *take_ended(uint32_t now)
{
	for (int tries = 0; tries < ENDED_TRIES; tries++) {
		struct thread *t = threads.ended;

		if (!t || t->last_tick >= now)
			return NULL;
		t = pop_ended();
		if (!is_running(t))
			return t;
		append_ended(t);	/* still ending, or its number serves another thread */
	}
	return NULL;
}

static void remember(const struct thread *t)
{
	if (!threads.history)
		threads.history = private_pages(THREAD_HISTORY_MAX * sizeof(*threads.history));
	if (!threads.history || threads.nr_gone >= THREAD_HISTORY_MAX)
		COUNT(threads_forgotten);
	if (!threads.history)
		return;
	struct thread_gone *const gone = &threads.history[threads.nr_gone++ % THREAD_HISTORY_MAX];

	*gone = (struct thread_gone){
		.slot = t->slot,
		.tid = t->tid,
		.first_tick = t->first_tick,
		.last_tick = t->last_tick,
		.nr_allocated = t->seq,
		.nr_freed = t->nr_freed,
		.bytes_allocated = t->bytes_allocated,
		.bytes_freed = t->bytes_freed,
	};
	memcpy(gone->name, t->name, sizeof(gone->name));
}

uint64_t threads_count(enum count_id id)
{
	uint64_t nr_cut = 0, nr_python_cut = 0;

	for (const struct thread *t = __atomic_load_n(&threads_all, __ATOMIC_ACQUIRE); t;
	     t = t->next) {
		nr_cut += t->nr_cut;
		nr_python_cut += t->nr_python_cut;
	}
	return id == COUNT_stacks_truncated	     ? nr_cut
	       : id == COUNT_python_stacks_truncated ? nr_python_cut
						     : 0;
}

const struct thread_gone *threads_history(uint32_t *nr)
{
	*nr = threads.nr_gone < THREAD_HISTORY_MAX ? (uint32_t)threads.nr_gone : THREAD_HISTORY_MAX;
	return threads.history;
}

/* Makes an ended thread's struct new.  What is cached about code stays. */
static void reset(struct thread *t)
{
	t->pending = 0;
	t->attr = 0;
	t->seq = t->nr_freed = t->bytes_allocated = t->bytes_freed = t->sample_at = 0;
	t->second = t->via_sp = t->deleting = 0;
	t->in_unwinder = 0;
	t->map_as = 0;
	t->python_layer = NULL;
	t->via_slack = 0;
	memset(t->name, 0, sizeof(t->name));
}

static struct thread *make_thread(void)
{
	struct thread *const t = private_for_ever(sizeof(*t));

	if (!t)
		return NULL;
	if (threads.nr_slots < HC_THREAD_SLOT_MAX)
		t->slot = ++threads.nr_slots;
	else
		COUNT(threads_overflow);
	t->next = threads_all;
	return t;
}

static struct thread *get_thread(void)
{
	const uint32_t now = tick_now();
	struct thread *t;

	lock_take(&threads.lock);
	t = take_ended(now);
	if (t) {
		remember(t);
		reset(t);
	} else {
		t = make_thread();
	}
	if (t) {
		t->tid = sys_gettid();
		t->tls = sys_thread_pointer();
		t->first_tick = t->last_tick = now;
		t->alive = 1;
		if (t->next == threads_all)
			__atomic_store_n(&threads_all, t, __ATOMIC_RELEASE);
	}
	lock_give(&threads.lock);
	return t;
}

/* A signal's handler that comes between would wait for the locks that we hold: without thread_self
 * nothing tells it that it is nested. */
static struct thread *get_thread_undisturbed(void)
{
	const uint64_t all = ~0ull;
	uint64_t mask;

	(void)sys_sigprocmask(SIG_SETMASK, &all, &mask);
	struct thread *const t = get_thread();

	thread_self = t;
	(void)sys_sigprocmask(SIG_SETMASK, &mask, NULL);
	return t;
}

struct thread *thread_register(void)
{
	const int saved_errno = errno;
	/* First ours: pthread_setspecific may allocate. */
	struct thread *const t = threads.refused ? NULL : get_thread_undisturbed();

	if (t && threads.has_key)
		pthread_setspecific(threads.key, t);
	errno = saved_errno;
	return t;
}

void threads_refuse(void)
{
	threads.refused = true;
	thread_self = NULL;
}

static void free_scopes(struct thread *t)
{
	while (t->scopes) {
		struct scope *const s = t->scopes;

		t->scopes = s->outer;
		private_free(s);
	}
	t->attr = 0;
}

/* The key's destructor.  The thread may call the allocator again: its struct stays its own until
 * the kernel has forgotten it. */
static void thread_end(void *arg)
{
	struct thread *const t = arg;

	__atomic_store_n(&t->inside, 1, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&gate.closed, __ATOMIC_RELAXED))
		gate_wait(t);
	free_scopes(t);
	sys_call3(SYS_prctl, PR_GET_NAME, (long)t->name, 0);
	lock_take(&threads.lock);
	t->alive = 0;
	append_ended(t);
	lock_give(&threads.lock);
	thread_leave(t);
}

/* As thread_enter does: true where the gate is open and inside is 1. */
static bool try_enter(struct thread *t)
{
	__atomic_store_n(&t->inside, 1, __ATOMIC_RELAXED);
	if (gate.needs_fence)
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return !__atomic_load_n(&gate.closed, __ATOMIC_RELAXED);
}

void gate_wait(struct thread *t)
{
	static const struct timespec a_while = {.tv_nsec = 100000000};

	do {
		uint32_t closer = __atomic_load_n(&gate.closed, __ATOMIC_RELAXED);

		__atomic_store_n(&t->inside, 0,
				 __ATOMIC_RELEASE); /* pairs with the acquire in gate_close */
		if (closer && closer != (uint32_t)sys_getpid())
			/* Closed by our parent before it forked: nobody here will open it. */
			__atomic_compare_exchange_n(&gate.closed, &closer, 0, false,
						    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
		else if (closer)
			sys_futex_wait(&gate.closed, closer, &a_while);
	} while (!try_enter(t));
}

void threads_fork_prepare(void) { lock_take(&threads.lock); }

void threads_fork_parent(void) { lock_give(&threads.lock); }

void threads_fork_child(void)
{
	gate.closed = 0;
	for (struct thread *t = threads_all; t; t = t->next) {
		t->inside = 0;
		t->pending = 0;
		if (t == thread_self) {
			t->tid = sys_gettid();
			continue;
		}
		/* The fork may have come between a number's way out of here and into the table. */
		t->nr_spare = 0;
		if (t->alive) {
			t->alive = 0;
			append_ended(t);
		}
	}
	lock_give(&threads.lock);
}
