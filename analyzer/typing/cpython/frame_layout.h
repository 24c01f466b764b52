/* SPDX-License-Identifier: MIT */
/*
 * Where a frame keeps what, and where its code object says how much that is.
 */
#ifndef TYPING_CPYTHON_FRAME_LAYOUT_H
#define TYPING_CPYTHON_FRAME_LAYOUT_H

#include "typing/cpython/cpython.h"

struct cpython_frame_layout {
	bool is_apart; /* 3.11: the frame is no object, the offsets are those of _PyInterpreterFrame
			*/
	uint64_t object_words;	  /* frame object: of its frame, or (3.10) of its locals */
	uint64_t generator_words; /* generator: of its frame */
	uint64_t localsplus, code;
	/* How far the value stack is filled: a pointer, or else an int of words (from 3.11 on the
	 * locals are among them) which is negative while the function runs. */
	uint64_t stack_top, stack_depth;
	uint64_t func, globals, builtins, locals, frame_object; /* is_apart only */
	/* code object */
	uint64_t nlocals; /* locals, from 3.11 on with cells and free variables */
	uint64_t stacksize;
	uint64_t instructions;		       /* begin here, with caches between them */
	uint64_t varnames, cellvars, freevars; /* tuples; from 3.11 on varnames has them all */
};

const struct cpython_frame_layout *cpython_frame_layout(const struct cpython *p);
/* An int of a code object; 0 where it is none that can be. */
uint32_t cpython_code_number(const struct cpython *p, uint64_t code, uint64_t offset);

#endif
