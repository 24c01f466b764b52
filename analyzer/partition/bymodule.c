/* SPDX-License-Identifier: MIT */
/*
 * bymodule: the program or library whose function allocated it.
 */
#include "partition/bystack.h"
#include "partition/rules.h"

static const char *module_name(struct heap *h, node_id n)
{
	return heap_site_module(h, dump_blocks(h->dump)->stack[n]);
}

struct classifier *partition_create_bymodule(struct heap *h)
{
	return partition_create_bystack(h, "Module", module_name, "<unknown>");
}
