/* SPDX-License-Identifier: MIT */
/*
 * The rules: name, function (partition_create_<function>, a file of that name), does it need the
 * graph, summary.  Help, documentation checks, --by and the expression language read it.
 */
#define PARTITION_RULES(X) \
	X(bytype, bytype, false, "type of the object") \
	X(byclodo, byclodo, false, "type; of an object's __dict__: dict of its type") \
	X(byvia, byvia, true, "relations by which others refer to it") \
	X(byrcs, byrcs, true, "types (or dict of type) of those that refer to it") \
	X(bysize, bysize, false, "requested size") \
	X(bymodule, bymodule, false, "program or library that allocated it") \
	X(bysite, bysite, false, "function that allocated it") \
	X(byprod, bysite, false, "the same as bysite (Guppy's name)") \
	X(byid, byid, false, "every object by itself") \
	X(byage, byage, false, "age, in buckets of powers of two seconds") \
	X(bythread, bythread, false, "thread that allocated it") \
	X(byreach, byreach, true, "reachable from the roots, or garbage") \
	X(byscope, byscope, false, "scope it was born in, else its Scrapy spider") \
	X(byunity, byunity, false, "all in one row")
