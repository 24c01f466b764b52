/* SPDX-License-Identifier: MIT */
/*
 * sigaction and everything that libc builds upon it, for the one signal that asks for a dump
 * (snap/handler.h keeps the program's view of it); every other signal goes straight on.  Any
 * thread, in a signal handler.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "hook/wrap.h"
#include "rt/sys.h"
#include "snap/handler.h"
#include "snap/signals.h"
#include "snap/trigger.h"

/* signal(3) and sigset(3) of our signal: does the handler interrupt system calls?  siginterrupt(3)
 * says. */
static bool interrupts;

static sighandler_t refuse(void)
{
	errno = ENOSYS;
	return SIG_ERR;
}

HOOK_EXPORT int sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	if (handler_owns(sig))
		return handler_sigaction(act, old);
	if (UNLIKELY(!real_ready() || !real.sigaction))
		return refuse() == SIG_ERR ? -1 : 0;
	return real.sigaction(sig, act, old);
}

HOOK_EXPORT int __sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	return sigaction(sig, act, old);
}

/* flags are signal(3)'s here. */
static sighandler_t set_handler(int sig, sighandler_t handler, int flags,
				sighandler_t (*next)(int, sighandler_t))
{
	if (handler_owns(sig) && handler != SIG_ERR)
		return handler_signal(handler, flags);
	return next ? next(sig, handler) : refuse();
}

#define BSD_FLAGS (interrupts ? 0 : SA_RESTART)
#define SYSV_FLAGS (int)(SA_RESETHAND | SA_NODEFER)

#define DEFINE_SIGNAL(name, flags) \
	HOOK_EXPORT sighandler_t name(int sig, sighandler_t handler) \
	{ \
		return set_handler(sig, handler, flags, real_ready() ? real.name : NULL); \
	}

DEFINE_SIGNAL(signal, BSD_FLAGS)
DEFINE_SIGNAL(bsd_signal, BSD_FLAGS)
DEFINE_SIGNAL(ssignal, BSD_FLAGS)
DEFINE_SIGNAL(sysv_signal, SYSV_FLAGS)
DEFINE_SIGNAL(__sysv_signal, SYSV_FLAGS)

/* Sets the action and unblocks, or blocks only (SIG_HOLD); gives the old one, SIG_HOLD where it was
 * blocked. */
static sighandler_t set_disposition(int sig, sighandler_t disposition)
{
	const uint64_t bit = signal_bit(sig);
	const bool hold = disposition == SIG_HOLD;
	struct sigaction old;
	uint64_t mask = 0;

	(void)sys_sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &bit, &mask);
	if (hold)
		(void)handler_sigaction(NULL, &old);
	else
		old.sa_handler = handler_signal(disposition, 0);
	return mask & bit ? SIG_HOLD : old.sa_handler;
}

HOOK_EXPORT sighandler_t sigset(int sig, sighandler_t disposition)
{
	if (handler_owns(sig) && disposition != SIG_ERR)
		return set_disposition(sig, disposition);
	return real_ready() && real.sigset ? real.sigset(sig, disposition) : refuse();
}

HOOK_EXPORT int sigignore(int sig)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	if (handler_owns(sig))
		return handler_sigaction(&ignore, NULL);
	return real_ready() && real.sigignore ? real.sigignore(sig) : -1;
}

HOOK_EXPORT int siginterrupt(int sig, int interrupt)
{
	struct sigaction act;

	if (!handler_owns(sig))
		return real_ready() && real.siginterrupt ? real.siginterrupt(sig, interrupt) : -1;
	interrupts = interrupt != 0;
	(void)handler_sigaction(NULL, &act);
	act.sa_flags = interrupt ? act.sa_flags & ~SA_RESTART : act.sa_flags | SA_RESTART;
	return handler_sigaction(&act, NULL);
}

/* Who blocks our signal may wait for it: the timer that would send one to nobody else stops before.
 */
static void stop_timer(int how, const sigset_t *set)
{
	uint64_t mask;

	if (!set || how == SIG_UNBLOCK)
		return;
	memcpy(&mask, set, sizeof(mask));
	trigger_signals_blocked(mask);
}

HOOK_EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	stop_timer(how, set);
	if (UNLIKELY(!real_ready() || !real.sigprocmask))
		return refuse() == SIG_ERR ? -1 : 0;
	return real.sigprocmask(how, set, old);
}

HOOK_EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	stop_timer(how, set);
	if (UNLIKELY(!real_ready() || !real.pthread_sigmask))
		return ENOSYS;
	return real.pthread_sigmask(how, set, old);
}
