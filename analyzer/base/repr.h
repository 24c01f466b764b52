/* SPDX-License-Identifier: MIT */
/*
 * Text as Python's repr() writes it, which is how Guppy prints a relation: '.__dict__', "['meta']",
 * '["it\'s"]'.
 */
#ifndef BASE_REPR_H
#define BASE_REPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPR_ONE_MAX 10 /* "\U0010ffff" */

/* The caller frees it.  Bytes that are not UTF-8 become \xNN. */
char *repr(const char *s);
/* A character between quotes, into out; returns how long that is. */
size_t repr_character(uint32_t c, char quote, char out[REPR_ONE_MAX + 1]);
/* The same of a byte of a bytes object. */
size_t repr_byte(uint8_t byte, char quote, char out[REPR_ONE_MAX + 1]);
/* The quote to put around a text. */
static inline char repr_quote(bool has_single, bool has_double)
{
	return has_single && !has_double ? '"' : '\'';
}

#endif
