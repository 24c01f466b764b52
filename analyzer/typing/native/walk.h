/* SPDX-License-Identifier: MIT */
/*
 * A walk over the DIEs of a unit that ends, whatever the debug information says: damaged siblings
 * and children may overlap.
 */
#ifndef TYPING_NATIVE_WALK_H
#define TYPING_NATIVE_WALK_H

#include <stdbool.h>
#include <elfutils/libdw.h>

/* True: its children are walked, too; *scope, what the parent's call left there, is theirs. */
typedef bool walk_fn(void *arg, Dwarf_Die *die, void **scope);

/* fn for each child of the unit, in order, a child's children before the next. */
void walk_unit(Dwarf_Die *unit, walk_fn *fn, void *arg, void *scope);

#endif
