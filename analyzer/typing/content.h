/* SPDX-License-Identifier: MIT */
/*
 * What bytes alone show.
 */
#ifndef TYPING_CONTENT_H
#define TYPING_CONTENT_H

#include <stdint.h>

/* How many bytes of printable UTF-8 there are at the start. */
uint64_t content_text_run(const uint8_t *bytes, uint64_t size);

#endif
