/* SPDX-License-Identifier: MIT */
/*
 * The rules: name, function (partition_create_<function>, a file of that name), does it need the
 * graph, what can be kept of it (enum rule_keep), summary.  Help, documentation checks, --by and
 * the expression language read it.
 */
#define PARTITION_RULES(X) \
	X(bytype, bytype, false, OUTLINE, "type of the object") \
	X(byclodo, byclodo, false, ALL, "type; of an object's __dict__: dict of its type") \
	X(byvia, byvia, true, NAMES, "relations by which others refer to it") \
	X(byrcs, byrcs, true, NAMES, "types (or dict of type) of those that refer to it") \
	X(bysize, bysize, false, OUTLINE, "requested size") \
	X(bymodule, bymodule, false, NAMES, "program or library that allocated it") \
	X(bysite, bysite, false, NAMES, "function that allocated it") \
	X(byprod, bysite, false, NAMES, "the same as bysite (Guppy's name)") \
	X(byid, byid, false, NOTHING, "every object by itself") \
	X(byage, byage, false, NAMES, "age, in buckets of powers of two seconds") \
	X(bythread, bythread, false, ALL, "thread that allocated it") \
	X(byreach, byreach, true, NAMES, "reachable from the roots, or garbage") \
	X(byscope, byscope, false, NAMES, "scope it was born in, else its Scrapy spider") \
	X(byunity, byunity, false, OUTLINE, "all in one row")
