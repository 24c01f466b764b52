/* SPDX-License-Identifier: MIT */
/*
 * The sections that are plain arrays.  One row each: what an entry is called, its size, and the
 * check of entry i, which may look at the entries before it and at earlier sections.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dump/decode.h"
#include "dump/internal.h"

/* What is wrong with an entry: a text that the caller frees, NULL where nothing is. */
#define FAULT(...) return xasprintf(__VA_ARGS__)

static char *string_fault(const struct dump *d, const char *what, uint32_t index)
{
	if (index >= d->nr_strings)
		FAULT("%s: no string %u (there are %zu)", what, index, d->nr_strings - 1);
	return NULL;
}

static char *extent_fault(uint64_t start, uint64_t end)
{
	if (start > end || end > UINT64_MAX - 8)
		FAULT("from 0x%" PRIx64 " to 0x%" PRIx64, start, end);
	return NULL;
}

static char *module_fault(const struct dump *d, size_t i)
{
	const struct hc_module *m = (const struct hc_module *)d->arrays[SECTION_MODS].items + i;
	char *fault = extent_fault(m->start, m->end);

	if (!fault)
		fault = string_fault(d, "path", m->path);
	if (!fault)
		fault = string_fault(d, "build id", m->build_id);
	if (!fault && m->flags > 1)
		FAULT("unknown flags 0x%x", m->flags);
	return fault;
}

static char *segment_fault(const struct dump *d, size_t i)
{
	const struct hc_segment *s = (const struct hc_segment *)d->arrays[SECTION_SEGS].items + i;
	char *fault = extent_fault(s->start, s->end);

	if (!fault)
		fault = extent_fault(s->relro_start, s->relro_end);
	if (fault)
		return fault;
	if (s->module >= d->arrays[SECTION_MODS].nr)
		FAULT("no module %u (there are %zu)", s->module, d->arrays[SECTION_MODS].nr);
	if (s->file_size > s->end - s->start)
		FAULT("0x%" PRIx64 " bytes of the file in 0x%" PRIx64, s->file_size,
		      s->end - s->start);
	if (s->prot > 7)
		FAULT("unknown protection 0x%x", s->prot);
	if (i &&
	    (s[-1].module > s->module || (s[-1].module == s->module && s[-1].start > s->start)))
		FAULT("out of order");
	return NULL;
}

static char *map_fault(const struct dump *d, size_t i)
{
	const struct hc_map *m = (const struct hc_map *)d->arrays[SECTION_MAPS].items + i;
	char *fault = extent_fault(m->start, m->end);

	if (!fault)
		fault = string_fault(d, "path", m->path);
	if (fault)
		return fault;
	if (i && m[-1].end > m->start)
		FAULT("overlaps the mapping before it");
	if (m->kind > HC_MAP_KERNEL)
		FAULT("unknown kind %u", m->kind);
	if (m->prot > 15)
		FAULT("unknown protection 0x%x", m->prot);
	return NULL;
}

static char *thread_fault(const struct dump *d, size_t i)
{
	const struct hc_thread *t = (const struct hc_thread *)d->arrays[SECTION_THRD].items + i;
	char *fault = string_fault(d, "name", t->name);

	if (!fault)
		fault = extent_fault(t->stack_start, t->stack_end);
	if (fault)
		return fault;
	if (t->slot > HC_THREAD_SLOT_MAX)
		FAULT("slot %u", t->slot);
	if (t->first_tick > t->last_tick)
		FAULT("ended (tick %u) before it began (tick %u)", t->last_tick, t->first_tick);
	if (t->state > HC_THREAD_DUMPING)
		FAULT("unknown state %u", t->state);
	return NULL;
}

static char *register_fault(const struct dump *d, size_t i)
{
	const struct hc_register *r = (const struct hc_register *)d->arrays[SECTION_REGS].items + i;

	if (r->regno > 16)
		FAULT("no register %u", r->regno);
	return NULL;
}

static char *place_fault(const struct dump *d, size_t i)
{
	const struct hc_python_place *p =
		(const struct hc_python_place *)d->arrays[SECTION_PYFR].items + i;
	char *fault = string_fault(d, "file", p->file);

	return fault ? fault : string_fault(d, "function", p->function);
}

static enum stack_sort { STACK_NATIVE, STACK_PYTHON, STACK_BOTH } stack_sort(uint64_t pc)
{
	return pc & HC_STACK_PYTHON ? STACK_PYTHON : pc & HC_STACK_BOTH ? STACK_BOTH : STACK_NATIVE;
}

/* The parents of native and Python frames are of their own sort, so that no walk from one to the
 * next meets another. */
static char *stack_fault(const struct dump *d, size_t i)
{
	const struct hc_stack_node *nodes = d->arrays[SECTION_STAK].items;
	const struct hc_stack_node *n = nodes + i;
	const uint32_t index = HC_STACK_INDEX(n->pc);
	const enum stack_sort sort = stack_sort(n->pc);

	if (n->parent >= i)
		FAULT("parent %u is not smaller", n->parent);
	if (n->parent &&
	    stack_sort(nodes[n->parent].pc) != (sort == STACK_PYTHON ? STACK_PYTHON : STACK_NATIVE))
		FAULT("parent %u is of another sort", n->parent);
	if (sort == STACK_PYTHON && n->pc & ~(HC_STACK_PYTHON | HC_STACK_ENTRY | UINT32_MAX))
		FAULT("unknown bits in 0x%" PRIx64, n->pc);
	if (sort == STACK_PYTHON && index && index >= d->arrays[SECTION_PYFR].nr)
		FAULT("no place %u in Python code (there are %zu)", index,
		      d->arrays[SECTION_PYFR].nr ? d->arrays[SECTION_PYFR].nr - 1 : 0);
	if (sort == STACK_BOTH && n->pc & ~(HC_STACK_BOTH | HC_STACK_EMPTY | UINT32_MAX))
		FAULT("unknown bits in 0x%" PRIx64, n->pc);
	if (sort == STACK_BOTH && (index >= i || stack_sort(nodes[index].pc) != STACK_PYTHON))
		FAULT("node %u is no Python frame before it", index);
	return NULL;
}

static char *attr_fault(const struct dump *d, size_t i)
{
	const struct hc_attr *a = (const struct hc_attr *)d->arrays[SECTION_ATTR].items + i;
	char *fault = string_fault(d, "tag", a->tag);

	return fault ? fault : string_fault(d, "scope", a->scope);
}

static char *label_fault(const struct dump *d, size_t i)
{
	const struct hc_label *l = (const struct hc_label *)d->arrays[SECTION_LABL].items + i;
	uint32_t block = block_index_find(d, l->addr);
	char *fault = string_fault(d, "text", l->text);

	if (fault)
		return fault;
	if (i && l[-1].addr > l->addr)
		FAULT("out of order");
	while (block != NO_BLOCK && d->core.blocks.addr[block] == l->addr) {
		if (d->core.blocks.flags[block] & HC_BLOCK_LABELLED)
			return NULL;
		block = d->core.blocks.parent[block];
	}
	FAULT("no labelled block at 0x%" PRIx64, l->addr);
}

static char *relation_fault(const struct dump *d, size_t i)
{
	const struct hc_relation *r = (const struct hc_relation *)d->arrays[SECTION_RELN].items + i;
	const uint32_t block = block_index_find(d, r->addr);
	char *fault = string_fault(d, "text", r->text);

	if (fault)
		return fault;
	if (i && (r[-1].addr > r->addr || (r[-1].addr == r->addr && r[-1].offset >= r->offset)))
		FAULT("out of order");
	if (block == NO_BLOCK || d->core.blocks.addr[block] != r->addr)
		FAULT("no block at 0x%" PRIx64, r->addr);
	if (r->offset % 8 || r->offset + 8ul > d->core.blocks.size[block])
		FAULT("no word at offset 0x%x of 0x%" PRIx64 " bytes", r->offset,
		      d->core.blocks.size[block]);
	return NULL;
}

static char *resident_fault(const struct dump *d, size_t i)
{
	const struct hc_resident_run *r =
		(const struct hc_resident_run *)d->arrays[SECTION_RESI].items + i;

	if (i && r[-1].end > r->start)
		FAULT("overlaps the run before it");
	return extent_fault(r->start, r->end);
}

static const struct array_kind {
	const char *item; /* in messages */
	size_t size;
	size_t dummies;	 /* entries that stand before the file's: indices count from 1 */
	size_t reserved; /* offset of the field that must be 0; 0: it has none */
	char *(*fault)(const struct dump *d, size_t i);
} kinds[NR_SECTIONS] = {
	[SECTION_MODS] = { "module", sizeof(struct hc_module), 0,
			   offsetof(struct hc_module, reserved), module_fault },
	[SECTION_SEGS] = { "segment", sizeof(struct hc_segment), 0, 0, segment_fault },
	[SECTION_MAPS] = { "mapping", sizeof(struct hc_map), 0, offsetof(struct hc_map, reserved),
			   map_fault },
	[SECTION_THRD] = { "thread", sizeof(struct hc_thread), 0, 0, thread_fault },
	[SECTION_REGS] = { "register", sizeof(struct hc_register), 0, 0, register_fault },
	[SECTION_PYFR] = { "place", sizeof(struct hc_python_place), 1,
			   offsetof(struct hc_python_place, reserved), place_fault },
	[SECTION_STAK] = { "stack", sizeof(struct hc_stack_node), 1,
			   offsetof(struct hc_stack_node, reserved), stack_fault },
	[SECTION_ATTR] = { "attribute", sizeof(struct hc_attr), 1, 0, attr_fault },
	[SECTION_LABL] = { "label", sizeof(struct hc_label), 0, offsetof(struct hc_label, reserved),
			   label_fault },
	[SECTION_RELN] = { "relation", sizeof(struct hc_relation), 0, 0, relation_fault },
	[SECTION_RESI] = { "run", sizeof(struct hc_resident_run), 0, 0, resident_fault },
};

static char *item_fault(const struct dump *d, enum section_index index, size_t i)
{
	const struct array_kind *kind = &kinds[index];
	uint32_t reserved;

	memcpy(&reserved, (const uint8_t *)d->arrays[index].items + i * kind->size + kind->reserved,
	       sizeof(reserved));
	if (kind->reserved && reserved)
		FAULT("reserved field is %u, not 0", reserved);
	return kind->fault(d, i);
}

static struct error *read_items(struct dump *d, const struct section *s,
				const struct array_kind *kind, uint8_t *out)
{
	for (size_t i = 0; i < s->nr_chunks; i++) {
		const uint64_t len = s->chunks[i]->header.raw_len;
		struct error *error;

		if (len % kind->size)
			return dump_chunk_error(d->file, s->chunks[i],
						"%" PRIu64 " bytes are no whole number of %zu", len,
						kind->size);
		error = section_read(d, s, i, out);
		if (error)
			return error;
		out += len;
	}
	return NULL;
}

struct error *load_array(struct dump *d, enum section_index index)
{
	const struct array_kind *kind = &kinds[index];
	const struct section *s = &d->sections[index];
	struct array *array = &d->arrays[index];
	struct error *error;

	array->items = xcalloc(s->raw_len / kind->size + kind->dummies, kind->size);
	error = read_items(d, s, kind, (uint8_t *)array->items + kind->dummies * kind->size);
	if (error)
		return error;
	array->nr = s->raw_len / kind->size + kind->dummies;
	for (size_t i = kind->dummies; i < array->nr; i++) {
		_cleanup_free_ char *fault = item_fault(d, index, i);

		if (fault)
			return dump_chunk_error(
				d->file, section_find_chunk(s, (i - kind->dummies) * kind->size),
				"%s %zu: %s", kind->item, i, fault);
	}
	return NULL;
}

struct error *load_arrays(struct dump *d)
{
	static const enum section_index early[] = { SECTION_MAPS, SECTION_THRD, SECTION_REGS,
						    SECTION_PYFR, SECTION_STAK, SECTION_ATTR,
						    SECTION_RESI };
	struct error *error = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(early) && !error; i++)
		error = load_array(d, early[i]);
	return error;
}

size_t dump_item_size(uint32_t id)
{
	const struct dump_section_info *info = dump_find_section(id);

	return info ? kinds[info - dump_sections].size : 0;
}

#define ARRAY_ACCESSOR(function, type, section) \
	const struct type *function(const struct dump *d, size_t *nr) \
	{ \
		*nr = d->arrays[section].nr; \
		return d->arrays[section].items; \
	}

ARRAY_ACCESSOR(dump_modules, hc_module, SECTION_MODS)
ARRAY_ACCESSOR(dump_segments, hc_segment, SECTION_SEGS)
ARRAY_ACCESSOR(dump_maps, hc_map, SECTION_MAPS)
ARRAY_ACCESSOR(dump_threads, hc_thread, SECTION_THRD)
ARRAY_ACCESSOR(dump_registers, hc_register, SECTION_REGS)
ARRAY_ACCESSOR(dump_places, hc_python_place, SECTION_PYFR)
ARRAY_ACCESSOR(dump_stacks, hc_stack_node, SECTION_STAK)
ARRAY_ACCESSOR(dump_attrs, hc_attr, SECTION_ATTR)
ARRAY_ACCESSOR(dump_labels, hc_label, SECTION_LABL)
ARRAY_ACCESSOR(dump_relations, hc_relation, SECTION_RELN)
ARRAY_ACCESSOR(dump_resident, hc_resident_run, SECTION_RESI)
