/* SPDX-License-Identifier: MIT */
/*
 * Could the module that allocated a block have made such a container?  A ring with a number, or
 * three words that lead to begin, middle and end, are what others have, too.  But code that makes a
 * std::list calls a function of libstdc++.so to link its nodes, and code that lets a vector grow
 * one for the case that it cannot.
 */
#include "heap/stack.h"
#include "heap/symbol.h"
#include "typing/container/shape.h"

#define FUNCTIONS_MAX 4

static const char *const functions[][FUNCTIONS_MAX] = {
	[MAKER_LIST] = { "_ZNSt8__detail15_List_node_base7_M_hookEPS0_" },
	[MAKER_VECTOR] = { "_ZSt20__throw_length_errorPKc", "_ZSt28__throw_bad_array_new_lengthv",
			   "_ZSt17__throw_bad_allocv" },
};

/* Only what gets operator new from another module can be judged: with a static library, or where
 * the file is missing, nobody knows. */
static bool could_make(struct symbols *symbols, uint32_t module, enum maker maker)
{
	if (!symbols_imports(symbols, module, "_Znwm"))
		return true;
	for (size_t i = 0; i < FUNCTIONS_MAX && functions[maker][i]; i++) {
		if (symbols_imports(symbols, module, functions[maker][i]))
			return true;
	}
	return false;
}

bool shape_could_make(struct containers *c, node_id block, enum maker maker)
{
	const struct heap *h = c->heap;
	const uint32_t node = heap_find_native(h, c->blocks->stack[block]);
	size_t nr;
	const struct hc_stack_node *nodes = dump_stacks(h->dump, &nr);
	const uint32_t module = node ? dump_find_module(h->dump, nodes[node].pc - 1) : UINT32_MAX;

	if (c->reader || c->has_llvm || module == UINT32_MAX)
		return true;

	uint64_t *known = map_find_or_insert(&c->makers, module, maker);

	if (*known == MAP_EMPTY)
		*known = could_make(h->symbols, module, maker);
	return *known;
}
