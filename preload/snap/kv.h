/* SPDX-License-Identifier: MIT */
/*
 * Key/value records of PROC, CNTR and ALLC.
 */
#ifndef SNAP_KV_H
#define SNAP_KV_H

#include <stddef.h>
#include <stdint.h>

#include "snap/writer.h"

void kv_number(struct writer *w, const char *key, uint64_t value);
void kv_text(struct writer *w, const char *key, const char *text);
/* Texts each ended by NUL, len bytes in all. */
void kv_list(struct writer *w, const char *key, const char *texts, size_t len);

#endif
