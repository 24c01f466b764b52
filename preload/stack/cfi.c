/* SPDX-License-Identifier: MIT */
/*
 * Runs the instructions of .eh_frame's entries (stack/cfi.h).
 */
#include "stack/cfi.h"

#include <dlfcn.h>
#include <stddef.h>

#include "stack/eh_frame.h"
#include "rt/ban.h"

#define REG_RBP	   6
#define REG_RSP	   7
#define STATES_MAX 8 /* of DW_CFA_remember_state */

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
	const struct eh_entry *entry;
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
	} else if (reg == EH_REG_RA) {
		m->row.ra.how = how;
		m->row.ra.offset = offset;
	}
}

static void restore_saved(struct machine *m, uint64_t reg)
{
	if (reg == REG_RBP)
		m->row.rbp = m->initial.rbp;
	else if (reg == EH_REG_RA)
		m->row.ra = m->initial.ra;
}

static void set_base(struct machine *m, uint64_t reg)
{
	m->row.base = reg == REG_RBP ? CFI_RBP : CFI_RSP;
	m->row.base_is_other = reg != REG_RBP && reg != REG_RSP;
}

/* The block of an expression; *offset where all that it says is "rbp + offset", and *deref where
 * what lies there. */
static bool read_rbp_expression(struct eh_reader *r, int64_t *offset, bool *deref)
{
	const uint64_t len = eh_read_uleb(r);
	struct eh_reader block = *r;

	eh_skip(r, len);
	block.end = r->at;
	if (eh_read_bytes(&block, 1) != DW_OP_breg6)
		return false;
	*offset = eh_read_sleb(&block);
	*deref = block.at < block.end && eh_read_bytes(&block, 1) == DW_OP_deref;
	return !block.over && block.at == block.end;
}

static void define_by_expression(struct machine *m, struct eh_reader *r)
{
	bool deref = false;

	m->row.base_is_other = !read_rbp_expression(r, &m->row.offset, &deref);
	m->row.base = deref ? CFI_RBP_DEREF : CFI_RBP;
}

static void save_by_expression(struct machine *m, struct eh_reader *r)
{
	const uint64_t reg = eh_read_uleb(r);
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

static void skip_block(struct eh_reader *r)
{
	const uint64_t len = eh_read_uleb(r);

	eh_skip(r, len);
}

static void run_extended(struct machine *m, struct eh_reader *r, uint8_t op)
{
	const int64_t factor = m->entry->data_factor;
	uint64_t reg;

	switch (op) {
	case DW_CFA_nop:
		break;
	case DW_CFA_set_loc:
		m->at = eh_read_address(r, m->entry->encoding);
		break;
	case DW_CFA_advance_loc1:
	case DW_CFA_advance_loc2:
	case DW_CFA_advance_loc4:
		m->at += eh_read_bytes(r, 1u << (op - DW_CFA_advance_loc1)) * m->entry->code_factor;
		break;
	case DW_CFA_offset_extended:
		reg = eh_read_uleb(r);
		set_saved(m, reg, SAVED_AT_CFA, (int64_t)eh_read_uleb(r) * factor);
		break;
	case DW_CFA_offset_extended_sf:
		reg = eh_read_uleb(r);
		set_saved(m, reg, SAVED_AT_CFA, eh_read_sleb(r) * factor);
		break;
	case DW_CFA_GNU_negative_offset_extended:
		reg = eh_read_uleb(r);
		set_saved(m, reg, SAVED_AT_CFA, -(int64_t)eh_read_uleb(r) * factor);
		break;
	case DW_CFA_restore_extended:
		restore_saved(m, eh_read_uleb(r));
		break;
	case DW_CFA_undefined:
		set_saved(m, eh_read_uleb(r), SAVED_UNDEFINED, 0);
		break;
	case DW_CFA_same_value:
		set_saved(m, eh_read_uleb(r), SAVED_SAME, 0);
		break;
	case DW_CFA_register:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
		set_saved(m, eh_read_uleb(r), SAVED_OTHER, 0);
		(void)eh_read_uleb(r);
		break;
	case DW_CFA_remember_state:
		remember(m);
		break;
	case DW_CFA_restore_state:
		recall(m);
		break;
	case DW_CFA_def_cfa:
		set_base(m, eh_read_uleb(r));
		m->row.offset = (int64_t)eh_read_uleb(r);
		break;
	case DW_CFA_def_cfa_sf:
		set_base(m, eh_read_uleb(r));
		m->row.offset = eh_read_sleb(r) * factor;
		break;
	case DW_CFA_def_cfa_register:
		set_base(m, eh_read_uleb(r));
		break;
	case DW_CFA_def_cfa_offset:
		m->row.offset = (int64_t)eh_read_uleb(r);
		break;
	case DW_CFA_def_cfa_offset_sf:
		m->row.offset = eh_read_sleb(r) * factor;
		break;
	case DW_CFA_def_cfa_expression:
		define_by_expression(m, r);
		break;
	case DW_CFA_expression:
		save_by_expression(m, r);
		break;
	case DW_CFA_val_expression:
		set_saved(m, eh_read_uleb(r), SAVED_OTHER, 0);
		skip_block(r);
		break;
	case DW_CFA_GNU_args_size:
		(void)eh_read_uleb(r);
		break;
	default:
		m->failed = true;
	}
}

/* Up to the row that holds at m->want. */
static void run(struct machine *m, struct eh_reader r)
{
	while (r.at < r.end && !m->failed) {
		const uint8_t op = *r.at++, low = op & 0x3f;

		switch (op & 0xc0) {
		case DW_CFA_advance_loc:
			m->at += low * m->entry->code_factor;
			break;
		case DW_CFA_offset:
			set_saved(m, low, SAVED_AT_CFA,
				  (int64_t)eh_read_uleb(&r) * m->entry->data_factor);
			break;
		case DW_CFA_restore:
			restore_saved(m, low);
			break;
		default:
			run_extended(m, &r, op);
		}
		if (m->at > m->want)
			return; /* what has gone on to there has changed no row */
	}
	m->failed |= r.over;
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
	struct eh_entry e = { .encoding = EH_ADDRESS };
	struct machine m = { .entry = &e, .want = addr };
	const uint8_t *fde;

	if (find_object((void *)addr, &object) != 0)
		return (struct cfi_rule){ .kind = CFI_NO_CODE };
	fde = object.eh_frame ? eh_search_header(object.eh_frame, addr) : NULL;
	if (!fde)
		return (struct cfi_rule){ .kind = CFI_NO_ENTRY };
	if (!eh_read_fde(&e, fde))
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
