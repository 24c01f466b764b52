/* SPDX-License-Identifier: MIT */
/*
 * What the snapshot child works on: the facts that its parent left, what it found out itself, and
 * where it writes to.  One thread, in a copy of the program's memory that nobody else sees; no
 * locks, no libc beyond string.h.  Each section is one function of an image, and a row of
 * IMAGE_SECTIONS.
 */
#ifndef SNAP_IMAGE_H
#define SNAP_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "heapcensus/dump_format.h"
#include "rt/bump.h"
#include "snap/areas.h"
#include "snap/heap.h"
#include "snap/pages.h"
#include "snap/strings.h"
#include "snap/writer.h"
#include "target/maps.h"
#include "target/modules.h"
#include "target/threads.h"

#define IMAGE_NR_REGISTERS 17	/* DWARF 0 .. 16 */

/* Left by the parent with the gate closed; read only in the child. */
struct facts {
	const char *reason;
	uint64_t number;		/* of the dump, the first to try */
	uint64_t realtime_ns, monotonic_ns;
	uint64_t live_blocks, live_bytes;	/* estimates */
	int32_t pid, ppid;
	int32_t tid;			/* of the thread that takes the snapshot */
	uint32_t known_registers;	/* a bit each */
	uint64_t registers[IMAGE_NR_REGISTERS];	/* of that thread, where the program left off */
	struct os_threads threads;
};

struct layout_thread;

struct image {
	const struct facts *facts;
	struct bump *bump;
	struct writer *writer;
	struct strings strings;
	struct maps maps;
	struct modules modules;
	struct pages pages;
	uint64_t own_start,
		own_end; /* the child's first memory, mapped before the maps were read */

	/* snap/layout.h */
	struct areas layout; /* what each piece of a mapping is; flat after layout_finish */
	struct areas contents;		/* memory that blocks claim: large ones, mappings */
	struct heap_stats heap;
	uint64_t heap_seen_start, heap_seen_end;	/* mapping of the block before */
	struct layout_thread *threads;
	uint32_t nr_threads;

	/* snap/section_blocks.c */
	uint32_t nr_stacks;
	struct hc_label *labels;
	uint32_t nr_labels, labels_room;

	struct areas annex; /* read-only memory that types are named by; collected by BMEM */
	struct annex_seen *annex_seen;
	uint64_t nr_unreadable;		/* ranges that could not be read */
	uint64_t nr_overlapping;	/* blocks left out */
	bool failed;			/* no memory for something that a dump must have */
};

/*
 * Reads maps and modules and works out the layout.  b's memory is [own_start, own_end) so far.
 * False where the maps cannot be read.  The caller sets image.writer afterwards.
 */
bool image_init(struct image *im, const struct facts *facts, struct bump *b, uint64_t own_start,
		uint64_t own_end);

/* Writes all sections, in order.  Returns writer_error. */
int image_write(struct image *im);

/* function, in the order of the file: a section that names strings stands before STRS, one that
 * counts losses before CNTR. */
#define IMAGE_SECTIONS(X) \
	X(section_process) \
	X(section_modules) \
	X(section_places) \
	X(section_stacks) \
	X(section_attrs) \
	X(section_blocks) \
	X(section_maps) \
	X(section_threads) \
	X(section_registers) \
	X(section_labels) \
	X(section_strings) \
	X(section_allocator) \
	X(section_contents) \
	X(section_ranges) \
	X(section_annex) \
	X(section_resident) \
	X(section_counts)

#define IMAGE_SECTION_DECLARE(function) void function(struct image *im);
IMAGE_SECTIONS(IMAGE_SECTION_DECLARE)
#undef IMAGE_SECTION_DECLARE

#endif
