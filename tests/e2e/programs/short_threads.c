/* SPDX-License-Identifier: MIT */
/*
 * short_threads N [TICK]: N threads, 32 at a time; each keeps one block of 40 + i % 24 bytes, frees
 * others, and ends.  Says "kept N" and waits for a line on standard input.  TICK: every so many
 * microseconds the handler of a signal tags a block in whatever thread it comes to.
 */
#include <heapcensus/tag.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define AT_ONCE 32

static void **kept;

static void *thread_main(void *arg)
{
	const size_t i = (uintptr_t)arg;
	char *volatile other = malloc(i % 500 + 1);

	kept[i] = malloc(40 + i % 24);
	free(strdup("a text"));
	free(other);
	return NULL;
}

static void on_alarm(int number)
{
	(void)number;
	heapcensus_tag(kept, "Kept");
}

static void tick(long microseconds)
{
	const struct itimerval often = { { 0, microseconds }, { 0, microseconds } };
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

int main(int argc, char **argv)
{
	const size_t nr = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000;
	pthread_t threads[AT_ONCE];
	char c;

	kept = calloc(nr, sizeof(*kept));
	if (argc > 2)
		tick(strtol(argv[2], NULL, 0));
	for (size_t i = 0; i < nr + AT_ONCE; i++) {
		if (i >= AT_ONCE)
			pthread_join(threads[i % AT_ONCE], NULL);
		if (i < nr &&
		    pthread_create(&threads[i % AT_ONCE], NULL, thread_main, (void *)i) != 0) {
			perror("pthread_create");
			return 3;
		}
	}
	dprintf(STDOUT_FILENO, "kept %zu\n", nr);
	return read(STDIN_FILENO, &c, 1) == 1 ? 0 : 3;
}
