/* SPDX-License-Identifier: MIT */
/*
 * Debug information, which nobody vouches for: the program of a dump (DEBUG_DUMP) is damaged
 * outside of what the dump itself checks, and its types, fields and symbols are asked for.  An
 * input is records of eight bytes: what is done, in which section, where, and a value.
 */
#include <dirent.h>
#include <elf.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "expr/expr.h"
#include "typing/typing.h"

#define SECTIONS_MAX 128
#define CHANGES_MAX  32
#define SECONDS_MAX  20 /* of one input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum change {
	CHANGE_BYTE,
	CHANGE_BIT,
	CHANGE_SHORT,
	CHANGE_LONG,   /* four bytes: the value, sign extended */
	CHANGE_COPY,   /* 16 bytes from a bit further on, or before */
	CHANGE_OWN,    /* four bytes: the place itself, or near it */
	CHANGE_HEADER, /* eight bytes of the section's own header */
	CHANGE_END,    /* the file ends here */
	NR_CHANGES,
};

struct record {
	uint8_t change, section;
	uint16_t value;
	uint32_t place;
};

static struct dump *dump;
static const char *program;   /* its path in the dump */
static uint8_t *image, *copy; /* [len] as it is, and as it is changed */
static size_t len;
static const char *forgotten = ""; /* in the names of files of the cache */
static char folder[] = "/tmp/fuzz_debug.XXXXXX";
static Elf64_Shdr *sections[SECTIONS_MAX]; /* in image; of what may change */
static unsigned int nr_sections;

static char *damaged_path(void)
{
	return xasprintf("%s/%s", folder, strrchr(program, '/') + 1);
}

/* What was found out of the program is forgotten; that of its libraries saves time. */
static void forget_program(void)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (strstr(entry->d_name, forgotten))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

static void remove_folder(void)
{
	_cleanup_free_ char *path = damaged_path();

	unlink(path);
	forgotten = ".types";
	forget_program();
	rmdir(folder);
}

static void read_program(void)
{
	_cleanup_fclose_ FILE *file = fopen(program, "rb");
	struct stat st;

	if (!file || fstat(fileno(file), &st))
		err(1, "%s", program);
	len = st.st_size;
	image = xmalloc(len);
	copy = xmalloc(len);
	if (fread(image, 1, len, file) != len)
		err(1, "%s", program);
}

/* Debug information comes four times, so that it is changed most. */
static void find_sections(void)
{
	const Elf64_Ehdr *eh = (const Elf64_Ehdr *)(void *)image;
	Elf64_Shdr *sh = (Elf64_Shdr *)(void *)(image + eh->e_shoff);
	const char *names = (const char *)image + sh[eh->e_shstrndx].sh_offset;

	for (unsigned int i = 1; i < eh->e_shnum; i++) {
		const char *name = names + sh[i].sh_name;
		const int times = strstr(name, "debug_info") || strstr(name, "debug_abbrev") ? 8
				  : strstr(name, "debug")				     ? 3
				  : strstr(name, "note") || sh[i].sh_type == SHT_NOBITS	     ? 0
											     : 1;

		for (int k = 0; k < times && nr_sections < SECTIONS_MAX; k++)
			sections[nr_sections++] = &sh[i];
	}
}

static const char *hexadecimal(struct dump_string id)
{
	char *text = xcalloc(id.len + 1ul, 2);

	for (uint32_t i = 0; i < id.len; i++)
		sprintf(text + i * 2ul, "%02x", (uint8_t)id.bytes[i]);
	return text;
}

static void begin(void)
{
	const char *path = getenv("DEBUG_DUMP");
	size_t nr;
	struct error *error =
		path ? dump_open(path, NULL, &dump) : error_create("DEBUG_DUMP is no dump");

	if (error)
		errx(1, "%s", error->message);
	program = dump_get_string(dump, dump_modules(dump, &nr)->path).bytes;
	forgotten = hexadecimal(dump_get_string(dump, dump_modules(dump, &nr)->build_id));
	read_program();
	find_sections();
	if (!nr_sections || !mkdtemp(folder))
		err(1, "%s", folder);
	atexit(remove_folder);
}

static void put(size_t at, const void *from, size_t size)
{
	if (at <= len && size <= len - at)
		memcpy(copy + at, from, size);
}

/* Returns the length of the file after the change. */
static size_t change(const struct record *r, size_t end)
{
	const Elf64_Shdr *sh = sections[r->section % nr_sections];
	const uint64_t within = sh->sh_size ? r->place % sh->sh_size : 0;
	const size_t at = sh->sh_offset + within, header = (const uint8_t *)sh - image;
	const int16_t value = (int16_t)r->value;
	const uint64_t near = within + value, wide = value;
	uint8_t byte;

	switch ((enum change)(r->change % NR_CHANGES)) {
	case CHANGE_BYTE:
		put(at, &value, 1);
		break;
	case CHANGE_BIT:
		byte = at < len ? copy[at] ^ 1 << r->value % 8 : 0;
		put(at, &byte, 1);
		break;
	case CHANGE_SHORT:
		put(at, &value, 2);
		break;
	case CHANGE_LONG:
		put(at, &wide, 4);
		break;
	case CHANGE_COPY:
		if (at + value < len && len - (at + value) >= 16)
			put(at, image + at + value, 16);
		break;
	case CHANGE_OWN:
		put(at, &near, 4);
		break;
	case CHANGE_HEADER:
		put(header + r->place % 8 * 8, &wide, r->value & 1 ? 8 : 4);
		break;
	case CHANGE_END:
		return at < end ? at : end;
	case NR_CHANGES:
		break;
	}
	return end;
}

static void write_program(size_t end)
{
	_cleanup_free_ char *path = damaged_path();
	_cleanup_fclose_ FILE *file = fopen(path, "wb");

	if (!file || fwrite(copy, 1, end, file) != end)
		err(1, "%s", path);
}

static void ask(void)
{
	const struct heap_options heap_options = { .symbol_path = folder, .cache_path = folder };
	const struct table_options options = { .format = EMIT_JSON, .all = true };
	_cleanup_fclose_ FILE *out = fopen("/dev/null", "w");
	struct expr_env *env = expr_env_create();
	struct heap *h = NULL;
	struct error *error = heap_open(dump, &heap_options, &h);

	if (!out || error)
		errx(1, "%s", error ? error->message : "/dev/null");
	expr_env_add_heap(env, "heap", h);
	error_destroy(
		expr_run(env, "heap.bytype; heap.bysite; heap.byvia; heap.byrcs", out, &options));
	expr_env_destroy(env);
	heap_close(h);
	forget_program();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t end;

	if (!dump)
		begin();
	memcpy(copy, image, len);
	end = len;
	for (size_t i = 0; i < CHANGES_MAX && (i + 1) * sizeof(struct record) <= size; i++) {
		struct record r;

		memcpy(&r, data + i * sizeof(r), sizeof(r));
		end = change(&r, end);
	}
	write_program(end);
	alarm(SECONDS_MAX);
	ask();
	alarm(0);
	return 0;
}
