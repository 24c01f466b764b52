/* SPDX-License-Identifier: MIT */
/*
 * Forks, with handlers that are registered before those of any library and so run inside of theirs;
 * they use every entry point that takes a lock of the census.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <heapcensus/tag.h>

#define MAP_SIZE 8192

static void *mapped, *large;

static void before(void)
{
	mapped = mmap(NULL, MAP_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	large = malloc(100 << 20);
	heapcensus_tag(large, "large");
	heapcensus_label(large, "made before the fork");
}

static void after(void)
{
	munmap(mapped, MAP_SIZE);
	free(large);
}

static void prepare(void)
{
	pthread_atfork(before, after, after);
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = prepare;

int main(void)
{
	int status = -1;
	const pid_t child = fork();

	if (child == 0)
		_exit(munmap(mmap(NULL, MAP_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
			     MAP_SIZE)
			      ? 1
			      : 5);
	waitpid(child, &status, 0);
	printf("child ended with %d\n", WEXITSTATUS(status));
	return 0;
}
