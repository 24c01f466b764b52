/* SPDX-License-Identifier: MIT */
/*
 * Finds the next definitions, tells the allocators apart, and does what must be ready before the
 * first block: clock, table, threads.
 *
 * Runs at the first call of any wrapper: in the loader, before constructors, with one thread as a
 * rule.  dlsym of a name that nobody has allocates an error text; that comes back to our wrappers
 * on this very thread, which then use private memory.
 */
#include "hook/real.h"

#include <dlfcn.h>
#include <elf.h>
#include <gnu/libc-version.h>
#include <link.h>
#include <string.h>

#include "hook/wrap.h"
#include "live/plane.h"
#include "live/thread.h"
#include "rt/clock.h"
#include "rt/sys.h"
#include "stack/depot.h"

struct real real;

/* Of real_init: 0 not begun, else the thread that is at it.  Stays for ever once real.malloc is
 * set. */
static uint32_t init_owner;

#define FIND(result, name, parameters) found->name = (result(*) parameters)dlsym(RTLD_NEXT, #name);

/* The extent of the loaded segments of the object that starts at base. */
static void find_extent(const void *base, uint64_t *start, uint64_t *end)
{
	const ElfW(Ehdr) *const header = base;
	const ElfW(Phdr) *const segments = (const void *)((const char *)base + header->e_phoff);

	*start = (uint64_t)base;
	*end = *start;
	for (int i = 0; i < header->e_phnum; i++) {
		const uint64_t segment_end = *start + segments[i].p_vaddr + segments[i].p_memsz;

		if (segments[i].p_type == PT_LOAD && segment_end > *end)
			*end = segment_end;
	}
}

static const char *base_name(const char *path)
{
	const char *const slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char UNKNOWN[] = "unknown";

/* What PROC says of the allocator; UNKNOWN is treated like the ones we know not to be glibc. */
static const char *name_allocator(const Dl_info *allocator, const Dl_info *libc)
{
	static const char *const known[] = {"jemalloc", "tcmalloc", "mimalloc"};

	if (allocator->dli_fbase == libc->dli_fbase)
		return "glibc";
	for (uint32_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strstr(base_name(allocator->dli_fname), known[i]))
			return known[i];
	return UNKNOWN;
}

static bool is_same_object(const void *function, const Dl_info *object)
{
	Dl_info info;

	return function && dladdr(function, &info) && info.dli_fbase == object->dli_fbase;
}

/* Does operator new come back to malloc?  The C++ runtimes' do. */
static bool new_is_direct(const struct real *found)
{
	Dl_info info;

	if (!found->_Znwm || !dladdr((void *)found->_Znwm, &info))
		return false;
	const char *const name = base_name(info.dli_fname);

	return strncmp(name, "libstdc++", 9) != 0 && strncmp(name, "libc++", 6) != 0;
}

/* Are operator new and delete, in all their forms, those of one C++ runtime? */
static bool new_is_plain(const struct real *found)
{
	Dl_info runtime;

	if (!found->_Znwm || new_is_direct(found) || !dladdr((void *)found->_Znwm, &runtime))
		return false;
#define CHECK_PLAIN(result, name, parameters) \
	if (found->name && !is_same_object((void *)found->name, &runtime)) \
		return false;
	HOOKS_NEW(CHECK_PLAIN)
	HOOKS_DELETE(CHECK_PLAIN)
#undef CHECK_PLAIN
	return true;
}

/* Entry points that the allocator has not got itself would hand out, or be handed, another
 * allocator's blocks. */
static void drop_foreign(struct real *found, const Dl_info *allocator)
{
#define DROP(name) \
	if (!is_same_object((void *)found->name, allocator)) \
		found->name = NULL
	DROP(posix_memalign);
	DROP(aligned_alloc);
	DROP(memalign);
	DROP(valloc);
	DROP(pvalloc);
	DROP(malloc_usable_size);
	DROP(free_sized);
	DROP(free_aligned_sized);
	DROP(mallocx);
	DROP(rallocx);
	DROP(xallocx);
	DROP(sallocx);
	DROP(dallocx);
	DROP(sdallocx);
	DROP(nallocx);
#define DROP_OF(result, name, parameters) DROP(name);
	if (found->direct_new) {
		/* A runtime's operator new comes back to us, wherever it is; its delete would too,
		 * for a second time. */
		HOOKS_DELETE(DROP_OF)
	}
#undef DROP_OF
#undef DROP
}

static void look_at_allocator(struct real *found)
{
	Dl_info allocator = {0}, libc = {0};

	found->allocator = UNKNOWN;
	found->min_size = 16;
	if (!dladdr((void *)found->malloc, &allocator) ||
	    !dladdr((void *)gnu_get_libc_version, &libc))
		return;
	found->allocator = name_allocator(&allocator, &libc);
	drop_foreign(found, &allocator);
	if (allocator.dli_fbase == libc.dli_fbase)
		found->min_size = 0;
	else
		find_extent(allocator.dli_fbase, &found->allocator_start, &found->allocator_end);
}

static void find_all(void)
{
	static struct real storage;
	struct real *const found = &storage;

	HOOKS(FIND)
	found->direct_new = new_is_direct(found);
	found->plain_new = new_is_plain(found);
	look_at_allocator(found);
	found->give_back = found->allocator == UNKNOWN ? wrap_free_inside : found->free;
	clock_init();
	live_planes_init(found->min_size ? 4 : 5);
	depot_init();
	threads_init();

	void *(*const last)(size_t) = found->malloc;

	found->malloc = NULL;
	real = *found;
	/* Release: pairs with the acquire in real_ready. */
	__atomic_store_n(&real.malloc, last, __ATOMIC_RELEASE);
}

bool real_init(void)
{
	const uint32_t self = (uint32_t)sys_gettid();
	uint32_t owner = 0;

	if (__atomic_compare_exchange_n(&init_owner, &owner, self, false, __ATOMIC_ACQUIRE,
					__ATOMIC_ACQUIRE)) {
		find_all();
		return true;
	}
	if (owner == self && !__atomic_load_n(&real.malloc, __ATOMIC_ACQUIRE))
		return false;
	while (!__atomic_load_n(&real.malloc, __ATOMIC_ACQUIRE))
		sys_sched_yield();
	return true;
}

struct thread *real_register(void)
{
	if (!real_ready())
		return NULL;
	return thread_self ? thread_self : thread_register();
}

bool real_find_new(void)
{
	static const char *const runtimes[] = {"libstdc++.so.6", "libc++abi.so.1", "libc++.so.1"};
	struct real *const found = &real;

	for (uint32_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
		/* Kept open: what we found there must stay. */
		void *const runtime = dlopen(runtimes[i], RTLD_LAZY | RTLD_NOLOAD);

		if (!runtime)
			continue;
#define FIND_IN(result, name, parameters) \
	if (!found->name) \
		found->name = (result(*) parameters)dlsym(runtime, #name);
		HOOKS_NEW(FIND_IN)
#undef FIND_IN
		return found->_Znwm != NULL;
	}
	return false;
}
