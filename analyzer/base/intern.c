/* SPDX-License-Identifier: MIT */
/*
 * Interned strings: an open-addressed table of copies, at most half full.
 */
#include "base/intern.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct intern {
	char **slots;	 /* [nr_slots], NULL where free */
	size_t nr_slots; /* a power of two */
	size_t nr_used;
};

struct intern *intern_create(void)
{
	struct intern *in = xcalloc(1, sizeof(*in));

	in->nr_slots = 256;
	in->slots = xcalloc(in->nr_slots, sizeof(*in->slots));
	return in;
}

void intern_destroy(struct intern *in)
{
	if (!in)
		return;
	for (size_t i = 0; i < in->nr_slots; i++)
		free(in->slots[i]);
	free(in->slots);
	free(in);
}

static uint64_t intern_hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325ull;

	while (*s)
		h = (h ^ (uint8_t)*s++) * 0x100000001b3ull;
	return h ^ h >> 32;
}

static char **intern_probe(const struct intern *in, const char *s)
{
	size_t i = intern_hash(s) & (in->nr_slots - 1);

	while (in->slots[i] && strcmp(in->slots[i], s))
		i = (i + 1) & (in->nr_slots - 1);
	return &in->slots[i];
}

static void intern_grow(struct intern *in)
{
	const struct intern old = *in;

	in->nr_slots *= 2;
	in->slots = xcalloc(in->nr_slots, sizeof(*in->slots));
	for (size_t i = 0; i < old.nr_slots; i++) {
		if (old.slots[i])
			*intern_probe(in, old.slots[i]) = old.slots[i];
	}
	free(old.slots);
}

const char *intern_string(struct intern *in, const char *s)
{
	char **slot = intern_probe(in, s);

	if (*slot)
		return *slot;
	if (in->nr_used * 2 >= in->nr_slots) {
		intern_grow(in);
		slot = intern_probe(in, s);
	}
	*slot = xstrdup(s);
	in->nr_used++;
	return *slot;
}

const char *intern_format(struct intern *in, const char *format, ...)
{
	char small[256];
	va_list args;

	va_start(args, format);
	const int len = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	if (len < (int)sizeof(small))
		return intern_string(in, len < 0 ? "" : small);

	char *large = xmalloc(len + 1);

	va_start(args, format);
	vsnprintf(large, len + 1, format, args);
	va_end(args);

	const char *s = intern_string(in, large);

	free(large);
	return s;
}
