/* SPDX-License-Identifier: MIT */
/*
 * Which frame of a stack allocated: the first that is no allocation wrapper.  The wrappers are one
 * table of name patterns.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "heap/heap.h"
#include "heap/private.h"
#include "heap/stack.h"
#include "heap/symbol.h"

#define SITE_DEPTH_MAX 32 /* wrappers are not nested deeper */

/* Functions that allocate for whoever calls them: demangled names without arguments, in lower case,
 * in which * stands for anything. */
static const char *const wrappers[] = {
	/* the C library, and the habits of C programs */
	"aligned_alloc",
	"valloc",
	"pvalloc",
	"mmap",
	"mmap64",
	"mremap",
	"__vasprintf_internal",
	"getline",
	"getdelim",
	"realpath",
	"open_memstream",
	/* and those that programs wrap round them */
	"*malloc",
	"*memalign",
	"*malloc0",
	"*malloc_n",
	"*malloc0_n",
	"*mallocz",
	"*calloc",
	"*realloc",
	"*realloc_n",
	"*reallocarray",
	"*strdup",
	"*wcsdup",
	"*strndup",
	"*memdup",
	"*memdup2",
	"*memdup0",
	"*vasprintf",
	"*asprintf",
	"*alloc_usable",
	"x2realloc",
	"x2nrealloc",
	"xpalloc",
	"*zalloc",
	"*_new0",
	"xalloc*",
	"safe_alloc*",
	"checked_alloc*",
	"emalloc*",
	"ecalloc*",
	"g_slice_*",
	"g_malloc*",
	"g_realloc*",
	"_obstack_*",
	"obstack_*",
	"__libc_*",
	"__gi_*",
	"_io_file_doallocate",
	"_io_doallocbuf",
	"_dl_*alloc*",
	"_dlerror_run",
	"__interceptor_*",
	/* C++ */
	"operator new",
	"operator new[]",
	"__cxa_allocate_exception",
	"*::operator new",
	"*::operator new[]",
	"std::allocator<*",
	"std::allocator_traits<*",
	"std::__new_allocator<*",
	"std::__allocate_guarded<*",
	"__gnu_cxx::new_allocator<*",
	"__gnu_cxx::__alloc_traits<*",
	"std::__detail::*",
	"std::__cxx11::basic_string<*",
	"std::basic_string<*",
	"std::string::*",
	"std::__cxx11::string::*",
	"std::vector<*",
	"std::_vector_base<*",
	"std::__cxx11::list<*",
	"std::__cxx11::_list_base<*",
	"std::list<*",
	"std::_rb_tree<*",
	"std::map<*",
	"std::set<*",
	"std::multimap<*",
	"std::_hashtable<*",
	"std::unordered_map<*",
	"std::unordered_set<*",
	"std::deque<*",
	"std::_deque_base<*",
	"std::__shared_count<*",
	"std::__shared_ptr<*",
	"std::shared_ptr<*",
	"std::make_shared<*",
	"std::allocate_shared<*",
	"std::make_unique<*",
	"std::_construct<*",
	"std::uninitialized_copy<*",
	"std::__uninitialized_*",
	"std::__do_uninit_*",
};

/* Objects whose functions are never the site. */
static bool is_skipped_module(struct heap *h, uint32_t module)
{
	return symbols_is_preload(h->symbols, module) ||
	       !strncmp(symbols_module_name(h->symbols, module), "ld-linux", 8);
}

/* fnmatch would take half of the time of naming the sites of a large program. */
static bool matches(const char *pattern, const char *text)
{
	const char *star = NULL, *again = NULL; /* the last one, and what it does not stand for */

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			again = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool matches_wrapper(const char *function)
{
	char lower[128];
	size_t len = 0;

	while (function[len] && len < sizeof(lower) - 1) {
		lower[len] = tolower((unsigned char)function[len]);
		len++;
	}
	lower[len] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(wrappers); i++) {
		if (matches(wrappers[i], lower))
			return true;
	}
	return false;
}

/* Is it one of the user's list, patterns with commas between them? */
static bool matches_list(const char *list, const char *function)
{
	_cleanup_free_ char *copy = xstrdup(list);
	char *rest = copy;

	for (const char *pattern; (pattern = strsep(&rest, ","));) {
		if (!fnmatch(pattern, function, 0))
			return true;
	}
	return false;
}

static bool is_wrapper(struct heap *h, const char *function)
{
	uint64_t *cached = map_find_or_insert(&h->private->wrappers, (uintptr_t)function, 0);
	const char *list = h->private->options.wrappers;

	if (*cached == MAP_EMPTY)
		*cached = matches_wrapper(function) || (list && matches_list(list, function));
	return *cached;
}

void heap_add_wrapper_named(struct heap *h, const char *function)
{
	struct heap_private *p = h->private;
	uint64_t *known = map_find_or_insert(&p->wrappers, (uintptr_t)function, 0);

	if (*known == true)
		return;
	*known = true;
	p->added_wrappers = array_grow(p->added_wrappers, p->nr_added_wrappers,
				       &p->added_wrappers_room, sizeof(*p->added_wrappers));
	p->added_wrappers[p->nr_added_wrappers++] = function;
}

void heap_add_wrapper(struct heap *h, uint64_t pc)
{
	heap_add_wrapper_named(h, symbols_name_caller(h->symbols, pc));
}

bool heap_is_wrapper(struct heap *h, uint64_t pc)
{
	const uint32_t module = dump_find_module(h->dump, pc - 1);

	return is_skipped_module(h, module) || is_wrapper(h, symbols_name_caller(h->symbols, pc));
}

/* The native node that names the site of `stack`; where all frames are wrappers the outermost that
 * was looked at; 0: there is none. */
static uint32_t site_find_frame(struct heap *h, uint32_t stack)
{
	size_t nr;
	const struct hc_stack_node *nodes = dump_stacks(h->dump, &nr);
	const uint32_t innermost = heap_find_native(h, stack);
	uint32_t node = innermost;

	for (int depth = 0; depth < SITE_DEPTH_MAX && node; depth++) {
		if (!heap_is_wrapper(h, nodes[node].pc))
			return node;
		if (!nodes[node].parent)
			return node;
		node = nodes[node].parent;
	}
	return innermost;
}

static uint32_t site_get_frame(struct heap *h, uint32_t stack)
{
	uint32_t *cached = &h->private->site_frames[stack];

	if (!*cached)
		*cached = site_find_frame(h, stack) + 1;
	return *cached - 1;
}

const char *heap_site_name(struct heap *h, uint32_t stack)
{
	const char **cached = &h->private->site_names[stack];
	size_t nr;

	if (*cached)
		return *cached;
	const uint32_t node = stack ? site_get_frame(h, stack) : 0;

	if (!node)
		*cached = intern_string(h->private->names, "");
	else
		*cached = symbols_name_caller(h->symbols, dump_stacks(h->dump, &nr)[node].pc);
	return *cached;
}

const char *heap_site_module(struct heap *h, uint32_t stack)
{
	size_t nr;

	const uint32_t node = stack ? site_get_frame(h, stack) : 0;

	if (!node)
		return intern_string(h->private->names, "");

	const uint64_t pc = dump_stacks(h->dump, &nr)[node].pc;

	return symbols_module_name(h->symbols, dump_find_module(h->dump, pc - 1));
}

const char *heap_object_site(struct heap *h, node_id n)
{
	const struct dump_blocks *b = dump_blocks(h->dump);
	const struct hc_python_place *place =
		b->kind[n] == HC_KIND_PYTHON ? heap_find_place(h, b->stack[n]) : NULL;

	if (!place)
		return heap_site_name(h, b->stack[n]);

	_cleanup_free_ char *text = heap_format_place(h, place);

	return intern_string(h->private->names, text);
}

static void format_native(struct heap *h, FILE *out, uint64_t pc)
{
	const uint32_t module = dump_find_module(h->dump, pc - 1);
	struct symbol symbol;
	size_t nr;

	fprintf(out, "0x%016lx ", pc);
	if (symbols_find(h->symbols, pc - 1, SYMBOL_FUNCTION, &symbol))
		fprintf(out, "%s+0x%lx", symbols_demangle(h->symbols, symbol.name),
			pc - symbol.addr);
	else if (module != UINT32_MAX)
		fprintf(out, "+0x%lx", pc - dump_modules(h->dump, &nr)[module].bias);
	else
		fputs("?", out);
	if (module != UINT32_MAX)
		fprintf(out, " (%s)", symbols_module_name(h->symbols, module));
}

static void format_python(struct heap *h, FILE *out, const struct hc_python_place *place)
{
	_cleanup_free_ char *text = heap_format_place(h, place);

	fputs(text, out);
}

char *heap_format_stack(struct heap *h, uint32_t stack)
{
	char *text = NULL;
	size_t len;
	struct stack_frames frames;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		mem_exhausted();
	heap_read_stack(h, stack, &frames);
	for (size_t i = 0; i < frames.nr; i++) {
		fprintf(out, "#%-2zu ", i);
		if (frames.items[i].is_python)
			format_python(h, out, frames.items[i].place);
		else
			format_native(h, out, frames.items[i].pc);
		fputc('\n', out);
	}
	free(frames.items);
	fclose(out);
	if (!text)
		mem_exhausted();
	return text;
}
