/* SPDX-License-Identifier: MIT */
/*
 * Looking for the library in the parent's mappings, by raw system calls.
 */
#include "target/parent.h"

#include <string.h>

#include "rt/format.h"
#include "rt/sys.h"
#include "rt/ban.h"

#define PARENT_LIBRARY "/libheapcensus.so"

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
