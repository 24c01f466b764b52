/* SPDX-License-Identifier: MIT */
/*
 * HEAPCENSUS_TIMINGS=1: a line on standard error for each pass, with its seconds and the memory
 * that the analyzer has at its end.  tests/bench/growth reads them.
 */
#ifndef BASE_TIMINGS_H
#define BASE_TIMINGS_H

#include "base/progress.h"

/* NULL: nobody wants to know. */
progress_pass_fn *timings_find(void);

#endif
