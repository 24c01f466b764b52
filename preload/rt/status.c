/* SPDX-License-Identifier: MIT */
/*
 * Makes the status page (rt/status.h).
 */
#include "rt/status.h"

#include <string.h>

#include "rt/clock.h"
#include "rt/format.h"
#include "rt/option.h"
#include "rt/private.h"
#include "rt/process.h"
#include "rt/sys.h"
#include "rt/ban.h"

static struct hc_status stand_in; /* where there is no page: nobody outside finds it */

struct hc_status *rt_status = &stand_in;

static void make_page(void)
{
	struct hc_status *s = sys_mmap(NULL, HC_STATUS_SIZE, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (sys_is_error((long)s)) {
		memset(&stand_in, 0, sizeof(stand_in));
		s = &stand_in;
	} else {
		private_range_add(s, HC_STATUS_SIZE);
	}
	s->version = HC_STATUS_VERSION;
	s->pid = rt_process.pid;
	s->signal = (int32_t)option_get(OPTION_SIGNAL);
	status_set_text(s->dir, sizeof(s->dir), rt_process.dir);
	rt_status = s;
	__atomic_store_n(&s->magic, HC_STATUS_MAGIC, __ATOMIC_RELEASE);
}

void status_init(void)
{
	if (rt_status->magic != HC_STATUS_MAGIC)
		make_page();
}

/* The parent's page is shared: it must not be written, so it goes. */
void status_after_fork(void)
{
	struct hc_status *old = rt_status;

	make_page();
	if (old == &stand_in)
		return;
	private_range_remove(old, HC_STATUS_SIZE);
	(void)sys_munmap(old, HC_STATUS_SIZE);
}

void status_set_text(char *field, size_t size, const char *text)
{
	(void)format_text(field, size, "%s", text);
}
