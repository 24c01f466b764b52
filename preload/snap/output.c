/* SPDX-License-Identifier: MIT */
/*
 * The dump's file.  The snapshot child only: raw system calls.
 */
#include "snap/output.h"

#include <errno.h>
#include <stdbool.h>

#include "rt/format.h"
#include "rt/process.h"
#include "rt/sys.h"
#include "rt/ban.h"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

#define OUTPUT_NUMBERS_MAX 1000000	/* final names that are tried */

static int output_open_in(struct output *o, const char *dir, uint64_t unique)
{
	const size_t len =
		format_text(o->part, sizeof(o->part), "%s/.%s.%d.%08x.part", dir, rt_process.name,
			    rt_process.pid, (unsigned int)unique);

	if (len + 1 >= sizeof(o->part))
		return -ENAMETOOLONG;
	o->dir = dir;
	o->fd = sys_open(o->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (o->fd < 0)
		return o->fd;
	/* Whatever the program's umask is. */
	(void)sys_call3(SYS_fchmod, o->fd, 0600, 0);
	return 0;
}

int output_open(struct output *o, uint64_t unique)
{
	int err = output_open_in(o, rt_process.dir, unique);

	o->dir_error = 0;
	if (err && rt_process.fallback[0] && !output_open_in(o, rt_process.fallback, unique)) {
		o->dir_error = err;
		return 0;
	}
	if (err) {
		o->part[0] = '\0';
		o->dir = rt_process.dir;
	}
	return err;
}

int output_sink(void *arg, const void *bytes, size_t len)
{
	const struct output *const o = arg;
	const char *at = bytes;

	while (len) {
		const long n = sys_write(o->fd, at, len);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

void output_discard(struct output *o)
{
	if (o->fd >= 0)
		(void)sys_close(o->fd);
	o->fd = -1;
	if (o->part[0])
		(void)sys_unlink(o->part);
	o->part[0] = '\0';
}

/* Never replaces a file, also where the file system knows no RENAME_NOREPLACE. */
static int output_rename(const char *from, const char *to)
{
	int err = sys_rename(from, to, RENAME_NOREPLACE);

	if (err != -EINVAL && err != -ENOSYS)
		return err;
	err = sys_link(from, to);
	if (!err)
		(void)sys_unlink(from);
	if (err != -EPERM && err != -EOPNOTSUPP && err != -ENOSYS)
		return err;
	/* Neither: looking first leaves a gap, but nobody else makes files of this name. */
	return sys_access(to, F_OK) == 0 ? -EEXIST : sys_rename(from, to, 0);
}

int output_commit(struct output *o, uint64_t first)
{
	int err = sys_fsync(o->fd);

	/* Pipes and some file systems have no fsync. */
	if (err == -EINVAL || err == -EROFS)
		err = 0;
	if (!err)
		err = sys_close(o->fd);
	else
		(void)sys_close(o->fd);
	o->fd = -1;
	for (uint64_t n = first; !err && n < first + OUTPUT_NUMBERS_MAX; n++) {
		o->number = n;
		(void)format_text(o->path, sizeof(o->path), "%s/%s.%d.%lu.hc", o->dir,
				  rt_process.name, rt_process.pid, n);
		err = output_rename(o->part, o->path);
		if (!err) {
			o->part[0] = '\0';
			return 0;
		}
		if (err == -EEXIST)
			err = 0;
	}
	output_discard(o);
	return err ? err : -EEXIST;
}
