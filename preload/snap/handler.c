/* SPDX-License-Identifier: MIT */
/*
 * Chaining.  The kernel's flags and mask for our signal mirror the program's as long as it has a
 * handler of its own, so that what it sees (EINTR or restart, mask, alternate stack) is what it
 * asked for; SA_RESETHAND is emulated, as the kernel would take our handler away.  Where the
 * program has none, every signal is blocked while ours runs, and interrupted calls are restarted.
 *
 * The view is guarded by a spin lock that is only ever held with all signals blocked: a handler
 * cannot meet its own thread's lock.
 */
#include "snap/handler.h"

#include <errno.h>
#include <string.h>

#include "live/thread.h"
#include "rt/process.h"
#include "rt/sys.h"
#include "snap/later.h"
#include "snap/restart.h"
#include "snap/signals.h"
#include "snap/trigger.h"
#include "rt/ban.h"

#define HANDLER_MIRRORED (SA_RESTART | SA_ONSTACK | SA_NODEFER)

static struct {
	int signal;		/* 0: none; written once by handler_init */
	uint32_t lock;
	struct sigaction view;	/* what the program has set; under lock */
} handler;

static uint64_t handler_lock(void)
{
	const uint64_t mask = signal_block_all();

	while (__atomic_exchange_n(&handler.lock, 1, __ATOMIC_ACQUIRE))
		sys_sched_yield();
	return mask;
}

static void handler_unlock(uint64_t mask)
{
	__atomic_store_n(&handler.lock, 0, __ATOMIC_RELEASE);
	signal_restore(mask);
}

static bool is_function(sighandler_t f) { return f != SIG_DFL && f != SIG_IGN; }

bool handler_is_programs(void)
{
	const uint64_t mask = handler_lock();
	const bool has = is_function(handler.view.sa_handler);

	handler_unlock(mask);
	return has;
}

/* Calls the program's handler, if it has one.  It may never return (siglongjmp): nothing is held
 * here. */
static bool handler_chain(int sig, siginfo_t *info, void *context);

/* A signal that we sent to ourselves: our child at its end, our timer.  None of the program's. */
static bool handler_run_own(siginfo_t *info, void *context)
{
	if (later_is_now(info))
		trigger_look_now(context);
	else if ((info->si_code == SI_TKILL || info->si_code == SI_USER) &&
		 trigger_is_from_child(info->si_pid))
		trigger_resume(context);
	else
		return false;
	return true;
}

static void handler_run(int sig, siginfo_t *info, void *context)
{
	const int saved_errno = errno;

	if (handler_run_own(info, context)) {
		/* Another one that waits is the program's to see, if it has a handler. */
		(void)restart_interrupted(context, handler_is_programs() ? 0 : signal_bit(sig));
		return;
	}
	(void)trigger_ask(TRIGGER_SIGNAL, context);
	errno = saved_errno;
	if (!handler_chain(sig, info, context))
		(void)restart_interrupted(context, signal_bit(sig));
}

/* Under lock: what the kernel shall do, by the program's view. */
static void handler_install(void)
{
	uint64_t mask;

	if (!is_function(handler.view.sa_handler)) {
		signal_set_kernel(handler.signal, handler_run, SA_RESTART | SA_ONSTACK, SIGNAL_ALL);
		return;
	}
	memcpy(&mask, &handler.view.sa_mask, sizeof(mask));
	signal_set_kernel(handler.signal, handler_run, handler.view.sa_flags & HANDLER_MIRRORED,
			  mask);
}

static bool handler_chain(int sig, siginfo_t *info, void *context)
{
	const uint64_t mask = handler_lock();
	const struct sigaction action = handler.view;

	if (is_function(action.sa_handler) && (action.sa_flags & SA_RESETHAND)) {
		handler.view.sa_handler = SIG_DFL;
		handler_install();
	}
	handler_unlock(mask);
	if (!is_function(action.sa_handler))
		return false;
	if (action.sa_flags & SA_SIGINFO)
		action.sa_sigaction(sig, info, context);
	else
		action.sa_handler(sig);
	return true;
}

void handler_init(int sig)
{
	struct signal_kernel_action now;
	uint64_t mask;

	if (sig <= 0 || signal_get_kernel(sig, &now) != 0)
		return;
	mask = handler_lock();
	memset(&handler.view, 0, sizeof(handler.view));
	handler.view.sa_handler = now.handler;
	handler.view.sa_flags = (int)(unsigned int)now.flags;
	memcpy(&handler.view.sa_mask, &now.mask, sizeof(now.mask));
	handler.view.sa_restorer = now.restorer;
	handler.signal = sig;
	handler_install();
	handler_unlock(mask);
}

void handler_after_fork(void)
{
	/* Another thread may have had it. */
	handler.lock = 0;
}

bool handler_owns(int sig)
{
	/* A child that shares our memory (vfork) sets its own table, not our view. */
	return sig == handler.signal && sig && sys_getpid() == rt_process.pid;
}

int handler_sigaction(const struct sigaction *act, struct sigaction *old)
{
	/* act and old may be one. */
	const struct sigaction wanted = act ? *act : (struct sigaction){.sa_flags = 0};
	const uint64_t mask = handler_lock();
	const struct sigaction was = handler.view;

	if (act) {
		handler.view = wanted;
		handler_install();
	}
	handler_unlock(mask);
	if (old)
		*old = was;
	return 0;
}

sighandler_t handler_signal(sighandler_t function, int flags)
{
	struct sigaction act = {.sa_handler = function, .sa_flags = flags}, old;

	/* As libc does: without SA_NODEFER the signal itself is in the mask. */
	if (!(flags & SA_NODEFER))
		sigaddset(&act.sa_mask, handler.signal);
	(void)handler_sigaction(&act, &old);
	return old.sa_handler;
}
