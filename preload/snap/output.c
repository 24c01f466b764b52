/* SPDX-License-Identifier: MIT */
/*
 * The dump's file.  The snapshot child only: raw system calls.
 */
#include "snap/output.h"

#include <errno.h>
#include <stdbool.h>

#include "heapcensus/dump_format.h"
#include "rt/format.h"
#include "rt/process.h"
#include "rt/sys.h"
#include "rt/ban.h"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

#define OUTPUT_LINK_SIZE   32
#define OUTPUT_NUMBERS_MAX 1000000 /* final names that are tried */

/* The name that a file without one can be linked by. */
static void output_format_link(const struct output *o, char *text, size_t size)
{
	(void)format_text(text, size, "/proc/self/fd/%d", o->fd);
}

static bool output_open_unnamed(struct output *o, const char *dir)
{
	char link[OUTPUT_LINK_SIZE];

	o->fd = sys_open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (o->fd < 0)
		return false;
	output_format_link(o, link, sizeof(link));
	if (sys_access(link, F_OK) == 0) {
		o->part[0] = '\0';
		return true;
	}
	(void)sys_close(o->fd);
	return false;
}

static int output_open_in(struct output *o, const char *dir, uint64_t unique, bool unnamed)
{
	const size_t len = format_text(o->part, sizeof(o->part), "%s/.%s.%d.%08x.part", dir,
				       rt_process.name, rt_process.pid, (unsigned int)unique);

	if (len + 1 >= sizeof(o->part))
		return -ENAMETOOLONG;
	o->dir = dir;
	o->size = o->begun = 0;
	if (unnamed && output_open_unnamed(o, dir)) {
		(void)sys_call3(SYS_fchmod, o->fd, 0600, 0);
		return 0;
	}
	o->fd = sys_open(o->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (o->fd < 0)
		return o->fd;
	/* Whatever the program's umask is. */
	(void)sys_call3(SYS_fchmod, o->fd, 0600, 0);
	return 0;
}

int output_open(struct output *o, uint64_t unique, bool unnamed)
{
	int err = output_open_in(o, rt_process.dir, unique, unnamed);

	o->dir_error = 0;
	if (err && rt_process.fallback[0] &&
	    !output_open_in(o, rt_process.fallback, unique, unnamed)) {
		o->dir_error = err;
		return 0;
	}
	if (err) {
		o->part[0] = '\0';
		o->dir = rt_process.dir;
	}
	return err;
}

/* The disk starts on the newest window, and is done with the one before.  Files that know no such
 * thing are left as they are. */
static void output_push(struct output *o)
{
	while (o->size - o->begun >= OUTPUT_WINDOW) {
		(void)sys_sync_file_range(o->fd, o->begun, OUTPUT_WINDOW, SYNC_FILE_RANGE_WRITE);
		if (o->begun)
			(void)sys_sync_file_range(o->fd, o->begun - OUTPUT_WINDOW, OUTPUT_WINDOW,
						  SYNC_FILE_RANGE_WAIT_BEFORE |
							  SYNC_FILE_RANGE_WRITE |
							  SYNC_FILE_RANGE_WAIT_AFTER);
		o->begun += OUTPUT_WINDOW;
	}
}

int output_sink(void *arg, const void *bytes, size_t len)
{
	struct output *const o = arg;
	const char *at = bytes;

	while (len) {
		const long n = sys_write(o->fd, at, len);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		at += n;
		len -= (size_t)n;
		o->size += (uint64_t)n;
	}
	output_push(o);
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

/* Never replaces one, either. */
static int output_name(const struct output *o)
{
	char link[OUTPUT_LINK_SIZE];

	if (o->part[0])
		return output_rename(o->part, o->path);
	output_format_link(o, link, sizeof(link));
	return (int)sys_call6(SYS_linkat, AT_FDCWD, (long)link, AT_FDCWD, (long)o->path,
			      AT_SYMLINK_FOLLOW, 0);
}

static void output_format_path(char *path, size_t size, const char *dir, uint64_t number)
{
	(void)format_text(path, size, "%s/%s.%d.%lu.hc", dir, rt_process.name, rt_process.pid,
			  number);
}

void output_remove(const char *dir, uint64_t number)
{
	char path[PATH_MAX], index[PATH_MAX + sizeof(HC_INDEX_SUFFIX)];

	output_format_path(path, sizeof(path), dir, number);
	(void)sys_unlink(path);
	(void)format_text(index, sizeof(index), "%s" HC_INDEX_SUFFIX, path);
	(void)sys_unlink(index);
}

int output_commit(struct output *o, uint64_t first)
{
	int err = sys_fsync(o->fd);

	/* Pipes and some file systems have no fsync. */
	if (err == -EINVAL || err == -EROFS)
		err = 0;
	for (uint64_t n = first; !err && n < first + OUTPUT_NUMBERS_MAX; n++) {
		o->number = n;
		output_format_path(o->path, sizeof(o->path), o->dir, n);
		err = output_name(o);
		if (!err) {
			o->part[0] = '\0';
			output_discard(o);
			return 0;
		}
		if (err == -EEXIST)
			err = 0;
	}
	output_discard(o);
	return err ? err : -EEXIST;
}
