/* SPDX-License-Identifier: MIT */
/*
 * Text as Python's repr() writes it, which is how Guppy prints a relation: '.__dict__', "['meta']",
 * '["it\'s"]'.
 */
#ifndef PARTITION_REPR_H
#define PARTITION_REPR_H

/* The caller frees it.  Bytes that are not UTF-8 become \xNN. */
char *repr(const char *s);

#endif
