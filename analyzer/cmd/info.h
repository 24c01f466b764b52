/* SPDX-License-Identifier: MIT */
/*
 * What `heapcensus info` says, added up before anything is printed.
 */
#ifndef CMD_INFO_H
#define CMD_INFO_H

#include "heap/heap.h"

/* A count and its bytes.  name: NULL: not told. */
struct tally {
	const char *name;
	uint64_t nr;
	uint64_t bytes;
};

struct edge_count {
	const char *name, *summary;
	uint64_t nr;
};

struct totals {
	struct tally all;      /* arenas are not among them: their pieces are blocks of their own */
	struct tally left_out; /* of all: on free lists */
	struct tally folded;   /* of all: parts of others */
	struct tally arenas;
	struct tally interiors; /* of all: objects inside the program's own arenas */
	struct tally kinds[HC_KIND_LIMIT];
	struct tally provenances[NR_PROVENANCES];
	struct tally maps[HC_MAP_KERNEL + 1];
	struct tally threads[HC_THREAD_DUMPING + 1]; /* bytes: none */
	struct edge_count edges[NR_EDGE_KINDS];
	bool has_edges;
};

void info_print_text(const struct dump *d, const struct totals *t);
void info_print_json(const struct dump *d, const struct totals *t);

#endif
