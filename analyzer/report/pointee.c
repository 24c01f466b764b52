/* SPDX-License-Identifier: MIT */
/*
 * Addresses and what lies there: an object, a variable, code, constants of a module, nothing.
 */
#include "report/pointee.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "heap/root.h"
#include "heap/symbol.h"
#include "report/preview.h"
#include "typing/native/block.h"

#define TEXT_MOST  60  /* characters printed */
#define BYTES_MOST 256 /* bytes looked at for the end of a text */

const uint8_t *pointee_bytes(const struct heap *h, uint64_t addr, size_t len)
{
	const uint8_t *bytes = dump_find_bytes(h->dump, addr, len);

	return bytes ? bytes : symbols_find_bytes(h->symbols, addr, len);
}

char *pointee_quote(const char *text, size_t len, size_t max)
{
	_cleanup_free_ char *escaped = text_escape_max(text, len, max);
	size_t nr_quotes = 0;
	char *quoted, *to;

	for (const char *c = escaped; *c; c++)
		nr_quotes += *c == '"';
	to = quoted = xmalloc(strlen(escaped) + nr_quotes + 3);
	*to++ = '"';
	for (const char *c = escaped; *c; c++) {
		if (*c == '"')
			*to++ = '\\';
		*to++ = *c;
	}
	strcpy(to, "\"");
	return quoted;
}

/* The C string at addr, quoted; NULL where there is none to read. */
static char *text_at(const struct heap *h, uint64_t addr)
{
	char text[BYTES_MOST];
	size_t len = 0;

	while (len < sizeof(text)) {
		const uint8_t *byte = pointee_bytes(h, addr + len, 1);

		if (!byte && !len)
			return NULL;
		if (!byte || !*byte)
			break;
		text[len++] = (char)*byte;
	}
	return pointee_quote(text, len, TEXT_MOST);
}

/* A block of which there is no more to say than what is written there. */
static bool is_bytes(const struct type *type)
{
	return type->flags & TYPE_NO_POINTERS || !strcmp(type->name, "char[]") ||
	       !strcmp(type->name, "char");
}

static bool leads_to_text(const struct ctype *pointer)
{
	return pointer && ctype_is_pointer(pointer) && pointer->target->kind == CTYPE_CHAR &&
	       pointer->target->size == 1;
}

/* A Python object's value, or the first text of any other; NULL: none. */
static char *glance(const struct heap *h, node_id n)
{
	_cleanup_free_ char *text = NULL;
	char *preview;

	if (object_type(h, n)->provenance != PROVENANCE_CPYTHON) {
		text = preview_first_text(h, n);
		return text ? pointee_quote(text, strlen(text), TEXT_MOST) : NULL;
	}
	preview = preview_object(h, n);
	if (*preview)
		return preview;
	free(preview);
	return NULL;
}

static void find_in_block(struct heap *h, uint64_t addr, uint32_t block, struct pointee *p)
{
	p->kind = h->owner[block] == NODE_NONE ? POINTEE_LEFT_OUT : POINTEE_OBJECT;
	if (p->kind == POINTEE_LEFT_OUT)
		return;
	p->block = block;
	if (addr > object_addr(h, block))
		p->place = heap_place(h, block, addr - object_addr(h, block));
	if (p->text)
		return;
	if (!*p->place)
		p->text = glance(h, block);
	else if (is_bytes(object_type(h, block)))
		p->text = text_at(h, addr);
}

static bool find_end(struct heap *h, uint64_t addr, struct pointee *p)
{
	const uint32_t block = dump_find_block(h->dump, addr - 1);

	if (block == UINT32_MAX || h->owner[block] == NODE_NONE)
		return false;
	p->kind = POINTEE_END;
	p->block = block;
	return true;
}

/* "parse_page", "parse_page+0x10", "vtable for web::Page", "libfoo.so+0x1234". */
static const char *name_in_module(struct heap *h, uint64_t addr, uint32_t module, bool is_code)
{
	struct symbol symbol;
	size_t nr;
	_cleanup_free_ char *name = NULL;

	if (!symbols_find(h->symbols, addr, is_code ? SYMBOL_FUNCTION : SYMBOL_OBJECT, &symbol)) {
		name = xasprintf("%s+0x%" PRIx64, symbols_module_name(h->symbols, module),
				 addr - dump_modules(h->dump, &nr)[module].bias);
		return heap_intern_name(h, name);
	}

	const char *demangled = symbols_demangle(h->symbols, symbol.name);

	/* An object points behind the two words that every vtable begins with. */
	if (addr == symbol.addr || (addr == symbol.addr + 16 && !strncmp(symbol.name, "_ZTV", 4)))
		return demangled;
	name = xasprintf("%s+0x%" PRIx64, demangled, addr - symbol.addr);
	return heap_intern_name(h, name);
}

/* Vtables are written when the program starts, and are no variables of anybody's. */
static bool is_vtable(struct heap *h, uint64_t addr)
{
	struct symbol symbol;

	return symbols_find(h->symbols, addr, SYMBOL_OBJECT, &symbol) &&
	       !strncmp(symbol.name, "_ZTV", 4);
}

static void find_outside(struct heap *h, uint64_t addr, struct pointee *p)
{
	const struct root *root = root_find(h, addr);
	const uint32_t module = dump_find_module(h->dump, addr);

	if (root && !is_vtable(h, addr)) {
		p->kind = POINTEE_VARIABLE;
		p->name =
			h->variable_name ? native_variable_place(h, root, addr - root->addr) : NULL;
		if (!p->name)
			p->name = root_name_word(h, root, addr - root->addr);
	} else if (module != UINT32_MAX) {
		const bool is_code = symbols_is_code(h->symbols, addr);

		p->kind = is_code ? POINTEE_CODE : POINTEE_CONSTANT;
		p->name = name_in_module(h, addr, module, is_code);
	}
}

void pointee_find(struct heap *h, uint64_t addr, const struct ctype *pointer, struct pointee *p)
{
	const uint32_t block = dump_find_block(h->dump, addr);

	*p = (struct pointee){
		.kind = POINTEE_NOTHING, .addr = addr, .block = NODE_NONE, .place = ""
	};
	if (!addr) {
		p->kind = POINTEE_NULL;
		return;
	}
	p->is_text = leads_to_text(pointer);
	if (p->is_text)
		p->text = text_at(h, addr);
	if (block != UINT32_MAX)
		find_in_block(h, addr, block, p);
	else if (!find_end(h, addr, p))
		find_outside(h, addr, p);
}

void pointee_deinit(struct pointee *p)
{
	free(p->text);
}

static char *with_text(const char *name, const char *place, const char *text)
{
	_cleanup_free_ char *escaped = text_escape(name, strlen(name));

	return xasprintf("-> %s%s%s%s%s", escaped, *place ? "@" : "", place,
			 text && *name ? " " : "", text ? text : "");
}

char *pointee_format(const struct heap *h, const struct pointee *p)
{
	switch (p->kind) {
	case POINTEE_NULL:
		return xstrdup("NULL");
	case POINTEE_OBJECT:
		if (p->is_text && is_bytes(object_type(h, p->block)))
			return with_text("", "", p->text);
		return with_text(object_type(h, p->block)->name, p->place, p->text);
	case POINTEE_END: {
		_cleanup_free_ char *name = xasprintf("end of %s", object_type(h, p->block)->name);

		return with_text(name, "", NULL);
	}
	case POINTEE_LEFT_OUT:
		return with_text("memory of an allocator", "", NULL);
	case POINTEE_VARIABLE:
	case POINTEE_CODE:
		return with_text(p->name, "", p->text);
	case POINTEE_CONSTANT:
		return with_text(p->text ? "" : p->name, "", p->text);
	case POINTEE_NOTHING:
		return with_text(p->text ? "" : "nothing that is alive", "", p->text);
	}
	BUG("pointee kind %d", p->kind);
}
