/* SPDX-License-Identifier: MIT */
/*
 * Roots: ranges and registers as nodes, and the names of their words.  A word is named by what
 * covers it: the global's symbol, the stack frame, the register.  Looked up when a relation is
 * printed, for most words never are.
 */
#include "heap/root.h"

#include <string.h>

#include "base/mem.h"
#include "heap/frame.h"
#include "heap/private.h"
#include "heap/symbol.h"

#define ARRAY_BYTES 1024 /* a larger global's words are elements: '::table[*]' */

static const enum root_kind kinds[] = {
	[HC_RANGE_DATA] = ROOT_GLOBAL,
	[HC_RANGE_STACK] = ROOT_STACK,
	[HC_RANGE_TLS] = ROOT_TLS,
	[HC_RANGE_OTHER] = ROOT_RANGE,
};

static bool is_c_library(struct heap *h, uint64_t addr)
{
	const char *name = symbols_module_name(h->symbols, dump_find_module(h->dump, addr));

	return !strncmp(name, "libc.so", 7) || !strncmp(name, "libc-", 5);
}

void roots_create(struct heap *h)
{
	size_t nr_ranges, nr_registers;
	const struct dump_range *ranges = dump_ranges(h->dump, &nr_ranges);
	const struct hc_register *registers = dump_registers(h->dump, &nr_registers);
	uint64_t *words = xcalloc(nr_registers + 1, sizeof(*words));

	h->private->register_words = words;
	h->roots = xcalloc(nr_ranges + nr_registers + 1, sizeof(*h->roots));
	for (size_t i = 0; i < nr_ranges; i++) {
		const struct dump_range *r = &ranges[i];

		if (r->kind == HC_RANGE_BLOCK)
			continue;
		h->roots[h->nr_roots++] = (struct root){
			.kind = kinds[r->kind],
			.addr = r->addr,
			.size = r->len,
			.tid = r->tid,
			.bytes = r->bytes,
			.has_free_lists = r->kind == HC_RANGE_DATA && is_c_library(h, r->addr),
		};
	}
	for (size_t i = 0; i < nr_registers; i++) {
		words[i] = registers[i].value;
		h->roots[h->nr_roots++] = (struct root){
			.kind = ROOT_REGISTER,
			.size = sizeof(words[i]),
			.tid = registers[i].tid,
			.regno = registers[i].regno,
			.bytes = (const uint8_t *)&words[i],
		};
	}
}

const struct root *root_find(const struct heap *h, uint64_t addr)
{
	for (uint32_t i = 0; i < h->nr_roots; i++) {
		const struct root *r = &h->roots[i];

		if (r->kind != ROOT_REGISTER && addr - r->addr < r->size)
			return r;
	}
	return NULL;
}

/* "libfoo.so+0x1234", or "0x7f..." outside of modules. */
static const char *name_module_offset(struct heap *h, uint64_t addr)
{
	const uint32_t module = dump_find_module(h->dump, addr);
	size_t nr;

	if (module == UINT32_MAX)
		return intern_format(h->private->names, "0x%lx", addr);
	return intern_format(h->private->names, "%s+0x%lx", symbols_module_name(h->symbols, module),
			     addr - dump_modules(h->dump, &nr)[module].bias);
}

/* "::queue_head", "::queue_head+0x18", "::table[*]"; without a symbol "::module+0x1234". */
static const char *name_global(struct heap *h, uint64_t addr)
{
	struct intern *names = h->private->names;
	struct symbol symbol;

	if (symbols_find(h->symbols, addr, SYMBOL_OBJECT, &symbol)) {
		const char *name = symbols_demangle(h->symbols, symbol.name);
		const uint64_t offset = addr - symbol.addr;

		if (symbol.size > ARRAY_BYTES && h->private->options.exact_index)
			return intern_format(names, "::%s[%lu]", name, offset / 8);
		if (symbol.size > ARRAY_BYTES)
			return intern_format(names, "::%s[*]", name);
		if (offset)
			return intern_format(names, "::%s+0x%lx", name, offset);
		return intern_format(names, "::%s", name);
	}
	return intern_format(names, "::%s", name_module_offset(h, addr));
}

static struct frames *heap_get_frames(struct heap *h)
{
	if (!h->private->frames)
		h->private->frames = frames_create(h->dump, h->symbols);
	return h->private->frames;
}

const struct frame *heap_find_frame(struct heap *h, int32_t tid, uint64_t addr)
{
	return frames_find(heap_get_frames(h), tid, addr);
}

void heap_each_frame(struct heap *h, void (*fn)(void *arg, const struct frame *f), void *arg)
{
	frames_each(heap_get_frames(h), fn, arg);
}

/* "<stack parse_page+0x40>": the place in the code at which the frame goes on, as in a backtrace,
 * for all words of the frame: a row for each would say little. */
static const char *name_stack_word(struct heap *h, int32_t tid, uint64_t addr)
{
	struct symbol symbol;

	const struct frame *frame = heap_find_frame(h, tid, addr);

	if (!frame)
		return intern_format(h->private->names, "<stack %d>", tid);
	if (!symbols_find(h->symbols, frame->code, SYMBOL_FUNCTION, &symbol))
		return intern_format(h->private->names, "<stack %s>",
				     name_module_offset(h, frame->pc));
	return intern_format(h->private->names, "<stack %s+0x%lx>",
			     symbols_demangle(h->symbols, symbol.name), frame->pc - symbol.addr);
}

static const char *name_register(struct heap *h, uint32_t regno)
{
	static const char *const registers[] = {
		"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8",
		"r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip",
	};

	if (regno < ARRAY_SIZE(registers))
		return intern_format(h->private->names, "<register %s>", registers[regno]);
	return intern_format(h->private->names, "<register %u>", regno);
}

const char *root_name_word(struct heap *h, const struct root *root, uint64_t offset)
{
	const char *variable = h->variable_name ? h->variable_name(h, root, offset) : NULL;

	if (variable)
		return variable;
	switch (root->kind) {
	case ROOT_GLOBAL:
		return name_global(h, root->addr + offset);
	case ROOT_STACK:
		return name_stack_word(h, root->tid, root->addr + offset);
	case ROOT_REGISTER:
		return name_register(h, root->regno);
	case ROOT_TLS:
		return intern_format(h->private->names, "<tls %d+0x%lx>", root->tid, offset);
	case ROOT_RANGE:
		return intern_format(h->private->names, "<range 0x%lx>", root->addr);
	}
	BUG("root kind %d", root->kind);
}
