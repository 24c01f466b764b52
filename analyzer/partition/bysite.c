/* SPDX-License-Identifier: MIT */
/*
 * bysite, Guppy's byprod: the function that allocated it, allocation wrappers left out.
 */
#include "partition/bystack.h"
#include "partition/rules.h"

struct classifier *partition_create_bysite(struct heap *h)
{
	return partition_create_bystack(h, "Producer (line of allocation)", heap_object_site,
					"<unknown>");
}
