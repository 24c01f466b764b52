/* SPDX-License-Identifier: MIT */
/*
 * The usual heap, and those in which one thing is as large as a thing can be.
 */
#include "shape.h"

#include <stddef.h>
#include <string.h>

static void put_pointer(uint8_t *out, uint32_t word, uint64_t to)
{
	const uint64_t addr = shape_addr(to);

	memcpy(out + word * 8, &addr, sizeof(addr));
}

/* The same number for the same i and k: splitmix64. */
static uint64_t mix(uint64_t i, uint64_t k)
{
	uint64_t x = (i * 16 + k + 1) * 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static uint32_t one(uint64_t nr)
{
	(void)nr;
	return 1;
}

static uint32_t thousand(uint64_t nr)
{
	(void)nr;
	return 1000;
}

static uint32_t all(uint64_t nr)
{
	return (uint32_t)nr;
}

static uint32_t tenth(uint64_t nr)
{
	return (uint32_t)(nr / 10 + 1);
}

static uint32_t small_size(uint64_t i)
{
	(void)i;
	return 48;
}

/* Six in ten have a tag, two are text, two have no type. */
static int is_text(uint64_t i)
{
	return i % 10 == 6 || i % 10 == 7;
}

static uint32_t usual_size(uint64_t i)
{
	return is_text(i) ? 40 + i % 7 * 8 : 72 + i % 3 * 8;
}

static uint16_t usual_tag(uint64_t i)
{
	return i % 10 < 6 ? 1 + i / 10 % SHAPE_NR_TAGS : 0;
}

/* Every other pointer stays among the thousand neighbours, as those of real programs do. */
static void usual_fill(uint64_t i, uint64_t nr, uint8_t *out)
{
	const uint32_t nr_pointers = 7 + i % 2;
	const uint64_t near = i / 1000 * 1000, nr_near = nr - near < 1000 ? nr - near : 1000;

	if (is_text(i)) {
		memset(out, 'a' + (int)(i % 26), usual_size(i) - 1);
		return;
	}
	for (uint32_t k = 0; k < nr_pointers; k++)
		put_pointer(out, k + 1, k % 2 ? near + mix(i, k) % nr_near : mix(i, k) % nr);
}

/* The first is of a known type, so that somebody wants to know where its fields lead to. */
static uint16_t first_tag(uint64_t i)
{
	return i ? 0 : 1;
}

static void chain_fill(uint64_t i, uint64_t nr, uint8_t *out)
{
	if (i + 1 < nr)
		put_pointer(out, 1, i + 1);
}

static void tree_fill(uint64_t i, uint64_t nr, uint8_t *out)
{
	for (uint32_t k = 1; k <= 2; k++) {
		if (2 * i + k < nr)
			put_pointer(out, k, 2 * i + k);
	}
	put_pointer(out, 3, (i - (i > 0)) / 2);
}

static void star_fill(uint64_t i, uint64_t nr, uint8_t *out)
{
	(void)i;
	(void)nr;
	put_pointer(out, 1, 0);
}

static uint16_t any_tag(uint64_t i)
{
	return 1 + i % SHAPE_NR_TAGS;
}

static uint64_t eight_words_each(uint64_t nr)
{
	return nr * 8;
}

/* As many pointers as lead from one block to the next in a circle, all to the middle. */
static void circle_fill(uint64_t i, uint64_t nr, uint8_t *out)
{
	const uint64_t middle = shape_addr((i + 1) % nr) + 8;

	memcpy(out + 8, &middle, sizeof(middle));
}

const struct shape shapes[] = {
	{ "usual", "ten types, text, and what has no type; six pointers a block", usual_size,
	  usual_fill, usual_tag, thousand, one, one, NULL, 0 },
	{ "chain", "one list of all blocks", small_size, chain_fill, first_tag, one, one, one, NULL,
	  0 },
	{ "circle", "the same, by links in the nodes' middle, without an end", small_size,
	  circle_fill, first_tag, one, one, one, NULL, 0 },
	{ "tree", "one binary tree with links to the parents", small_size, tree_fill, first_tag,
	  one, one, one, NULL, 0 },
	{ "star", "all lead to the first block", small_size, star_fill, any_tag, one, one, one,
	  NULL, 0 },
	{ "array", "one block has eight pointers to each of the others", small_size, star_fill,
	  any_tag, one, one, one, eight_words_each, 0 },
	{ "stacks", "each block has a stack of its own, and a type by its site", small_size,
	  tree_fill, NULL, all, one, one, NULL, 0 },
	{ "threads", "a thread for every ten blocks", small_size, tree_fill, any_tag, thousand,
	  tenth, one, NULL, 0 },
	{ "modules", "a module for every ten blocks", small_size, tree_fill, NULL, all, one, tenth,
	  NULL, 0 },
	{ "labels", "each block has a label and a relation of its own", small_size, tree_fill,
	  any_tag, thousand, one, one, NULL, SHAPE_LABELLED },
	{ "nested", "all lie in one block", small_size, tree_fill, NULL, thousand, one, one, NULL,
	  SHAPE_NESTED },
	{ 0 },
};
