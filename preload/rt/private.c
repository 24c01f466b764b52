/* SPDX-License-Identifier: MIT */
/*
 * The profiler's own memory (rt/private.h): regions that the private jemalloc's pages are
 * cut from, and the list of all mappings of ours.
 */
#include "rt/private.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "rt/count.h"
#include "rt/first.h"
#include "rt/jemalloc.h"
#include "rt/owner_lock.h"
#include "rt/sys.h"
#include "rt/ban.h"

#define NR_RANGES_MAX  65536 /* mappings of ours: table leaves of 64 MB each, above all */
#define NR_REGIONS_MAX 64
#define REGION_MIN     (1ul << 20)
#define REGION_FIRST   (16ul << 20)
#define REGION_MAX     (1ul << 30)
#define PAGE	       4096ul
#define HUGE	       (2ul << 20)

/* Address space that jemalloc's pages are cut from, from start up to `at`.  Never given back. */
struct region {
	uint64_t start, at, end;
};

/* Written under the lock, except for ranges (lock-free) and what private_contains_slow reads. */
static struct {
	struct owner_lock lock; /* a thread that holds it comes back only from a signal handler */
	uint32_t nr_regions;	/* released after its region is written */
	struct region regions[NR_REGIONS_MAX];
	uint64_t bytes;				    /* usable bytes of all live allocations */
	uint64_t reserved;			    /* of all ranges */
	uint32_t nr_ranges;			    /* slots of ranges ever used */
	struct private_range ranges[NR_RANGES_MAX]; /* start 0: free slot */
} state;

uint64_t private_low = UINT64_MAX, private_high;

void private_fork_prepare(void)
{
	owner_lock_fork_prepare(&state.lock);
}
void private_fork_parent(void)
{
	owner_lock_fork_parent(&state.lock);
}
void private_fork_child(void)
{
	owner_lock_fork_child(&state.lock);
}

/* ---- the list of mappings ---- */

static bool range_add(uint64_t start, uint64_t size)
{
	const uint32_t used = __atomic_load_n(&state.nr_ranges, __ATOMIC_RELAXED);

	for (uint32_t i = used > 64 ? used - 64 : 0; i < NR_RANGES_MAX; i++) {
		uint64_t none = 0;
		uint32_t seen = __atomic_load_n(&state.nr_ranges, __ATOMIC_RELAXED);

		if (!__atomic_compare_exchange_n(&state.ranges[i].start, &none, start, false,
						 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			continue;
		__atomic_store_n(&state.ranges[i].end, start + size, __ATOMIC_RELEASE);
		while (seen <= i &&
		       !__atomic_compare_exchange_n(&state.nr_ranges, &seen, i + 1, false,
						    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			;
		__atomic_fetch_add(&state.reserved, size, __ATOMIC_RELAXED);
		return true;
	}
	return false;
}

void private_range_add(const void *p, size_t size)
{
	if (!range_add((uint64_t)p, size))
		COUNT(private_no_memory);
}

void private_range_remove(const void *p, size_t size)
{
	const uint32_t nr = __atomic_load_n(&state.nr_ranges, __ATOMIC_RELAXED);

	for (uint32_t i = nr; i-- > 0;) {
		struct private_range *r = &state.ranges[i];

		if (__atomic_load_n(&r->start, __ATOMIC_RELAXED) != (uint64_t)p)
			continue;
		__atomic_store_n(&r->end, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&r->start, 0, __ATOMIC_RELEASE);
		__atomic_fetch_sub(&state.reserved, size, __ATOMIC_RELAXED);
		return;
	}
}

uint32_t private_ranges(struct private_range *ranges, uint32_t max)
{
	const uint32_t used = __atomic_load_n(&state.nr_ranges, __ATOMIC_RELAXED);
	uint32_t nr = 0;

	for (uint32_t i = 0; i < used; i++) {
		const struct private_range *r = &state.ranges[i];
		const uint64_t end = __atomic_load_n(&r->end, __ATOMIC_ACQUIRE);

		if (!end)
			continue;
		if (nr < max)
			ranges[nr] = (struct private_range){ .start = r->start, .end = end };
		nr++;
	}
	return nr;
}

uint64_t private_reserved_bytes(void)
{
	return __atomic_load_n(&state.reserved, __ATOMIC_RELAXED);
}

/* ---- whole mappings ---- */

/* Of what a limit (ulimit -v) leaves the whole process a quarter is ours at most: it is the program
 * that it was set for, and whose allocations must not fail. */
static bool is_within_limit(size_t size)
{
	struct rlimit limit;

	if (sys_call3(SYS_getrlimit, RLIMIT_AS, (long)&limit, 0) != 0 ||
	    limit.rlim_cur == RLIM_INFINITY)
		return true;
	return private_reserved_bytes() + size <= limit.rlim_cur / 4;
}

static void *map_pages(size_t size)
{
	if (!is_within_limit(size))
		return NULL;

	void *p = sys_mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (sys_is_error((long)p))
		return NULL;
	if (range_add((uint64_t)p, size))
		return p;
	(void)sys_munmap(p, size);
	return NULL;
}

void *private_pages(size_t size)
{
	void *p = map_pages((size + PAGE - 1) & -PAGE);

	if (!p)
		COUNT(private_no_memory);
	return p;
}

void private_pages_free(void *p, size_t size)
{
	size = (size + PAGE - 1) & -PAGE;
	private_range_remove(p, size); /* before: the address may be someone else's at once */
	(void)sys_munmap(p, size);
}

/* ---- regions under jemalloc ---- */

/* Twice as large as the last one; smaller, down to what is needed, where the kernel (ulimit -v)
 * refuses. */
static struct region *region_add(size_t need)
{
	const uint32_t nr = state.nr_regions;
	const uint64_t wanted = nr < 6 ? REGION_FIRST << nr : REGION_MAX;
	struct region *r;
	uint64_t size;
	void *p;

	if (nr == NR_REGIONS_MAX)
		return NULL;
	need = (need + HUGE + REGION_MIN - 1) & -REGION_MIN; /* with room to align */
	size = wanted > need ? wanted : need;
	while (!(p = map_pages(size))) {
		if (size == need)
			return NULL;
		size = size / 2 > need ? size / 2 : need;
	}
	r = &state.regions[nr];
	*r = (struct region){ (uint64_t)p, (uint64_t)p, (uint64_t)p + size };
	__atomic_store_n(&state.nr_regions, nr + 1, __ATOMIC_RELEASE);
	if (r->start < private_low)
		__atomic_store_n(&private_low, r->start, __ATOMIC_RELAXED);
	if (r->end > private_high)
		__atomic_store_n(&private_high, r->end, __ATOMIC_RELAXED);
	return r;
}

static void *region_cut(struct region *r, size_t size)
{
	const uint64_t align = size >= HUGE ? HUGE : PAGE;
	const uint64_t start = (r->at + align - 1) & -align;

	if (start > r->end || r->end - start < size)
		return NULL;
	r->at = start + size;
	return (void *)start;
}

void *private_region_map(size_t size)
{
	struct region *r;

	size = (size + PAGE - 1) & -PAGE;
	for (uint32_t i = 0; i < state.nr_regions; i++) {
		void *p = region_cut(&state.regions[i], size);

		if (p)
			return p;
	}
	r = region_add(size);
	return r ? region_cut(r, size) : NULL;
}

/* The end of what was cut last can be cut again; anything else stays reserved, and empty. */
void private_region_unmap(void *p, size_t size)
{
	const uint64_t start = (uint64_t)p;

	(void)sys_madvise(p, size, MADV_DONTNEED);
	for (uint32_t i = 0; i < state.nr_regions; i++) {
		struct region *r = &state.regions[i];

		if (start + size == r->at && start >= r->start)
			r->at = start;
	}
}

bool private_contains_slow(uint64_t addr)
{
	const uint32_t nr = __atomic_load_n(&state.nr_regions, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < nr; i++)
		if (addr - state.regions[i].start < state.regions[i].end - state.regions[i].start)
			return true;
	return false;
}

/* ---- small things ---- */

/* jemalloc's start prints and crashes where it does not get its first page. */
static bool can_start(void)
{
	return state.nr_regions || region_add(PAGE);
}

static void *take(size_t size, int flags)
{
	void *const p = flags & ~JEMALLOC_ZERO ? NULL : first_alloc(size);

	if (p && flags)
		memset(p, 0, size);
	return p		? p
	       : can_start() ? hc_je_mallocx(size > 16 ? size : 16, flags)
			     : NULL;
}

static size_t size_of(const void *p)
{
	return first_has(p) ? first_size(p) : hc_je_sallocx(p, 0);
}

static void give(void *p)
{
	if (first_has(p))
		first_free(p);
	else
		hc_je_dallocx(p, 0);
}

static void *resize(void *p, size_t before, size_t size)
{
	if (!first_has(p))
		return hc_je_rallocx(p, size > 16 ? size : 16, 0);
	void *const q = take(size, 0);

	if (q) {
		memcpy(q, p, before < size ? before : size);
		give(p);
	}
	return q;
}

static void *allocate(size_t size, int flags)
{
	const int saved_errno = errno;
	void *p = NULL;

	if (size <= PTRDIFF_MAX && owner_lock_acquire(&state.lock)) {
		p = take(size, flags);
		if (p)
			state.bytes += size_of(p);
		owner_lock_release(&state.lock);
	}
	if (!p)
		COUNT(private_no_memory);
	errno = saved_errno;
	return p;
}

void *private_malloc(size_t size)
{
	return allocate(size, 0);
}

void *private_calloc(size_t nr, size_t size)
{
	size_t total;

	return __builtin_mul_overflow(nr, size, &total) ? NULL : allocate(total, JEMALLOC_ZERO);
}

void *private_memalign(size_t align, size_t size)
{
	return allocate(size, JEMALLOC_ALIGN(align));
}

void *private_for_ever(size_t size)
{
	void *p = NULL;

	if (owner_lock_acquire(&state.lock)) {
		p = private_region_map(size);
		if (p)
			state.bytes += size;
		owner_lock_release(&state.lock);
	}
	if (!p)
		COUNT(private_no_memory);
	return p;
}

void private_free(void *p)
{
	const int saved_errno = errno;

	if (!p || !owner_lock_acquire(&state.lock))
		return;
	state.bytes -= size_of(p);
	give(p);
	owner_lock_release(&state.lock);
	errno = saved_errno;
}

size_t private_usable_size(const void *p)
{
	size_t size;

	if (!p || !owner_lock_acquire(&state.lock))
		return 0;
	size = size_of(p);
	owner_lock_release(&state.lock);
	return size;
}

void *private_realloc(void *p, size_t size)
{
	const int saved_errno = errno;
	size_t before;
	void *q;

	if (!p)
		return private_malloc(size);
	if (size > PTRDIFF_MAX || !owner_lock_acquire(&state.lock))
		return NULL;
	before = size_of(p);
	q = resize(p, before, size);
	if (q)
		state.bytes += size_of(q) - before;
	owner_lock_release(&state.lock);
	if (!q)
		COUNT(private_no_memory);
	errno = saved_errno;
	return q;
}

uint64_t private_bytes(void)
{
	return __atomic_load_n(&state.bytes, __ATOMIC_RELAXED);
}

/* A pthread key's destructor: no caller of ours is above it, but it may come in a thread that ends
 * inside a handler. */
void private_thread_end(void (*work)(void *), void *arg)
{
	if (!owner_lock_acquire(&state.lock))
		return;
	work(arg);
	owner_lock_release(&state.lock);
}
