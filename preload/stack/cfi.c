/* SPDX-License-Identifier: MIT */
/*
 * Reads .eh_frame_hdr and .eh_frame of the objects in memory (stack/cfi.h).
 *
 * They are what the program's own exceptions are thrown by, and are trusted as far as those: counts
 * and lengths are followed, but every entry is read within its own length only.
 */
#include "stack/cfi.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "rt/ban.h"

#define REG_RBP		 6
#define REG_RSP		 7
#define REG_RA		 16
#define STATES_MAX	 8 /* of DW_CFA_remember_state */
#define HDR_VERSION	 1
#define HDR_SORTED_PAIRS 0x3b /* DW_EH_PE_datarel | DW_EH_PE_sdata4 */

enum {
	DW_EH_PE_absptr = 0x00,
	DW_EH_PE_udata4 = 0x03,
	DW_EH_PE_sdata4 = 0x0b,
	DW_EH_PE_sdata8 = 0x0c,
	DW_EH_PE_pcrel = 0x10,
	DW_EH_PE_format = 0x0f,
	DW_EH_PE_application = 0x70
};

enum {
	DW_CFA_advance_loc = 0x40,
	DW_CFA_offset = 0x80,
	DW_CFA_restore = 0xc0,
	DW_CFA_nop = 0x00,
	DW_CFA_set_loc,
	DW_CFA_advance_loc1,
	DW_CFA_advance_loc2,
	DW_CFA_advance_loc4,
	DW_CFA_offset_extended,
	DW_CFA_restore_extended,
	DW_CFA_undefined,
	DW_CFA_same_value,
	DW_CFA_register,
	DW_CFA_remember_state,
	DW_CFA_restore_state,
	DW_CFA_def_cfa,
	DW_CFA_def_cfa_register,
	DW_CFA_def_cfa_offset,
	DW_CFA_def_cfa_expression,
	DW_CFA_expression,
	DW_CFA_offset_extended_sf,
	DW_CFA_def_cfa_sf,
	DW_CFA_def_cfa_offset_sf,
	DW_CFA_val_offset,
	DW_CFA_val_offset_sf,
	DW_CFA_val_expression,
	DW_CFA_GNU_args_size = 0x2e,
	DW_CFA_GNU_negative_offset_extended = 0x2f,
};

enum { DW_OP_deref = 0x06, DW_OP_breg6 = 0x76 };

/* glibc's struct dl_find_object, which older headers do not have. */
struct found_object {
	unsigned long long flags;
	void *map_start, *map_end, *link_map, *eh_frame;
	unsigned long long reserved[7];
};

/* Written by cfi_init, before any second thread. */
static int (*find_object)(void *addr, struct found_object *ret);

bool cfi_init(void)
{
	find_object =
		(int (*)(void *, struct found_object *))dlsym(RTLD_DEFAULT, "_dl_find_object");
	return find_object;
}

/* ---- bytes ---- */

/* What is read past the end is 0, and shows in `over`. */
struct reader {
	const uint8_t *at, *end;
	bool over;
};

static uint64_t read_bytes(struct reader *r, size_t size)
{
	uint64_t value = 0;

	if ((size_t)(r->end - r->at) < size) {
		r->over = true;
		r->at = r->end;
		return 0;
	}
	memcpy(&value, r->at, size);
	r->at += size;
	return value;
}

/* LEB128.  *bits: how many the value has, *last: its last byte. */
static uint64_t read_leb(struct reader *r, unsigned int *bits, uint64_t *last)
{
	uint64_t value = 0;

	*bits = 0;
	do {
		*last = read_bytes(r, 1);
		if (*bits < 64)
			value |= (*last & 0x7f) << *bits;
		*bits += 7;
	} while (*last & 0x80);
	return value;
}

static uint64_t read_uleb(struct reader *r)
{
	unsigned int bits;
	uint64_t last;

	return read_leb(r, &bits, &last);
}

static int64_t read_sleb(struct reader *r)
{
	unsigned int bits;
	uint64_t last, value = read_leb(r, &bits, &last);

	if (bits < 64 && last & 0x40)
		value |= -1ull << bits;
	return (int64_t)value;
}

static void skip(struct reader *r, uint64_t size)
{
	if ((uint64_t)(r->end - r->at) < size) {
		r->over = true;
		size = (uint64_t)(r->end - r->at);
	}
	r->at += size;
}

/* An address as .eh_frame has them on x86-64; 0 (and over) in another form. */
static uint64_t read_address(struct reader *r, uint8_t encoding)
{
	const uint64_t base =
		(encoding & DW_EH_PE_application) == DW_EH_PE_pcrel ? (uint64_t)r->at : 0;

	switch (encoding & DW_EH_PE_format) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_sdata8:
		return base + read_bytes(r, 8);
	case DW_EH_PE_udata4:
		return base + read_bytes(r, 4);
	case DW_EH_PE_sdata4:
		return base + (uint64_t)(int64_t)(int32_t)read_bytes(r, 4);
	}
	r->over = true;
	return 0;
}

/* ---- entries ---- */

struct entry {
	uint64_t start, size;	   /* the code of the FDE */
	struct reader first, rest; /* instructions of the CIE, of the FDE */
	uint64_t code_factor;
	int64_t data_factor;
	uint8_t encoding; /* of addresses */
	bool is_signal, has_augmentation;
};

/* What stands behind the length at p, or nothing. */
static struct reader open_entry(const uint8_t *p)
{
	uint32_t len;

	memcpy(&len, p, sizeof(len));
	if (len >= 0xfffffff0) /* 64-bit DWARF */
		len = 0;
	return (struct reader){ p + 4, p + 4 + len, false };
}

/* z: length and data of what the other letters announce. */
static bool read_augmentation(struct entry *e, struct reader *r, const char *letters)
{
	struct reader data = *r;

	if (*letters != 'z')
		return !*letters;
	e->has_augmentation = true;
	skip(r, read_uleb(r));
	(void)read_uleb(&data);
	for (letters++; *letters; letters++) {
		switch (*letters) {
		case 'R':
			e->encoding = (uint8_t)read_bytes(&data, 1);
			break;
		case 'P':
			(void)read_address(&data, (uint8_t)read_bytes(&data, 1) & 0x7f);
			break;
		case 'L':
			(void)read_bytes(&data, 1);
			break;
		case 'S':
			e->is_signal = true;
			break;
		default:
			return false;
		}
	}
	return !data.over;
}

static bool read_cie(struct entry *e, const uint8_t *p)
{
	struct reader r = open_entry(p);
	uint64_t id = read_bytes(&r, 4), version = read_bytes(&r, 1), column;
	const char *letters = (const char *)r.at;
	const size_t len = strnlen(letters, (size_t)(r.end - r.at));

	skip(&r, len + 1);
	e->code_factor = read_uleb(&r);
	e->data_factor = read_sleb(&r);
	column = version == 1 ? read_bytes(&r, 1) : read_uleb(&r);
	if (id || (version != 1 && version != 3) || r.over || column != REG_RA)
		return false;
	if (!read_augmentation(e, &r, letters) || r.over)
		return false;
	e->first = r;
	return true;
}

static bool read_fde(struct entry *e, const uint8_t *p)
{
	struct reader r = open_entry(p);
	const uint8_t *const base = r.at;
	const uint64_t back = read_bytes(&r, 4);

	if (!back || r.over || !read_cie(e, base - back))
		return false;
	e->start = read_address(&r, e->encoding);
	e->size = read_address(&r, e->encoding & DW_EH_PE_format);
	if (e->has_augmentation)
		skip(&r, read_uleb(&r));
	e->rest = r;
	return !r.over;
}

/* The FDE whose code begins last at or before addr; NULL: none does. */
static const uint8_t *search_header(const uint8_t *header, uint64_t addr)
{
	struct reader r = { header + 4, header + 24, false };
	const int64_t want = (int64_t)(addr - (uint64_t)header);
	const int32_t *pairs;
	uint64_t nr, low = 0;

	if (header[0] != HDR_VERSION || header[3] != HDR_SORTED_PAIRS)
		return NULL;
	(void)read_address(&r, header[1]);
	nr = read_address(&r, header[2]);
	pairs = (const int32_t *)r.at;
	if (r.over || !nr || pairs[0] > want)
		return NULL;
	while (nr > 1) {
		const uint64_t half = nr / 2;

		if (pairs[2 * (low + half)] <= want) {
			low += half;
			nr -= half;
		} else {
			nr = half;
		}
	}
	return header + pairs[2 * low + 1];
}

/* ---- instructions ---- */

enum saved { SAVED_SAME, SAVED_AT_CFA, SAVED_AT_RBP, SAVED_UNDEFINED, SAVED_OTHER };

struct row {
	uint8_t base; /* enum cfi_base */
	bool base_is_other;
	int64_t offset;
	struct {
		uint8_t how; /* enum saved */
		int64_t offset;
	} rbp, ra;
};

struct machine {
	const struct entry *entry;
	uint64_t at, want;
	struct row row, initial, states[STATES_MAX];
	uint32_t nr_states;
	bool failed;
};

static void set_saved(struct machine *m, uint64_t reg, uint8_t how, int64_t offset)
{
	if (reg == REG_RBP) {
		m->row.rbp.how = how;
		m->row.rbp.offset = offset;
	} else if (reg == REG_RA) {
		m->row.ra.how = how;
		m->row.ra.offset = offset;
	}
}

static void restore_saved(struct machine *m, uint64_t reg)
{
	if (reg == REG_RBP)
		m->row.rbp = m->initial.rbp;
	else if (reg == REG_RA)
		m->row.ra = m->initial.ra;
}

static void set_base(struct machine *m, uint64_t reg)
{
	m->row.base = reg == REG_RBP ? CFI_RBP : CFI_RSP;
	m->row.base_is_other = reg != REG_RBP && reg != REG_RSP;
}

/* The block of an expression; *offset where all that it says is "rbp + offset", and *deref where
 * what lies there. */
static bool read_rbp_expression(struct reader *r, int64_t *offset, bool *deref)
{
	const uint64_t len = read_uleb(r);
	struct reader block = *r;

	skip(r, len);
	block.end = r->at;
	if (read_bytes(&block, 1) != DW_OP_breg6)
		return false;
	*offset = read_sleb(&block);
	*deref = block.at < block.end && read_bytes(&block, 1) == DW_OP_deref;
	return !block.over && block.at == block.end;
}

static void define_by_expression(struct machine *m, struct reader *r)
{
	bool deref = false;

	m->row.base_is_other = !read_rbp_expression(r, &m->row.offset, &deref);
	m->row.base = deref ? CFI_RBP_DEREF : CFI_RBP;
}

static void save_by_expression(struct machine *m, struct reader *r)
{
	const uint64_t reg = read_uleb(r);
	int64_t offset = 0;
	bool deref = false;

	if (read_rbp_expression(r, &offset, &deref) && !deref)
		set_saved(m, reg, SAVED_AT_RBP, offset);
	else
		set_saved(m, reg, SAVED_OTHER, 0);
}

static void remember(struct machine *m)
{
	if (m->nr_states == STATES_MAX)
		m->failed = true;
	else
		m->states[m->nr_states++] = m->row;
}

static void recall(struct machine *m)
{
	if (!m->nr_states)
		m->failed = true;
	else
		m->row = m->states[--m->nr_states];
}

static void skip_block(struct reader *r)
{
	const uint64_t len = read_uleb(r);

	skip(r, len);
}

static void run_extended(struct machine *m, struct reader *r, uint8_t op)
{
	const int64_t factor = m->entry->data_factor;
	uint64_t reg;

	switch (op) {
	case DW_CFA_nop:
		break;
	case DW_CFA_set_loc:
		m->at = read_address(r, m->entry->encoding);
		break;
	case DW_CFA_advance_loc1:
	case DW_CFA_advance_loc2:
	case DW_CFA_advance_loc4:
		m->at += read_bytes(r, 1u << (op - DW_CFA_advance_loc1)) * m->entry->code_factor;
		break;
	case DW_CFA_offset_extended:
		reg = read_uleb(r);
		set_saved(m, reg, SAVED_AT_CFA, (int64_t)read_uleb(r) * factor);
		break;
	case DW_CFA_offset_extended_sf:
		reg = read_uleb(r);
		set_saved(m, reg, SAVED_AT_CFA, read_sleb(r) * factor);
		break;
	case DW_CFA_GNU_negative_offset_extended:
		reg = read_uleb(r);
		set_saved(m, reg, SAVED_AT_CFA, -(int64_t)read_uleb(r) * factor);
		break;
	case DW_CFA_restore_extended:
		restore_saved(m, read_uleb(r));
		break;
	case DW_CFA_undefined:
		set_saved(m, read_uleb(r), SAVED_UNDEFINED, 0);
		break;
	case DW_CFA_same_value:
		set_saved(m, read_uleb(r), SAVED_SAME, 0);
		break;
	case DW_CFA_register:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
		set_saved(m, read_uleb(r), SAVED_OTHER, 0);
		(void)read_uleb(r);
		break;
	case DW_CFA_remember_state:
		remember(m);
		break;
	case DW_CFA_restore_state:
		recall(m);
		break;
	case DW_CFA_def_cfa:
		set_base(m, read_uleb(r));
		m->row.offset = (int64_t)read_uleb(r);
		break;
	case DW_CFA_def_cfa_sf:
		set_base(m, read_uleb(r));
		m->row.offset = read_sleb(r) * factor;
		break;
	case DW_CFA_def_cfa_register:
		set_base(m, read_uleb(r));
		break;
	case DW_CFA_def_cfa_offset:
		m->row.offset = (int64_t)read_uleb(r);
		break;
	case DW_CFA_def_cfa_offset_sf:
		m->row.offset = read_sleb(r) * factor;
		break;
	case DW_CFA_def_cfa_expression:
		define_by_expression(m, r);
		break;
	case DW_CFA_expression:
		save_by_expression(m, r);
		break;
	case DW_CFA_val_expression:
		set_saved(m, read_uleb(r), SAVED_OTHER, 0);
		skip_block(r);
		break;
	case DW_CFA_GNU_args_size:
		(void)read_uleb(r);
		break;
	default:
		m->failed = true;
	}
}

/* Up to the row that holds at m->want. */
static void run(struct machine *m, struct reader r)
{
	while (r.at < r.end && !m->failed) {
		const uint8_t op = (uint8_t)read_bytes(&r, 1), low = op & 0x3f;
		const struct row before = m->row;

		switch (op & 0xc0) {
		case DW_CFA_advance_loc:
			m->at += low * m->entry->code_factor;
			break;
		case DW_CFA_offset:
			set_saved(m, low, SAVED_AT_CFA,
				  (int64_t)read_uleb(&r) * m->entry->data_factor);
			break;
		case DW_CFA_restore:
			restore_saved(m, low);
			break;
		default:
			run_extended(m, &r, op);
		}
		m->failed |= r.over;
		if (m->at > m->want) {
			m->row = before;
			return;
		}
	}
}

static bool fits(int64_t value, int64_t max)
{
	return value >= -max && value < max;
}

static struct cfi_rule make_rule(const struct row *row)
{
	struct cfi_rule rule = { .kind = CFI_OTHER, .base = row->base & 3u };

	if (row->ra.how == SAVED_UNDEFINED)
		return (struct cfi_rule){ .kind = CFI_END };
	if (row->base_is_other || row->ra.how != SAVED_AT_CFA || row->ra.offset != -8 ||
	    !fits(row->offset, INT32_MAX) || !fits(row->rbp.offset, INT16_MAX))
		return rule;
	switch ((enum saved)row->rbp.how) {
	case SAVED_SAME:
		rule.rbp = CFI_RBP_SAME;
		break;
	case SAVED_AT_CFA:
		rule.rbp = CFI_RBP_SAVED;
		break;
	case SAVED_AT_RBP:
		rule.rbp = CFI_RBP_AT_RBP;
		break;
	case SAVED_UNDEFINED:
	case SAVED_OTHER:
		return rule;
	}
	rule.kind = CFI_STEP;
	rule.offset = (int32_t)row->offset;
	rule.rbp_offset = (int16_t)row->rbp.offset;
	return rule;
}

struct cfi_rule cfi_find_rule(uint64_t addr)
{
	struct found_object object;
	struct entry e = { .encoding = DW_EH_PE_absptr };
	struct machine m = { .entry = &e, .want = addr };
	const uint8_t *fde;

	if (find_object((void *)addr, &object) != 0)
		return (struct cfi_rule){ .kind = CFI_NO_CODE };
	fde = object.eh_frame ? search_header(object.eh_frame, addr) : NULL;
	if (!fde)
		return (struct cfi_rule){ .kind = CFI_NO_ENTRY };
	if (!read_fde(&e, fde))
		return (struct cfi_rule){ .kind = CFI_OTHER };
	if (addr - e.start >= e.size)
		return (struct cfi_rule){ .kind = CFI_NO_ENTRY };
	if (e.is_signal)
		return (struct cfi_rule){ .kind = CFI_OTHER };
	m.at = e.start;
	run(&m, e.first);
	m.initial = m.row;
	run(&m, e.rest);
	return m.failed ? (struct cfi_rule){ .kind = CFI_OTHER } : make_rule(&m.row);
}
