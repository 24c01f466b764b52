/* SPDX-License-Identifier: MIT */
/*
 * What text and JSON of a description have in common beside what describe.h has.
 */
#ifndef REPORT_DESCRIBE_FACTS_H
#define REPORT_DESCRIBE_FACTS_H

#include "report/describe.h"

/* Facts that partitions have a name for. */
struct described_fact {
	const char *title, *key; /* in text and in JSON */
	const char *rule;
};

#define NR_DESCRIBED_FACTS 3
extern const struct described_fact described_facts[NR_DESCRIBED_FACTS];

/* What the rule calls the object, "" where that is like "<no scope>"; the caller frees it. */
char *describe_fact(const struct description *d, const struct described_fact *fact);
/* The name of the function that made it: "malloc". */
const char *describe_kind(const struct description *d);
/* What the program called it (heapcensus_label); NULL: nothing. */
const char *describe_label(const struct description *d);

#endif
