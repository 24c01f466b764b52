/* SPDX-License-Identifier: MIT */
/*
 * Files that keep what was worked out for the next time: caches.  Each is the user's own, of one
 * build of heapcensus, and safe to delete at any time.
 */
#ifndef BASE_KEPT_FILE_H
#define BASE_KEPT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUILD_ID_MAX 32

/* The build id of this program, filled up with zeroes.  False: it has none, so nothing that it
 * keeps could be told from what others keep. */
bool kept_file_build(uint8_t build[BUILD_ID_MAX]);

/* Opens a regular file of the user's that nobody else may write; -1: there is none. */
int kept_file_open(const char *path, uint64_t *size);
bool kept_file_read(int fd, void *to, size_t len);

struct kept_bytes {
	const void *bytes;
	size_t len;
};
/*
 * Writes the file, of those bytes one after another.  Under another name first: who reads meanwhile
 * has the old file or the new one.  False: that was not possible, nothing has changed.
 */
bool kept_file_write(const char *path, const struct kept_bytes *parts, size_t nr);

/* The folder and those above it, as far as they are missing. */
void kept_file_make_folder(const char *folder);
/* Files of that folder with names of hexadecimal digits and the suffix, and maybe something behind
 * it, that nobody has written for a month.  The folder may have other things, too. */
void kept_file_remove_old(const char *folder, const char *suffix);

#endif
