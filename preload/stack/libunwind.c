/* SPDX-License-Identifier: MIT */
/*
 * Loads libunwind and stands between it and the system (stack/libunwind.h).
 *
 * Its trace cache, one table a thread that maps code addresses to frame layouts, has neither a way
 * to be flushed nor a safe end.  What it is is seen from the outside: the table is what it maps,
 * and the pointer that it gives to pthread_setspecific points to a struct that begins with the
 * table's address.  All zeroes is an empty table, so giving its pages back flushes it.
 */
#include "stack/libunwind.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>

#include "rt/image_pages.h"
#include "rt/message.h"
#include "rt/owner_lock.h"
#include "rt/private.h"
#include "rt/sys.h"
#include "rt/ban.h"

#define CACHE_PER_THREAD 2 /* UNW_CACHE_PER_THREAD */
#define END_ROUNDS \
	3 /* of pthread destructors that pass before a thread's cache ends: others may allocate */
#define END_TRIES 8
#define NR_SPARES 16
#define PAGE	  4096ul

/* Written by libunwind_load, before any second thread, except for lock, epoch and spares. */
static struct {
	int (*backtrace)(void **pcs, int max); /* NULL: not loaded */
	void (*flush_cache)(void *space, uint64_t low, uint64_t high);
	void *space;			 /* unw_local_addr_space */
	pthread_key_t end_key;		 /* of a thread that has a cache */
	void (*free_cache)(void *cache); /* what libunwind wanted to be called at its end */
	struct owner_lock lock;		 /* for all mutexes of libunwind */
	uint32_t epoch;			 /* counts flushes */
	size_t spare_size;		 /* of a table as it begins; 0: not seen yet */
	void *spares[NR_SPARES];	 /* taken and given by any thread, with atomics */
} lib;

/* One a thread, written by it alone. */
static __thread struct {
	void *cache; /* libunwind's struct */
	void *table; /* and its table: NULL where it is not as expected */
	size_t table_size;
	void *last_map; /* what libunwind mapped last */
	size_t last_size;
	bool last_is_spare;
	uint32_t lock_depth;
	uint32_t epoch; /* of table's contents */
	uint8_t end_rounds;
	bool ended;
	bool put_off; /* libunwind has not freed its cache when it was told to */
} self __attribute__((tls_model("initial-exec")));

/* ---- what libunwind gets instead of libc ---- */

static void *os_malloc(size_t size)
{
	return private_malloc(size);
}

/* What is not ours it got before it was redirected, when another library had loaded it: that stays.
 */
static void os_free(void *p)
{
	if (private_contains(p))
		private_free(p);
}

/* Tables of ended threads, for new ones: their pages are there already. */
static void *take_spare(size_t size)
{
	void *p = NULL;

	for (int i = 0; i < NR_SPARES && !p && size == lib.spare_size; i++)
		p = __atomic_exchange_n(&lib.spares[i], NULL, __ATOMIC_ACQ_REL);
	return p;
}

static bool give_spare(void *p, size_t size)
{
	for (int i = 0; i < NR_SPARES && size == lib.spare_size; i++) {
		void *none = NULL;

		if (__atomic_compare_exchange_n(&lib.spares[i], &none, p, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			return true;
	}
	return false;
}

static void *os_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	void *p;

	if (!(flags & MAP_ANONYMOUS)) {
		p = sys_mmap(at, size, prot, flags, fd, offset);
		return sys_is_error((long)p) ? MAP_FAILED : p;
	}
	p = take_spare(size);
	self.last_is_spare = p;
	if (!p)
		p = private_pages(size);
	if (!p)
		return MAP_FAILED;
	self.last_map = p;
	self.last_size = size;
	return p;
}

/* An empty table is all zeroes; libunwind writes something equal to every entry of a new one, which
 * would make it resident. */
static void empty_table(void)
{
	if (self.table)
		(void)sys_madvise(self.table, self.table_size, MADV_DONTNEED);
}

static void set_table(void)
{
	self.table = self.last_map;
	self.table_size = self.last_size;
	if (!lib.spare_size)
		lib.spare_size = self.table_size;
	if (!self.last_is_spare)
		empty_table();
}

static int os_munmap(void *p, size_t size)
{
	const bool is_table = p == self.table;

	if (is_table && self.last_map != p) /* it has grown: the new one was mapped last */
		set_table();
	if (!is_table || !give_spare(p, size))
		private_pages_free(p, size);
	return 0;
}

/* No descriptor of ours in the host: the pipe serves to test addresses, which is_readable does. */
static int os_pipe2(int fds[2], int flags)
{
	(void)flags;
	fds[0] = fds[1] = -1;
	errno = EMFILE;
	return -1;
}

/* The kernel looks at the new mask before it refuses the unknown `how`. */
static bool is_readable(const void *p)
{
	return sys_sigprocmask(-1, (const uint64_t *)((uint64_t)p & ~7ul), NULL) == -EINVAL;
}

static ssize_t os_write(int fd, const void *p, size_t size)
{
	long ret;

	if (fd == -1)
		ret = is_readable(p) ? (long)size : -EFAULT;
	else
		ret = sys_write(fd, p, size);
	errno = ret < 0 ? (int)-ret : 0;
	return ret < 0 ? -1 : ret;
}

static ssize_t os_read(int fd, void *p, size_t size)
{
	const long ret = fd == -1 ? -EAGAIN : sys_read(fd, p, size);

	errno = ret < 0 ? (int)-ret : 0;
	return ret < 0 ? -1 : ret;
}

static long os_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	long ret;

	if (nr == SYS_write)
		return os_write((int)a, (const void *)b, (size_t)c);
	ret = sys_call6(nr, a, b, c, d, e, f);
	if (!sys_is_error(ret))
		return ret;
	errno = (int)-ret;
	return -1;
}

/* One lock for all of its mutexes, so that fork() can hold it. */
static int os_mutex_lock(pthread_mutex_t *m)
{
	(void)m;
	if (!self.lock_depth++)
		(void)owner_lock_acquire(&lib.lock);
	return 0;
}

static int os_mutex_unlock(pthread_mutex_t *m)
{
	(void)m;
	if (!--self.lock_depth)
		owner_lock_release(&lib.lock);
	return 0;
}

static int os_key_create(pthread_key_t *key, void (*end)(void *))
{
	lib.free_cache = end;
	*key = lib.end_key;
	return 0;
}

static int os_setspecific(pthread_key_t key, const void *cache)
{
	(void)key;
	if (self.ended) { /* its own way to let other destructors pass */
		self.put_off = true;
		return 0;
	}
	self.cache = (void *)cache;
	if (cache && *(void *const *)cache == self.last_map)
		set_table();
	return pthread_setspecific(lib.end_key, &self);
}

/* The end of a thread that has a cache.  Comes again until the other destructors have had their
 * say. */
static void end_thread(void *arg)
{
	if (self.end_rounds++ < END_ROUNDS && pthread_setspecific(lib.end_key, arg) == 0)
		return;
	self.ended = true; /* no more backtraces: some versions would go on using the freed cache */
	for (int tries = 0; tries < END_TRIES && self.cache && lib.free_cache; tries++) {
		self.put_off = false;
		lib.free_cache(self.cache);
		if (!self.put_off)
			break;
	}
	self.cache = self.table = NULL;
}

static const struct {
	const char *name;
	void *function;
} substitutes[] = {
	{ "malloc", os_malloc },
	{ "free", os_free },
	{ "mmap", os_mmap },
	{ "munmap", os_munmap },
	{ "pipe2", os_pipe2 },
	{ "write", os_write },
	{ "read", os_read },
	{ "syscall", os_syscall },
	{ "pthread_mutex_lock", os_mutex_lock },
	{ "pthread_mutex_unlock", os_mutex_unlock },
	{ "pthread_key_create", os_key_create },
	{ "pthread_setspecific", os_setspecific },
};

/* ---- loading ---- */

/* What redirecting needs of the loaded object: addresses in memory. */
struct object {
	uint64_t bias;
	const ElfW(Sym) * symbols;
	const char *strings;
	const ElfW(Rela) * relocations[2];
	size_t nr[2];
};

static void read_dynamic(struct object *o, const struct link_map *l)
{
	o->bias = l->l_addr;
	for (const ElfW(Dyn) *dyn = l->l_ld; dyn->d_tag != DT_NULL; dyn++) {
		const void *p = (const void *)dyn->d_un.d_ptr; /* glibc has added the bias */

		switch (dyn->d_tag) {
		case DT_SYMTAB:
			o->symbols = p;
			break;
		case DT_STRTAB:
			o->strings = p;
			break;
		case DT_RELA:
			o->relocations[0] = p;
			break;
		case DT_RELASZ:
			o->nr[0] = dyn->d_un.d_val / sizeof(ElfW(Rela));
			break;
		case DT_JMPREL:
			o->relocations[1] = p;
			break;
		case DT_PLTRELSZ:
			o->nr[1] = dyn->d_un.d_val / sizeof(ElfW(Rela));
			break;
		}
	}
}

static void *find_substitute(const char *name)
{
	for (size_t i = 0; i < sizeof(substitutes) / sizeof(substitutes[0]); i++)
		if (strcmp(substitutes[i].name, name) == 0)
			return substitutes[i].function;
	return NULL;
}

static bool redirect_slot(void **slot, void *function)
{
	char *const page = (char *)((uint64_t)slot & -PAGE);

	if (sys_mprotect(page, PAGE, PROT_READ | PROT_WRITE) != 0)
		return false;
	__atomic_store_n(slot, function, __ATOMIC_RELAXED);
	return true;
}

static bool redirect(const struct object *o)
{
	for (int table = 0; table < 2; table++) {
		for (size_t i = 0; o->relocations[table] && i < o->nr[table]; i++) {
			const ElfW(Rela) *r = &o->relocations[table][i];
			const uint32_t type = ELF64_R_TYPE(r->r_info);
			const char *name = o->strings + o->symbols[ELF64_R_SYM(r->r_info)].st_name;
			void *function;

			if (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT)
				continue;
			function = find_substitute(name);
			if (function && !redirect_slot((void **)(o->bias + r->r_offset), function))
				return false;
		}
	}
	return true;
}

static bool prepare(void *handle)
{
	int (*set_policy)(void *space, int policy) = dlsym(handle, "_ULx86_64_set_caching_policy");
	void **space = dlsym(handle, "_ULx86_64_local_addr_space");
	int (*backtrace)(void **pcs, int max) = dlsym(handle, "unw_backtrace");
	struct object o = { 0 };
	struct link_map *l;
	void *pcs[4];

	lib.flush_cache = dlsym(handle, "_Ux86_64_flush_cache");
	if (!set_policy || !space || !backtrace || !lib.flush_cache)
		return false;
	if (dlinfo(handle, RTLD_DI_LINKMAP, &l) != 0)
		return false;
	read_dynamic(&o, l);
	if (!o.symbols || !o.strings || !redirect(&o))
		return false;
	if (pthread_key_create(&lib.end_key, end_thread) != 0)
		return false;
	(void)backtrace(pcs, 4); /* it initialises itself, and its policy with it */
	lib.space = *space;
	(void)set_policy(lib.space, CACHE_PER_THREAD);
	lib.backtrace = backtrace;
	/* And what it has brought along, which comes behind it.  It is seldom asked. */
	for (; l; l = l->l_next)
		if (l->l_addr) /* else it is prelinked, and begins elsewhere */
			image_pages_drop((const void *)l->l_addr);
	return true;
}

bool libunwind_load(void)
{
	void *handle;

	if (lib.backtrace)
		return true;
	handle = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		message("libunwind.so.8 cannot be loaded (%s): stacks=caller instead", dlerror());
		return false;
	}
	if (prepare(handle))
		return true;
	message("libunwind.so.8 is not as expected: stacks=caller instead");
	return false; /* it stays loaded: it may have a key's destructor already */
}

uint32_t libunwind_backtrace(uint64_t *pcs, uint32_t max)
{
	const uint32_t epoch = __atomic_load_n(&lib.epoch, __ATOMIC_ACQUIRE);
	int nr;

	if (!lib.backtrace || self.ended || self.lock_depth)
		return 0;
	if (self.epoch != epoch) {
		empty_table();
		self.epoch = epoch;
	}
	nr = lib.backtrace((void **)pcs, (int)max);
	return nr > 0 ? (uint32_t)nr : 0;
}

void libunwind_flush(void)
{
	if (!lib.backtrace)
		return;
	lib.flush_cache(lib.space, 0, 0);
	__atomic_fetch_add(&lib.epoch, 1, __ATOMIC_RELEASE);
}

void libunwind_fork_prepare(void)
{
	owner_lock_fork_prepare(&lib.lock);
}
void libunwind_fork_parent(void)
{
	owner_lock_fork_parent(&lib.lock);
}
void libunwind_fork_child(void)
{
	owner_lock_fork_child(&lib.lock);
}
