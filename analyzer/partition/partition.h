/* SPDX-License-Identifier: MIT */
/*
 * A partition gives every object of a set exactly one kind.  Rules are rows of partition/list.h, one file each; `a & b` combines two.
 * Rows come out in Guppy's order: size descending, then name bytewise, then the order the rule made them in (two kinds with one name stay two rows).
 */
#ifndef PARTITION_PARTITION_H
#define PARTITION_PARTITION_H

#include "heap/heap.h"
#include "heap/nodeset.h"

/* A rule at work on one heap. */
struct classifier {
	const char *header;		/* kind header: "Type", "Referred Via:" */
	/* The kind of object n: any number < UINT32_MAX; equal numbers are one row. */
	uint32_t (*classify)(struct classifier *c, node_id n);
	/* The row name of a kind, owned by the classifier. */
	const char *(*name)(struct classifier *c, uint32_t kind);
	void (*destroy)(struct classifier *c);
	bool by_id;			/* the byid table: one row an object */
};

struct partition_rule {
	const char *name;		/* "bytype" */
	const char *summary;		/* for --help */
	bool needs_graph;
	struct error *(*create)(struct heap *h, struct classifier **ret);
};

/* NULL where there is none of that name. */
const struct partition_rule *partition_find_rule(const char *name);
/* All of them, ended by a row without a name. */
const struct partition_rule *partition_rules(void);
/* "bytype" or "bytype & bysize". */
struct error *classifier_create(struct heap *h, const char *expression, struct classifier **ret) __attribute__((warn_unused_result));
struct error *classifier_create_and(struct classifier *a, struct classifier *b, struct classifier **ret) __attribute__((warn_unused_result));

struct partition_row {
	const char *name;
	uint64_t count;
	uint64_t size;
	struct nodeset *set;
};

struct partition {
	struct heap *heap;
	struct classifier *classifier;
	struct nodeset *set;		/* what was partitioned */
	struct partition_row *rows;
	uint32_t nr_rows;
};

struct error *partition_create(struct heap *h, struct nodeset *set, struct classifier *c, struct partition **ret) __attribute__((warn_unused_result));
void partition_destroy(struct partition *p);

#endif
