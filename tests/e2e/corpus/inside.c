/* SPDX-License-Identifier: MIT */
/*
 * Objects that pointers lead to the middle of: linked through a member that is not the first, with
 * a header in front, a state that is embedded in something larger.  One function allocates for
 * everybody, and nothing else points to them.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "truth.h"

struct link {
	struct link *next, *prev;
};

struct timer {
	long when;
	void (*fire)(struct timer *t);
	struct link link;
	long period;
};

struct session {
	char name[24];
	struct link link;
	struct peer *peer;
	long bytes[3];
};

struct peer {
	long address;
	int port;
	struct session *last;
};

struct state {
	struct state *parent;
	struct peer *peer;
	long registers[6];
};

struct thread {
	long extra;
	struct state state;
};

struct lists {
	struct link timers, sessions;
	struct state *states;
	long nr;
};

static struct lists *lists;

static __attribute__((noinline)) void *get(size_t size)
{
	void *p = malloc(size);

	if (!p)
		abort();
	memset(p, 0, size);
	return p;
}

static void insert(struct link *head, struct link *link)
{
	link->next = head->next;
	link->prev = head;
	head->next->prev = link;
	head->next = link;
}

static void fire(struct timer *t)
{
	t->when += t->period;
}

static void make_timer(long when)
{
	struct timer *t = get(sizeof(*t));

	t->when = when;
	t->fire = fire;
	insert(&lists->timers, &t->link);
	note(t, "struct timer");
}

static void make_session(int i)
{
	struct session *s = get(sizeof(*s));
	struct peer *p = get(sizeof(*p));

	snprintf(s->name, sizeof(s->name), "session %d", i);
	s->peer = p;
	p->port = i;
	p->last = s;
	insert(&lists->sessions, &s->link);
	note(s, "struct session");
	note(p, "struct peer");
}

static void make_thread(struct peer *peer)
{
	struct thread *t = get(sizeof(*t));

	t->state.parent = lists->states;
	t->state.peer = peer;
	lists->states = &t->state;
	note(t, "struct thread");
}

int main(void)
{
	lists = get(sizeof(*lists));
	note(lists, "struct lists");
	lists->timers.next = lists->timers.prev = &lists->timers;
	lists->sessions.next = lists->sessions.prev = &lists->sessions;
	for (int i = 0; i < 30; i++) {
		make_timer(1000 + i);
		make_session(i);
		make_thread(NULL);
	}
	wait_for_the_dump();
	return 0;
}
