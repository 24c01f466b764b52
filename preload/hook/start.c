/* SPDX-License-Identifier: MIT */
/*
 * Start, fork and end.  The census itself begins with the first allocator call (hook/real.c); here,
 * in a constructor, comes what needs the environment or libc: options, names, status page,
 * unwinder, triggers.
 */
#include <dlfcn.h>
#include <elf.h>
#include <pthread.h>
#include <unistd.h>

#include "hook/python.h"
#include "hook/python_verify.h"
#include "hook/wrap.h"
#include "live/attr.h"
#include "live/label.h"
#include "live/lock.h"
#include "live/mapped.h"
#include "live/objects.h"
#include "live/store.h"
#include "rt/image_pages.h"
#include "rt/message.h"
#include "rt/option.h"
#include "rt/private.h"
#include "rt/process.h"
#include "rt/status.h"
#include "rt/sys.h"
#include "snap/trigger.h"
#include "stack/location.h"
#include "stack/unwind.h"
#include "target/modules.h"
#include "target/parent.h"

/*
 * Everything that another thread might be changing; not where a handler forks while its own thread
 * is at it.  Fork handlers that were registered before ours run between fork_prepare and
 * fork_parent or fork_child.
 */
static void fork_prepare(void)
{
	if (thread_self && thread_self->inside)
		return;
	threads_fork_prepare();
	mapped_fork_prepare();
	objects_fork_prepare();
	store_fork_prepare();
	label_fork_prepare();
	attr_fork_prepare();
	location_fork_prepare();
	unwind_fork_prepare();
	private_fork_prepare();
	lock_all_held = true;
}

/* What parent and child do alike, between the innermost lock and the outermost. */
static void fork_done(void)
{
	location_fork_done();
	attr_fork_done();
	label_fork_done();
	store_fork_done();
	objects_fork_done();
	mapped_fork_done();
}

static void fork_parent(void)
{
	if (!lock_all_held)
		return;
	lock_all_held = false;
	private_fork_parent();
	unwind_fork_parent();
	fork_done();
	threads_fork_parent();
}

static void fork_child(void)
{
	if (lock_all_held) {
		lock_all_held = false;
		private_fork_child();
		unwind_fork_child();
		fork_done();
		threads_fork_child();
	}
	process_after_fork();
	status_after_fork();
	trigger_after_fork();
	if (option_get(OPTION_EXEC) == HC_EXEC_STOP)
		parent_drop_preload(environ);
}

static void start_sites(void)
{
	enum site_mode mode = SITE_CALLER;

	switch ((enum hc_stacks_choice)option_get_choice(OPTION_STACKS)) {
	case HC_STACKS_CALLER:
		break;
	case HC_STACKS_VERIFY:
		unwind_verify();
		python_verify_start();
		/* fallthrough */
	case HC_STACKS_FULL:
		mode = unwind_init() ? SITE_FULL : SITE_CALLER;
		break;
	case HC_STACKS_SAMPLE:
		mode = unwind_init() ? SITE_SAMPLE : SITE_CALLER;
		break;
	case HC_STACKS_PYTHON:
		mode = SITE_PYTHON;
		break;
	case HC_STACKS_OFF:
		mode = SITE_OFF;
		break;
	}
	site_set_mode(mode, (uint32_t)option_get(OPTION_DEPTH), option_get_bytes(OPTION_STACKS));
}

/* Does a call of malloc come to us? */
static bool malloc_is_ours(void)
{
	void *const first = dlsym(RTLD_DEFAULT, "malloc");
	Dl_info theirs, ours;

	return !first || !dladdr(first, &theirs) || !dladdr(&real, &ours) ||
	       theirs.dli_fbase == ours.dli_fbase;
}

static void check_allocator(void)
{
	if (!malloc_is_ours())
		message("the program's malloc comes before heapcensus' (in the executable itself, "
			"or earlier in "
			"LD_PRELOAD): its blocks cannot be seen");
}

/* Of this object; the linker's. */
extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

__attribute__((constructor(101))) static void start(void)
{
	real_ready();
	option_init();
	process_init();
	if (option_get(OPTION_EXEC) == HC_EXEC_STOP && parent_is_under_census()) {
		threads_refuse();
		return;
	}
	status_init();
	option_report();
	modules_init();
	check_allocator();
	start_sites();
	pthread_atfork(fork_prepare, fork_parent, fork_child);
	python_start();
	trigger_init(real.allocator);
	image_pages_drop(&__ehdr_start);
}

/* The last chance for a dump, and to wait for one that is being written. */
__attribute__((destructor(101))) static void end(void)
{
	unwind_report();
	python_verify_report();
	trigger_at_exit();
}

/* A program may come here from a handler, or from a child that shares its parent's memory
 * (trigger_at_exit tells). */
#define DEFINE_END(name) \
	HOOK_EXPORT void name(int status) \
	{ \
		end(); \
		if (real_ready() && real.name) \
			real.name(status); \
		sys_exit_group(status); \
	}

DEFINE_END(_exit)
DEFINE_END(_Exit)
DEFINE_END(quick_exit)
