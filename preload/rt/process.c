/* SPDX-License-Identifier: MIT */
/*
 * Who this process is and where its files go (rt/process.h), by raw system calls.
 */
#include "rt/process.h"

#include <string.h>
#include <sys/auxv.h>

#include "rt/format.h"
#include "rt/option.h"
#include "rt/sys.h"
#include "rt/ban.h"

struct process rt_process;

static void find_exe(struct process *p)
{
	const long len = sys_readlink("/proc/self/exe", p->exe, sizeof(p->exe) - 1);
	const char *base = "unknown";
	size_t n = 0;

	p->exe[len > 0 ? len : 0] = '\0';
	if (len > 0)
		base = strrchr(p->exe, '/') ? strrchr(p->exe, '/') + 1 : p->exe;
	for (; base[n] && n < sizeof(p->name) - 1; n++) {
		const char c = base[n];

		p->name[n] = c <= ' ' || c == 127 ? '_' : c;
	}
	p->name[n] = '\0';
}

/* An absolute form of path: a relative one starts at the current folder. */
static void make_absolute(char *out, size_t size, const char *path)
{
	char cwd[PATH_MAX];

	if (path[0] == '/') {
		(void)format_text(out, size, "%s", path);
		return;
	}
	if (sys_getcwd(cwd, sizeof(cwd)) <= 0 || cwd[0] != '/')
		(void)format_text(cwd, sizeof(cwd), "/tmp"); /* no such folder any more */
	if (!path[0])
		(void)format_text(out, size, "%s", cwd);
	else
		(void)format_text(out, size, "%s/%s", strcmp(cwd, "/") ? cwd : "", path);
}

void process_init(void)
{
	struct process *p = &rt_process;
	const char *dir = option_values[OPTION_DIR].text;
	const char *tmp = option_tmpdir();

	if (p->pid)
		return;
	find_exe(p);
	make_absolute(p->dir, sizeof(p->dir), dir ? dir : "");
	make_absolute(p->fallback, sizeof(p->fallback), tmp ? tmp : "/tmp");
	p->page_size = (uint32_t)getauxval(AT_PAGESZ);
	p->pid = sys_getpid();
}

void process_after_fork(void)
{
	rt_process.pid = sys_getpid();
}
