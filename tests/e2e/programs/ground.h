/* SPDX-License-Identifier: MIT */
/*
 * The ground truth of tests/e2e/test_ground.py: what each form of allocation is, and the log that
 * the program keeps of its blocks.
 *
 * The log is ordinary memory in .bss, so a dump carries it as of the very instant of the dump.  A
 * slot is changed by the thread that has made it busy.  Its entry number `state & 1` is what was
 * before; while it is busy, the other entry is what the operation under way will leave behind.  One
 * store of `state` ends the operation, so a dump shows every slot before, in, or after an
 * operation.
 */
#ifndef GROUND_H
#define GROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GROUND_MAGIC "ground truth log"
#define GROUND_ANY 1			/* entry.addr: not known yet */
#define GROUND_BUSY 2u			/* in slot.state */
#define GROUND_NR_TAGS 8		/* tags 1 .. 8 are named "ground-1" ...; 0 is none */
#define GROUND_NR_THREADS 64
#define GROUND_NR_SLOTS 16384
#define GROUND_NR_PIECES 64		/* pool pieces of each thread: slots of their own */
#define GROUND_SECRET \
	0x67726f756e640000ull /* block at p of 8 bytes or more begins with p ^ GROUND_SECRET */

struct ground_entry {
	uint64_t addr;		/* 0: no block */
	uint64_t size;
	uint64_t birth;		/* running number of its thread */
	uint16_t kind;		/* enum hc_kind */
	uint16_t tag;
	uint16_t form;		/* index of its form */
	uint16_t thread;	/* that it was born in */
	uint32_t align;
	uint32_t loose;		/* under way: libc takes more than one step, its size is not sure */
};

struct ground_slot {
	uint32_t state;		/* index of the current entry, GROUND_BUSY */
	uint32_t reserved;
	struct ground_entry entry[2];
};

struct ground_log {
	char magic[16];
	uint64_t nr_slots, nr_threads;
	int32_t tids[GROUND_NR_THREADS];
	struct ground_slot slots[GROUND_NR_SLOTS + GROUND_NR_THREADS * GROUND_NR_PIECES];
};

#ifdef __cplusplus
#define GROUND_ASSERT static_assert
#else
#define GROUND_ASSERT _Static_assert
#endif
GROUND_ASSERT(sizeof(struct ground_entry) == 40, "read by test_ground.py");
GROUND_ASSERT(sizeof(struct ground_slot) == 88, "read by test_ground.py");

enum ground_family {
	GROUND_MALLOC,		/* free, realloc */
	GROUND_NEW,		/* its own delete only */
	GROUND_MAP,		/* munmap, mremap */
	GROUND_POOL,		/* a piece of the slot's own */
};

/* One way to get and to give back memory.  get: NULL where it fails. */
struct ground_form {
	const char *name;
	enum ground_family family;
	uint16_t kind;
	bool aligned;		/* heeds align, a power of two from 16 */
	void *(*get)(size_t size, size_t align);
	void (*put)(void *p, size_t size, size_t align);
};

/* ground_new.cc */
#ifdef __cplusplus
extern "C" {
#endif
extern const struct ground_form ground_new_forms[];
extern const size_t ground_nr_new_forms;
/* Asks each form of operator new for more than there is; gives how many did not say so as they
 * should. */
int ground_new_failures(size_t too_much);
#ifdef __cplusplus
}
#endif

#endif
