/* SPDX-License-Identifier: MIT */
/*
 * What the units of the store program know of each other: a handle whose struct only one of them
 * defines, and a tree that keeps whatever it is given.
 */
#ifndef STORE_H
#define STORE_H

#include <stddef.h>

struct session;		/* store-session.c */
struct tree;		/* store-tree.c */
typedef void *cookie_t; /* a struct jar of store-session.c */

struct session *session_open(const char *name, struct session *after);
void session_set_data(struct session *s, void *data);
void *session_data(const struct session *s);
void session_tell(struct session *s);
cookie_t cookie_new(int number);
void cookie_tell(cookie_t cookie);

struct tree *tree_new(void);
void tree_put(struct tree *t, const char *key, void *value);
void *tree_get(struct tree *t, const char *key);
void tree_tell(struct tree *t);

#endif
