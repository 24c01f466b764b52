/* SPDX-License-Identifier: MIT */
/*
 * Names of std:: types as their users write them.
 */
#ifndef TYPING_CONTAINER_NAME_H
#define TYPING_CONTAINER_NAME_H

/*
 * The type without inline namespaces and default template arguments: "std::map<int, std::string>".
 * The caller frees it.
 */
char *container_spell(const char *name);
/*
 * A type that only the library's insides have, a list's node or the block behind a shared_ptr, by
 * the name of what it belongs to: "std::map<int, std::string> node".  NULL: it is none.  The caller
 * frees it.
 */
char *container_spell_part(const char *name);

#endif
