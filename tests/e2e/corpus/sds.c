/* SPDX-License-Identifier: MIT */
/*
 * Strings with a packed header before the text, to which all pointers lead: the strings of redis,
 * of every kind of header, exact and with the room that malloc gave, short and long, binary.  And
 * what looks like one: texts of which somebody skipped the first letter, blocks that carry a mark
 * in a pointer's low bits, structures that begin like a header.
 */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

#include "truth.h"

typedef char *sds;

struct entry {
	sds key, value;
	struct entry *next;
};

struct entry *entries;
sds large[4];

/* An integer of that many bytes. */
static char *put(char *p, uint64_t value, unsigned int width)
{
	memcpy(p, &value, width);
	return p + width;
}

static sds make(const char *text, size_t len, unsigned int kind, size_t room, int is_usable)
{
	const unsigned int width = kind ? 1u << (kind - 1) : 0, header = 2 * width + 1;
	const uint64_t most = kind ? UINT64_MAX >> (64 - 8 * width) : 31;
	char *block = malloc(header + room + 1), *p = block;

	if (is_usable)
		room = malloc_usable_size(block) - header - 1;
	if (room > most)
		room = most;
	if (kind) {
		p = put(p, len, width);
		p = put(p, room, width);
		*p++ = (char)kind;
	} else {
		*p++ = (char)(len << 3);
	}
	memcpy(p, text, len);
	p[len] = 0;
	note(block, "sds");
	return p;
}

static sds make_fitting(const char *text, int is_usable)
{
	const size_t len = strlen(text);

	return make(text, len, len < 32 && len ? 0 : len < 256 ? 1 : 2, len, is_usable);
}

static void fill_entries(int nr)
{
	for (int i = 0; i < nr; i++) {
		struct entry *e = malloc(sizeof(*e));
		char key[64], value[512];
		const int len = snprintf(value, sizeof(value), "%0*d", 1 + i * 7 % 400, i);

		snprintf(key, sizeof(key), "%.*s%d", i % 28, "the key of this entry, a longer one",
			 i);
		note(e, "struct entry");
		e->key = make_fitting(key, i & 1);
		e->value = i % 5 ? make_fitting(value, i & 1)
				 : make(value, len, len < 200 ? 1 : 2, len * 2, i & 1);
		e->next = entries;
		entries = e;
		HOLDS(e, next);
	}
}

static void fill_large(void)
{
	static char bytes[70000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	large[0] = make(bytes, 300, 2, 1000, 1);
	large[1] = make(bytes, sizeof(bytes), 3, sizeof(bytes), 0);
	large[2] = make(bytes, sizeof(bytes), 4, 2 * sizeof(bytes), 1);
	large[3] = make("", 0, 1, 0, 1);
}

/* Not of redis. */
struct pair {
	uint8_t len, room, kind;
	char text[5];
};

struct mark {
	uint64_t first, second, third;
};

struct pair *pair;
const char *skipped[6];
uintptr_t marked[8];

static void fill_others(void)
{
	static const char *const words[] = { "(five",	 "0sixsix",   "8seven.",
					     "@eight-8", "Hnine-nin", "xfifteen-fifteen" };

	pair = malloc(sizeof(*pair));
	*pair = (struct pair){ 2, 4, 1, "ab" };
	note(pair, "struct pair");
	for (int i = 0; i < 6; i++) {
		char *copy = strdup(words[i]);

		skipped[i] = copy + 1;
		note(copy, "text");
	}
	for (int i = 0; i < 8; i++) {
		struct mark *mark = malloc(sizeof(*mark));

		*mark = (struct mark){ (sizeof(*mark) - 2) << 3, i, i };
		marked[i] = (uintptr_t)mark | 1;
		note(mark, "struct mark");
	}
}

int main(int argc, char **argv)
{
	(void)argv;
	fill_entries(argc > 1 ? 0 : 120);
	if (argc < 2)
		fill_large();
	fill_others();
	wait_for_the_dump();
	return entries && large[0] ? 0 : (int)marked[0] & 0;
}
