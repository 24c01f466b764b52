/* SPDX-License-Identifier: MIT */
/*
 * The dump's file: no name before it is whole, none of another file taken, nothing left of one that
 * was given up or whose writer was killed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rt/process.h"
#include "snap/output.h"

static char folder[] = "/tmp/test_output.XXXXXX";

/* Files in the folder that are not hidden, and those that are. */
static void count_files(int *shown, int *hidden)
{
	DIR *const dir = opendir(folder);

	*shown = *hidden = 0;
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		*(e->d_name[0] == '.' ? hidden : shown) += 1;
	}
	closedir(dir);
}

static void assert_files(int shown, int hidden)
{
	int s, h;

	count_files(&s, &h);
	assert_int_equal(s, shown);
	assert_int_equal(h, hidden);
}

static bool has_unnamed(void)
{
	const int fd = open(folder, O_TMPFILE | O_WRONLY, 0600);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void check_commit(bool unnamed)
{
	static struct output o;
	const int hidden = !(unnamed && has_unnamed());
	struct stat stat_buf;
	char taken[256];
	FILE *file;

	(void)snprintf(taken, sizeof(taken), "%s/%s.%d.3.hc", folder, rt_process.name,
		       rt_process.pid);
	file = fopen(taken, "w");
	assert_non_null(file);
	(void)fputs("mine", file);
	fclose(file);
	umask(077);
	assert_int_equal(output_open(&o, 1, unnamed), 0);
	assert_int_equal(output_sink(&o, "dump", 4), 0);
	assert_files(1, hidden);
	assert_int_equal(output_commit(&o, 3), 0);
	assert_int_equal(o.number, 4);
	assert_files(2, 0);
	assert_int_equal(stat(o.path, &stat_buf), 0);
	assert_int_equal(stat_buf.st_size, 4);
	assert_int_equal(stat_buf.st_mode & 07777, 0600);
	assert_int_equal(stat(taken, &stat_buf), 0);
	assert_int_equal(stat_buf.st_size, 4);
	assert_int_equal(unlink(o.path), 0);
	assert_int_equal(unlink(taken), 0);
	assert_int_equal(output_open(&o, 2, unnamed), 0);
	output_discard(&o);
	assert_files(0, 0);
}

static void test_commit(void **state)
{
	(void)state;
	check_commit(true);
	check_commit(false);
}

static void test_killed(void **state)
{
	static struct output o;
	int status;

	(void)state;
	if (!has_unnamed())
		skip();
	const pid_t child = fork();

	if (child == 0) {
		if (output_open(&o, 3, true) != 0 || output_sink(&o, "dump", 4) != 0)
			_exit(1);
		(void)raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_files(0, 0);
}

/* Where the folder cannot be written the error is the folder's. */
static void test_refused(void **state)
{
	static struct output o;

	(void)state;
	(void)snprintf(rt_process.dir, sizeof(rt_process.dir), "%s/none", folder);
	rt_process.fallback[0] = '\0';
	assert_int_equal(output_open(&o, 4, true), -ENOENT);
	(void)snprintf(rt_process.fallback, sizeof(rt_process.fallback), "%s", folder);
	assert_int_equal(output_open(&o, 4, true), 0);
	assert_int_equal(o.dir_error, -ENOENT);
	output_discard(&o);
	assert_files(0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commit),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_refused),
	};

	if (!mkdtemp(folder))
		return 1;
	(void)snprintf(rt_process.dir, sizeof(rt_process.dir), "%s", folder);
	(void)snprintf(rt_process.name, sizeof(rt_process.name), "program");
	rt_process.pid = getpid();
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);

	(void)rmdir(folder);
	return failed;
}
