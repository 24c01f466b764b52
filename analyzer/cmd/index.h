/* SPDX-License-Identifier: MIT */
/*
 * The index of a dump: a file beside it, DUMP.index, with what was worked out when it was opened
 * (heap/outline.h) and what rules have said (partition/memo.h), so that the next time need not.
 * It is used for the dump that it was made of only, by the same build of heapcensus, with the same
 * options and the same binaries and debug files on this machine; it is safe to delete.
 * Where the dump's folder may not be written it is in that of the cache.
 */
#ifndef CMD_INDEX_H
#define CMD_INDEX_H

#include "heap/heap.h"

struct index;

/* Of a dump whose head is open, as it is looked at with those options (cache_path is not NULL). */
struct index *index_open(const struct dump *d, const struct heap_options *options);
void index_close(struct index *x); /* NULL is fine */
/* What there is; NULL: no index that may be used. */
const struct pieces *index_pieces(const struct index *x);
/* What there is turned out to be damaged: as if there were none. */
void index_reject(struct index *x);
/* The heap has just been opened whole: what is kept of it, where nothing is yet.  (Later on others
 * may change it: report/agree.h.) */
void index_take(struct index *x, const struct heap *h);
/* Writes it, where there is none or the heap has news.  nr_notes: so many notes there were when it
 * had been opened. */
void index_save(struct index *x, const struct heap *h, size_t nr_notes);

#endif
