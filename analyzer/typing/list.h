/* SPDX-License-Identifier: MIT */
/*
 * The recognisers in the order in which they are asked.  A new one is a file with a recognise_fn, a
 * row here and a line in meson.build.
 */
#ifndef TYPING_LIST_H
#define TYPING_LIST_H

/* function, summary */
#define RECOGNISERS(X) \
	X(recognise_tag, "what the program said") \
	X(recognise_cpython, "CPython objects and their tables") \
	X(recognise_vtable, "C++ dynamic type by the vtable in the first word") \
	X(recognise_libtasn1, "syntax trees of libtasn1 by their layout") \
	X(recognise_libxml2, "documents of libxml2 by their layout") \
	X(recognise_content, "text, wide text, pointer arrays, zeroes") \
	X(recognise_libxml2_maker, "parts of libxml2 by the function that made them") \
	X(recognise_site, "the function that allocated it") \
	X(recognise_kind, "malloc, new, mmap: where not even a stack is known")

#endif
