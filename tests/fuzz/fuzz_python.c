/* SPDX-License-Identifier: MIT */
/*
 * The layouts of CPython's objects, which nobody vouches for: one word after another of a small
 * Python's dump (the folder PYTHON_DUMPS) is overwritten, and everything that reads Python's
 * objects is asked.  The first byte of the input is the dump's number; then records of eight bytes:
 * what is written, into which block or range, at which word, and a value.
 */
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expr/expr.h"
#include "typing/typing.h"

#define DUMPS_MAX   8
#define CHANGES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How the value of a record becomes a word. */
enum change {
	CHANGE_NUMBER,	/* the value, sign extended */
	CHANGE_POWER,	/* 2 to its power, and a bit more or less */
	CHANGE_BYTE,	/* one byte of the word */
	CHANGE_ADDRESS, /* of a block */
	CHANGE_INNER,	/* of a word in a block */
	CHANGE_OWN,	/* of the word itself, or near it */
	CHANGE_COPY,	/* another word of the dump */
	CHANGE_XOR,
	NR_CHANGES,
};

struct record {
	uint8_t change, word;
	uint16_t block, value, more;
};

struct undo {
	uint8_t *at;
	uint64_t before;
};

static const char *const programs[] = {
	"heap.bytype; heap.byclodo; heap.byid",
	"heap.byvia; heap.byrcs",
	"heap.byscope; heap.byreach; heap.bymodule",
	"prefs(); prefs(ignore='Spider'); subclasses('object')",
	"iter_all('Response').url",
	"iter_all('Request').url; iter_all('Request').meta",
	"get_oldest('Response').request.meta['depth']",
	"iter_all('dict')[0]; iter_all('Slotted').first; iter_all('Derived').kept",
	"iter_all('Spider').name; iter_all('Spider').__class__; iter_all('Spider').__dict__",
	"heap.bytype['dict'].referrers; heap.bytype['str'].referents",
	"heap.bytype[0].theone",
	"iter_all('Request'); iter_all('str'); iter_all('function'); iter_all('type')",
	"iter_all('Request').callback.__self__",
	"iter_all('Response').length; iter_all('Response').alias",
	"import sys; sys.modules; from __main__ import Spider; prefs(ignore=Spider)",
	"[r.meta for r in iter_all('Request')]; heap.summary; bytype['Request'].nodes.text",
};

static struct dump *dumps[DUMPS_MAX];
static unsigned int nr_dumps;

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_dump(const struct dirent *entry)
{
	return strstr(entry->d_name, ".hc") != NULL;
}

static void open_dumps(void)
{
	const char *folder = getenv("PYTHON_DUMPS");
	struct dirent **names;
	const int nr = folder ? scandir(folder, &names, is_dump, compare_names) : -1;

	if (nr < 1 || nr > DUMPS_MAX)
		errx(1, "PYTHON_DUMPS is no folder of dumps");
	for (int i = 0; i < nr; i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", folder, names[i]->d_name);
		struct error *error = dump_open(path, NULL, &dumps[nr_dumps++]);

		if (error)
			errx(1, "%s", error->message);
		free(names[i]);
	}
	free(names);
}

/* A word of a block or of a range; NULL: it has none. */
static uint8_t *find_word(const struct dump *d, uint16_t block, uint8_t word, uint64_t *addr)
{
	const struct dump_blocks *b = dump_blocks(d);
	size_t nr_ranges;
	const struct dump_range *ranges = dump_ranges(d, &nr_ranges);
	const size_t n = block % (b->nr + nr_ranges);
	const uint8_t *bytes = n < b->nr ? dump_block_bytes(d, n) : ranges[n - b->nr].bytes;
	const uint64_t size = n < b->nr ? b->size[n] : ranges[n - b->nr].len;

	if (!bytes || size < 8)
		return NULL;
	*addr = (n < b->nr ? b->addr[n] : ranges[n - b->nr].addr) + word % (size / 8) * 8;
	return (uint8_t *)(uintptr_t)(bytes + word % (size / 8) * 8);
}

static uint64_t changed(const struct dump *d, const struct record *r, uint64_t before,
			uint64_t addr)
{
	const struct dump_blocks *b = dump_blocks(d);
	const uint8_t *other;
	uint64_t word = before;

	switch ((enum change)(r->change % NR_CHANGES)) {
	case CHANGE_NUMBER:
		return (uint64_t)(int64_t)(int16_t)r->value;
	case CHANGE_POWER:
		return (1ull << r->value % 64) + (uint64_t)(int64_t)(int16_t)r->more;
	case CHANGE_BYTE:
		memcpy((uint8_t *)&word + r->more % 8, &r->value, 1);
		return word;
	case CHANGE_ADDRESS:
		return b->addr[r->value % b->nr] + r->more % 4 * 16;
	case CHANGE_INNER:
		return b->addr[r->value % b->nr] + r->more;
	case CHANGE_OWN:
		return addr + (uint64_t)(int64_t)(int16_t)r->value;
	case CHANGE_COPY:
		other = find_word(d, r->value, (uint8_t)r->more, &addr);
		if (other)
			memcpy(&word, other, sizeof(word));
		return word;
	case CHANGE_XOR:
		return before ^ (uint64_t)r->value << r->more % 48;
	case NR_CHANGES:
		break;
	}
	return before;
}

static void run(struct heap *h, const char *program, const struct table_options *options)
{
	_cleanup_fclose_ FILE *out = fopen("/dev/null", "w");
	struct expr_env *env = expr_env_create();

	if (!out)
		err(1, "/dev/null");
	expr_env_add_heap(env, "heap", h);
	error_destroy(expr_run(env, program, out, options));
	expr_env_destroy(env);
}

static void ask(const struct dump *d, bool unfolded)
{
	static const struct table_options options[] = {
		{ .format = EMIT_TEXT },
		{ .format = EMIT_JSON, .all = true },
	};
	const struct heap_options heap_options = { .unfolded = unfolded };
	struct heap *h;
	struct error *error = heap_open(d, &heap_options, &h);

	if (error) {
		error_destroy(error);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		run(h, programs[i], &options[unfolded]);
	heap_close(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct undo undo[CHANGES_MAX];
	unsigned int nr = 0;
	const struct dump *d;

	if (!nr_dumps)
		open_dumps();
	if (!size)
		return 0;
	d = dumps[data[0] % nr_dumps];
	for (size_t at = 1; at + sizeof(struct record) <= size && nr < CHANGES_MAX;
	     at += sizeof(struct record)) {
		struct record r;
		uint64_t addr;

		memcpy(&r, data + at, sizeof(r));
		undo[nr].at = find_word(d, r.block, r.word, &addr);
		if (!undo[nr].at)
			continue;
		memcpy(&undo[nr].before, undo[nr].at, 8);
		const uint64_t word = changed(d, &r, undo[nr].before, addr);

		memcpy(undo[nr++].at, &word, sizeof(word));
	}
	ask(d, data[0] & 0x80);
	while (nr--)
		memcpy(undo[nr].at, &undo[nr].before, 8);
	return 0;
}
