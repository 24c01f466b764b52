/* SPDX-License-Identifier: MIT */
/*
 * CPython's objects in a dump, read by the layout of the version that ran.  Everything is named by
 * its address in the target; nothing is trusted: what cannot be read is "not there" (false, NULL,
 * 0, NODE_NONE).  All questions but those that say so only read, so several threads may ask.
 */
#ifndef TYPING_CPYTHON_CPYTHON_H
#define TYPING_CPYTHON_CPYTHON_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/map.h"
#include "heap/heap.h"
#include "heap/outline.h"
#include "typing/cpython/versions.h"

struct typing;

/*
 * Layouts that the analyzer knows.  A class has the shape of the nearest of these on its chain of
 * bases.  value, the static type's tp_name
 */
#define CPYTHON_SHAPES(X) \
	X(OBJECT, "object") \
	X(TYPE, "type") \
	X(INT, "int") \
	X(BOOL, "bool") \
	X(FLOAT, "float") \
	X(COMPLEX, "complex") \
	X(STR, "str") \
	X(BYTES, "bytes") \
	X(BYTEARRAY, "bytearray") \
	X(TUPLE, "tuple") \
	X(LIST, "list") \
	X(DICT, "dict") \
	X(ORDERED_DICT, "collections.OrderedDict") \
	X(SET, "set") \
	X(FROZENSET, "frozenset") \
	X(DEQUE, "collections.deque") \
	X(FUNCTION, "function") \
	X(CODE, "code") \
	X(CELL, "cell") \
	X(METHOD, "method") \
	X(BUILTIN, "builtin_function_or_method") \
	X(MODULE, "module") \
	X(GENERATOR, "generator") \
	X(COROUTINE, "coroutine") \
	X(ASYNC_GENERATOR, "async_generator") \
	X(FRAME, "frame") \
	X(TRACEBACK, "traceback") \
	X(PROPERTY, "property") \
	X(CLASSMETHOD, "classmethod") \
	X(STATICMETHOD, "staticmethod") \
	X(MEMBER, "member_descriptor") \
	X(GETSET, "getset_descriptor") \
	X(METHOD_DESCRIPTOR, "method_descriptor") \
	X(WRAPPER, "wrapper_descriptor") \
	X(PARTIAL, "functools.partial") \
	X(LRU_CACHE, "functools._lru_cache_wrapper") \
	X(EXCEPTION, "BaseException") \
	X(MEMORYVIEW, "memoryview") \
	X(DATETIME, "datetime.datetime") \
	X(TIME, "datetime.time") \
	X(ELEMENT, "xml.etree.ElementTree.Element") \
	X(NDARRAY, "numpy.ndarray") \
	X(NONE, "NoneType")

enum cpython_shape {
#define CPYTHON_SHAPE_ENUM(name, text) CPYTHON_SHAPE_##name,
	CPYTHON_SHAPES(CPYTHON_SHAPE_ENUM)
#undef CPYTHON_SHAPE_ENUM
	/* weakref, its proxies: "weakref" was "weakref", now "weakref.ReferenceType" */
	CPYTHON_SHAPE_WEAKREF,
};

/* A class of the process: a type object that is one by its own chain of types to PyType_Type. */
struct cpython_class {
	uint64_t addr;
	const char *name;	/* as Guppy prints it: "list", "types.CodeType", "function",
				   "scrapy.http.headers.Headers" */
	const char *short_name; /* the last part: "Headers" */
	enum cpython_shape shape;
	bool is_heap;	    /* made at run time: has __module__, __qualname__, slots */
	uint64_t flags;	    /* tp_flags */
	int64_t basicsize;  /* tp_basicsize, with the room for inline values left out */
	int64_t itemsize;   /* tp_itemsize */
	int64_t dictoffset; /* tp_dictoffset: < 0 from the end, or -1 managed */
	int64_t weaklistoffset;
	uint64_t mro;	      /* tuple, 0 where it has none yet */
	uint64_t base;	      /* tp_base */
	uint64_t cached_keys; /* the keys that its instances share; 0: none */
	uint64_t borrowed;    /* bit i: its word i holds nothing of what it points at */
	uint64_t foreign;     /* bit i: its word i leads to parts that hold nothing */
	uint64_t items;	      /* from there to its end it has objects, no parts; 0: nowhere */
	uint32_t type;	      /* index in heap->types */
};

/* What a block of the object allocator that is no object is for its owner. */
enum cpython_table {
	CPYTHON_TABLE_NONE,
	CPYTHON_TABLE_KEYS,    /* a dict's keys; shared ones are their class's */
	CPYTHON_TABLE_VALUES,  /* split values of a dict, inline values of an instance (3.11, 3.12)
				*/
	CPYTHON_TABLE_ITEMS,   /* list items */
	CPYTHON_TABLE_SET,     /* a set's table */
	CPYTHON_TABLE_DEQUE,   /* a deque's block */
	CPYTHON_TABLE_ARRAY,   /* an ndarray's elements, where these are or hold objects */
	CPYTHON_TABLE_BYTES,   /* text or bytes: utf8 of a str, buffer of a bytearray, code */
	CPYTHON_TABLE_OTHER,   /* OrderedDict's nodes, an Element's children ... */
	CPYTHON_TABLE_FOREIGN, /* buffers, a library's own memory: no references, though the bytes
				  that were never written may look like some */
	CPYTHON_TABLE_DEFINITION, /* of methods or members, made at run time: a library's, shared */
	CPYTHON_TABLE_FREE,    /* an object or a table on a free list: nobody's */
};

/* One per heap whose process ran a known CPython: heap->cpython. */
struct cpython {
	struct heap *heap;
	const struct dump *dump;
	const struct cpython_version *version;
	uint64_t type_type; /* address of PyType_Type */
	uint64_t runtime;   /* address of _PyRuntime; 0 unknown */
	uint64_t nr_words;  /* of all blocks */

	struct map class_index; /* (address of a type, 0) -> index in classes, or UINT32_MAX */
	struct cpython_class *classes; /* [nr_classes] */
	uint32_t nr_classes, room_classes;

	uint32_t *class; /* [nr_objects] index in classes of the object in the block, else
			    UINT32_MAX */
	uint8_t *table;	 /* [nr_objects] enum cpython_table */

	node_id interned; /* the dict of all interned strings; NODE_NONE */
	uint64_t interp;  /* PyInterpreterState of the main interpreter; 0 unknown */
	node_id interp_block; /* the block that it is, or NODE_NONE */
	struct cpython_span {
		uint64_t addr, end;
	} * free_lists; /* [nr_free_lists] among the interpreter's data, up to 3.9 */
	size_t nr_free_lists, room_free_lists;
	struct cpython_span method_cache; /* up to 3.9; empty: not found */
	struct cpython_static *statics; /* [nr_statics] static.h */
	size_t nr_statics, room_statics;
	struct cpython_frames *frames; /* frame.h */
	struct cpython_names *names;   /* names.h: caches; NULL until a relation is named */
};

/* Memory.  False, 0 or NULL: not in the dump. */
bool cpython_read(const struct cpython *p, uint64_t addr, void *to, size_t len);
static inline bool cpython_read_word(const struct cpython *p, uint64_t addr, uint64_t *ret)
{
	return cpython_read(p, addr, ret, sizeof(*ret));
}
/* The word at addr, 0 where it is unknown. */
uint64_t cpython_word(const struct cpython *p, uint64_t addr);

/* The class of the object at addr, which need not lie in a block; NULL: no object. */
const struct cpython_class *cpython_class_at(const struct cpython *p, uint64_t addr);
/* The class that the type object at addr is; NULL: none. */
const struct cpython_class *cpython_find_class(const struct cpython *p, uint64_t addr);
/* The class of the object in block n; NULL: it holds none. */
static inline const struct cpython_class *cpython_class_of(const struct cpython *p, node_id n)
{
	return p->class[n] == UINT32_MAX ? NULL : &p->classes[p->class[n]];
}
/* Is c the class at addr or derived from it (tp_mro, else tp_base)? */
bool cpython_is_subclass(const struct cpython *p, const struct cpython_class *c, uint64_t addr);
/* The block whose object is at addr; NODE_NONE: static, or no object. */
node_id cpython_find_object(const struct cpython *p, uint64_t addr);
/* |ob_size| of a var-sized object. */
uint64_t cpython_length(const struct cpython *p, uint64_t addr);

/* str, bytes, bytearray. */
struct cpython_text {
	const uint8_t *bytes; /* in the dump: [length * unit] */
	uint64_t length;      /* characters */
	unsigned int unit;    /* 1 (Latin-1, ASCII; bytes), 2 or 4 */
	bool is_str;
};
bool cpython_get_text(const struct cpython *p, uint64_t addr, struct cpython_text *ret);
/* A str as UTF-8, at most max_len bytes of it; NULL: no str.  The caller frees it. */
char *cpython_get_utf8(const struct cpython *p, uint64_t addr, size_t max_len);
/* Is it a str that exists once, as names in programs do? */
bool cpython_is_interned(const struct cpython *p, uint64_t addr);
/* Is the object at addr the str `ascii`? */
bool cpython_is_str(const struct cpython *p, uint64_t addr, const char *ascii);

/*
 * Items of a dict (or of any class derived from it), in order:
 *	struct cpython_items items;
 *	for (cpython_dict_open(p, addr, &items); cpython_items_next(&items);) ... items.key
 */
struct cpython_items {
	const struct cpython *p;
	uint64_t keys;	  /* the keys object; 0: nothing to read */
	uint64_t entries; /* address of entry 0 */
	uint64_t values;  /* address of value 0 where they are apart, else 0 */
	uint64_t nr;	  /* entries in use or deleted */
	uint64_t stride;  /* bytes of an entry: 24, 16 without hash */
	uint64_t key_offset;
	uint64_t at; /* index of the next entry */

	/* The item at hand. */
	uint64_t index; /* of its entry */
	uint64_t key, value;
	uint64_t key_addr, value_addr; /* where the pointers are */
};
void cpython_dict_open(const struct cpython *p, uint64_t dict, struct cpython_items *items);
/* The entries of a keys object as they lie in it; values apart (or 0) at `values`. */
void cpython_keys_open(const struct cpython *p, uint64_t keys, uint64_t values,
		       struct cpython_items *items);
/* The instance's attributes, wherever they are: inline values, managed dict, __dict__.  Nothing
 * for classes without. */
void cpython_instance_open(const struct cpython *p, uint64_t addr, struct cpython_items *items);
bool cpython_items_next(struct cpython_items *items);
/* The value of a str key; 0: none. */
uint64_t cpython_items_find(struct cpython_items *items, const char *key);
uint64_t cpython_dict_find(const struct cpython *p, uint64_t dict, const char *key);

/* Address of the word that holds the instance's __dict__; 0: it has none (or inline values). */
uint64_t cpython_dict_slot(const struct cpython *p, uint64_t addr);
/* The dict of the instance; 0: none was made. */
uint64_t cpython_instance_dict(const struct cpython *p, uint64_t addr);
/* Address of the first inline value; 0: it has none, or they moved to a dict. */
uint64_t cpython_inline_values(const struct cpython *p, uint64_t addr);
/* The same of an object whose class is known. */
uint64_t cpython_inline_values_of(const struct cpython *p, const struct cpython_class *c,
				  uint64_t addr);
/* The dict of a class, also of static types whose dict is in the interpreter (3.12); 0 unknown. */
uint64_t cpython_type_dict(const struct cpython *p, uint64_t type);

/* Called by typing: makes heap->cpython if the process ran a CPython that is known, fills class,
 * types of the objects and tables, owner and size.  heap_close ends it. */
void cpython_create(struct typing *t);

/* What is kept of it for the next time. */
void cpython_keep(struct pieces_writer *w, const struct cpython *p);
/* Makes heap->cpython of that, if there is any: values can be read, references not.  False: it is
 * damaged. */
bool cpython_recall(const struct pieces *pieces, struct heap *h);

/* After classes, objects and tables are known: what edges and relations rest on (frames, the
 * interned strings); sets heap->root_ops. */
void cpython_prepare_edges(struct cpython *p);

/* The ops of every CPython type and table: edge.c, relation.c. */
extern const struct type_ops cpython_ops;
extern const struct type_ops cpython_root_ops; /* of heap->root_ops */
bool cpython_is_edge(const struct heap *h, node_id from, uint64_t offset, node_id to);
bool cpython_is_target(const struct heap *h, node_id from, uint64_t word, node_id to);
bool cpython_edge_words(const struct heap *h, node_id from, struct edge_words *ret);
bool cpython_is_root_edge(const struct heap *h, node_id from, uint64_t offset, node_id to);
/* Is the word at `offset` of the object of class c at obj a reference? */
bool cpython_is_object_edge(const struct cpython *p, const struct cpython_class *c, uint64_t obj,
			    uint64_t offset);
/* Does the word at `offset` in the object of class c at obj point at something that it does not
 * hold? */
bool cpython_is_borrowed(const struct cpython *p, const struct cpython_class *c, uint64_t obj,
			 uint64_t offset);
const char *cpython_relation(struct heap *h, node_id from, uint64_t offset, node_id to);
enum relation_weight cpython_weigh(const struct heap *h, node_id from, uint64_t offset,
				   const char *relation);

#endif
