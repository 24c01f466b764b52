/* SPDX-License-Identifier: MIT */
/*
 * What has been asked of a module's debug information, with the answers: found again without
 * reading it, in this heap and, through the cache, in the next.  An answer depends on nothing but
 * the build of the module, and of those that its types are from.
 */
#ifndef TYPING_NATIVE_FACTS_H
#define TYPING_NATIVE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "typing/native/ctype.h"

/* What is asked, and what each item of the answer has. */
enum fact_kind {
	FACT_GLOBALS, /* variables by address: name, scope, address in the file, type */
	FACT_LOCALS,  /* variables of a frame, by its pc: name, distance from its end, type */
	FACT_FLOW,    /* where a call's result comes to, by its return address: flow_end, type;
		       * `is_returned` */
	FACT_RETURN,  /* what the function of a pc returns, if anything: type */
	FACT_NAME,    /* the type of a name, if there is one: type */
	FACT_HOLDERS, /* structures that have the one of that name: offset in them, type */
	NR_FACT_KINDS,
};

struct fact {
	enum fact_kind kind;
	bool is_returned; /* FACT_FLOW */
	uint64_t place;	  /* address in the file; 0: none */
	const char *name; /* interned; of FACT_LOCALS the function's; NULL: none */
	uint32_t nr;
	struct fact_item {
		const char *name, *scope; /* interned; NULL: none */
		uint64_t number;
		const struct ctype *type;
	} items[];
};

struct facts {
	struct map index;    /* (place or name, kind) -> index in items */
	struct fact **items; /* [nr], freed by facts_deinit */
	size_t nr, room;
};

void facts_deinit(struct facts *f);
/* key: the place, or the name's address. */
const struct fact *facts_find(const struct facts *f, enum fact_kind kind, uint64_t key);
/* Takes over the fact; one of its kind and key that is there already stays, and is returned. */
const struct fact *facts_add(struct facts *f, struct fact *fact);

/* An answer that is being put together; all zero is an empty one but for kind, place and name. */
struct fact_maker {
	struct fact head;
	struct fact_item *items;
	size_t nr, room;
};
void fact_maker_add(struct fact_maker *m, const struct fact_item *item);
/* The fact, for facts_add; the maker is empty then. */
struct fact *fact_maker_finish(struct fact_maker *m);

#endif
