/* SPDX-License-Identifier: MIT */
/*
 * Messages (rt/message.h).  The file is opened for each line and closed again: the host keeps no
 * descriptor of ours, may close all of its own, change its folder or its user.
 */
#include "rt/message.h"

#include <limits.h>
#include <stdarg.h>

#include "rt/clock.h"
#include "rt/format.h"
#include "rt/option.h"
#include "rt/process.h"
#include "rt/status.h"
#include "rt/sys.h"
#include "rt/ban.h"

#define LINE_MAX_LEN 2048

static int open_log(const char *dir)
{
	char path[PATH_MAX + 128];

	(void)format_text(path, sizeof(path), "%s/heapcensus.%s.%d.log", dir, rt_process.name,
			  rt_process.pid);
	return sys_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
			0600);
}

static void write_line(const char *line, size_t len)
{
	int fd;

	if (option_get(OPTION_LOG) == HC_LOG_STDERR) {
		(void)sys_write(2, line, len);
		return;
	}
	fd = open_log(rt_process.dir);
	if (fd < 0)
		fd = open_log(rt_process.fallback);
	if (fd < 0)
		return;
	(void)sys_write(fd, line, len);
	(void)sys_close(fd);
}

void message(const char *format, ...)
{
	const uint64_t ms =
		(clock_ns(CLOCK_MONOTONIC_COARSE) - rt_clock.start_monotonic_ns) / 1000000;
	char line[LINE_MAX_LEN];
	size_t start, len;
	va_list args;

	start = format_text(line, sizeof(line), "heapcensus: %s[%d] +%lu.%03lus: ", rt_process.name,
			    rt_process.pid, ms / 1000, ms % 1000);
	va_start(args, format);
	len = start + format_va(line + start, sizeof(line) - start - 1, format, args);
	va_end(args);
	status_set_text(rt_status->last_message, sizeof(rt_status->last_message), line + start);
	line[len] = '\n';
	write_line(line, len + 1);
}
