/* SPDX-License-Identifier: MIT */
/*
 * The interpreter's frames: objects up to 3.10; from 3.11 on records on the threads' data stacks
 * and inside of frame objects and generators.
 */
#ifndef TYPING_CPYTHON_FRAME_H
#define TYPING_CPYTHON_FRAME_H

#include "typing/cpython/cpython.h"

/* A frame on a data stack: [addr, end) are its words, of which those past the locals may be old. */
struct cpython_frame {
	uint64_t addr, end;
};

/* Data-stack chunks and the live frames in them, both ascending. */
struct cpython_frames {
	struct cpython_chunk {
		uint64_t addr, end;
		uint64_t top;	  /* of its live part */
		bool is_top_told; /* by the chunk itself, a thread or a greenlet */
	} * chunks;
	size_t nr_chunks, room_chunks;
	struct cpython_frame *frames;
	size_t nr_frames, room_frames;
};

/* Finds the data stacks of all threads. */
struct cpython_frames *cpython_frames_create(const struct cpython *p);
void cpython_frames_destroy(struct cpython_frames *f); /* NULL is fine */

/* Is addr on no data stack, or on one of which nobody says how far it is filled? */
bool cpython_frames_may_hold(const struct cpython_frames *f, uint64_t addr);
/* The live frame whose words hold addr; NULL: none. */
const struct cpython_frame *cpython_frames_find(const struct cpython_frames *f, uint64_t addr);

/* The relation of the word at addr in the interpreter frame at `frame`: ".f_locals['x']", interned;
 * NULL: none. */
const char *cpython_frame_word(struct cpython *p, uint64_t frame, uint64_t addr);
/* The same of the word at `offset` in a frame object, generator, coroutine or async generator. */
const char *cpython_frame_member(struct cpython *p, const struct cpython_class *c, uint64_t obj,
				 uint64_t offset);
/* Is the word at `offset` of the interpreter frame at `frame` one that holds a reference? */
bool cpython_frame_is_reference(const struct cpython *p, uint64_t frame, uint64_t offset);
/* Is the word at `offset` of a frame object or generator one of a frame that holds it now? */
bool cpython_frame_is_live(const struct cpython *p, const struct cpython_class *c, uint64_t obj,
			   uint64_t offset);

#endif
