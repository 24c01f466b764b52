/* SPDX-License-Identifier: MIT */
/*
 * The functions that partition/list.h names: each makes its rule's classifier for one heap, with
 * one reference.
 */
#ifndef PARTITION_RULES_H
#define PARTITION_RULES_H

#include "partition/list.h"
#include "partition/partition.h"

#define RULE_DECLARE(name, function, needs_graph, keep, summary) \
	struct classifier *partition_create_##function(struct heap *h);
PARTITION_RULES(RULE_DECLARE)
#undef RULE_DECLARE

#endif
