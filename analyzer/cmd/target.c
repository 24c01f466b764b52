/* SPDX-License-Identifier: MIT */
/*
 * Looking at a process from outside.  The page is read with process_vm_readv; where the system
 * forbids that (Yama, another user) the environment says where the dumps go, and the folder is
 * watched for them.
 */
#include "cmd/target.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"

static FILE *open_proc(int pid, const char *name)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/%s", pid, name);

	return fopen(path, "re");
}

char target_state(int pid)
{
	_cleanup_fclose_ FILE *file = open_proc(pid, "stat");
	char line[512];

	if (!file || !fgets(line, sizeof(line), file) || !strrchr(line, ')'))
		return 0;
	return strrchr(line, ')')[2];
}

/* A mask of /proc/PID/status or of one of its threads; false where it cannot be read. */
static bool read_mask(int pid, const char *file_name, const char *key, uint64_t *mask)
{
	_cleanup_fclose_ FILE *file = open_proc(pid, file_name);
	char line[512];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			return sscanf(line + strlen(key), ":%" SCNx64, mask) == 1;
	return false;
}

bool target_catches(int pid, int signal)
{
	uint64_t mask = 0;

	return !read_mask(pid, "status", "SigCgt", &mask) || (mask >> (signal - 1) & 1);
}

static void close_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

bool target_blocks(int pid, int signal)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/task", pid);
	DIR *folder _cleanup_(close_folder) = opendir(path);

	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		_cleanup_free_ char *name = xasprintf("task/%s/status", entry->d_name);
		uint64_t mask;

		if (entry->d_name[0] != '.' && read_mask(pid, name, "SigBlk", &mask) &&
		    !(mask >> (signal - 1) & 1))
			return false;
	}
	return folder != NULL;
}

static bool read_memory(int pid, uint64_t addr, void *to, size_t size)
{
	const struct iovec local = { to, size }, remote = { (void *)addr, size };

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

/* Is there a status page of this process at addr?  (In another pid namespace its own number differs
 * from ours.) */
static bool is_page(int pid, uint64_t addr)
{
	struct { uint64_t magic; uint32_t version; int32_t pid; } head;
	int64_t inner = pid;
	_cleanup_fclose_ FILE *file = open_proc(pid, "status");
	char line[512];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "NSpid:", 6) && strrchr(line, '\t'))
			inner = strtol(strrchr(line, '\t'), NULL, 10);
	return read_memory(pid, addr, &head, sizeof(head)) && head.magic == HC_STATUS_MAGIC &&
	       head.version == HC_STATUS_VERSION && head.pid == inner;
}

/* Looks through the mappings.  *has_library: the preload is there. */
static struct error *find_page(struct target *t, bool *has_library)
{
	_cleanup_fclose_ FILE *file = open_proc(t->pid, "maps");
	char line[PATH_MAX + 256];
	uint64_t start, end;

	if (!file)
		return error_create_errno(errno, "process %d", t->pid);
	errno = 0;
	while (fgets(line, sizeof(line), file)) {
		if (strstr(line, "/libheapcensus.so"))
			*has_library = true;
		if (strstr(line, "/dev/zero (deleted)") &&
		    sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) == 2 &&
		    end - start == HC_STATUS_SIZE && is_page(t->pid, start))
			t->page = start;
	}
	return ferror(file) || errno == EACCES || errno == EPERM
		       ? error_create_errno(errno ? errno : EIO, "process %d", t->pid)
		       : NULL;
}

/* Its value in the process' environment at its start, or NULL. */
static char *read_variable(int pid, const char *name)
{
	_cleanup_fclose_ FILE *file = open_proc(pid, "environ");
	char *text = NULL, *value = NULL;
	size_t size = 0;

	while (!value && file && getdelim(&text, &size, 0, file) > 0)
		if (!strncmp(text, name, strlen(name)) && text[strlen(name)] == '=')
			value = xstrdup(text + strlen(name) + 1);
	free(text);
	return value;
}

static int signal_number(const char *text)
{
	const char *const name = text && !strncmp(text, "SIG", 3) ? text + 3 : text;

	if (!text)
		return SIGUSR1;
	if (!strcmp(text, "none"))
		return 0;
	for (int i = 1; i < SIGRTMIN; i++)
		if (sigabbrev_np(i) && !strcmp(sigabbrev_np(i), name))
			return i;
	return (int)strtol(name, NULL, 10);
}

static char *read_link(int pid, const char *name)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/%s", pid, name);
	char to[PATH_MAX];
	const ssize_t len = readlink(path, to, sizeof(to) - 1);

	return len > 0 ? xstrndup(to, (size_t)len) : NULL;
}

/* What can be known without reading its memory. */
static struct error *guess(struct target *t)
{
	_cleanup_free_ char *dir = read_variable(t->pid, "HEAPCENSUS_DIR");
	_cleanup_free_ char *signal = read_variable(t->pid, "HEAPCENSUS_SIGNAL");
	_cleanup_free_ char *cwd = read_link(t->pid, "cwd");
	_cleanup_free_ char *exe = read_link(t->pid, "exe");

	if (!exe || !cwd || !strrchr(exe, '/'))
		return error_create("process %d is under census, but this user may not look at it",
				    t->pid);
	t->signal = signal_number(signal);
	t->prefix = xasprintf("%s%s%s/%s.%d.", dir && dir[0] == '/' ? "" : cwd,
			      dir && dir[0] != '/' ? "/" : "", dir ? dir : "",
			      strrchr(exe, '/') + 1, t->pid);
	return NULL;
}

struct error *target_open(int pid, struct target *t)
{
	struct hc_status *status _cleanup_free_ = xmalloc(sizeof(*status));
	bool has_library = false;
	struct error *error;

	*t = (struct target){ .pid = pid };
	if (!target_state(pid))
		return error_create("no process %d", pid);
	if (target_state(pid) == 'Z')
		return error_create("process %d has ended", pid);
	error = find_page(t, &has_library);
	if (error)
		return error;
	if (!has_library)
		return error_create(
			"process %d is not under census: 'heapcensus run' starts a program so",
			pid);
	if (!t->page && read_memory(pid, 0, NULL, 0))
		return error_create("process %d has the library, but no census "
				    "(HEAPCENSUS_EXEC=stop, or it has just "
				    "started)",
				    pid);
	if (!t->page)
		return guess(t);
	error = target_read_status(t, status);
	if (!error)
		t->signal = status->signal;
	return error;
}

void target_close(struct target *t)
{
	free(t->prefix);
}

/* Finished dumps are all that can be seen: their number and the highest one. */
static struct error *watch_folder(const struct target *t, struct hc_status *status)
{
	_cleanup_free_ char *dir =
		xstrndup(t->prefix, (size_t)(strrchr(t->prefix, '/') - t->prefix));
	const char *const name = strrchr(t->prefix, '/') + 1;
	DIR *folder _cleanup_(close_folder) = opendir(dir);

	if (!folder)
		return error_create_errno(errno, "%s", dir);
	if (!target_state(t->pid))
		return error_create("no process %d", t->pid);
	for (struct dirent *entry; (entry = readdir(folder));) {
		unsigned int number;
		int end = 0;

		if (strncmp(entry->d_name, name, strlen(name)) ||
		    sscanf(entry->d_name + strlen(name), "%u.hc%n", &number, &end) != 1 || !end ||
		    entry->d_name[strlen(name) + (size_t)end])
			continue;
		status->nr_done++;
		if (number < status->last_number)
			continue;
		status->last_number = number;
		snprintf(status->last_path, sizeof(status->last_path), "%s/%s", dir, entry->d_name);
	}
	return NULL;
}

struct error *target_read_status(const struct target *t, struct hc_status *status)
{
	memset(status, 0, sizeof(*status));
	if (!t->page)
		return watch_folder(t, status);
	if (!read_memory(t->pid, t->page, status, sizeof(*status)) ||
	    status->magic != HC_STATUS_MAGIC)
		return error_create("process %d: its status cannot be read any more", t->pid);
	return NULL;
}
