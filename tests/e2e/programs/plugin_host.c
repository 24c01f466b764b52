/* SPDX-License-Identifier: MIT */
/*
 * plugin_host PLUGIN: a C program without C++ of its own.  Loads the plugin with RTLD_LOCAL, uses
 * it, unloads it, three times; says "loaded" while its objects are alive the last time and waits
 * for a line, then once more when it has gone.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

static int wait_for_line(void)
{
	char c;

	return read(STDIN_FILENO, &c, 1) == 1;
}

int main(int argc, char **argv)
{
	for (int round = 0; argc == 2 && round < 3; round++) {
		void *const plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);

		if (!plugin) {
			fprintf(stderr, "%s\n", dlerror());
			return 3;
		}
		int (*const start)(int) = (int (*)(int))dlsym(plugin, "plugin_start");
		void (*const stop)(void) = (void (*)(void))dlsym(plugin, "plugin_stop");

		if (start(1000) != 1000)
			return 4;
		if (round == 2) {
			dprintf(STDOUT_FILENO, "loaded\n");
			if (!wait_for_line())
				return 5;
		}
		stop();
		if (dlclose(plugin) != 0)
			return 6;
	}
	dprintf(STDOUT_FILENO, "unloaded\n");
	return wait_for_line() ? 9 : 5;
}
