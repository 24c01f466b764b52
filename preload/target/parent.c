/* SPDX-License-Identifier: MIT */
/*
 * Looking for the library in the parent's mappings, by raw system calls, and in the environment.
 */
#include "target/parent.h"

#include <string.h>

#include "rt/format.h"
#include "rt/sys.h"
#include "rt/ban.h"

#define PARENT_LIBRARY "/libheapcensus.so"
#define PARENT_VARIABLE "LD_PRELOAD="
#define PARENT_SEPARATORS " :"

bool parent_is_under_census(void)
{
	const size_t overlap = sizeof(PARENT_LIBRARY) - 2; /* a name may stand across two reads */
	char path[32], buf[4096];
	size_t kept = 0;
	bool found = false;
	long n;
	int fd;

	(void)format_text(path, sizeof(path), "/proc/%d/maps", sys_getppid());
	fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	while (!found && (n = sys_read(fd, buf + kept, sizeof(buf) - 1 - kept)) > 0) {
		const size_t len = kept + (size_t)n;

		buf[len] = '\0';
		found = strstr(buf, PARENT_LIBRARY) != NULL;
		kept = len < overlap ? len : overlap;
		memmove(buf, buf + len - kept, kept);
	}
	(void)sys_close(fd);
	return found;
}

/* "libheapcensus.so", or a path to one. */
static bool is_library(const char *name, size_t len)
{
	const size_t whole = sizeof(PARENT_LIBRARY) - 1;

	if (len == whole - 1)
		return !memcmp(name, &PARENT_LIBRARY[1], len);
	return len >= whole && !memcmp(name + len - whole, PARENT_LIBRARY, whole);
}

/* Leaves out our name, and the separator before or after it.  False where no name is left. */
static bool drop_from_list(char *list)
{
	char *out = list;

	for (const char *at = list; *at;) {
		const size_t separators = strspn(at, PARENT_SEPARATORS);
		const size_t len = strcspn(at + separators, PARENT_SEPARATORS);
		const size_t skip = out == list ? separators : 0;

		if (len && !is_library(at + separators, len)) {
			memmove(out, at + skip, separators + len - skip);
			out += separators + len - skip;
		}
		at += separators + len;
	}
	*out = '\0';
	return out != list;
}

void parent_drop_preload(char **environment)
{
	const size_t len = sizeof(PARENT_VARIABLE) - 1;
	char **out = environment;

	for (char **at = environment; at && *at; at++)
		if (strncmp(*at, PARENT_VARIABLE, len) != 0 || drop_from_list(*at + len))
			*out++ = *at;
	if (out)
		*out = NULL;
}
