/* SPDX-License-Identifier: MIT */
/*
 * Entries of .eh_frame, as the objects in memory have them: which code one is of, and where its
 * instructions stand.
 *
 * They are what the program's own exceptions are thrown by, and are trusted as far as those: counts
 * and lengths are followed, but every entry is read within its own length only.
 */
#ifndef STACK_EH_FRAME_H
#define STACK_EH_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EH_REG_RA  16 /* the column of the return address */
#define EH_ADDRESS 0  /* DW_EH_PE_absptr: what encodings are where a CIE says nothing */

/* What is read past the end is 0, and shows in `over`. */
struct eh_reader {
	const uint8_t *at, *end;
	bool over;
};

struct eh_entry {
	uint64_t start, size;	   /* the code of the FDE */
	struct eh_reader first, rest; /* instructions of the CIE, of the FDE */
	uint64_t code_factor;
	int64_t data_factor;
	uint8_t encoding; /* of addresses */
	bool is_signal, has_augmentation;
};

uint64_t eh_read_bytes(struct eh_reader *r, size_t size);
uint64_t eh_read_long_uleb(struct eh_reader *r);
static inline uint64_t eh_read_uleb(struct eh_reader *r)
{
	return r->at < r->end && *r->at < 0x80 ? *r->at++ : eh_read_long_uleb(r);
}
int64_t eh_read_sleb(struct eh_reader *r);
void eh_skip(struct eh_reader *r, uint64_t size);
/* An address as .eh_frame has them on x86-64; 0 (and over) in another form. */
uint64_t eh_read_address(struct eh_reader *r, uint8_t encoding);

/* The FDE whose code begins last at or before addr, by .eh_frame_hdr; NULL: none does. */
const uint8_t *eh_search_header(const uint8_t *header, uint64_t addr);
/* Fills *e, whose encoding is EH_ADDRESS, from the FDE at p and its CIE.  False: they have a form
 * that is not known. */
bool eh_read_fde(struct eh_entry *e, const uint8_t *p);

#endif
