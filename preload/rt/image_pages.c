/* SPDX-License-Identifier: MIT */
/*
 * Drops pages that the file has, too (rt/image_pages.h).
 */
#include "rt/image_pages.h"

#include <elf.h>
#include <string.h>

#include "rt/sys.h"
#include "rt/ban.h"

#define PAGE	      4096ul
#define PAGES_AT_ONCE 256
#define SEGMENTS_MAX  32

/* Bits of an entry of /proc/PID/pagemap. */
#define IS_THERE   (1ull << 63 | 1ull << 62) /* in memory, or swapped out */
#define IS_OF_FILE (1ull << 61)

static bool are_of_file(int pagemap, uint64_t start, uint64_t end)
{
	uint64_t entries[PAGES_AT_ONCE];

	for (uint64_t page = start / PAGE; page < end / PAGE; page += PAGES_AT_ONCE) {
		uint64_t nr = end / PAGE - page;

		nr = nr < PAGES_AT_ONCE ? nr : PAGES_AT_ONCE;
		if (sys_pread(pagemap, entries, nr * sizeof(*entries), page * sizeof(*entries)) !=
		    (long)(nr * sizeof(*entries)))
			return false;
		for (uint64_t i = 0; i < nr; i++)
			if (entries[i] & IS_THERE && !(entries[i] & IS_OF_FILE))
				return false;
	}
	return true;
}

static void drop_segment(int pagemap, uint64_t start, uint64_t end)
{
	if (are_of_file(pagemap, start, end))
		(void)sys_madvise((void *)start, end - start, MADV_DONTNEED);
}

void image_pages_drop(const void *header)
{
	const Elf64_Ehdr *const elf = header;
	Elf64_Phdr segments[SEGMENTS_MAX]; /* theirs are in a page that goes */
	const uint32_t nr = elf->e_phnum;
	const int pagemap = memcmp(elf->e_ident, ELFMAG, SELFMAG) == 0 && nr <= SEGMENTS_MAX
				    ? sys_open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0)
				    : -1;

	if (pagemap < 0)
		return;
	memcpy(segments, (const char *)header + elf->e_phoff, nr * sizeof(*segments));
	for (uint32_t i = 0; i < nr; i++) {
		const Elf64_Phdr *const s = &segments[i];
		const uint64_t start = (uint64_t)header + s->p_vaddr;

		if (s->p_type == PT_LOAD && !(s->p_flags & PF_W))
			drop_segment(pagemap, start & -PAGE,
				     (start + s->p_memsz + PAGE - 1) & -PAGE);
	}
	(void)sys_close(pagemap);
}
