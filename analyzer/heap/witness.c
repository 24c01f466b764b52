/* SPDX-License-Identifier: MIT */
/*
 * Which files those are.  libdwfl looks for the debug file of a binary by its build id below each
 * absolute directory, then by the name in .gnu_debuglink (or its own and ".debug") beside it, in
 * .debug there, and below each absolute directory in its own one and every end of that.  Of what is
 * missing, the outermost folder that is missing stands for all that would lie below it.
 */
#include "heap/witness.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <elfutils/libdwelf.h>

#include "base/intern.h"
#include "base/map.h"
#include "base/mem.h"

#define DEBUG_FOLDER "/usr/lib/debug"

struct witnesses {
	FILE *out;
	struct intern *names;
	struct map known; /* (interned path, 0) -> 1 it is there, 0 it is missing */
};

/* How a file is: 0 where it is missing. */
static char *describe_file(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return xstrdup("0");
	return xasprintf("%lx:%lx:%x:%lx:%lx.%lx:%lx.%lx", (unsigned long)st.st_dev,
			 (unsigned long)st.st_ino, st.st_mode, (unsigned long)st.st_size,
			 (unsigned long)st.st_mtim.tv_sec, (unsigned long)st.st_mtim.tv_nsec,
			 (unsigned long)st.st_ctim.tv_sec, (unsigned long)st.st_ctim.tv_nsec);
}

/* Is it there?  Says how, if nobody has: of folders only that they are missing. */
static bool witness_add_one(struct witnesses *w, const char *path, bool is_folder)
{
	const char *name = intern_string(w->names, path);
	uint64_t *known = map_find_or_insert(&w->known, (uintptr_t)name, is_folder);

	if (*known == MAP_EMPTY) {
		_cleanup_free_ char *how = describe_file(path);

		*known = strcmp(how, "0") != 0;
		if (!is_folder || !*known)
			fprintf(w->out, "%s %s\n", how, path);
	}
	return *known;
}

static void witness_add(struct witnesses *w, const char *path)
{
	_cleanup_free_ char *folder = xstrdup(path);

	if (path[0] != '/' || strchr(path, '\n'))
		return;
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (!witness_add_one(w, folder, true))
			return;
		*slash = '/';
	}
	witness_add_one(w, path, false);
}

static void witness_add_formatted(struct witnesses *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void witness_add_formatted(struct witnesses *w, const char *format, ...)
{
	va_list args;
	char *path;

	va_start(args, format);
	if (vasprintf(&path, format, args) < 0)
		mem_exhausted();
	va_end(args);
	witness_add(w, path);
	free(path);
}

/* Where a debug file of that name may lie for a binary in that folder ("" or "/usr/bin"). */
static void witness_add_named(struct witnesses *w, const char *folder, const char *name,
			      const char *below)
{
	witness_add_formatted(w, "%s/%s", folder, name);
	witness_add_formatted(w, "%s/.debug/%s", folder, name);
	for (const char *end = folder; end; end = *end ? strchr(end + 1, '/') : NULL) {
		witness_add_formatted(w, DEBUG_FOLDER "%s/%s", end, name);
		if (below)
			witness_add_formatted(w, "%s%s/%s", below, end, name);
	}
	witness_add_formatted(w, DEBUG_FOLDER "/%s", name);
	if (below)
		witness_add_formatted(w, "%s/%s", below, name);
}

/* The name in .gnu_debuglink, a copy; NULL: it has none. */
static char *find_debuglink(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char *copy = NULL;
	GElf_Word crc;

	if (fd < 0)
		return NULL;
	elf_version(EV_CURRENT);

	Elf *elf = !fstat(fd, &st) && S_ISREG(st.st_mode) ? elf_begin(fd, ELF_C_READ_MMAP, NULL)
							  : NULL;
	const char *name = elf ? dwelf_elf_gnu_debuglink(elf, &crc) : NULL;

	if (name)
		copy = xstrdup(name);
	elf_end(elf);
	close(fd);
	return copy;
}

static void witness_add_binary(struct witnesses *w, const char *path, const char *symbol_path)
{
	const char *base = strrchr(path, '/') + 1;
	_cleanup_free_ char *folder = xstrndup(path, (size_t)(base - 1 - path));
	_cleanup_free_ char *linked = find_debuglink(path);
	_cleanup_free_ char *own = xasprintf("%s.debug", base);

	witness_add(w, path);
	witness_add_named(w, folder, own, symbol_path);
	if (linked)
		witness_add_named(w, folder, linked, symbol_path);
}

static void witness_add_build(struct witnesses *w, const struct dump_string *id, const char *below)
{
	_cleanup_free_ char *hex = xcalloc(id->len + 1ul, 2);

	if (id->len < 2)
		return;
	for (uint32_t i = 0; i < id->len; i++)
		sprintf(hex + i * 2ul, "%02x", (uint8_t)id->bytes[i]);
	witness_add_formatted(w, "%s/.build-id/%.2s/%s.debug", below, hex, hex + 2);
}

static void witness_add_module(struct witnesses *w, const char *path, const struct dump_string *id,
			       const char *symbol_path)
{
	witness_add_binary(w, path, symbol_path);
	witness_add_build(w, id, DEBUG_FOLDER);
	if (!symbol_path)
		return;

	_cleanup_free_ char *other = xasprintf("%s/%s", symbol_path, strrchr(path, '/') + 1);

	witness_add_binary(w, other, symbol_path);
	witness_add_build(w, id, symbol_path);
}

char *witness_create(const struct dump *d, const char *symbol_path)
{
	size_t len, nr;
	const struct hc_module *modules = dump_modules(d, &nr);
	struct witnesses w = { .names = intern_create() };
	char *text;

	w.out = open_memstream(&text, &len);
	if (!w.out)
		mem_exhausted();
	for (size_t i = 0; i < nr; i++) {
		const char *path = dump_get_string(d, modules[i].path).bytes;
		const struct dump_string id = dump_get_string(d, modules[i].build_id);

		if (path[0] == '/')
			witness_add_module(&w, path, &id, symbol_path);
	}
	if (fclose(w.out))
		mem_exhausted();
	map_deinit(&w.known);
	intern_destroy(w.names);
	return text;
}

bool witness_is_true(const char *text)
{
	_cleanup_free_ char *copy = xstrdup(text);
	char *rest = copy, *line;

	while ((line = strsep(&rest, "\n")) && *line) {
		char *path = strchr(line, ' ');

		if (!path)
			return false;
		*path++ = '\0';

		_cleanup_free_ char *how = describe_file(path);

		if (strcmp(how, line) != 0)
			return false;
	}
	return true;
}
