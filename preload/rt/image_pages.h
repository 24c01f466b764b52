/* SPDX-License-Identifier: MIT */
/*
 * Pages of an object that only its start has needed.
 *
 * The kernel maps 64 KB of a file around each address that is touched, so code that runs once and
 * tables that the loader reads would stand in the process' resident set for ever.
 */
#ifndef RT_IMAGE_PAGES_H
#define RT_IMAGE_PAGES_H

/* Gives back what is resident of the object's code and constants; what is used again comes again,
 * from the file.  Not where a page is the process' own copy: a debugger has set a breakpoint in it.
 * header is the object's first byte, as the loader has mapped it.  Any thread. */
void image_pages_drop(const void *header);

#endif
