/* SPDX-License-Identifier: MIT */
/*
 * The word that the vDSO's time() reads: it changes when a second of the wall clock begins, and
 * reading it is one instruction.
 */
#ifndef RT_VDSO_TIME_H
#define RT_VDSO_TIME_H

#include <stdint.h>

/* Follows the instructions of time(NULL).  NULL where one of them is not among those that compilers
 * make for it, or the result is not a word of memory. */
const uint64_t *vdso_time_find(const uint8_t *code);

#endif
