/* SPDX-License-Identifier: MIT */
/*
 * Reading dicts in all their layouts, and where instances keep their attributes.
 */
#include "typing/cpython/cpython.h"

/* { hash, key, value }; keys that are all str: { key, value } */
#define ENTRY_GENERAL 24u
#define ENTRY_STR     16u
#define ENTRIES_MOST  (1ul << 40)

static uint64_t index_bytes(uint64_t size)
{
	if (size <= 0xff)
		return size;
	if (size <= 0xffff)
		return size * 2;
	return size <= UINT32_MAX ? size * 4 : size * 8;
}

static uint8_t read_byte(const struct cpython *p, uint64_t addr)
{
	uint8_t byte;

	return cpython_read(p, addr, &byte, 1) ? byte : 0;
}

void cpython_keys_open(const struct cpython *p, uint64_t keys, uint64_t values,
		       struct cpython_items *items)
{
	const struct cpython_version *v = p->version;
	bool is_general = true;
	uint64_t indices;

	*items = (struct cpython_items){ .p = p };
	if (!keys || !cpython_read_word(p, keys + v->dk_nentries, &items->nr))
		return;
	if (v->has_log2_size) {
		indices = 1ul << (read_byte(p, keys + v->dk_log2_index_bytes) & 63);
		is_general = read_byte(p, keys + v->dk_kind) == CPYTHON_KEYS_GENERAL;
	} else {
		indices = index_bytes(cpython_word(p, keys + v->dk_size));
	}
	items->keys = keys;
	items->entries = keys + v->dk_indices + indices;
	items->values = values;
	items->stride = is_general ? ENTRY_GENERAL : ENTRY_STR;
	items->key_offset = is_general ? 8 : 0;
	/* They are all there, or they are no entries. */
	if (items->nr > ENTRIES_MOST ||
	    !dump_find_bytes(p->dump, items->entries, items->nr * items->stride))
		items->nr = 0;
}

void cpython_dict_open(const struct cpython *p, uint64_t dict, struct cpython_items *items)
{
	const uint64_t values = cpython_word(p, dict + CPYTHON_MA_VALUES);

	cpython_keys_open(p, cpython_word(p, dict + CPYTHON_MA_KEYS),
			  values ? values + p->version->values_first : 0, items);
}

bool cpython_items_next(struct cpython_items *items)
{
	const struct cpython *p = items->p;

	while (items->at < items->nr) {
		items->index = items->at++;
		items->key_addr = items->entries + items->index * items->stride + items->key_offset;
		items->value_addr =
			items->values ? items->values + items->index * 8 : items->key_addr + 8;
		if (!cpython_read_word(p, items->key_addr, &items->key) ||
		    !cpython_read_word(p, items->value_addr, &items->value))
			break;
		if (items->key && items->value)
			return true;
	}
	items->at = items->nr;
	return false;
}

uint64_t cpython_items_find(struct cpython_items *items, const char *key)
{
	while (cpython_items_next(items)) {
		if (cpython_is_str(items->p, items->key, key))
			return items->value;
	}
	return 0;
}

uint64_t cpython_dict_find(const struct cpython *p, uint64_t dict, const char *key)
{
	struct cpython_items items;

	cpython_dict_open(p, dict, &items);
	return cpython_items_find(&items, key);
}

static uint64_t managed_values(const struct cpython *p, const struct cpython_class *c,
			       uint64_t addr)
{
	const uint64_t slot = addr - p->version->managed_dict;
	uint64_t word;

	switch (p->version->managed) {
	case CPYTHON_MANAGED_NONE:
		return 0;
	case CPYTHON_MANAGED_TWO:
		return cpython_word(p, slot - 8);
	case CPYTHON_MANAGED_TAGGED:
		word = cpython_word(p, slot);
		return word & 1 ? word + 1 : 0;
	case CPYTHON_MANAGED_INLINE:
		word = addr + (uint64_t)c->basicsize;
		return c->flags & CPYTHON_FLAG_INLINE_VALUES && read_byte(p, word + 3)
			       ? word + p->version->values_first
			       : 0;
	}
	return 0;
}

uint64_t cpython_inline_values_of(const struct cpython *p, const struct cpython_class *c,
				  uint64_t addr)
{
	return c->flags & p->version->preheader_flags & CPYTHON_FLAG_MANAGED_DICT
		       ? managed_values(p, c, addr)
		       : 0;
}

uint64_t cpython_inline_values(const struct cpython *p, uint64_t addr)
{
	const struct cpython_class *c = cpython_class_at(p, addr);

	return c ? cpython_inline_values_of(p, c, addr) : 0;
}

static uint64_t round8(uint64_t size)
{
	return (size + 7) / 8 * 8;
}

uint64_t cpython_dict_slot(const struct cpython *p, uint64_t addr)
{
	const struct cpython_class *c = cpython_class_at(p, addr);

	if (!c)
		return 0;
	if (c->flags & p->version->preheader_flags & CPYTHON_FLAG_MANAGED_DICT) {
		const uint64_t slot = addr - p->version->managed_dict;

		return cpython_word(p, slot) & 1 ? 0 : slot;
	}
	if (c->dictoffset >= 0)
		return c->dictoffset ? addr + (uint64_t)c->dictoffset : 0;
	return addr +
	       round8((uint64_t)c->basicsize + cpython_length(p, addr) * (uint64_t)c->itemsize) +
	       (uint64_t)c->dictoffset;
}

uint64_t cpython_instance_dict(const struct cpython *p, uint64_t addr)
{
	const uint64_t slot = cpython_dict_slot(p, addr);

	return slot ? cpython_word(p, slot) : 0;
}

void cpython_instance_open(const struct cpython *p, uint64_t addr, struct cpython_items *items)
{
	const uint64_t values = cpython_inline_values(p, addr);
	const struct cpython_class *c = cpython_class_at(p, addr);
	const uint64_t dict = cpython_instance_dict(p, addr);

	*items = (struct cpython_items){ .p = p };
	if (dict)
		cpython_dict_open(p, dict, items);
	else if (values)
		cpython_keys_open(p, c->cached_keys, values, items);
}

uint64_t cpython_type_dict(const struct cpython *p, uint64_t type)
{
	return cpython_word(p, type + CPYTHON_TP_DICT);
}
