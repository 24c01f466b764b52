/* SPDX-License-Identifier: MIT */
/*
 * bymodule: the program or library whose function allocated it.
 */
#include "partition/bystack.h"
#include "partition/rules.h"

struct classifier *partition_create_bymodule(struct heap *h)
{
	return partition_create_bystack(h, "Module", heap_site_module, "<unknown>");
}
