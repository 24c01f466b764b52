/* SPDX-License-Identifier: MIT */
/*
 * C++ and Rust names as people write them, by libiberty.
 */
#ifndef HEAP_DEMANGLE_H
#define HEAP_DEMANGLE_H

/* A symbol without the arguments of functions: "Document::readHeader".  NULL where it is not
 * mangled; the caller frees it. */
char *demangle_symbol(const char *mangled);
/* A symbol in full: "vtable for std::vector<int, std::allocator<int> >".  NULL where it is not
 * mangled; the caller frees it. */
char *demangle_symbol_full(const char *mangled);

#endif
