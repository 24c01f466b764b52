/* SPDX-License-Identifier: MIT */
/*
 * Threads as the census knows them, and the door every allocator call goes through.
 *
 * struct thread lives in the profiler's own memory (never freed, reused), so others may look at it
 * after its thread has gone. A thread registers itself at its first allocator call; a pthread key
 * destructor retires it.  What the thread still allocates after that (other destructors, libc's own
 * clean-up) goes on under its name: the struct is given to another thread in a later tick only,
 * when the kernel no longer knows the old one.
 *
 * The door: a thread sets `inside`, then looks at gate.closed; the closer sets gate.closed, issues
 * membarrier(), then waits until every `inside` is 0.  membarrier pairs with the compiler barrier
 * in thread_enter: the hot path has no fence.  Where the kernel has no membarrier, every entry goes
 * through gate_wait, which issues the fence itself (gate.needs_fence).
 */
#ifndef LIVE_THREAD_H
#define LIVE_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rt/count.h"

#define THREAD_NAME_SIZE 16
#define THREAD_NR_SITES 256u
#define THREAD_NR_SPARE 64

enum thread_pending {
	THREAD_PENDING_SNAPSHOT = 1,	/* a trigger came while inside */
	THREAD_PENDING_PERIODIC = 2,	/* the thread's first birth in a new tick */
};

enum thread_map {
	THREAD_MAP_BLOCK = 0,
	THREAD_MAP_ARENA, /* an arena that blocks are carved from */
	THREAD_MAP_ROOT,  /* no block: memory of an interpreter's own, which refers to blocks */
};

/* An entered scope (hook/tag.c), in private memory. */
struct scope {
	struct scope *outer;
	uint32_t text;		/* id of "outer/inner" */
};

/* Direct-mapped cache of the depot's answers for callers. */
struct thread_site {
	uint64_t pc;		/* 0: empty */
	uint32_t node;
};

struct thread {
	/* Written by the owner only, read by anyone (relaxed). */
	uint32_t inside;	/* 1 from thread_enter to thread_leave */
	uint32_t pending;	/* THREAD_PENDING_*: what to do on leaving */
	uint32_t slot;		/* 1 .. HC_THREAD_SLOT_MAX, 0: overflow */
	uint32_t attr;		/* ATTR index that new blocks carry (current scope) */
	uint32_t last_tick;	/* of its last birth */
	uint64_t birth;		/* what its next birth carries but for seq (struct record's b) */
	uint64_t second;	/* clock_ask_second at the last look at the clock; 0: none */
	uint64_t seq;		/* births so far: blocks allocated */
	uint64_t nr_freed, bytes_allocated, bytes_freed;
	uint64_t nr_cut, nr_python_cut; /* stacks at the depth limit: see threads_count */
	uint64_t sample_at; /* the block that brings bytes_allocated there has a whole stack
			       (hook/site.c); 0: not asked yet */
	uint64_t sample_random;

	/* A wrapper that allocates through another entry point of ours (operator new, strdup) says
	 * here for whom: */
	uint64_t via_sp;	/* valid only for frames below this stack address; 0: none */
	uint64_t via_site;
	uint64_t via_size;	/* what the program asked for */
	uint64_t via_rounded;	/* ... what its runtime may make of that */
	uint64_t via_slack; /* ... and what may be added to that; 0 but for Python under debug hooks
			     */
	uint64_t via_done;	/* answer: the block that was recorded so */
	uint32_t via_kind;	/* 0: the inner entry point's own */
	uint32_t map_as;	/* enum thread_map: what its anonymous mappings are */
	const void *python_layer; /* the outermost wrapper of Python's allocators that it is in
				     (hook/python_wrap.c) */
	uint64_t deleting; /* block that operator delete has taken out of the census and may yet
			      pass to free */

	uint32_t in_unwinder; /* 1 while the unwinder runs: what it allocates comes from
				 private_malloc, where that gives any */
	struct depot_memo
		*depot_memo; /* what it has interned (stack/depot.h); the next thread's, too */
	struct trace *trace; /* its last stack (stack/trace.h); the next thread's, too */
	struct python_memo *python_memo; /* what it has seen of Python's frames
					    (hook/python_stack.c); the next thread's, too */
	struct scope *scopes;	/* innermost entered scope */
	int32_t tid;
	uint32_t first_tick;
	uint64_t tls;		/* thread pointer */

	/* Under the lock of thread.c: */
	uint32_t alive;		/* 0 after its end: free for another thread in a later tick */
	char name[THREAD_NAME_SIZE];	/* where not alive */
	struct thread *next_ended;
	struct thread *next;	/* all of them; pushed once, never removed */

	/* Free numbers of live/store.h: the owner's, and the next thread's that gets this struct.
	 */
	uint32_t nr_spare;
	uint32_t spare[THREAD_NR_SPARE];

	struct thread_site sites[THREAD_NR_SITES];
};

/* What is kept of a thread whose struct thread serves another one now. */
struct thread_gone {
	uint32_t slot;
	int32_t tid;
	uint32_t first_tick, last_tick;	/* of its births */
	uint64_t nr_allocated, nr_freed, bytes_allocated, bytes_freed;
	char name[THREAD_NAME_SIZE];
};

extern __thread struct thread *thread_self
	__attribute__((tls_model("initial-exec"), visibility("hidden")));
extern struct thread *threads_all;	/* atomically pushed at the head */

/* snap/gate.c closes and opens it. */
union gate {
	struct {
		uint32_t closed;	/* 0 open, else pid of the closer's process */
		uint32_t needs_fence;	/* written once at start */
	};
	uint64_t busy;			/* neither is so, or it takes gate_wait */
};
extern union gate gate __attribute__((visibility("hidden")));

/* Slow paths; NULL from thread_register where there is no memory (counted). They keep errno. */
struct thread *thread_register(void);
void gate_wait(struct thread *t);	/* returns with t->inside == 1 and the gate open */

/* Once, at the first allocator call of the process. */
void threads_init(void);

/* From now on no thread gets in: every call is forwarded only.  By the process' only thread, at
 * start. */
void threads_refuse(void);

/* For pthread_atfork; the child's other threads have ended. */
void threads_fork_prepare(void);
void threads_fork_parent(void);
void threads_fork_child(void);

/* Gate closed, or in the snapshot child: the threads that are gone and not in threads_all any more
 * (those with alive == 0 are), oldest not first.  Only the newest THREAD_HISTORY_MAX are kept
 * (threads_forgotten counts the rest). */
#define THREAD_HISTORY_MAX 65536u
const struct thread_gone *threads_history(uint32_t *nr);

/* What threads count by themselves, as it happens in the hot path: to be added to rt_counts. */
uint64_t threads_count(enum count_id id);

void trigger_run_pending(struct thread *t);	/* snap/trigger.c */

/* The same where t is thread_self, and registered. */
__attribute__((always_inline)) static inline struct thread *thread_enter_known(struct thread *t)
{
	if (__builtin_expect(t->inside, 0))
		return NULL;
	__atomic_store_n(&t->inside, 1, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(__atomic_load_n(&gate.busy, __ATOMIC_RELAXED) != 0, 0))
		gate_wait(t);
	return t;
}

/* The same where nothing is out of the ordinary.  False: inside or before a closed gate, and
 * nothing was done. */
__attribute__((always_inline)) static inline bool thread_enter_hot(struct thread *t)
{
	if (__builtin_expect(t->inside, 0))
		return false;
	__atomic_store_n(&t->inside, 1, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(__atomic_load_n(&gate.busy, __ATOMIC_RELAXED) == 0, 1))
		return true;
	__atomic_store_n(&t->inside, 0,
			 __ATOMIC_RELEASE); /* pairs with the acquire in gate_close */
	return false;
}

/* NULL: nested, or not to be tracked: just forward.  Else do the work and call thread_leave. */
__attribute__((always_inline)) static inline struct thread *thread_enter(void)
{
	struct thread *t = thread_self;

	if (__builtin_expect(!t, 0)) {
		t = thread_register();
		if (!t)
			return NULL;
	}
	return thread_enter_known(t);
}

/* True where the caller has to call trigger_run_pending. */
__attribute__((always_inline)) static inline bool thread_leave_hot(struct thread *t)
{
	__atomic_store_n(&t->inside, 0,
			 __ATOMIC_RELEASE); /* pairs with the acquire in gate_close */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return __builtin_expect(__atomic_load_n(&t->pending, __ATOMIC_RELAXED) != 0, 0);
}

static inline void thread_leave(struct thread *t)
{
	if (thread_leave_hot(t))
		trigger_run_pending(t);
}

#endif
