/* SPDX-License-Identifier: MIT */
/*
 * reload OBJECT OBJECT: loads the two in turn, which have the same code with other frames
 * (tests/unit/unload.c), allocates below them and unloads them.  Says how often one was where the
 * one before it had been.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static void allocate(void)
{
	void *volatile p = malloc(40);

	free(p);
}

int main(int argc, char **argv)
{
	void *last = NULL;
	int nr_same = 0;

	for (int i = 0; argc == 3 && i < 40; i++) {
		void *const object = dlopen(argv[1 + i % 2], RTLD_NOW | RTLD_LOCAL);

		if (!object) {
			fprintf(stderr, "%s\n", dlerror());
			return 3;
		}
		void *const place = dlsym(object, "unload_call");

		nr_same += place == last;
		last = place;
		for (int k = 0; k < 3; k++)
			((void (*)(void (*)(void), int))place)(allocate, 5);
		if (dlclose(object) != 0)
			return 4;
	}
	printf("%d\n", nr_same);
	return 0;
}
