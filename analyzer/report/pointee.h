/* SPDX-License-Identifier: MIT */
/*
 * What an address leads to, as a debugger says it behind a pointer's value.
 */
#ifndef REPORT_POINTEE_H
#define REPORT_POINTEE_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/heap.h"

struct ctype;

enum pointee_kind {
	POINTEE_NULL,
	POINTEE_OBJECT,
	POINTEE_END,	  /* of the object: one byte behind it */
	POINTEE_LEFT_OUT, /* a block that is in no set: an arena, a free list's */
	POINTEE_VARIABLE, /* a word of a global, a stack, a thread's storage */
	POINTEE_CODE,
	POINTEE_CONSTANT, /* a module's, outside of what the dump holds */
	POINTEE_NOTHING,
};

struct pointee {
	enum pointee_kind kind;
	uint64_t addr;
	node_id block;	   /* object, end: which it is, or counts for it */
	const char *place; /* object: where in the block, ".link"; "" its start */
	const char *name;  /* variable, code, constant: "::queue.head", "parse_page+0x10" */
	bool is_text;	   /* the pointer is one to characters */
	char *text;	   /* quoted and cut: what is written there; NULL: nothing to read */
};

/* pointer: the type of what holds the address, NULL: not known. */
void pointee_find(struct heap *h, uint64_t addr, const struct ctype *pointer, struct pointee *p);
void pointee_deinit(struct pointee *p);
/* "-> struct url@.link "http://.."", "NULL"; escaped; the caller frees it. */
char *pointee_format(const struct heap *h, const struct pointee *p);

/* len bytes at addr, from the dump or else from the module's file; NULL: not known. */
const uint8_t *pointee_bytes(const struct heap *h, uint64_t addr, size_t len);
/* Bytes as a C programmer writes a text, in quotes and escaped; at most max characters of it. */
char *pointee_quote(const char *text, size_t len, size_t max);

#endif
