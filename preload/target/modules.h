/* SPDX-License-Identifier: MIT */
/*
 * The loaded objects, found without the loader's lock (the thread that holds it may be stopped at
 * the gate): the link map is walked from _r_debug with every pointer checked against the mappings
 * before it is followed.  Safe in the snapshot child.
 */
#ifndef TARGET_MODULES_H
#define TARGET_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "target/maps.h"

#define MODULE_SEGMENTS_MAX 16

struct module_segment {
	uint64_t start, end; /* run-time, not page rounded */
	uint64_t file_offset, file_size;
	uint32_t prot;
};

struct module {
	uint64_t bias;
	uint64_t start, end;
	const char *path;	 /* absolute, or "[vdso]" */
	const uint8_t *build_id; /* in the target's memory; NULL where it has none */
	uint32_t build_id_len;
	bool is_main;
	uint64_t relro_start, relro_end; /* 0, 0 where none */
	uint64_t tls_size;		 /* of its PT_TLS, 0 where none */
	uint64_t dynamic;		 /* address of its dynamic section, 0 where none */
	uint32_t nr_segments;
	struct module_segment segments[MODULE_SEGMENTS_MAX];
};

struct modules {
	struct module *modules; /* by start */
	uint32_t nr;
};

/* Called once at start: remembers where the auxiliary vector says the program headers and the vdso
 * are. */
void modules_init(void);

/* False where no module was found. */
bool modules_read(struct modules *out, const struct maps *m, struct bump *b);

/* The module with a segment that holds addr, or NULL. */
const struct module *modules_find(const struct modules *m, uint64_t addr);

#endif
