/* SPDX-License-Identifier: MIT */
/*
 * A kept file (base/kept_file.h) of numbered pieces, each compressed and with a checksum of its
 * own, so that who needs one reads no other.
 *
 *     OFFSET SIZE
 *     0      8    magic
 *     8      32   build id of the heapcensus that wrote it
 *     40     8    number of pieces
 *     48     8    XXH3 of all that stands before the first piece, with this field 0
 *     56     32   for each piece: number, bytes, stored bytes, XXH3 of the stored bytes
 *                 the stored bytes of each, one zstd frame, one after another up to the end
 *
 * Nothing in it is believed that does not agree with the rest; what a piece says is its reader's to
 * check.
 */
#ifndef BASE_PIECES_H
#define BASE_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pieces;

/* NULL: there is no such file of this build, or it is damaged. */
struct pieces *pieces_open(const char *path);
void pieces_close(struct pieces *p); /* NULL is fine */
bool pieces_has(const struct pieces *p, uint64_t number);
/* The bytes of a piece, with a zero behind them; the caller frees them.  NULL: it has none of that
 * number, or it is damaged, or has more than `most` bytes. */
void *pieces_read(const struct pieces *p, uint64_t number, uint64_t most, size_t *len);

/* A file that is made.  All zero is a fresh one. */
struct pieces_writer {
	struct piece_made {
		uint64_t number, len, stored;
		void *bytes;
	} * items;
	size_t nr, room;
};

void pieces_add(struct pieces_writer *w, uint64_t number, const void *bytes, size_t len);
/* Those of p that w has none of by that number, as they are.  False: one is damaged. */
bool pieces_add_rest(struct pieces_writer *w, const struct pieces *p);
/* False: it could not be written. */
bool pieces_write(const struct pieces_writer *w, const char *path);
void pieces_writer_deinit(struct pieces_writer *w);

#endif
