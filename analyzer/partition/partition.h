/* SPDX-License-Identifier: MIT */
/*
 * A partition gives every object of a set exactly one kind.  Rules are rows of partition/list.h,
 * one file each; `a & b` combines two. Rows come out in Guppy's order: size descending, then name
 * bytewise, then the order the rule made them in (two kinds with one name stay two rows).
 */
#ifndef PARTITION_PARTITION_H
#define PARTITION_PARTITION_H

#include "heap/heap.h"
#include "heap/nodeset.h"

/* A rule at work on one heap.  Reference counted: it may be the cache of a long computation, so
 * partitions share it. */
struct classifier {
	uint32_t refs;
	const char *header; /* kind header: "Type", "Referred Via:" */
	/*
	 * The kind of object n: equal numbers are one row.  Kinds are given out densely, 0, 1, 2
	 * ..., as they are first met, so that whoever counts them may use arrays.
	 */
	uint32_t (*classify)(struct classifier *c, node_id n);
	/* The row name of a kind, owned by the classifier; with a compare of its own it is good
	 * until the next call only. */
	const char *(*name)(struct classifier *c, uint32_t kind);
	/* The bytewise order of two names, without making them; NULL: compare what name gives. */
	int (*compare)(struct classifier *c, uint32_t a, uint32_t b);
	void (*destroy)(struct classifier *c);
	bool by_id; /* the byid table: one row an object */
};

/* What can be kept of a rule for the next time. */
enum rule_keep {
	RULE_KEEP_NOTHING,
	RULE_KEEP_OUTLINE, /* nothing need be: the outline of a heap has what it asks for */
	RULE_KEEP_NAMES,   /* the kinds of objects that it was asked for: a name is a kind */
	RULE_KEEP_ALL,	   /* the kinds of all objects: two may have one name */
};

struct partition_rule {
	const char *name;    /* "bytype" */
	const char *summary; /* for --help */
	bool needs_graph;
	enum rule_keep keep;
	struct classifier *(*create)(struct heap *h);
};

/* NULL where there is none of that name. */
const struct partition_rule *partition_find_rule(const char *name);
/* All of them, ended by a row without a name. */
extern const struct partition_rule partition_rules[];

/* The rule at work, with the graph it needs. */
struct error *classifier_create(struct heap *h, const struct partition_rule *rule,
				struct classifier **ret) __attribute__((warn_unused_result));
/* "bytype", "type", "bytype & bysize", "type & size": for --by. */
struct error *classifier_parse(struct heap *h, const char *text, struct classifier **ret)
	__attribute__((warn_unused_result));
/* Both at once; takes over the callers' references. */
struct classifier *classifier_create_and(struct classifier *a, struct classifier *b);
struct classifier *classifier_ref(struct classifier *c);
void classifier_unref(struct classifier *c); /* NULL is fine */

/* count > 0; ids[first .. first + count) of the partition are its objects, ascending. */
struct partition_row {
	uint64_t size;
	uint32_t kind;
	uint32_t count;
	uint32_t first;
};

/* Sum of the rows' counts == set->nr, of their sizes == set->size. */
struct partition {
	uint32_t refs;
	struct heap *heap;
	struct classifier *classifier;
	struct nodeset *set; /* what was partitioned */
	struct partition_row *rows;
	uint32_t nr_rows;
	node_id *ids; /* [set->nr] */
};

/* Takes its own references to set and classifier. */
struct partition *partition_create(struct heap *h, struct nodeset *set, struct classifier *c);
struct partition *partition_ref(struct partition *p);
void partition_unref(struct partition *p); /* NULL is fine */
const char *partition_row_name(const struct partition *p, uint32_t row);
/* The objects of rows first .. end-1; the caller owns the set. */
struct nodeset *partition_rows_set(const struct partition *p, uint32_t first, uint32_t end);

#endif
