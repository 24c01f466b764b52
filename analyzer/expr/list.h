/* SPDX-License-Identifier: MIT */
/*
 * Attributes and functions of the language; every rule of partition/list.h is an attribute of a set
 * besides. docs/expressions.md describes each, and a test compares the two.
 */

/* name, function, what of a heap it needs (expr/need.h), summary */
#define SET_ATTRIBUTES(X) \
	X(all, all, TYPES, "shown without paging") \
	X(count, count, TYPES, "number of objects") \
	X(kind, kind, TYPES, "name of the row it is, <mixed> where it has several") \
	X(more, more, TYPES, "the next page of rows") \
	X(nodes, nodes, BLOCKS, "its objects as a list, oldest first") \
	X(parts, parts, TYPES, "its rows as a list of sets") \
	X(referents, referents, WHOLE, "what its objects refer to") \
	X(referrers, referrers, WHOLE, "the objects that refer to it") \
	X(size, size, TYPES, "sum of the requested sizes in bytes") \
	X(summary, summary, TYPES, "shown as Pympler's muppy shows its summaries") \
	X(theone, theone, BLOCKS, "the object of a set of one")

/* The same. */
#define OBJECT_ATTRIBUTES(X) \
	X(address, address, BLOCKS, "where it lies") \
	X(age, age, BLOCKS, "seconds since its birth") \
	X(label, label, BLOCKS, "what heapcensus_label said") \
	X(referents, referents, WHOLE, "what it refers to, as a set") \
	X(referrers, referrers, WHOLE, "the objects that refer to it, as a set") \
	X(site, site, BLOCKS, "function that allocated it") \
	X(self, self, BLOCKS, "the Python object; what follows are its own attributes only") \
	X(size, own_size, TYPES, "requested size in bytes") \
	X(text, text, BLOCKS, "text that it holds or points to") \
	X(type, type_name, TYPES, "name of its type")

/* name, what of a heap it needs, summary */
#define FUNCTIONS(X) \
	X(get_oldest, BLOCKS, "get_oldest(T): the oldest object of a type, or None") \
	X(heap, TYPES, "heap(): everything that is alive") \
	X(hpy, TYPES, "hpy(): Guppy's session; hpy().heap() is heap()") \
	X(iter_all, BLOCKS, "iter_all(T): all objects of a type, oldest first") \
	X(live, BLOCKS, "live(): the objects whose class the program named") \
	X(prefs, BLOCKS, "prefs(ignore=T): live references as Scrapy's trackref prints them") \
	X(print_live_refs, BLOCKS, "print_live_refs(ignore=T): the same by its other name") \
	X(subclasses, BLOCKS, "subclasses(T): the objects of a class and of all that derive from it")
