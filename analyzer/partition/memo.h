/* SPDX-License-Identifier: MIT */
/*
 * What rules have said of objects, kept for the next time: the kind of each object that was asked
 * for.  A rule that was kept is answered out of that, as if it had been at work.
 *
 * Of each rule there are two pieces: u32 for each block, its kind, or MEMO_UNKNOWN; and texts each
 * with a 0: the header, the number of notes, the notes that came with it, the names of the kinds.
 */
#ifndef PARTITION_MEMO_H
#define PARTITION_MEMO_H

#include "base/pieces.h"
#include "partition/partition.h"

#define MEMO_UNKNOWN UINT32_MAX

struct memos;

/* Of a heap, which it is h->memos of from then on; kept: what there is of it already, or NULL. */
struct memos *memos_create(struct heap *h, const struct pieces *kept);
/* Before the heap is closed. */
void memos_destroy(struct memos *m); /* NULL is fine */

/* A classifier that does as c, whose reference is taken over, and remembers what it says. */
struct classifier *memos_watch(struct memos *m, const struct partition_rule *rule,
			       struct classifier *c);
/* Of an outline: one that says what is known.  Where that is not enough the heap is lacking. */
struct classifier *memos_find(struct heap *h, const struct partition_rule *rule);

/* Has anything been said that is not among what was kept? */
bool memos_has_news(const struct memos *m);
/* The rules that were at work, with what was kept of them.  nr_notes: so many there were when the
 * heap had been opened. */
void memos_add(struct pieces_writer *w, struct memos *m, size_t nr_notes);

#endif
