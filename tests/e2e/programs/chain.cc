/* SPDX-License-Identifier: MIT */
/*
 * chain: allocates at the end of known call chains, and looks after its descriptors.
 *
 * Prints "function NAME ADDRESS SIZE" for each function of a chain (SIZE: of the block that it
 * allocates, 0 for those that only call), "fd N": the lowest free descriptor, and "stolen N": how
 * many bytes of a pipe went missing while threads allocated, after the program had closed all
 * descriptors that it did not know and taken their numbers.  Then "ready", and waits for its input.
 */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

#define NOINLINE extern "C" __attribute__((noinline))

static void *kept[16];
static int nr_kept;

static void keep(void *p)
{
	kept[nr_kept++] = p;
}

/* Each allocates in a call that is not its last, so that it stays on the stack. */
NOINLINE void by_malloc() { keep(malloc(1001)); }
NOINLINE void by_calloc() { keep(calloc(1, 1002)); }
NOINLINE void by_realloc() { keep(realloc(nullptr, 1003)); }
NOINLINE void by_memalign() { keep(memalign(64, 1004)); }
NOINLINE void by_new() { keep(new char); keep(operator new(1005)); }
NOINLINE void by_new_array() { keep(new char[1006]); }

NOINLINE void by_strdup()
{
	char text[1007];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	keep(strdup(text));
}

typedef void leaf();

NOINLINE int inner(leaf *f, int depth)
{
	volatile char frame[64];

	frame[0] = (char)depth;
	if (depth > 0) {
		inner(f, depth - 1);
		return frame[0] + 1;
	}
	f();
	return frame[0];
}

NOINLINE int outer(leaf *f)
{
	volatile int result = inner(f, 3);

	return result + 1;
}

static void *allocate(void *arg)
{
	for (int i = 0; i < 100; i++) {
		outer(by_malloc);
		free(kept[--nr_kept]);
	}
	return arg;
}

/* What a library holds behind our back, it must not use once we have closed it. */
static int count_stolen()
{
	const char bytes[] = "0123456789abcdef";
	char back[64];
	int fds[32], stolen = 0;

	for (int fd = 3; fd < 64; fd++)
		close(fd);
	for (int i = 0; i < 32; i += 2) {
		if (pipe(fds + i) != 0)
			return -1;
		if (write(fds[i + 1], bytes, 16) != 16)
			return -1;
	}
	for (int i = 0; i < 5; i++) {
		pthread_t t;

		if (pthread_create(&t, nullptr, allocate, nullptr) != 0)
			return -1;
		pthread_join(t, nullptr);
	}
	for (int i = 0; i < 32; i += 2) {
		const ssize_t n = read(fds[i], back, sizeof(back));

		stolen += n != 16 || memcmp(back, bytes, 16) != 0;
		close(fds[i]);
		close(fds[i + 1]);
	}
	return stolen;
}

static const struct {
	const char *name;
	leaf *function;
	int size;
} leaves[] = {
	{ "by_malloc", by_malloc, 1001 },   { "by_calloc", by_calloc, 1002 },
	{ "by_realloc", by_realloc, 1003 }, { "by_memalign", by_memalign, 1004 },
	{ "by_new", by_new, 1005 },	    { "by_new_array", by_new_array, 1006 },
	{ "by_strdup", by_strdup, 1007 },
};

int main()
{
	const int fd = dup(0);

	close(fd);
	printf("fd %d\nstolen %d\n", fd, count_stolen());
	for (const auto &l : leaves) {
		outer(l.function);
		printf("function %s %p %d\n", l.name, reinterpret_cast<void *>(l.function), l.size);
	}
	printf("function inner %p 0\nfunction outer %p 0\nfunction main %p 0\nready\n",
	       reinterpret_cast<void *>(inner), reinterpret_cast<void *>(outer),
	       reinterpret_cast<void *>(main));
	fflush(stdout);
	(void)getchar();
	return 0;
}
