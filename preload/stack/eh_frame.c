/* SPDX-License-Identifier: MIT */
/*
 * The bytes of .eh_frame_hdr and .eh_frame (stack/eh_frame.h).
 */
#include "stack/eh_frame.h"

#include <stddef.h>
#include <string.h>

#include "rt/ban.h"

#define HDR_VERSION	 1
#define HDR_SORTED_PAIRS 0x3b /* DW_EH_PE_datarel | DW_EH_PE_sdata4 */

enum {
	DW_EH_PE_udata4 = 0x03,
	DW_EH_PE_sdata4 = 0x0b,
	DW_EH_PE_sdata8 = 0x0c,
	DW_EH_PE_pcrel = 0x10,
	DW_EH_PE_format = 0x0f,
	DW_EH_PE_application = 0x70
};

uint64_t eh_read_bytes(struct eh_reader *r, size_t size)
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
static uint64_t read_leb(struct eh_reader *r, unsigned int *bits, uint64_t *last)
{
	uint64_t value = 0;

	*bits = 0;
	do {
		*last = eh_read_bytes(r, 1);
		if (*bits < 64)
			value |= (*last & 0x7f) << *bits;
		*bits += 7;
	} while (*last & 0x80);
	return value;
}

uint64_t eh_read_long_uleb(struct eh_reader *r)
{
	unsigned int bits;
	uint64_t last;

	return read_leb(r, &bits, &last);
}

int64_t eh_read_sleb(struct eh_reader *r)
{
	unsigned int bits;
	uint64_t last, value = read_leb(r, &bits, &last);

	if (bits < 64 && last & 0x40)
		value |= -1ull << bits;
	return (int64_t)value;
}

void eh_skip(struct eh_reader *r, uint64_t size)
{
	if ((uint64_t)(r->end - r->at) < size) {
		r->over = true;
		size = (uint64_t)(r->end - r->at);
	}
	r->at += size;
}

uint64_t eh_read_address(struct eh_reader *r, uint8_t encoding)
{
	const uint64_t base =
		(encoding & DW_EH_PE_application) == DW_EH_PE_pcrel ? (uint64_t)r->at : 0;

	switch (encoding & DW_EH_PE_format) {
	case EH_ADDRESS:
	case DW_EH_PE_sdata8:
		return base + eh_read_bytes(r, 8);
	case DW_EH_PE_udata4:
		return base + eh_read_bytes(r, 4);
	case DW_EH_PE_sdata4:
		return base + (uint64_t)(int64_t)(int32_t)eh_read_bytes(r, 4);
	}
	r->over = true;
	return 0;
}

/* ---- entries ---- */

/* What stands behind the length at p, or nothing. */
static struct eh_reader open_entry(const uint8_t *p)
{
	uint32_t len;

	memcpy(&len, p, sizeof(len));
	if (len >= 0xfffffff0) /* 64-bit DWARF */
		len = 0;
	return (struct eh_reader){ p + 4, p + 4 + len, false };
}

/* z: length and data of what the other letters announce. */
static bool read_augmentation(struct eh_entry *e, struct eh_reader *r, const char *letters)
{
	struct eh_reader data = *r;

	if (*letters != 'z')
		return !*letters;
	e->has_augmentation = true;
	eh_skip(r, eh_read_uleb(r));
	(void)eh_read_uleb(&data);
	for (letters++; *letters; letters++) {
		switch (*letters) {
		case 'R':
			e->encoding = (uint8_t)eh_read_bytes(&data, 1);
			break;
		case 'P':
			(void)eh_read_address(&data, (uint8_t)eh_read_bytes(&data, 1) & 0x7f);
			break;
		case 'L':
			(void)eh_read_bytes(&data, 1);
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

static bool read_cie(struct eh_entry *e, const uint8_t *p)
{
	struct eh_reader r = open_entry(p);
	uint64_t id = eh_read_bytes(&r, 4), version = eh_read_bytes(&r, 1), column;
	const char *letters = (const char *)r.at;
	const size_t len = strnlen(letters, (size_t)(r.end - r.at));

	eh_skip(&r, len + 1);
	e->code_factor = eh_read_uleb(&r);
	e->data_factor = eh_read_sleb(&r);
	column = version == 1 ? eh_read_bytes(&r, 1) : eh_read_uleb(&r);
	if (id || (version != 1 && version != 3) || r.over || column != EH_REG_RA)
		return false;
	if (!read_augmentation(e, &r, letters) || r.over)
		return false;
	e->first = r;
	return true;
}

bool eh_read_fde(struct eh_entry *e, const uint8_t *p)
{
	struct eh_reader r = open_entry(p);
	const uint8_t *const base = r.at;
	const uint64_t back = eh_read_bytes(&r, 4);

	if (!back || r.over || !read_cie(e, base - back))
		return false;
	e->start = eh_read_address(&r, e->encoding);
	e->size = eh_read_address(&r, e->encoding & DW_EH_PE_format);
	if (e->has_augmentation)
		eh_skip(&r, eh_read_uleb(&r));
	e->rest = r;
	return !r.over;
}

const uint8_t *eh_search_header(const uint8_t *header, uint64_t addr)
{
	struct eh_reader r = { header + 4, header + 24, false };
	const int64_t want = (int64_t)(addr - (uint64_t)header);
	const int32_t *pairs;
	uint64_t nr, low = 0;

	if (header[0] != HDR_VERSION || header[3] != HDR_SORTED_PAIRS)
		return NULL;
	(void)eh_read_address(&r, header[1]);
	nr = eh_read_address(&r, header[2]);
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
