/* SPDX-License-Identifier: MIT */
/*
 * Reads small files of /proc (rt/proc.h).
 */
#include "rt/proc.h"

#include "rt/sys.h"
#include "rt/ban.h"

long proc_read(const char *path, char *text, size_t size)
{
	const int fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
	long len;

	if (fd < 0)
		return fd;
	len = sys_read(fd, text, size - 1);
	text[len > 0 ? len : 0] = '\0';
	(void)sys_close(fd);
	return len;
}

uint64_t proc_parse_hex(const char **s)
{
	uint64_t n = 0;

	if ((*s)[0] == '0' && (*s)[1] == 'x')
		*s += 2;
	for (;; (*s)++) {
		if (**s >= '0' && **s <= '9')
			n = n << 4 | (uint64_t)(**s - '0');
		else if (**s >= 'a' && **s <= 'f')
			n = n << 4 | (uint64_t)(**s - 'a' + 10);
		else
			return n;
	}
}
