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

#define PYTHON_TEXT_MAX 1024 /* bytes of a name; longer ones are cut, and end with "..." */

struct python_frame {
	uint64_t code; /* address of the code object */
	uint64_t at;   /* offset of the instruction that it executes, in bytes, twice; bit 0: it
			  entered the interpreter's loop from C */
};

struct python_frames {
	struct python_frame *items; /* innermost first */
	uint32_t nr, max;
	bool is_cut;   /* there are more */
	bool is_empty; /* the innermost loop runs a frame that has not begun */
};

/*
 * This thread's state; 0: none, or it cannot be read safely.  has_gil: the interpreter has called
 * us, in the middle of an allocation.  tls: pthread_self() of this thread.
 */
uint64_t python_find_state(bool has_gil, uint64_t tls);

/* The frames of this thread, whose state it is.  Frames that the interpreter does not show in a
 * traceback are left out. */
void python_read_frames(uint64_t state, struct python_frames *out);

/* Is it a code object? */
bool python_is_code(uint64_t addr);
/* Does it lie in the interpreter's own data, where nothing is ever freed? */
bool python_is_static(uint64_t addr);
/* The line of the instruction at that offset; 0: it has none. */
uint32_t python_find_line(uint64_t code, uint64_t offset);
/* File and function of a code object, as UTF-8 in buf; returns the length. */
uint32_t python_read_file(uint64_t code, char buf[static PYTHON_TEXT_MAX]);
uint32_t python_read_function(uint64_t code, char buf[static PYTHON_TEXT_MAX]);

#endif
