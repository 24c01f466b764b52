/* SPDX-License-Identifier: MIT */
/*
 * What Python code a thread is running: its chain of frames, and the names and lines of code
 * objects.  Reads the interpreter's memory as it lies there, and calls nothing that could take a
 * lock or run Python code.
 *
 * A thread's frames are changed by that thread alone, and hold their code objects: so a thread may
 * read its own chain at any call out of the interpreter, with the GIL or without it, for as long as
 * its thread state lives.
 */
#ifndef TARGET_PYTHON_FRAME_H
#define TARGET_PYTHON_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/python.h"

#define PYTHON_TEXT_MAX 1024 /* bytes of a name; longer ones are cut, and end with "..." */

/*
 * A frame as it stands in the interpreter's memory.  While the code objects are the same, a frame
 * with equal words is an equal one: `instruction` is an address in the code (from 3.11 on), or an
 * offset (with the line that a debugger has set) and `sort` then is the code object; else `sort` is
 * what else tells about the frame, its owner and whether C called it.
 */
struct python_words {
	uint64_t frame; /* its address */
	uint64_t instruction, sort;
};

/* What a frame tells of the program. */
struct python_frame {
	uint64_t code; /* address of the code object */
	uint64_t at;   /* offset of the instruction that it executes, in bytes, twice; bit 0: it
			  entered the interpreter's loop from C */
};

/* What a frame is for a chain. */
enum python_sort {
	PYTHON_FRAME_SHOWN = 1, /* else a traceback leaves it out */
	PYTHON_FRAME_ENTRY = 2, /* it and those further in are of a loop that C has entered */
};

/*
 * This thread's state; 0: none, or it cannot be read safely.  has_gil: the interpreter has called
 * us, in the middle of an allocation.  tls: pthread_self() of this thread.
 */
uint64_t python_find_state(bool has_gil, uint64_t tls);

/* The innermost frame of this thread, whose state it is; 0: there is none. */
uint64_t python_innermost_frame(uint64_t state);

/* PYTHON_FRAME_*; out: bit 0 of `at` is 0, and all of it where C owns the frame. */
uint32_t python_decode_frame(const struct python_words *words, struct python_frame *out);

/* The next one further out; 0: there is none. */
static inline uint64_t python_outer_frame(uint64_t frame)
{
	return *(const uint64_t *)(frame + target_python.layout.frame_back);
}

static inline void python_read_words(uint64_t frame, struct python_words *out)
{
	const struct python *const py = &target_python;

	out->frame = frame;
	out->instruction = *(const uint64_t *)(frame + py->layout.frame_instruction);
	out->sort = *(const uint64_t *)(frame + py->sort_at) & py->sort_mask;
}

/* Is the frame what it was then, and `outer` the next one?  There is a frame at that address. */
static inline bool python_is_unchanged(const struct python_words *then, uint64_t outer)
{
	const struct python *const py = &target_python;

	return *(const uint64_t *)(then->frame + py->layout.frame_back) == outer &&
	       *(const uint64_t *)(then->frame + py->layout.frame_instruction) ==
		       then->instruction &&
	       (*(const uint64_t *)(then->frame + py->sort_at) & py->sort_mask) == then->sort;
}

/* Is it a code object? */
bool python_is_code(uint64_t addr);
/* Does it lie in the interpreter's own data, where nothing is ever freed? */
bool python_is_static(uint64_t addr);

/* How far a search in a code object's table of lines has come; all zero at first. */
struct python_lines {
	uint64_t code;
	const uint8_t *at, *end; /* what is left of the table */
	uint64_t start;		 /* where in the code what is left begins */
	int64_t line;		 /* before that */
};

/* The line of the instruction at that offset; 0: it has none.  Goes on from the last search where
 * it can: that code must be alive. */
uint32_t python_find_line(struct python_lines *last, uint64_t code, uint64_t offset);
/* File and function of a code object, as UTF-8 in buf; returns the length. */
uint32_t python_read_file(uint64_t code, char buf[static PYTHON_TEXT_MAX]);
uint32_t python_read_function(uint64_t code, char buf[static PYTHON_TEXT_MAX]);

#endif
