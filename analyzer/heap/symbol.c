/* SPDX-License-Identifier: MIT */
/*
 * The modules of a dump as one address space: names of code and data, bytes of the files, notes
 * about files that could not be used.
 */
#include "heap/symbol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/read_ahead.h"
#include "base/sorted.h"
#include "heap/binary.h"
#include "heap/demangle.h"

struct module {
	bool is_tried;
	bool is_noted; /* what is missing of it has been said */
	struct binary binary;
	/* Unless it is open: the file that says most of why not. */
	const char *file;
	enum binary_state state;
};

struct symbols {
	const struct dump *dump;
	struct intern *names;
	struct module *modules; /* [nr_modules] as in the dump */
	size_t nr_modules;
	struct hc_segment *segments; /* by address */
	size_t nr_segments;
	char *extra_path; /* directory of the user's, or NULL */
	char *debug_path; /* for libdwfl */
	const char **notes;
	size_t nr_notes;
	struct map caller_names;  /* (return address, 0) -> interned name */
	struct read_ahead *ahead; /* who opens modules meanwhile; NULL: nobody */
};

static int compare_segments(const void *a, const void *b)
{
	const struct hc_segment *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

struct symbols *symbols_create(const struct dump *d, const char *path, struct intern *names)
{
	struct symbols *s = xcalloc(1, sizeof(*s));
	const struct hc_segment *segments = dump_segments(d, &s->nr_segments);

	/* Analysis is offline: libdwfl must not ask a server for debug files. */
	unsetenv("DEBUGINFOD_URLS");
	s->dump = d;
	s->names = names;
	dump_modules(d, &s->nr_modules);
	s->modules = xcalloc(s->nr_modules + 1, sizeof(*s->modules));
	s->segments = xcalloc(s->nr_segments + 1, sizeof(*s->segments));
	for (size_t i = 0; i < s->nr_segments; i++)
		s->segments[i] = segments[i];
	qsort(s->segments, s->nr_segments, sizeof(*s->segments), compare_segments);
	s->extra_path = path ? xstrdup(path) : NULL;
	s->debug_path = xasprintf("%s%s:.debug:/usr/lib/debug", path ? ":" : "", path ? path : "");
	return s;
}

void symbols_destroy(struct symbols *s)
{
	read_ahead_stop(s->ahead);
	for (size_t i = 0; i < s->nr_modules; i++)
		binary_close(&s->modules[i].binary);
	map_deinit(&s->caller_names);
	free(s->notes);
	free(s->modules);
	free(s->segments);
	free(s->extra_path);
	free(s->debug_path);
	free(s);
}

const char *const *symbols_notes(const struct symbols *s, size_t *nr)
{
	*nr = s->nr_notes;
	return s->notes;
}

void symbols_add_note(struct symbols *s, const char *note)
{
	const char *interned = intern_string(s->names, note);

	for (size_t i = 0; i < s->nr_notes; i++)
		if (s->notes[i] == interned)
			return;
	s->notes = xrealloc(s->notes, s->nr_notes + 1, sizeof(*s->notes));
	s->notes[s->nr_notes++] = interned;
}

static void symbols_note_module(struct symbols *s, uint32_t module)
{
	const struct module *m = &s->modules[module];
	static const char *const why[] = {
		[BINARY_MISSING] = "is not on this machine",
		[BINARY_CHANGED] = "is not the build that ran (other build id)",
		[BINARY_LATER] = "is newer than the dump, and has no build id",
		[BINARY_TRUNCATED] = "is damaged: its end is missing",
		[BINARY_UNREADABLE] = "cannot be read as an ELF file",
	};
	_cleanup_free_ char *note =
		xasprintf("%s %s: its functions and data are shown as %s+0x...", m->file,
			  why[m->state], symbols_module_name(s, module));

	symbols_add_note(s, note);
}

static void symbols_open_module(struct symbols *s, uint32_t index)
{
	size_t nr;
	const struct hc_module *m = &dump_modules(s->dump, &nr)[index];
	const char *path = dump_get_string(s->dump, m->path).bytes;
	const struct dump_string id = dump_get_string(s->dump, m->build_id);
	struct module *module = &s->modules[index];
	struct binary *b = &module->binary;

	module->is_tried = true;
	module->file = path;
	b->state = module->state = BINARY_MISSING;
	if (path[0] != '/')
		return; /* [vdso] and the like have no file */
	if (s->extra_path) {
		const char *copy =
			intern_format(s->names, "%s/%s", s->extra_path, strrchr(path, '/') + 1);

		binary_open(b, copy, &id, 0, m->bias, &s->debug_path);
		module->state = b->state;
		if (b->state != BINARY_MISSING)
			module->file = copy;
	}
	if (b->state != BINARY_OPEN)
		binary_open(b, path, &id, dump_proc_number(s->dump, "dump_realtime_ns", 0), m->bias,
			    &s->debug_path);
	if (module->state == BINARY_MISSING)
		module->state = b->state;
}

static struct binary *symbols_open_binary(struct symbols *s, uint32_t module)
{
	read_ahead_take(s->ahead, module);
	if (!s->modules[module].is_tried)
		symbols_open_module(s, module);
	return &s->modules[module].binary;
}

/* Somebody asks for its names: what cannot be told is noted. */
static struct binary *symbols_get_binary(struct symbols *s, uint32_t module)
{
	struct binary *b = symbols_open_binary(s, module);
	size_t nr;
	const char *path = dump_get_string(s->dump, dump_modules(s->dump, &nr)[module].path).bytes;

	if (b->state != BINARY_OPEN && path[0] == '/' && !s->modules[module].is_noted)
		symbols_note_module(s, module);
	s->modules[module].is_noted = true;
	return b;
}

/* NULL where addr is in no module. */
static struct binary *symbols_find_binary(struct symbols *s, uint64_t addr)
{
	const uint32_t module = dump_find_module(s->dump, addr);

	return module == UINT32_MAX ? NULL : symbols_get_binary(s, module);
}

bool symbols_find(struct symbols *s, uint64_t addr, enum symbol_kind kind, struct symbol *ret)
{
	struct binary *b = symbols_find_binary(s, addr);
	const struct symbol *found = b ? binary_find_symbol(b, addr, kind) : NULL;

	if (found)
		*ret = *found;
	return found;
}

/* "f.part.0.cold" and "f@@V1" are f to the reader. */
bool symbols_has_file(struct symbols *s, uint64_t addr)
{
	const uint32_t module = dump_find_module(s->dump, addr);

	return module != UINT32_MAX && symbols_open_binary(s, module)->state == BINARY_OPEN;
}

const char *symbols_find_import(struct symbols *s, uint64_t slot)
{
	const struct binary *b = symbols_find_binary(s, slot);

	return b ? binary_find_import(b, slot) : NULL;
}

static const char *symbols_trim(struct symbols *s, const char *name)
{
	static const char *const marks[] = { ".part.", ".constprop.", ".isra.",
					     ".cold",  ".lto_priv.",  "@" };
	size_t len = strlen(name);

	if (!len)
		return intern_string(s->names, "");
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		const char *mark = strstr(name + 1, marks[i]);

		if (mark && (size_t)(mark - name) < len)
			len = mark - name;
	}
	return intern_format(s->names, "%.*s", (int)len, name);
}

const char *symbols_demangle(struct symbols *s, const char *mangled)
{
	const char *trimmed = symbols_trim(s, mangled);
	_cleanup_free_ char *plain = demangle_symbol(trimmed);

	return plain ? intern_string(s->names, plain) : trimmed;
}

const char *symbols_module_name(struct symbols *s, uint32_t module)
{
	size_t nr;
	const struct hc_module *modules = dump_modules(s->dump, &nr);

	if (module >= nr)
		return intern_string(s->names, "");

	const char *path = dump_get_string(s->dump, modules[module].path).bytes;
	const char *slash = strrchr(path, '/');

	return intern_string(s->names, slash ? slash + 1 : path);
}

static const char *symbols_make_caller_name(struct symbols *s, uint64_t pc)
{
	/* The call itself: what it returns to may be past the end of the function. */
	const uint64_t call = pc - 1;
	const uint32_t module = dump_find_module(s->dump, call);
	struct symbol symbol;
	size_t nr;

	if (module == UINT32_MAX)
		return intern_format(s->names, "0x%lx", pc);
	if (symbols_find(s, call, SYMBOL_FUNCTION, &symbol))
		return symbols_demangle(s, symbol.name);

	const uint64_t start = binary_find_function_start(symbols_get_binary(s, module), call);

	return intern_format(s->names, "%s+0x%lx", symbols_module_name(s, module),
			     (start ? start : pc) - dump_modules(s->dump, &nr)[module].bias);
}

const char *symbols_name_caller(struct symbols *s, uint64_t pc)
{
	uint64_t *slot = map_find_or_insert(&s->caller_names, pc, 0);

	if (*slot == MAP_EMPTY)
		*slot = (uintptr_t)symbols_make_caller_name(s, pc);
	return (const char *)(uintptr_t)*slot;
}

const struct hc_segment *symbols_find_segment(const struct symbols *s, uint64_t addr)
{
	const size_t after = SORTED_COUNT(s->segments, s->nr_segments, start, addr);

	return after && addr < s->segments[after - 1].end ? &s->segments[after - 1] : NULL;
}

bool symbols_is_code(const struct symbols *s, uint64_t addr)
{
	const struct hc_segment *segment = symbols_find_segment(s, addr);

	return segment && segment->prot & 4;
}

const uint8_t *symbols_find_bytes(struct symbols *s, uint64_t addr, size_t len)
{
	const struct hc_segment *g = symbols_find_segment(s, addr);

	if (!g || g->prot & 2 || addr - g->start >= g->file_size ||
	    len > g->file_size - (addr - g->start))
		return NULL;

	const struct binary *b = symbols_get_binary(s, g->module);
	const uint64_t offset = g->file_offset + (addr - g->start);

	if (b->state != BINARY_OPEN || offset > b->image_size || len > b->image_size - offset)
		return NULL;
	return b->image + offset;
}

bool symbols_is_cxx(struct symbols *s, uint32_t module)
{
	struct binary *b = symbols_get_binary(s, module);

	if (b->state == BINARY_OPEN)
		return binary_is_cxx(b);
	/* Without the file the best guess is whether anything in the process was. */
	for (size_t i = 0; i < s->nr_modules; i++) {
		const char *name = symbols_module_name(s, i);

		if (!strncmp(name, "libstdc++.so", 12) || !strncmp(name, "libc++.so", 9))
			return true;
	}
	return false;
}

bool symbols_imports(struct symbols *s, uint32_t module, const char *function)
{
	return binary_imports(symbols_get_binary(s, module), function);
}

bool symbols_is_preload(struct symbols *s, uint32_t module)
{
	return !strncmp(symbols_module_name(s, module), "libheapcensus.so", 16);
}

Dwarf *symbols_find_dwarf(struct symbols *s, uint32_t module, uint64_t *bias)
{
	struct binary *b = symbols_open_binary(s, module);

	return b->state == BINARY_OPEN ? dwfl_module_getdwarf(b->module, bias) : NULL;
}

static void read_module_ahead(void *symbols, uint32_t module)
{
	struct symbols *s = symbols;
	struct binary *b = &s->modules[module].binary;
	Dwarf_Addr bias;

	if (!s->modules[module].is_tried)
		symbols_open_module(s, module);
	if (b->state == BINARY_OPEN)
		dwfl_module_getdwarf(b->module, &bias);
}

void symbols_read_ahead(struct symbols *s, const uint32_t *modules, size_t nr)
{
	if (!s->extra_path) /* else names are made, which is for one thread */
		s->ahead = read_ahead_start(modules, nr, s->nr_modules, read_module_ahead, s);
}

Dwarf_CFI *symbols_find_cfi(struct symbols *s, uint64_t pc, uint64_t *bias)
{
	struct binary *b = symbols_find_binary(s, pc);

	return b && b->state == BINARY_OPEN ? dwfl_module_eh_cfi(b->module, bias) : NULL;
}
