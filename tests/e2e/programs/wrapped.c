/* SPDX-License-Identifier: MIT */
/*
 * Allocates through functions of its own: grab() returns void *, draw() text of many sizes to many
 * callers, make_node() a structure.  Built with debug information and, as wrapped_bare, without.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline, noclone))

struct node {
	struct node *next;
	long value[5];
};

static void *volatile kept[256];
static unsigned int nr_kept;

static NOINLINE void keep(void *p)
{
	kept[nr_kept++] = p;
}

static NOINLINE void *grab(size_t size)
{
	void *p = malloc(size);

	if (!p)
		abort();
	memset(p, 0x81, size);
	return p;
}

static NOINLINE char *draw(int size)
{
	char *p = malloc((size_t)size);

	if (!p)
		abort();
	memset(p, 0x82, (size_t)size);
	return p;
}

static NOINLINE struct node *make_node(long value)
{
	struct node *p = malloc(sizeof(*p));

	if (!p)
		abort();
	p->next = NULL;
	p->value[0] = value;
	return p;
}

#define CALLERS(X) X(one) X(two) X(three) X(four) X(five) X(six) X(seven) X(eight) X(nine) X(ten)

#define DEFINE(name) \
	static NOINLINE void name(int n) \
	{ \
		keep(grab((size_t)n * 3000)); \
		keep(draw(n * 5000)); \
		keep(make_node(n)); \
	}
CALLERS(DEFINE)

int main(void)
{
	static void (*const callers[])(int) = {
#define ENTRY(name) name,
		CALLERS(ENTRY)
	};

	for (unsigned int i = 0; i < sizeof(callers) / sizeof(callers[0]); i++)
		callers[i]((int)i + 1);
	puts("ready");
	fflush(stdout);
	return getchar() == EOF;
}
