/* SPDX-License-Identifier: MIT */
/*
 * Parsed documents: a tree of nodes of several kinds that begin with the same struct (a base class
 * in C), with attributes in lists and in arrays, text behind its header in one block, flexible
 * arrays of structs and of pointers, tagged unions with and without names, anonymous structs, bit
 * fields, packed and aligned structs, functions in tables, a trie, and a set of words with arrays
 * in parallel.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "truth.h"

enum kind { KIND_DOCUMENT, KIND_ELEMENT, KIND_TEXT, KIND_COMMENT };

struct node;

struct node_ops {
	const char *name;
	void (*tell)(struct node *n);
	size_t (*length)(const struct node *n);
};

struct node {
	const struct node_ops *ops;
	enum kind kind;
	unsigned is_dirty : 1, depth : 12, : 3, line : 16;
	struct node *parent, *next, *first, *last;
};

/* The text of a name is behind it: one block. */
struct atom {
	struct atom *chain;
	uint32_t hash, len;
	char *text;
};

struct attribute {
	struct atom *name;
	union {
		char *text;
		long number;
		struct list_of_values *list;
	} value;
	enum { ATTRIBUTE_TEXT, ATTRIBUTE_NUMBER, ATTRIBUTE_LIST } value_kind;
};

struct list_of_values {
	int nr;
	struct value {
		unsigned char tag;
		union {
			double number;
			struct {
				char *text;
				size_t len;
			};
			struct node *node;
		};
	} values[];
};

struct element {
	struct node node;
	struct atom *tag;
	struct attribute *attributes;
	size_t nr_attributes;
	struct style *style;
};

struct text {
	struct node node;
	size_t len;
	char bytes[];
};

struct comment {
	struct node node;
	char *text;
	struct comment *next_comment;
};

struct document {
	struct node node;
	struct atom **atoms;
	size_t nr_atoms;
	struct trie *words;
	struct comment *comments;
	struct children *index;
	struct wide *wide;
	struct packed *packed;
};

struct style {
	struct {
		float x, y;
		struct {
			int left, right;
		} margin;
	} box;
	struct style *inherited;
	struct {
		struct atom *family;
		int size;
	} fonts[3];
};

/* A flexible array of pointers. */
struct children {
	size_t nr;
	struct node *nodes[];
};

struct trie {
	struct trie *children[26];
	bool is_word;
};

struct packed {
	char tag;
	struct packed *next;
	short number;
} __attribute__((packed));

struct wide {
	double lanes[4] __attribute__((aligned(64)));
	struct wide *next;
};

#define NR_ATOMS 64

static struct document *document;
static unsigned int nr_nodes;

static struct atom *intern(const char *text)
{
	uint32_t hash = 0, len = strlen(text);
	struct atom *a;

	for (uint32_t i = 0; i < len; i++)
		hash = hash * 31 + (unsigned char)text[i];
	for (a = document->atoms[hash % NR_ATOMS]; a; a = a->chain) {
		if (!strcmp(a->text, text))
			return a;
	}
	a = malloc(sizeof(*a) + len + 1);
	a->hash = hash;
	a->len = len;
	a->text = memcpy(a + 1, text, len + 1);
	note(a, "struct atom + ");
	a->chain = document->atoms[hash % NR_ATOMS];
	document->atoms[hash % NR_ATOMS] = a;
	return a;
}

/* ---- nodes ---- */

/* The same of what has a node first: its fields are called .node.next. */
#define TELL_BASE(n) \
	do { \
		HOLDS(n, node.parent); \
		HOLDS(n, node.next); \
		HOLDS(n, node.first); \
		HOLDS(n, node.last); \
	} while (0)

static void tell_values(struct attribute *attributes, size_t i)
{
	struct list_of_values *list = attributes[i].value.list;

	note(list, "struct list_of_values");
	for (int k = 0; k < list->nr; k++) {
		if (list->values[k].tag == 1)
			note(list->values[k].text, "text");
	}
}

static void tell_element(struct node *n)
{
	struct element *e = (struct element *)n;

	note(e, "struct element : struct node");
	TELL_BASE(e);
	HOLDS(e, tag);
	HOLDS(e, attributes);
	HOLDS(e, style);
	if (e->attributes)
		note(e->attributes,
		     e->nr_attributes == 1 ? "struct attribute" : "struct attribute[]");
	for (size_t i = 0; i < e->nr_attributes; i++) {
		edge(e->attributes, e->attributes[i].name,
		     e->nr_attributes == 1 ? ".name" : "[*].name");
		if (e->attributes[i].value_kind == ATTRIBUTE_TEXT)
			note(e->attributes[i].value.text, "text");
		if (e->attributes[i].value_kind == ATTRIBUTE_LIST)
			tell_values(e->attributes, i);
	}
	if (e->style) {
		note(e->style, "struct style");
		HOLDS(e->style, inherited);
		edge(e->style, e->style->fonts[1].family, ".fonts[*].family");
	}
}

static void tell_text(struct node *n)
{
	struct text *t = (struct text *)n;

	note(t, "struct text : struct node");
	TELL_BASE(t);
}

static void tell_comment(struct node *n)
{
	struct comment *c = (struct comment *)n;

	note(c, "struct comment : struct node");
	TELL_BASE(c);
	note(c->text, "text");
	HOLDS(c, text);
	HOLDS(c, next_comment);
}

static void tell_trie(struct trie *t)
{
	note(t, "struct trie");
	for (int i = 0; i < 26; i++) {
		if (t->children[i]) {
			edge(t, t->children[i], ".children[*]");
			tell_trie(t->children[i]);
		}
	}
}

static void tell_document(struct node *n)
{
	struct document *d = (struct document *)n;

	note(d, "struct document : struct node");
	note(d->atoms, "struct atom *[]");
	TELL_BASE(d);
	HOLDS(d, atoms);
	HOLDS(d, words);
	HOLDS(d, comments);
	HOLDS(d, index);
	HOLDS(d, packed);
	HOLDS(d, wide);
	note(d->index, "struct children");
	for (size_t i = 0; i < d->index->nr; i++)
		edge(d->index, d->index->nodes[i], ".nodes[*]");
	for (struct packed *p = d->packed; p; p = p->next)
		note(p, "struct packed");
	for (struct wide *w = d->wide; w; w = w->next) {
		note(w, "struct wide");
		HOLDS(w, next);
	}
	tell_trie(d->words);
}

static size_t length_of_text(const struct node *n)
{
	return ((const struct text *)n)->len;
}

static size_t length_of_others(const struct node *n)
{
	return n->depth;
}

static const struct node_ops ops[] = {
	[KIND_DOCUMENT] = { "document", tell_document, length_of_others },
	[KIND_ELEMENT] = { "element", tell_element, length_of_others },
	[KIND_TEXT] = { "text", tell_text, length_of_text },
	[KIND_COMMENT] = { "comment", tell_comment, length_of_others },
};

static void *node_init(void *memory, enum kind kind)
{
	struct node *n = memory;

	if (!n)
		abort();
	n->ops = &ops[kind];
	n->kind = kind;
	n->line = nr_nodes++;
	return n;
}

static void append(struct node *parent, struct node *n)
{
	n->parent = parent;
	n->depth = parent->depth + 1;
	if (parent->last)
		parent->last->next = n;
	else
		parent->first = n;
	parent->last = n;
}

static struct node *text_new(const char *bytes)
{
	const size_t len = strlen(bytes);
	struct text *t = node_init(calloc(1, sizeof(struct text) + len), KIND_TEXT);

	t->len = len;
	memcpy(t->bytes, bytes, len);
	return &t->node;
}

static struct node *comment_new(const char *bytes)
{
	struct comment *c = node_init(calloc(1, sizeof(*c)), KIND_COMMENT);

	c->text = strdup(bytes);
	c->next_comment = document->comments;
	document->comments = c;
	return &c->node;
}

static struct list_of_values *values_new(int nr, struct node *node)
{
	struct list_of_values *list = calloc(1, sizeof(*list) + nr * sizeof(list->values[0]));

	list->nr = nr;
	for (int i = 0; i < nr; i++) {
		struct value *v = &list->values[i];

		v->tag = i % 3;
		if (v->tag == 0) {
			v->number = i * 0.5;
		} else if (v->tag == 1) {
			v->text = strdup("a value among values");
			v->len = strlen(v->text);
		} else {
			v->node = node;
		}
	}
	return list;
}

static void attributes_fill(struct element *e, size_t nr)
{
	static const char *const names[] = { "id", "class", "href", "width" };

	e->attributes = calloc(nr, sizeof(*e->attributes));
	e->nr_attributes = nr;
	for (size_t i = 0; i < nr; i++) {
		struct attribute *a = &e->attributes[i];

		a->name = intern(names[(i + nr) % 4]);
		a->value_kind = (i + nr) % 3;
		if (a->value_kind == ATTRIBUTE_TEXT)
			a->value.text = strdup("http://localhost/with/a/path");
		else if (a->value_kind == ATTRIBUTE_NUMBER)
			a->value.number = 100 + i;
		else
			a->value.list = values_new(nr + 2, &e->node);
	}
}

static struct node *element_new(const char *tag, int seed, struct style *inherited)
{
	struct element *e = node_init(calloc(1, sizeof(*e)), KIND_ELEMENT);

	e->tag = intern(tag);
	if (seed % 4)
		attributes_fill(e, seed % 4);
	if (seed % 5 == 0) {
		struct style *s = calloc(1, sizeof(*s));

		s->box.margin.left = seed;
		s->inherited = inherited;
		s->fonts[1].family = e->tag;
		e->style = s;
	}
	return &e->node;
}

static void fill(struct node *parent, int depth, int *seed, struct style *style)
{
	static const char *const tags[] = { "div", "span", "paragraph", "table" };
	char bytes[80];

	for (int i = 0; i < 4; i++, ++*seed) {
		struct node *n = element_new(tags[*seed % 4], *seed, style);

		append(parent, n);
		snprintf(bytes, sizeof(bytes), "%.*s number %d", *seed % 30,
			 "some text that stands in a document", *seed);
		append(n, *seed % 6 ? text_new(bytes) : comment_new(bytes));
		if (depth)
			fill(n, depth - 1, seed, ((struct element *)n)->style);
	}
}

/* ---- the others ---- */

static void add_word(struct trie **t, const char *word)
{
	if (!*t)
		*t = calloc(1, sizeof(**t));
	if (*word)
		add_word(&(*t)->children[*word - 'a'], word + 1);
	else
		(*t)->is_word = true;
}

static void add_odd_ones(struct document *d)
{
	for (int i = 0; i < 20; i++) {
		struct packed *p = malloc(sizeof(*p));
		struct wide *w = aligned_alloc(_Alignof(struct wide), sizeof(*w));

		*p = (struct packed){ 'p', d->packed, i };
		d->packed = p;
		memset(w, 0, sizeof(*w));
		w->lanes[1] = i;
		w->next = d->wide;
		d->wide = w;
	}
}

static size_t walk(struct node *n)
{
	size_t length = n->ops->length(n);

	n->ops->tell(n);
	for (struct node *child = n->first; child; child = child->next)
		length += walk(child);
	return length;
}

int main(void)
{
	static const char *const words[] = { "crawl", "crab", "crater", "page", "pager", "queue" };
	int seed = 0;
	size_t length;

	document = node_init(calloc(1, sizeof(*document)), KIND_DOCUMENT);
	document->atoms = calloc(NR_ATOMS, sizeof(*document->atoms));
	document->nr_atoms = NR_ATOMS;
	fill(&document->node, 3, &seed, NULL);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		add_word(&document->words, words[i]);
	add_odd_ones(document);
	document->index = malloc(sizeof(struct children) + 4 * sizeof(struct node *));
	document->index->nr = 0;
	for (struct node *n = document->node.first; n; n = n->next)
		document->index->nodes[document->index->nr++] = n;
	length = walk(&document->node);
	ROOTS(document);
	wait_for_the_dump();
	return length == 1;
}
