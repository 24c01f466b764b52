/* SPDX-License-Identifier: MIT */
/*
 * two_pythons FIRST FIRST_HOME SECOND SECOND_HOME SCRIPT: loads two CPythons side by side and runs
 * the script in each.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static int run(const char *path, const char *home, const char *script)
{
	void *const lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!lib) {
		fprintf(stderr, "%s\n", dlerror());
		return 3;
	}
	setenv("PYTHONHOME", home, 1);
	((void (*)(int))dlsym(lib, "Py_InitializeEx"))(0);
	return ((int (*)(const char *))dlsym(lib, "PyRun_SimpleString"))(script);
}

int main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr, "usage: two_pythons FIRST HOME SECOND HOME SCRIPT\n");
		return 2;
	}
	if (run(argv[1], argv[2], argv[5]) != 0 || run(argv[3], argv[4], argv[5]) != 0)
		return 4;
	puts("ready");
	fflush(stdout);
	return getchar() == EOF ? 1 : 0;
}
