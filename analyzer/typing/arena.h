/* SPDX-License-Identifier: MIT */
/*
 * What is common to arenas however they are told.
 */
#ifndef TYPING_ARENA_H
#define TYPING_ARENA_H

#include "heap/interior.h"

#define ARENA_SIZE_MIN	  1024u
#define ARENA_OBJECTS_MIN 8u

/* A power of two or whole pages, but for a header. */
bool arena_is_round(uint64_t size);
/* Names the arenas of those objects, in any order, after the types of which each site's have most:
 * "arena (web::Page, web::Link, web::Form, ...)". */
void arena_name(struct heap *h, const struct interior *inside, size_t nr);

#endif
