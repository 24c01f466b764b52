/* SPDX-License-Identifier: MIT */
/*
 * Memos: classifiers that watch others, and such that stand in for them.
 */
#include "partition/memo.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "heap/outline.h"
#include "heap/symbol.h"
#include "partition/kinds.h"

#define NAMES_MAX (64ul << 20) /* bytes of the names of a rule's kinds: more are not kept */

/* What was kept of a rule. */
struct kept {
	uint32_t *kinds; /* [nr_objects]; NULL: nothing was */
	char *texts;
	const char **names; /* [nr_names] */
	const char *header;
	const char **notes; /* [nr_notes] */
	uint32_t nr_names, nr_notes;
};

struct memo {
	struct memos *memos;
	const struct partition_rule *rule;
	struct classifier *watched; /* NULL: it was not at work */
	uint32_t *kinds;	    /* [nr_objects] what it said */
	bool has_news;
	bool is_read;
	struct kept kept;
};

struct memos {
	struct heap *heap;
	const struct pieces *pieces;
	struct memo *items; /* [nr] one for each rule */
	size_t nr;
};

/* ---- what was kept ---- */

static bool is_among(const char *const *texts, size_t nr, const char *text)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(texts[i], text))
			return true;
	return false;
}

static void kept_deinit(struct kept *k)
{
	free(k->kinds);
	free(k->texts);
	free(k->names);
	free(k->notes);
	*k = (struct kept){ 0 };
}

/* The texts of a piece, each ended by a 0. */
static const char **split(char *texts, size_t len, uint32_t *nr)
{
	const char **items = NULL;
	size_t room = 0;

	*nr = 0;
	for (size_t at = 0; at < len; at += strlen(texts + at) + 1) {
		items = array_grow(items, *nr, &room, sizeof(*items));
		items[(*nr)++] = texts + at;
	}
	return items;
}

static bool kept_sort_texts(struct kept *k, size_t len)
{
	uint32_t nr;
	const char **items = split(k->texts, len, &nr);
	const unsigned long nr_notes = nr >= 2 ? strtoul(items[1], NULL, 10) : ULONG_MAX;

	k->names = items;
	if (nr < 2 || nr_notes > nr - 2)
		return false;
	k->header = items[0];
	k->nr_notes = (uint32_t)nr_notes;
	k->nr_names = nr - 2 - k->nr_notes;
	k->notes = xcalloc(k->nr_notes + 1ul, sizeof(*k->notes));
	for (uint32_t i = 0; i < k->nr_notes; i++)
		k->notes[i] = items[2 + i];
	memmove(items, items + 2 + k->nr_notes, k->nr_names * sizeof(*items));
	return true;
}

static bool kept_is_whole(const struct kept *k, uint32_t nr_objects)
{
	for (uint32_t n = 0; n < nr_objects; n++)
		if (k->kinds[n] != MEMO_UNKNOWN && k->kinds[n] >= k->nr_names)
			return false;
	return true;
}

static uint64_t piece_of(const struct memo *memo)
{
	return PIECE_MEMOS + 2 * (uint64_t)(memo - memo->memos->items);
}

static const struct kept *memo_need_kept(struct memo *memo)
{
	const struct pieces *pieces = memo->memos->pieces;
	const uint32_t nr = memo->memos->heap->nr_objects;
	const uint64_t bytes = nr * sizeof(*memo->kept.kinds);
	struct kept *k = &memo->kept;
	size_t len, texts_len;

	if (memo->is_read)
		return k;
	memo->is_read = true;
	k->kinds = pieces ? pieces_read(pieces, piece_of(memo), bytes, &len) : NULL;
	k->texts = k->kinds ? pieces_read(pieces, piece_of(memo) + 1, NAMES_MAX, &texts_len) : NULL;
	if (!k->texts || len != bytes || !kept_sort_texts(k, texts_len) || !kept_is_whole(k, nr))
		kept_deinit(k);
	return k;
}

/* ---- standing in for a rule ---- */

struct stand_in {
	struct classifier base;
	struct heap *heap;
	const struct kept *kept;
	struct kinds kinds; /* of those that were kept, in the order in which they are met */
};

static uint32_t stand_in_classify(struct classifier *c, node_id n)
{
	struct stand_in *s = (struct stand_in *)c;
	const uint32_t kind = s->kept->kinds ? s->kept->kinds[n] : MEMO_UNKNOWN;

	if (kind == MEMO_UNKNOWN)
		heap_lacks(s->heap);
	return kinds_get(&s->kinds, kind);
}

static const char *stand_in_name(struct classifier *c, uint32_t kind)
{
	const struct stand_in *s = (struct stand_in *)c;
	const uint64_t kept = s->kinds.keys[kind];

	return kept == MEMO_UNKNOWN ? "" : s->kept->names[kept];
}

static void stand_in_destroy(struct classifier *c)
{
	kinds_deinit(&((struct stand_in *)c)->kinds);
	free(c);
}

struct classifier *memos_find(struct heap *h, const struct partition_rule *rule)
{
	struct memo *memo = &h->memos->items[rule - partition_rules];
	struct stand_in *s = xcalloc(1, sizeof(*s));

	s->heap = h;
	s->kept = memo_need_kept(memo);
	s->base = (struct classifier){ .refs = 1,
				       .header = s->kept->header ? s->kept->header : "",
				       .classify = stand_in_classify,
				       .name = stand_in_name,
				       .destroy = stand_in_destroy };
	for (uint32_t i = 0; i < s->kept->nr_notes; i++)
		symbols_add_note(h->symbols, s->kept->notes[i]);
	return &s->base;
}

/* ---- watching a rule ---- */

struct watcher {
	struct classifier base;
	struct memo *memo;
};

static uint32_t watcher_classify(struct classifier *c, node_id n)
{
	struct memo *memo = ((struct watcher *)c)->memo;
	const uint32_t kind = memo->watched->classify(memo->watched, n);

	memo->has_news |= !memo->kept.kinds || memo->kept.kinds[n] == MEMO_UNKNOWN;
	memo->kinds[n] = kind;
	return kind;
}

static const char *watcher_name(struct classifier *c, uint32_t kind)
{
	const struct memo *memo = ((struct watcher *)c)->memo;

	return memo->watched->name(memo->watched, kind);
}

static void watcher_destroy(struct classifier *c)
{
	free(c);
}

struct classifier *memos_watch(struct memos *m, const struct partition_rule *rule,
			       struct classifier *c)
{
	struct memo *memo = &m->items[rule - partition_rules];
	struct watcher *w;

	if (rule->keep == RULE_KEEP_NOTHING || rule->keep == RULE_KEEP_OUTLINE || memo->watched)
		return c;
	memo_need_kept(memo);
	memo->watched = c;
	memo->kinds = xmalloc((m->heap->nr_objects + 1ul) * sizeof(*memo->kinds));
	memset(memo->kinds, 0xff, (m->heap->nr_objects + 1ul) * sizeof(*memo->kinds));
	w = xcalloc(1, sizeof(*w));
	w->base = (struct classifier){ .refs = 1,
				       .header = c->header,
				       .classify = watcher_classify,
				       .name = watcher_name,
				       .destroy = watcher_destroy };
	w->memo = memo;
	return &w->base;
}

/* ---- all of them ---- */

struct memos *memos_create(struct heap *h, const struct pieces *kept)
{
	struct memos *m = xcalloc(1, sizeof(*m));

	m->heap = h;
	m->pieces = kept;
	while (partition_rules[m->nr].name)
		m->nr++;
	m->items = xcalloc(m->nr, sizeof(*m->items));
	for (size_t i = 0; i < m->nr; i++)
		m->items[i] = (struct memo){ .memos = m, .rule = &partition_rules[i] };
	h->memos = m;
	return m;
}

void memos_destroy(struct memos *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->nr; i++) {
		classifier_unref(m->items[i].watched);
		free(m->items[i].kinds);
		kept_deinit(&m->items[i].kept);
	}
	m->heap->memos = NULL;
	free(m->items);
	free(m);
}

bool memos_has_news(const struct memos *m)
{
	for (size_t i = 0; i < m->nr; i++)
		if (m->items[i].has_news)
			return true;
	return false;
}

/*
 * Kinds as they are written, of a rule that was at work.  Where a name is a kind, what was said now
 * and what was kept are put together; else kinds are told apart by their numbers, which are those
 * of this run, which then says all of them.
 */
struct merged {
	struct heap *heap;
	struct kinds kinds; /* of interned names, or of numbers */
	uint32_t *of;	    /* [nr_objects] */
};

static uint32_t kind_by_name(struct merged *m, const struct memo *memo, node_id n)
{
	const struct kept *kept = &memo->kept;
	const char *name = NULL;

	if (memo->kinds[n] != MEMO_UNKNOWN)
		name = memo->watched->name(memo->watched, memo->kinds[n]);
	else if (kept->kinds && kept->kinds[n] != MEMO_UNKNOWN)
		name = kept->names[kept->kinds[n]];
	return name ? kinds_get_name(&m->kinds, heap_intern_name(m->heap, name)) : MEMO_UNKNOWN;
}

static uint32_t kind_by_number(struct merged *m, const struct memo *memo, node_id n)
{
	return node_is_object(m->heap, n)
		       ? kinds_get(&m->kinds, memo->watched->classify(memo->watched, n))
		       : MEMO_UNKNOWN;
}

static const char *merged_name(const struct merged *m, const struct memo *memo, uint32_t kind)
{
	if (memo->rule->keep == RULE_KEEP_NAMES)
		return kinds_name(&m->kinds, kind);
	return memo->watched->name(memo->watched, (uint32_t)m->kinds.keys[kind]);
}

static void add_text(FILE *out, const char *text)
{
	fwrite(text, strlen(text) + 1, 1, out);
}

/* What was noted while the rule was at work: at most all that has been since the opening. */
static void add_notes(FILE *out, const struct memo *memo, size_t nr_before)
{
	const struct kept *kept = &memo->kept;
	size_t nr, nr_new = 0;
	const char *const *notes = heap_notes(memo->memos->heap, &nr);
	_cleanup_free_ const char **new = xcalloc(nr + 1, sizeof(*new));

	for (size_t i = nr_before; i < nr; i++)
		if (!is_among(kept->notes, kept->nr_notes, notes[i]))
			new[nr_new++] = notes[i];
	fprintf(out, "%zu%c", kept->nr_notes + nr_new, '\0');
	for (uint32_t i = 0; i < kept->nr_notes; i++)
		add_text(out, kept->notes[i]);
	for (size_t i = 0; i < nr_new; i++)
		add_text(out, new[i]);
}

static void write_memo(struct pieces_writer *w, const struct memo *memo, const struct merged *m,
		       size_t nr_notes)
{
	_cleanup_free_ char *texts = NULL;
	size_t len;
	FILE *out = open_memstream(&texts, &len);

	if (!out)
		mem_exhausted();
	add_text(out, memo->watched->header);
	add_notes(out, memo, nr_notes);
	for (uint32_t i = 0; i < m->kinds.nr; i++)
		add_text(out, merged_name(m, memo, i));
	if (fclose(out))
		mem_exhausted();
	if (len > NAMES_MAX)
		return;
	pieces_add(w, piece_of(memo), m->of, m->heap->nr_objects * sizeof(*m->of));
	pieces_add(w, piece_of(memo) + 1, texts, len);
}

static void memo_add(struct pieces_writer *w, struct memo *memo, size_t nr_notes)
{
	struct heap *h = memo->memos->heap;
	struct merged m = { .heap = h };

	if (!memo->watched)
		return;
	m.of = xcalloc(h->nr_objects + 1ul, sizeof(*m.of));
	for (node_id n = 0; n < h->nr_objects; n++)
		m.of[n] = memo->rule->keep == RULE_KEEP_NAMES ? kind_by_name(&m, memo, n)
							      : kind_by_number(&m, memo, n);
	write_memo(w, memo, &m, nr_notes);
	kinds_deinit(&m.kinds);
	free(m.of);
}

void memos_add(struct pieces_writer *w, struct memos *m, size_t nr_notes)
{
	for (size_t i = 0; i < m->nr; i++)
		memo_add(w, &m->items[i], nr_notes);
}
