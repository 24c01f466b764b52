/* SPDX-License-Identifier: MIT */
/*
 * Tags and scopes, interned: texts have ids from 1, and a pair (tag, scope) has an attr from 1 ..
 * RECORD_ATTR_MAX, which is what a record holds.  Append-only; looked up without a lock, added to
 * under one.
 *
 * Callers are inside the door.  The snapshot child reads.
 */
#ifndef LIVE_ATTR_H
#define LIVE_ATTR_H

#include <stdint.h>

#define ATTR_TEXTS_MAX 32767u
#define ATTR_TEXT_LEN_MAX 4095u		/* longer texts are cut */

struct attr_pair {
	uint32_t tag, scope;	/* text ids, 0: none */
};

/* The id of a text; 0 (counted tags_lost) where there is no room. */
uint32_t attr_intern_text(const char *text);

/* The attr of a pair; 0 for (0, 0), and (counted tags_lost) where there is no room. */
uint32_t attr_intern(uint32_t tag, uint32_t scope);

/* As attr_intern_text, but adds nothing: 0 where the text is unknown. */
uint32_t attr_find_text(const char *text);

/* attr 0 is (0, 0); ids of this room only. */
struct attr_pair attr_get(uint32_t attr);
const char *attr_text(uint32_t id);

/* 1 .. n are valid. */
uint32_t attr_nr(void);
uint32_t attr_nr_texts(void);

void attr_fork_prepare(void);
void attr_fork_done(void);

#endif
