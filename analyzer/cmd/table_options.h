/* SPDX-License-Identifier: MIT */
/*
 * --all, --wide, --page, --json and --csv, the same for every command that prints tables.
 */
#ifndef CMD_TABLE_OPTIONS_H
#define CMD_TABLE_OPTIONS_H

#include <argp.h>

#include "partition/table.h"

/* A child parser whose input is a struct table_options *. */
extern const struct argp table_argp;

/* The names and summaries of all partitions, for a --help; the caller frees it. */
char *table_describe_rules(void);

#endif
