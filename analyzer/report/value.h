/* SPDX-License-Identifier: MIT */
/*
 * Values of native fields as a debugger prints them.
 */
#ifndef REPORT_VALUE_H
#define REPORT_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "typing/native/fields.h"

/*
 * "-3", "65 'A'", "0.5", "true", "STATE_DONE", "READ|WRITE", "\"text\"", "0x7f..", "00 1f 2e": the
 * field whose first byte is *bytes, f->size of them readable.  Texts are cut after text_max
 * characters.  The caller frees it.
 */
char *value_format(struct native *n, const struct field *f, const uint8_t *bytes, size_t text_max);

#endif
