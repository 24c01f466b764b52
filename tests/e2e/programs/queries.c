/* SPDX-License-Identifier: MIT */
/* Four threads ask about the same objects at once, while a dump is asked for now and then. */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <heapcensus/tag.h>

#define NR_THREADS 4
#define NR_QUERIES 100
#define NR_OBJECTS 100

static void count(void *p, size_t size, double age, void *arg)
{
	(void)p, (void)size, (void)age;
	++*(int *)arg;
}

static void *ask(void *arg)
{
	intptr_t wrong = 0;

	for (int i = 0; i < NR_QUERIES; i++) {
		int nr = 0;

		if (arg && i % 50 == 25)
			raise(SIGUSR1);
		heapcensus_iter_all("thing", count, &nr);
		wrong += nr != NR_OBJECTS;
		wrong += !heapcensus_get_oldest("thing", NULL);
	}
	return (void *)wrong;
}

int main(void)
{
	pthread_t threads[NR_THREADS];
	intptr_t wrong = 0;

	for (int i = 0; i < NR_OBJECTS; i++)
		heapcensus_tag(malloc(64), "thing");
	for (intptr_t i = 0; i < NR_THREADS; i++)
		if (pthread_create(&threads[i], NULL, ask, (void *)(intptr_t)(i == 0)))
			return 1;
	for (int i = 0; i < NR_THREADS; i++) {
		void *of_one;

		pthread_join(threads[i], &of_one);
		wrong += (intptr_t)of_one;
	}
	printf("%ld wrong\n", (long)wrong);
	return 0;
}
