/* SPDX-License-Identifier: MIT */
/*
 * Whether what a thread's memory makes of its Python frames is what they are (stacks=verify): each
 * chain is read once more, from the innermost frame outwards and by nothing that is remembered, and
 * what differs is counted and logged.
 */
#ifndef HOOK_PYTHON_VERIFY_H
#define HOOK_PYTHON_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

/* From a constructor: asks for it. */
void python_verify_start(void);
extern bool python_verifies __attribute__((visibility("hidden"))); /* read-only after that */

/* Of the chain that begins with that frame: the node of its innermost frame that is shown, whether
 * the innermost loop shows none, and how many frames are kept of a deep one. */
void python_verify(uint64_t frame, uint32_t node, bool is_empty, uint32_t depth);

/* Says in the log how many chains were compared, where they are. */
void python_verify_report(void);

#endif
