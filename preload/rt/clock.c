/* SPDX-License-Identifier: MIT */
/*
 * Finds clock_gettime in the vDSO by its dynamic section (no libc, no dlsym: both may allocate),
 * and the moment at which ticks begin.
 */
#include "rt/clock.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

#include "rt/sys.h"
#include "rt/vdso_time.h"
#include "rt/ban.h"

static time_t no_time(time_t *t)
{
	(void)t;
	return (time_t)CLOCK_NO_SECOND;
}

static const uint64_t no_second = CLOCK_NO_SECOND;

struct clock_state rt_clock = { .gettime = sys_clock_gettime,
				.time = no_time,
				.second = &no_second };

/* It may stand still: who enters a time namespace has another page there. */
uint64_t clock_ask_second(void)
{
	const uint64_t second = (uint64_t)rt_clock.time(NULL);

	if (__builtin_expect(clock_second() != second, 0) &&
	    (uint64_t)rt_clock.time(NULL) == second)
		__atomic_store_n(&rt_clock.second, &no_second, __ATOMIC_RELAXED);
	return second;
}

/* What a lookup needs of the vDSO: addresses in memory. */
struct vdso {
	uint64_t bias;
	const ElfW(Sym) * symbols;
	const char *strings;
	const uint32_t *hash;	  /* DT_HASH: nbucket, nchain, ... */
	const uint32_t *gnu_hash; /* DT_GNU_HASH, where there is no DT_HASH */
};

static const ElfW(Dyn) * find_dynamic(const ElfW(Ehdr) * ehdr, uint64_t *bias)
{
	const ElfW(Phdr) *ph = (const void *)((const char *)ehdr + ehdr->e_phoff);
	const ElfW(Phdr) *dynamic = NULL, *load = NULL;

	for (int i = 0; i < ehdr->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && !load)
			load = &ph[i];
		if (ph[i].p_type == PT_DYNAMIC)
			dynamic = &ph[i];
	}
	if (!load || !dynamic)
		return NULL;
	*bias = (uint64_t)ehdr + load->p_offset - load->p_vaddr;
	return (const void *)(*bias + dynamic->p_vaddr);
}

static void read_dynamic(struct vdso *v, const ElfW(Dyn) * dyn)
{
	for (; dyn->d_tag != DT_NULL; dyn++) {
		const void *p = (const void *)(v->bias + dyn->d_un.d_ptr);

		switch (dyn->d_tag) {
		case DT_SYMTAB:
			v->symbols = p;
			break;
		case DT_STRTAB:
			v->strings = p;
			break;
		case DT_HASH:
			v->hash = p;
			break;
		case DT_GNU_HASH:
			v->gnu_hash = p;
			break;
		}
	}
}

/* How many symbols there are: what the end of the longest hash chain says. */
static uint32_t gnu_nr_symbols(const uint32_t *h)
{
	const uint32_t nr_buckets = h[0], first = h[1], nr_bloom = h[2];
	const uint32_t *buckets = h + 4 + nr_bloom * 2;
	const uint32_t *chains = buckets + nr_buckets;
	uint32_t last = 0;

	for (uint32_t i = 0; i < nr_buckets; i++)
		if (buckets[i] > last)
			last = buckets[i];
	if (last < first)
		return 0;
	while (!(chains[last - first] & 1))
		last++;
	return last + 1;
}

static const void *find_symbol(const struct vdso *v, const char *name)
{
	const uint32_t nr = v->hash ? v->hash[1] : v->gnu_hash ? gnu_nr_symbols(v->gnu_hash) : 0;

	for (uint32_t i = 1; i < nr; i++)
		if (v->symbols[i].st_shndx != SHN_UNDEF &&
		    strcmp(v->strings + v->symbols[i].st_name, name) == 0)
			return (const void *)(v->bias + v->symbols[i].st_value);
	return NULL;
}

void clock_init(void)
{
	const ElfW(Ehdr) *ehdr = (const void *)getauxval(AT_SYSINFO_EHDR);
	const ElfW(Dyn) * dynamic;
	struct vdso v = { 0 };

	if (rt_clock.start_monotonic_ns)
		return;
	dynamic = ehdr ? find_dynamic(ehdr, &v.bias) : NULL;
	if (dynamic)
		read_dynamic(&v, dynamic);
	if (v.symbols && v.strings) {
		const void *gettime = find_symbol(&v, "__vdso_clock_gettime");
		const void *time = find_symbol(&v, "__vdso_time");

		if (gettime)
			rt_clock.gettime = (int (*)(clockid_t, struct timespec *))(uint64_t)gettime;
		if (time) {
			const uint64_t *const second = vdso_time_find(time);

			rt_clock.time = (time_t (*)(time_t *))(uint64_t)time;
			rt_clock.second = second ? second : &no_second;
		}
	}
	rt_clock.start_realtime_ns = clock_realtime_ns();
	rt_clock.start_monotonic_ns = clock_ns(CLOCK_MONOTONIC_COARSE);
}
