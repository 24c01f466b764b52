/* SPDX-License-Identifier: MIT */
/*
 * The C forms of allocation, by what sizes suit them.
 */
#ifndef GROUND_FORMS_H
#define GROUND_FORMS_H

#include "ground.h"

#define GROUND_TEXT_MAX 2048	/* size of a text form at most */

extern const struct ground_form ground_c_forms[];	/* [0] may be asked for 0 bytes */
extern const size_t ground_nr_c_forms;
extern const struct ground_form ground_text_forms[];	/* the last is loose */
extern const size_t ground_nr_text_forms;
extern const struct ground_form ground_page_forms[];
extern const size_t ground_nr_page_forms;
extern const struct ground_form ground_map_form;

/* Looks up what not every allocator has. */
void ground_forms_init(void);

#endif
