/* SPDX-License-Identifier: MIT */
/*
 * Text that came out of somebody's memory: nothing of it reaches a terminal or a parser unescaped.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Bytes of the UTF-8 sequence at s (1..4), or 0 where it is not one (overlong, surrogate, cut off).
 */
size_t text_utf8_len(const char *s, size_t len);

/* The code point of a sequence that text_utf8_len measured. */
uint32_t text_decode(const char *s, size_t len);

/* A code point that may go to a terminal: no C0 or C1 control, no DEL, no bidirectional override.
 */
bool text_is_printable(uint32_t code_point);

/*
 * s as printable UTF-8, with \n \t \r \\ and \xNN for what is not; the caller frees it.  The second
 * one stops after max bytes of output and then ends in "...".
 */
char *text_escape(const char *s, size_t len);
char *text_escape_max(const char *s, size_t len, size_t max);
/* Nothing in it needs an escape; a backslash is as good as any. */
bool text_is_clean(const char *s);
void text_print(FILE *out, const char *s);

#endif
