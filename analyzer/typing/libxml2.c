/* SPDX-License-Identifier: MIT */
/*
 * The documents of libxml2, which hold most of the memory behind lxml and of many C programs:
 * nodes, attributes and documents by their layout (the same since 2.6), other parts by the function
 * that made them.
 */
#include <string.h>

#include "base/mem.h"
#include "base/word.h"
#include "typing/recogniser.h"

/* The first words of xmlNode, xmlAttr, xmlDoc and xmlDtd are alike. */
#define NODE_TYPE      8u
#define NODE_NAME      16u
#define NODE_LINKS     24u /* children, last, parent, next, prev */
#define NODE_LINKS_END 64u
#define NODE_DOC       64u
#define NODE_DOC_END   72u

#define XML_ATTRIBUTE_NODE     2u
#define XML_DOCUMENT_NODE      9u
#define XML_HTML_DOCUMENT_NODE 13u
#define XML_DTD_NODE	       14u
#define XML_TYPE_MAX	       21u

struct layout {
	const char *name;
	uint64_t size;
	const char *const *members; /* by word, NULL beyond */
};

#define NODE_MEMBERS \
	"._private", NULL, ".name", ".children", ".last", ".parent", ".next", ".prev", ".doc"

static const char *const node_members[16] = { NODE_MEMBERS,  ".ns",    ".content",
					      ".properties", ".nsDef", ".psvi" };
static const char *const attribute_members[16] = { NODE_MEMBERS, ".ns", NULL, ".psvi" };
static const char *const dtd_members[16] = { NODE_MEMBERS,  ".notations", ".elements",
					     ".attributes", ".entities",  ".ExternalID",
					     ".SystemID",   ".pentities" };
static const char *const document_members[24] = {
	NODE_MEMBERS, NULL,    ".intSubset", ".extSubset", ".oldNs", ".version", ".encoding",
	".ids",	      ".refs", ".URL",	     NULL,	   ".dict",  ".psvi",
};

static const struct layout node = { "xmlNode", 120, node_members };
static const struct layout attribute = { "xmlAttr", 96, attribute_members };
static const struct layout dtd = { "xmlDtd", 128, dtd_members };
static const struct layout document = { "xmlDoc", 176, document_members };

static const struct layout *const layouts[] = { &node, &attribute, &dtd, &document };

/* Functions whose blocks are of one kind. */
static const struct {
	const char *function, *type;
} makers[] = {
	{ "xmlDictCreate", "xmlDict" },
	{ "xmlDictGrow", "xmlDictEntry[]" },
	{ "xmlDictAddString", "xmlDictStrings" },
	{ "xmlHashCreate", "xmlHashTable" },
	{ "xmlNewNs", "xmlNs" },
	{ "htmlNewParserCtxt", "xmlParserCtxt" },
	{ "xmlNewParserCtxt", "xmlParserCtxt" },
};

static const struct layout *find_layout(uint32_t type, uint64_t size)
{
	const struct layout *l = type == XML_ATTRIBUTE_NODE ? &attribute
				 : type == XML_DTD_NODE	    ? &dtd
				 : type == XML_DOCUMENT_NODE || type == XML_HTML_DOCUMENT_NODE
					 ? &document
					 : &node;

	return type && type <= XML_TYPE_MAX && l->size == size ? l : NULL;
}

/* The layout that the block's own words allow. */
static const struct layout *guess_layout(const uint8_t *bytes, uint64_t size)
{
	if (!bytes || size < NODE_DOC_END || bytes[NODE_TYPE + 4] || bytes[NODE_TYPE + 5] ||
	    bytes[NODE_TYPE + 6] || bytes[NODE_TYPE + 7])
		return NULL;
	return find_layout((uint32_t)load_word(bytes, NODE_TYPE), size);
}

/* Is addr the start of a block that may be one of the kinds above? */
static bool is_node(const struct typing *t, uint64_t addr)
{
	const uint32_t n = dump_find_block(t->heap->dump, addr);

	return n != UINT32_MAX && t->blocks->addr[n] == addr &&
	       guess_layout(dump_block_bytes(t->heap->dump, n), t->blocks->size[n]);
}

static bool is_document(const struct typing *t, uint64_t addr)
{
	const uint8_t *bytes = dump_find_bytes(t->heap->dump, addr, document.size);

	return bytes && is_node(t, addr) && guess_layout(bytes, document.size) == &document &&
	       load_word(bytes, NODE_DOC) == addr;
}

/* All links lead to nodes, and the document to itself. */
static bool is_linked(const struct typing *t, const uint8_t *bytes)
{
	for (uint64_t offset = NODE_LINKS; offset < NODE_LINKS_END; offset += 8) {
		const uint64_t word = load_word(bytes, offset);

		if (word && !is_node(t, word))
			return false;
	}
	return is_document(t, load_word(bytes, NODE_DOC));
}

static const char *libxml2_relation(struct heap *h, node_id from, uint64_t offset, node_id to)
{
	(void)to;
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		if (strcmp(object_type(h, from)->name, layouts[i]->name))
			continue;

		const char *name =
			offset < layouts[i]->size ? layouts[i]->members[offset / 8] : NULL;

		return name ? heap_intern_name(h, name) : NULL;
	}
	return NULL;
}

static enum word_use libxml2_use(struct heap *h, node_id from, uint64_t offset)
{
	return libxml2_relation(h, from, offset, NODE_NONE) ? WORD_POINTER : WORD_UNKNOWN;
}

/* A short text lies in the node that it is the content of. */
static bool libxml2_is_edge(const struct heap *h, node_id from, uint64_t offset, node_id to)
{
	(void)h, (void)offset;
	return from != to;
}

static const struct type_ops libxml2_ops = {
	.is_edge = libxml2_is_edge,
	.relation = libxml2_relation,
	.use = libxml2_use,
};

static uint32_t intern_layout(struct typing *t, const struct layout *l)
{
	const uint32_t type = heap_intern_type(t->heap, l->name, PROVENANCE_LAYOUT, 0);

	t->heap->types[type].ops = &libxml2_ops;
	return type;
}

uint32_t recognise_libxml2(struct typing *t, node_id n, const uint8_t *bytes, uint64_t size)
{
	const struct layout *l = guess_layout(bytes, size);

	(void)n;
	if (l && is_linked(t, bytes))
		return intern_layout(t, l);
	return TYPE_UNSURE;
}

uint32_t recognise_libxml2_maker(struct typing *t, node_id n, const uint8_t *bytes, uint64_t size)
{
	const uint32_t stack = t->blocks->stack[n];
	const char *site = stack ? heap_site_name(t->heap, stack) : "";

	(void)bytes, (void)size;
	for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
		if (!strcmp(site, makers[i].function))
			return heap_intern_type(t->heap, makers[i].type, PROVENANCE_SITE, 0);
	return TYPE_UNSURE;
}
