/* SPDX-License-Identifier: MIT */
/*
 * The heap of one dump as the analyzer sees it: nodes, edges between them, types.
 *
 * Nodes 0 .. nr_objects-1 are blocks (the dump's, in address order, same index); those that own
 * themselves are objects;
 * nodes nr_objects .. nr_nodes-1 are roots (a module's data, a thread's stack, its TLS, a register,
 * an anonymous range), which no set contains and no table counts, but which hold objects.  The
 * symbol or stack frame that covers a word of a root is looked up only when its relation is named.
 *
 * Edges: every aligned word of an object or root that points at or into a live object, in both
 * directions, as compressed rows.
 *
 * out_first[n] <= e < out_first[n + 1]: from n, word out_offset[e], to object out_to[e], by offset.
 *
 * in_first[n] <= k < in_first[n + 1]: the same edges by target, from in_from[k], word in_offset[k],
 * by source, then offset.
 *
 * A pointer into the middle of an object has EDGE_INTERIOR set; how far into is read again from the
 * source when it is printed.
 */
#ifndef HEAP_HEAP_H
#define HEAP_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "dump/dump.h"
#include "heap/provenance.h"

typedef uint32_t node_id;
#define NODE_NONE UINT32_MAX

enum type_flags {
	TYPE_POINTER_ARRAY = 1, /* its words are elements: a relation from it is '[*]' or '[i]' */
	TYPE_NO_POINTERS = 2,	/* text and the like: no edges go out */
	TYPE_FALLBACK = 4,	/* a label <function>, not a type */
	TYPE_LEAF = 8, /* bytes without a life of their own, text and numbers: they count for the
			  object that alone holds them (typing/native/fold.h) */
};

/*
 * How sure a reference is.  The types are asked when somebody wants to know (heap_edge_kind): it is
 * not stored.  name, text, summary
 */
#define EDGE_KINDS(X) \
	X(EXACT, "exact", "pointers by their type, to the start of an object") \
	X(INTERIOR, "interior", "pointers by their type, into the middle of an object") \
	X(CONSERVATIVE, "conservative", \
	  "words of no type, or that their type does not call pointers") \
	X(SLACK, "slack", "words in room that is not in use, or no pointers by their size")

enum edge_kind {
#define EDGE_KIND_ENUM(name, text, summary) EDGE_KIND_##name,
	EDGE_KINDS(EDGE_KIND_ENUM)
#undef EDGE_KIND_ENUM
		NR_EDGE_KINDS,
};

/* What a type says of one of its words. */
enum word_use {
	WORD_UNKNOWN, /* nothing, or that it is no pointer */
	WORD_POINTER,
	WORD_SLACK, /* behind a vector's end, in a text, too small: whatever was there before */
};

struct heap;

/* How much a reference says to tables that tell what holds an object. */
enum relation_weight {
	RELATION_TOLD,
	RELATION_NAMELESS, /* what holds it does, its relation only where there is no other */
	RELATION_QUIET,	   /* told of objects only that have no other */
	RELATION_LAST,	   /* nor a quiet one: what holds nothing, the object's own and slack */
};

/* Words of a block: the one at `lone`, and of the pieces of `stride` bytes in [first, end) those
 * from `skip` on.  Byte offsets, multiples of 8, lone first. */
struct edge_words {
	uint64_t lone; /* EDGE_WORDS_NONE: none */
	uint64_t first, end, stride, skip;
};
#define EDGE_WORDS_NONE UINT64_MAX

/*
 * What a family of types knows of its objects' words.  Each may be NULL.  from is the block that
 * the word lies in (it may be a table of another object, heap->owner tells).
 */
struct type_ops {
	/* Is the word at offset of block `from`, which points at or into object `to`, a reference?
	 * Several threads ask at once. */
	bool (*is_edge)(const struct heap *h, node_id from, uint64_t offset, node_id to);
	/* The same of all words of `from` at once: those that are references if is_target says so
	 * of what they point at.  False: each must be asked. */
	bool (*edge_words)(const struct heap *h, node_id from, struct edge_words *ret);
	bool (*is_target)(const struct heap *h, node_id from, uint64_t word, node_id to);
	/* The name of the relation, interned; NULL: as of a block whose type is not known. */
	const char *(*relation)(struct heap *h, node_id from, uint64_t offset, node_id to);
	/* What a pointer to that place inside a block of the family leads to, as in "...@.link";
	 * interned.  NULL: it has no name; "": it is not worth telling. */
	const char *(*place)(struct heap *h, node_id block, uint64_t offset);
	/* Of a reference to an object of the family, by that relation: how much it says. */
	enum relation_weight (*weigh)(const struct heap *h, node_id from, uint64_t offset,
				      const char *relation);
	/* What the type says of the word at offset of block `from`; NULL: nothing.  One thread. */
	enum word_use (*use)(struct heap *h, node_id from, uint64_t offset);
	/* Of roots: the type, interned, of what the word is a part of; NULL: of nothing. */
	const char *(*holder)(struct heap *h, node_id from, uint64_t offset);
};

struct type {
	const char *name; /* as printed: "Request", "std::string", "<htmlParseStartTag>" */
	enum provenance provenance;
	uint32_t flags;
	const char *bases; /* C++ (of an array: its elements', too) or Python classes it derives
			      from, each ended by a newline; "": none known */
	const struct type_ops *ops; /* NULL: every word that points at an object is a reference */
};

enum root_kind { ROOT_GLOBAL, ROOT_STACK, ROOT_REGISTER, ROOT_TLS, ROOT_RANGE };

/* A range of the dump, or one register. */
struct root {
	enum root_kind kind;
	uint64_t addr;	      /* of the first word */
	uint64_t size;	      /* registers: 8 */
	int32_t tid;	      /* stack, register, tls; else 0 */
	uint32_t regno;	      /* registers: DWARF number */
	const uint8_t *bytes; /* [size], owned by the dump or (registers) by the heap */
	bool has_free_lists; /* the C library's data: its allocator's lists of free chunks are among
				the words */
};

struct heap {
	const struct dump *dump;
	struct symbols *symbols; /* heap/symbol.h */

	uint32_t nr_objects;
	uint32_t nr_roots;
	uint32_t nr_nodes;  /* nr_objects + nr_roots */
	struct root *roots; /* [nr_roots]; node nr_objects + i */

	struct type *types; /* [nr_types]; types[0] is <unknown>, NONE */
	uint32_t nr_types;
	uint32_t *type; /* [nr_objects] index in types */

	/*
	 * Folding.  A block may count for another one: a dict's keys for the dict.
	 *
	 * owner[n] == n: an object; only these are in sets and tables.
	 *
	 * owner[n] == NODE_NONE: nobody's, left out: on a free list, its words count for nothing.
	 *
	 * else: a table of owner[n], which is an object; owner[n] is never itself a table.
	 *
	 * size[n] of an object is that of its block and of its tables; those are next_table[n],
	 * next_table of that one ... until NODE_NONE.
	 */
	node_id *owner;
	node_id *next_table;
	uint64_t *size;
	uint16_t *head; /* [nr_objects] where in the block the object begins: a pointer there is no
			  interior one */
	uint64_t *held; /* heap/fold.h: of a part, the word that leads to it; NULL: no parts */
	const struct type_ops *root_ops; /* what is known of roots' words; NULL: nothing */
	struct cpython *cpython;	 /* typing/cpython/cpython.h; NULL where there is none */
	void (*destroy_cpython)(struct cpython *p);
	struct containers *containers; /* typing/container/shape.h; NULL before that */
	void (*destroy_containers)(struct containers *c);
	struct native *native; /* typing/native/native.h; NULL before the types are named */
	void (*destroy_native)(struct native *n);
	/* The variable of debug information that the word of a root lies in, as a relation:
	 * "::queue.head"; NULL: none is known.  The function NULL: there is no debug information.
	 */
	const char *(*variable_name)(struct heap *h, const struct root *root, uint64_t offset);
	/* What the variable there says of the word, as type_ops' use. */
	enum word_use (*variable_use)(struct heap *h, const struct root *root, uint64_t offset);

	struct interior *interiors; /* [nr_interiors] heap/interior.h */
	size_t nr_interiors, interiors_room;

	/* The graph: NULL until heap_need_graph. */
	uint64_t nr_edges;
	uint64_t nr_left_out; /* edges that exact_edges leaves out */
	uint64_t *out_first;  /* [nr_nodes + 1] */
	node_id *out_to;      /* [nr_edges] */
	uint32_t *out_offset; /* [nr_edges] byte offset / 8 in the source (bit 31: EDGE_INTERIOR) */
	uint64_t *in_first;   /* [nr_objects + 1] */
	node_id *in_from;     /* [nr_edges] */
	uint32_t *in_offset;  /* [nr_edges] as out_offset */

	bool has_edge_counts; /* heap_count_edges */
	uint64_t edge_counts[NR_EDGE_KINDS];

	bool is_outline; /* heap/outline.h */
	bool has_blocks; /* of an outline: the dump's blocks have been read */
	bool is_lacking; /* an outline that was asked for more than it has */
	struct memos *memos; /* partition/memo.h; NULL: what rules say is not kept */
	struct heap_private *private; /* heap/private.h: caches of the rooms heap and typing */
};

#define EDGE_INTERIOR	  0x80000000u
#define EDGE_OFFSET(word) ((uint64_t)((word) & ~EDGE_INTERIOR) * 8)

/* What of a heap a question needs. */
enum heap_need {
	HEAP_NEED_TYPES,  /* objects, their types and sizes, what rules have said before */
	HEAP_NEED_BLOCKS, /* and what the dump says of them: birth, stack, labels, bytes */
	HEAP_NEED_WHOLE,  /* and references, or what types say of words */
};

struct heap_options {
	bool exact_index;	 /* '[3]' instead of '[*]' for native arrays */
	bool unfolded;		 /* every block is an object of its own */
	bool exact_edges;	 /* no references but exact and interior ones */
	bool source_types;	 /* 'request.meta' instead of '.meta' */
	bool thorough;		 /* no pass over all words is left out, however many there are */
	const char *wrappers;	 /* more allocation wrappers, as shell patterns over the names of
				    functions with commas between them, or NULL */
	const char *symbol_path; /* extra directory for binaries and debug files, or NULL */
	const char *cache_path;	 /* directory of what was found out of debug information, or NULL */
	struct progress progress;
};

/*
 * Only the model: every object has type 0.  typing/typing.h has heap_open, which names the types
 * too and is what commands call. The dump must outlive the heap.
 */
struct heap *heap_create(const struct dump *d, const struct heap_options *options);
/*
 * Of what an outline does not have: true where the heap is one, and whatever is worked out is worth
 * nothing (is_lacking).
 */
static inline bool heap_lacks(struct heap *h)
{
	h->is_lacking |= h->is_outline;
	return h->is_outline;
}
/* The same of one that goes without the dump's blocks. */
static inline bool heap_lacks_blocks(struct heap *h)
{
	return !h->has_blocks && heap_lacks(h);
}
/* Builds the edges unless they are there. */
struct error *heap_need_graph(struct heap *h) __attribute__((warn_unused_result));
void heap_close(struct heap *h);

/*
 * What the reader of a table should know, said once each: a binary that is missing or is not the
 * one that ran.  Grows while names are looked up, so print it last.
 */
const char *const *heap_notes(const struct heap *h, size_t *nr);

/* A copy of the name that lives as long as the heap; pointer equality is name equality. */
const char *heap_intern_name(struct heap *h, const char *name);
/* A type of its own, whatever others are called.  The name is copied. */
uint32_t heap_add_type(struct heap *h, const char *name, enum provenance provenance,
		       uint32_t flags);
/* The index of a type, made on first use.  The name is copied. */
uint32_t heap_intern_type(struct heap *h, const char *name, enum provenance provenance,
			  uint32_t flags);

static inline bool node_is_root(const struct heap *h, node_id n)
{
	return n >= h->nr_objects;
}
/* With its tables. */
static inline uint64_t object_size(const struct heap *h, node_id n)
{
	return h->size[n];
}
/* Bytes of the block alone. */
static inline uint64_t block_size(const struct heap *h, node_id n)
{
	return dump_blocks(h->dump)->size[n];
}
/* Where the program's pointers to it point. */
static inline uint64_t object_addr(const struct heap *h, node_id n)
{
	return dump_blocks(h->dump)->addr[n] + h->head[n];
}
static inline bool node_is_object(const struct heap *h, node_id n)
{
	return n < h->nr_objects && h->owner[n] == n;
}
/* Object n counts for nobody and its words for nothing, unless the heap is unfolded. */
void heap_leave_out(struct heap *h, node_id n);
/* Block t becomes a table of object n, which is its own owner.  t has none of its own. */
void heap_fold(struct heap *h, node_id n, node_id t);
static inline const struct type *object_type(const struct heap *h, node_id n)
{
	return &h->types[h->type[n]];
}

/*
 * The name of the relation by which `from` holds something at word offset `offset` (an
 * out_offset/in_offset value), interned in the heap: ".+0x18", "[*]",
 * "" where it is not worth telling,
 * "::queue_head", ".next"; interior pointers carry a suffix, the place that they lead to: "@.link",
 * "@[*]", "@+0x10".  Pointer equality is name
 * equality.  "" where there is a reference that no reader wants to know of.
 */
const char *heap_relation(struct heap *h, node_id from, uint32_t offset, node_id to);
/* A relation with the type of the object it is of, "request.meta", where that is wanted
 * (source_types); roots' and others' as they are. */
const char *heap_qualify_relation(struct heap *h, node_id from, const char *relation);
/* What leads to a part from the object that it counts for: ".text", ".pages[*]".  Interned. */
const char *heap_part_name(struct heap *h, node_id part);
/* The place of a byte inside a block, as a relation's suffix has it: ".link", "[*]", "+0x10". */
const char *heap_place(struct heap *h, node_id block, uint64_t offset);
/* How sure the reference is. */
enum edge_kind heap_edge_kind(struct heap *h, node_id from, uint32_t offset);
/* How many references there are of each kind, edge_counts. */
struct error *heap_count_edges(struct heap *h) __attribute__((warn_unused_result));
/* What the type of a block, or the variable of a root, says of the word at that offset. */
enum word_use heap_word_use(struct heap *h, node_id from, uint64_t offset);
/* How much that reference, whose relation it is, says of the object. */
enum relation_weight heap_weigh_relation(struct heap *h, node_id from, uint32_t offset, node_id to,
					 const char *relation);
/* The same of a word of a root that nobody knows, which then need not be named. */
enum relation_weight heap_weigh_root(const struct heap *h, node_id to);
/* The type of what holds something at word `offset` of a root, "type"; NULL: nothing is known, ""
 * where it is not worth telling. */
const char *heap_root_holder(struct heap *h, node_id from, uint32_t offset);

/* Where an object was allocated, as printed: of a Python object "file:line function" where its
 * stack has Python frames, else heap_site_name.  Interned. */
const char *heap_object_site(struct heap *h, node_id n);
/* Are elements of native arrays told apart, '[3]' for '[*]'? */
bool heap_wants_index(const struct heap *h);
const char *heap_cache_path(const struct heap *h); /* NULL: none */
/* Who looks on while long work is done. */
const struct progress *heap_progress(const struct heap *h);
struct frame; /* heap/frame.h */
/* The frame that owns the word at addr on the stack of tid; NULL where that is unknown. */
const struct frame *heap_find_frame(struct heap *h, int32_t tid, uint64_t addr);
/* Every frame on the threads' stacks that could be unwound. */
void heap_each_frame(struct heap *h, void (*fn)(void *arg, const struct frame *f), void *arg);

/* The first native frame of a stack that is no allocation wrapper, as printed: "htmlParseStartTag",
 * "libxml2.so.2+0x1234"; "" where there is no stack. Interned. */
const char *heap_site_name(struct heap *h, uint32_t stack);
/* Is the function whose call returns to pc an allocation wrapper, which is no site? */
bool heap_is_wrapper(struct heap *h, uint64_t pc);
/* That function is one, whatever its name; said before names of sites are asked for. */
void heap_add_wrapper(struct heap *h, uint64_t pc);
/* Module name (basename) of that frame; "" where unknown. Interned. */
const char *heap_site_module(struct heap *h, uint32_t stack);
/* Full stack as text, one frame a line "#0  0x... function+0x12 (module)" or "#0  file:line
 * function"; caller frees. */
char *heap_format_stack(struct heap *h, uint32_t stack);

#endif
