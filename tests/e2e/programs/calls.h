/* SPDX-License-Identifier: MIT */
/*
 * System calls that a signal can interrupt, each in a form that takes `ms` and then ends in a known
 * way.
 */
#ifndef CALLS_H
#define CALLS_H

#include <stddef.h>

/* What a call needs; each thread has its own. */
struct call_place {
	int epoll, sockets[2], listener, timer;
};

struct call {
	const char *name;
	/* Blocks for ms.  0: ended as it should, else the errno that it should not have had, or -1.
	 */
	int (*run)(struct call_place *place, int ms);
	/* The timeout is the socket's, and begins anew when the call is restarted. */
	int begins_anew;
};

extern const struct call calls[];
extern const size_t nr_calls;

/* What the program does before there are threads: SIGUSR2 is for pause and sigsuspend, and blocked
 * elsewhere. */
void calls_init(void);

/* Descriptors for one thread's calls; ends the program where there are none. */
void call_place_init(struct call_place *place);

#endif
