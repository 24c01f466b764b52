/* SPDX-License-Identifier: MIT */
/*
 * This process' status page (include/heapcensus/status_format.h).  After fork the child makes its
 * own; until then, and where the mapping fails, rt_status points to a private stand-in of the same
 * size, so writers never test it.
 */
#ifndef RT_STATUS_H
#define RT_STATUS_H

#include <heapcensus/status_format.h>

/* Never NULL. */
extern struct hc_status *rt_status;

/* Idempotent; after process_init. */
void status_init(void);
/* In the child of fork(), after process_after_fork: a page of its own. */
void status_after_fork(void);

/* Copies a text, cut to size, ended by zero. */
void status_set_text(char *field, size_t size, const char *text);

#endif
