/* SPDX-License-Identifier: MIT */
/*
 * Values as the user sees them.
 */
#ifndef EXPR_PRINT_H
#define EXPR_PRINT_H

#include <stdio.h>

#include "expr/value.h"
#include "partition/table.h"

void value_print(FILE *out, struct value *v, const struct table_options *options);

#endif
