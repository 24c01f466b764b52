/* SPDX-License-Identifier: MIT */
/*
 * The classes of a process: found by their own chain of types to PyType_Type, named as Guppy names
 * them.  One thread, before the objects are typed.
 */
#include "typing/cpython/class.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "heap/symbol.h"

#define NAME_MAX_BYTES	 1024u
#define METACLASSES_MOST 4    /* type(type(type(...))) is soon type */
#define BASES_MOST	 1000 /* of one chain */
#define BASICSIZE_MOST	 (1 << 24)
#define ITEMSIZE_MOST	 (1 << 16)

/* Names in module types, the last in the alphabet where there are two, and the version since. */
static const struct {
	const char *name, *printed;
	unsigned int since;
} type_names[] = {
	{ "function", "function", 8 },
	{ "module", "module", 8 },
	{ "code", "types.CodeType", 8 },
	{ "mappingproxy", "types.MappingProxyType", 8 },
	{ "cell", "types.CellType", 8 },
	{ "generator", "types.GeneratorType", 8 },
	{ "coroutine", "types.CoroutineType", 8 },
	{ "async_generator", "types.AsyncGeneratorType", 8 },
	{ "method", "types.MethodType", 8 },
	{ "builtin_function_or_method", "types.BuiltinMethodType", 8 },
	{ "wrapper_descriptor", "types.WrapperDescriptorType", 8 },
	{ "method-wrapper", "types.MethodWrapperType", 8 },
	{ "method_descriptor", "types.MethodDescriptorType", 8 },
	{ "classmethod_descriptor", "types.ClassMethodDescriptorType", 8 },
	{ "traceback", "types.TracebackType", 8 },
	{ "frame", "types.FrameType", 8 },
	{ "getset_descriptor", "types.GetSetDescriptorType", 8 },
	{ "member_descriptor", "types.MemberDescriptorType", 8 },
	{ "NotImplementedType", "types.NotImplementedType", 10 },
	{ "NoneType", "types.NoneType", 10 },
	{ "ellipsis", "types.EllipsisType", 10 },
	{ "PyCapsule", "types.CapsuleType", 13 },
};

static const char *const builtin_names[] = {
	"object",    "type",	  "int",	 "bool",	 "float",    "complex", "str",
	"bytes",     "bytearray", "memoryview",	 "tuple",	 "list",     "dict",	"set",
	"frozenset", "range",	  "slice",	 "enumerate",	 "reversed", "zip",	"map",
	"filter",    "property",  "classmethod", "staticmethod", "super",
};

static const struct {
	const char *name;
	enum cpython_shape shape;
} shapes[] = {
#define SHAPE_ROW(name, text) { text, CPYTHON_SHAPE_##name },
	CPYTHON_SHAPES(SHAPE_ROW)
#undef SHAPE_ROW
		{ "weakref", CPYTHON_SHAPE_WEAKREF },
	{ "weakproxy", CPYTHON_SHAPE_WEAKREF },
	{ "weakcallableproxy", CPYTHON_SHAPE_WEAKREF },
	{ "weakref.ReferenceType", CPYTHON_SHAPE_WEAKREF },
	{ "weakref.ProxyType", CPYTHON_SHAPE_WEAKREF },
	{ "weakref.CallableProxyType", CPYTHON_SHAPE_WEAKREF },
};

/* The C string at addr, from the dump or else from the module's file; false: none, or too long. */
static bool read_name(const struct cpython *p, uint64_t addr, char *name)
{
	for (size_t len = 0; len < NAME_MAX_BYTES; len++) {
		const uint8_t *byte = dump_find_bytes(p->dump, addr + len, 1);

		if (!byte)
			byte = symbols_find_bytes(p->heap->symbols, addr + len, 1);
		if (!byte || (*byte && (iscntrl(*byte) || isspace(*byte))))
			return false;
		name[len] = (char)*byte;
		if (!*byte)
			return len > 0;
	}
	return false;
}

/* A static type's name where it has no module in it. */
static const char *name_builtin(const struct cpython *p, const struct cpython_class *c,
				const char *name, char *room)
{
	for (size_t i = 0; i < ARRAY_SIZE(type_names); i++) {
		if (!strcmp(type_names[i].name, name) && p->version->minor >= type_names[i].since)
			return type_names[i].printed;
	}
	for (size_t i = 0; i < ARRAY_SIZE(builtin_names); i++) {
		if (!strcmp(builtin_names[i], name))
			return name;
	}
	if (c->shape == CPYTHON_SHAPE_EXCEPTION)
		return name;
	snprintf(room, 2 * NAME_MAX_BYTES, "builtins.%s", name);
	return room;
}

/* The str at addr as UTF-8, which the caller frees; NULL: it is something else. */
static char *read_str(const struct cpython *p, uint64_t addr)
{
	const uint64_t type = cpython_word(p, addr + CPYTHON_OB_TYPE);

	if (!(cpython_word(p, type + CPYTHON_TP_FLAGS) & CPYTHON_FLAG_STR_SUBCLASS))
		return NULL;
	return cpython_get_utf8(p, addr, NAME_MAX_BYTES);
}

/* The module of a class: its dict says it; where a metaclass makes it a property, a method of the
 * class does.  The caller frees it; NULL: unknown. */
static char *read_module(const struct cpython *p, uint64_t type)
{
	const uint64_t dict = cpython_type_dict(p, type);
	char *module = read_str(p, cpython_dict_find(p, dict, "__module__"));
	struct cpython_items items;

	cpython_dict_open(p, dict, &items);
	while (!module && cpython_items_next(&items)) {
		const struct cpython_class *c = cpython_class_at(p, items.value);

		if (c && c->shape == CPYTHON_SHAPE_FUNCTION)
			module = read_str(
				p, cpython_word(p, items.value + p->version->function_module));
	}
	return module;
}

/* "module.name" of a class made at run time, in room of 2 * NAME_MAX_BYTES. */
static const char *name_heap_type(const struct cpython *p, const struct cpython_class *c,
				  const char *tp_name, char *room)
{
	_cleanup_free_ char *module = read_module(p, c->addr);
	_cleanup_free_ char *name = read_str(p, cpython_word(p, c->addr + p->version->ht_name));

	if (!name)
		return tp_name;
	if (!module)
		snprintf(room, 2 * NAME_MAX_BYTES, "<unknown module>.%s", name);
	else if (!strcmp(module, "builtins"))
		return name_builtin(p, c, heap_intern_name(p->heap, name), room);
	else
		snprintf(room, 2 * NAME_MAX_BYTES, "%s.%s", module, name);
	return room;
}

/* A C name as programs write them; of a class made at run time any str will do. */
static bool read_tp_name(const struct cpython *p, const struct cpython_class *c, char *name)
{
	_cleanup_free_ char *text = NULL;

	if (read_name(p, cpython_word(p, c->addr + CPYTHON_TP_NAME), name))
		return true;
	text = c->is_heap ? read_str(p, cpython_word(p, c->addr + p->version->ht_name)) : NULL;
	name[0] = '\0';
	return text;
}

static enum cpython_shape find_shape(const char *name, enum cpython_shape inherited)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		if (!strcmp(shapes[i].name, name))
			return shapes[i].shape;
	}
	return inherited;
}

void cpython_class_name(struct cpython_class *c, const char *name)
{
	const char *dot = strrchr(name, '.');

	c->name = name;
	c->short_name = dot ? dot + 1 : name;
}

static void class_name(struct cpython *p, struct cpython_class *c, const char *tp_name)
{
	char room[2 * NAME_MAX_BYTES];
	const char *name = c->is_heap		  ? name_heap_type(p, c, tp_name, room)
			   : strchr(tp_name, '.') ? tp_name
						  : name_builtin(p, c, tp_name, room);

	c->shape = find_shape(c->is_heap ? name : tp_name, c->shape);
	/* Derived from an exception and in no module: an exception of builtins. */
	if (!c->is_heap && c->shape == CPYTHON_SHAPE_EXCEPTION && !strchr(tp_name, '.'))
		name = tp_name;
	cpython_class_name(c, heap_intern_name(p->heap, name));
}

uint64_t cpython_object_head(const struct cpython *p, const struct cpython_class *c)
{
	return (c->flags & CPYTHON_FLAG_HAVE_GC ? CPYTHON_GC_HEAD : 0) +
	       (c->flags & p->version->preheader_flags ? CPYTHON_PREHEADER : 0);
}

/* A type lies in a module's data, or it is what a block holds. */
static bool is_at_its_place(const struct cpython *p, uint64_t head, uint64_t addr)
{
	const uint32_t n = dump_find_block(p->dump, addr);

	return n == UINT32_MAX || addr - dump_blocks(p->dump)->addr[n] == head;
}

bool cpython_has_sizes(const struct cpython_class *c)
{
	return c->basicsize >= CPYTHON_OB_SIZE && c->basicsize <= BASICSIZE_MOST &&
	       c->itemsize >= 0 && c->itemsize <= ITEMSIZE_MOST;
}

static bool class_read(struct cpython *p, struct cpython_class *c)
{
	const uint64_t addr = c->addr;

	if (!cpython_read_word(p, addr + CPYTHON_TP_FLAGS, &c->flags) ||
	    !cpython_read_word(p, addr + CPYTHON_TP_MRO, &c->mro))
		return false;
	c->is_heap = c->flags & CPYTHON_FLAG_HEAP_TYPE;
	c->basicsize = (int64_t)cpython_word(p, addr + CPYTHON_TP_BASICSIZE);
	c->itemsize = (int64_t)cpython_word(p, addr + CPYTHON_TP_ITEMSIZE);
	c->dictoffset = (int64_t)cpython_word(p, addr + CPYTHON_TP_DICTOFFSET);
	c->weaklistoffset = (int64_t)cpython_word(p, addr + CPYTHON_TP_WEAKLISTOFFSET);
	c->base = cpython_word(p, addr + CPYTHON_TP_BASE);
	if (c->is_heap)
		c->cached_keys = cpython_word(p, addr + p->version->ht_cached_keys);
	return cpython_has_sizes(c);
}

/* Of enum type_flags: what holds nothing need not be searched. */
static uint32_t class_flags(const struct cpython_class *c)
{
	const uint32_t plain = 1u << CPYTHON_SHAPE_INT | 1u << CPYTHON_SHAPE_BOOL |
			       1u << CPYTHON_SHAPE_FLOAT | 1u << CPYTHON_SHAPE_COMPLEX |
			       1u << CPYTHON_SHAPE_STR | 1u << CPYTHON_SHAPE_BYTES;

	return !c->is_heap && c->shape < 32 && plain >> c->shape & 1 ? TYPE_NO_POINTERS : 0;
}

uint32_t cpython_class_append(struct cpython *p, const struct cpython_class *c)
{
	if (p->nr_classes == p->room_classes) {
		p->room_classes = p->room_classes ? p->room_classes * 2 : 256;
		p->classes = xrealloc(p->classes, p->room_classes, sizeof(*p->classes));
	}
	p->classes[p->nr_classes] = *c;
	*map_find_or_insert(&p->class_index, c->addr, 0) = p->nr_classes;
	return p->nr_classes++;
}

static uint32_t class_add(struct cpython *p, uint64_t addr, int metaclasses, int bases);

/* Is meta, the type of what lies at addr, one whose objects are types? */
static bool is_metaclass(struct cpython *p, uint64_t meta, uint64_t addr, int metaclasses)
{
	uint32_t m;

	if (meta == p->type_type)
		return is_at_its_place(p, CPYTHON_GC_HEAD, addr);
	m = class_add(p, meta, metaclasses - 1, BASES_MOST);
	return m != CPYTHON_NO_CLASS && p->classes[m].flags & CPYTHON_FLAG_TYPE_SUBCLASS &&
	       is_at_its_place(p, cpython_object_head(p, &p->classes[m]), addr);
}

static uint32_t class_add(struct cpython *p, uint64_t addr, int metaclasses, int bases)
{
	const uint64_t known = map_find(&p->class_index, addr, 0);
	struct cpython_class c = { .addr = addr, .shape = CPYTHON_SHAPE_OBJECT };
	char tp_name[NAME_MAX_BYTES];
	uint64_t meta;

	if (known != MAP_EMPTY)
		return known;
	if (addr % 8 || !metaclasses || !bases ||
	    !cpython_read_word(p, addr + CPYTHON_OB_TYPE, &meta))
		return CPYTHON_NO_CLASS;
	if (!is_metaclass(p, meta, addr, metaclasses))
		return CPYTHON_NO_CLASS;
	if (!class_read(p, &c) || !read_tp_name(p, &c, tp_name))
		return CPYTHON_NO_CLASS;
	if (c.base) {
		const uint32_t base = class_add(p, c.base, METACLASSES_MOST, bases - 1);

		if (base != CPYTHON_NO_CLASS) {
			c.shape = p->classes[base].shape;
			c.borrowed = p->classes[base].borrowed;
			c.foreign = p->classes[base].foreign;
			c.items = p->classes[base].items;
		}
	}
	class_name(p, &c, tp_name);
	c.borrowed |= cpython_borrowed_words(p, c.is_heap ? c.name : tp_name);
	c.foreign |= cpython_foreign_words(c.is_heap ? c.name : tp_name);
	c.items |= cpython_items_offset(c.is_heap ? c.name : tp_name);
	c.type = heap_add_type(p->heap, c.name, PROVENANCE_CPYTHON, class_flags(&c));
	p->heap->types[c.type].ops = &cpython_ops;
	return cpython_class_append(p, &c);
}

uint32_t cpython_class_add(struct cpython *p, uint64_t addr)
{
	return class_add(p, addr, METACLASSES_MOST, BASES_MOST);
}

/* The names of a class's tp_mro after itself, each ended by a newline.  The caller frees them. */
static char *base_names(struct cpython *p, uint32_t class)
{
	const uint64_t mro = p->classes[class].mro;
	const uint64_t nr = mro ? cpython_length(p, mro) : 0;
	char *names = xstrdup("");

	for (uint64_t i = 1; i < nr && i < BASES_MOST; i++) {
		const uint32_t base =
			cpython_class_add(p, cpython_word(p, mro + CPYTHON_TUPLE_ITEMS + i * 8));
		_cleanup_free_ char *before = names;

		names = xasprintf("%s%s%s", before,
				  base == CPYTHON_NO_CLASS ? "" : p->classes[base].name,
				  base == CPYTHON_NO_CLASS ? "" : "\n");
	}
	return names;
}

void cpython_name_bases(struct cpython *p)
{
	for (uint32_t i = 0; i < p->nr_classes; i++) {
		_cleanup_free_ char *names = base_names(p, i);

		p->heap->types[p->classes[i].type].bases = heap_intern_name(p->heap, names);
	}
}
