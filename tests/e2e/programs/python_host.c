/* SPDX-License-Identifier: MIT */
/*
 * python_host LIBPYTHON SCRIPT [ROUNDS]: a C program that loads a Python with RTLD_LOCAL, as a
 * plugin would be, and runs the script in it; more than once, the interpreter is ended and started
 * again in between.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	void *const lib = argc >= 3 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;

	if (!lib) {
		fprintf(stderr, "%s\n",
			argc >= 3 ? dlerror() : "usage: python_host LIBPYTHON SCRIPT [ROUNDS]");
		return 3;
	}
	void (*const start)(int) = (void (*)(int))dlsym(lib, "Py_InitializeEx");
	int (*const run)(const char *) = (int (*)(const char *))dlsym(lib, "PyRun_SimpleString");
	int (*const end)(void) = (int (*)(void))dlsym(lib, "Py_FinalizeEx");

	for (int round = argc > 3 ? atoi(argv[3]) : 1; round > 0; round--) {
		start(0);
		if (run(argv[2]) != 0)
			return 4;
		if (end() != 0)
			return 5;
	}
	return 0;
}
