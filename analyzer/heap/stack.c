/* SPDX-License-Identifier: MIT */
/*
 * Putting the two chains of a stack together (heap/stack.h).
 */
#include "heap/stack.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "heap/symbol.h"

#define EVAL_LOOP "_PyEval_EvalFrameDefault" /* and its parts: .cold */

static const struct hc_stack_node *get_node(const struct heap *h, uint32_t node)
{
	size_t nr;

	return dump_stacks(h->dump, &nr) + node;
}

static bool is_both(uint64_t pc)
{
	return (pc & (HC_STACK_PYTHON | HC_STACK_BOTH)) == HC_STACK_BOTH;
}

uint32_t heap_find_native(const struct heap *h, uint32_t stack)
{
	const struct hc_stack_node *n = get_node(h, stack);

	return is_both(n->pc) ? n->parent : n->pc & HC_STACK_PYTHON ? 0 : stack;
}

/* The node of the innermost Python frame; 0: none. */
static uint32_t find_python(const struct heap *h, uint32_t stack)
{
	const struct hc_stack_node *n = get_node(h, stack);

	return is_both(n->pc) ? HC_STACK_INDEX(n->pc) : n->pc & HC_STACK_PYTHON ? stack : 0;
}

static const struct hc_python_place *get_place(const struct heap *h, uint32_t node)
{
	size_t nr;

	return dump_places(h->dump, &nr) + HC_STACK_INDEX(get_node(h, node)->pc);
}

const struct hc_python_place *heap_find_place(const struct heap *h, uint32_t stack)
{
	const uint32_t node = find_python(h, stack);

	return node ? get_place(h, node) : NULL;
}

static char *format_text(const struct heap *h, uint32_t string)
{
	const struct dump_string text = dump_get_string(h->dump, string);

	return string ? text_escape(text.bytes, text.len) : xstrdup("?");
}

char *heap_format_place(const struct heap *h, const struct hc_python_place *place)
{
	_cleanup_free_ char *file = format_text(h, place->file),
			    *function = format_text(h, place->function);

	if (!place->line)
		return xasprintf("%s:? %s", file, function);
	return xasprintf("%s:%u %s", file, place->line, function);
}

static void add_frame(struct stack_frames *ret, struct stack_frame frame)
{
	ret->items = array_grow(ret->items, ret->nr, &ret->capacity, sizeof(*ret->items));
	ret->items[ret->nr++] = frame;
}

static uint32_t add_native(const struct heap *h, struct stack_frames *ret, uint32_t node)
{
	const struct hc_stack_node *n = get_node(h, node);

	add_frame(ret, (struct stack_frame){ .pc = n->pc });
	return n->parent;
}

/* The frames of one run of the loop; returns the first one of the next. */
static uint32_t add_run(const struct heap *h, struct stack_frames *ret, uint32_t node)
{
	while (node) {
		const struct hc_stack_node *n = get_node(h, node);

		add_frame(ret,
			  (struct stack_frame){ .is_python = true, .place = get_place(h, node) });
		node = n->parent;
		if (n->pc & HC_STACK_ENTRY)
			break;
	}
	return node;
}

static bool is_loop(struct heap *h, uint32_t node)
{
	return !strncmp(symbols_name_caller(h->symbols, get_node(h, node)->pc), EVAL_LOOP,
			strlen(EVAL_LOOP));
}

/* Is every run that Python tells of in the native chain, or beyond its end? Loops that Python knows
 * nothing of are outside of them: below another interpreter's frames, or another greenlet's. */
static bool covers(struct heap *h, uint32_t native, uint32_t python, bool is_empty)
{
	size_t depth = 0, loops = 0, runs = is_empty;
	const size_t limit = HC_STACK_CUT_MIN(dump_proc_number(h->dump, "stack_depth", SIZE_MAX));

	for (uint32_t n = native; n; n = get_node(h, n)->parent, depth++)
		loops += is_loop(h, n);
	for (uint32_t n = python; n; n = get_node(h, n)->parent)
		runs += (get_node(h, n)->pc & HC_STACK_ENTRY) != 0;
	return loops >= runs || depth >= limit;
}

void heap_read_stack(struct heap *h, uint32_t stack, struct stack_frames *ret)
{
	uint32_t native = heap_find_native(h, stack), python = find_python(h, stack);
	const uint64_t pc = get_node(h, stack)->pc;
	bool is_empty = is_both(pc) && pc & HC_STACK_EMPTY;
	const bool is_merged = python && covers(h, native, python, is_empty);

	*ret = (struct stack_frames){ 0 };
	while (python && !is_merged)
		python = add_run(h, ret, python);
	while (native) {
		if (!python || !is_loop(h, native)) {
			native = add_native(h, ret, native);
			continue;
		}
		if (!is_empty)
			python = add_run(h, ret, python);
		is_empty = false;
		native = get_node(h, native)->parent;
	}
	while (python)
		python = add_run(h, ret, python);
}
