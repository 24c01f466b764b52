/* SPDX-License-Identifier: MIT */
/*
 * Strings kept once each: pointer equality is string equality.  They live until intern_destroy.
 */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H

struct intern;

struct intern *intern_create(void);
/* NULL is fine. */
void intern_destroy(struct intern *in);
const char *intern_string(struct intern *in, const char *s);
/* The result of printf, interned. */
const char *intern_format(struct intern *in, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
