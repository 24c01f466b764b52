/* SPDX-License-Identifier: MIT */
/*
 * Attributes and functions of the language; every rule of partition/list.h is an attribute of a set
 * besides. docs/expressions.md describes each, and a test compares the two.
 */

/* name, function, is an outline of the heap enough (expr/brief.h), summary */
#define SET_ATTRIBUTES(X) \
	X(all, all, true, "shown without paging") \
	X(count, count, true, "number of objects") \
	X(kind, kind, true, "name of the row it is, <mixed> where it has several") \
	X(more, more, true, "the next page of rows") \
	X(nodes, nodes, false, "its objects as a list, oldest first") \
	X(parts, parts, true, "its rows as a list of sets") \
	X(referents, referents, false, "what its objects refer to") \
	X(referrers, referrers, false, "the objects that refer to it") \
	X(size, size, true, "sum of the requested sizes in bytes") \
	X(summary, summary, true, "shown as Pympler's muppy shows its summaries") \
	X(theone, theone, false, "the object of a set of one")

/* name, function, summary */
#define OBJECT_ATTRIBUTES(X) \
	X(address, address, "where it lies") \
	X(age, age, "seconds since its birth") \
	X(label, label, "what heapcensus_label said") \
	X(referents, referents, "what it refers to, as a set") \
	X(referrers, referrers, "the objects that refer to it, as a set") \
	X(site, site, "function that allocated it") \
	X(self, self, "the Python object; what follows are its own attributes only") \
	X(size, own_size, "requested size in bytes") \
	X(text, text, "text that it holds or points to") \
	X(type, type_name, "name of its type")

#define FUNCTIONS(X) \
	X(get_oldest, "get_oldest(T): the oldest object of a type, or None") \
	X(heap, "heap(): everything that is alive") \
	X(hpy, "hpy(): Guppy's session; hpy().heap() is heap()") \
	X(iter_all, "iter_all(T): all objects of a type, oldest first") \
	X(live, "live(): the objects whose class the program named") \
	X(prefs, "prefs(ignore=T): live references as Scrapy's trackref prints them") \
	X(print_live_refs, "print_live_refs(ignore=T): the same by its other name") \
	X(subclasses, "subclasses(T): the objects of a class and of all that derive from it")
