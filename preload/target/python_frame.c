/* SPDX-License-Identifier: MIT */
/*
 * The chain of frames (target/python_frame.h).  Up to 3.10 frames are objects, one for each run of
 * the interpreter's loop; from 3.11 on a Python function that calls another one stays in the same
 * loop, and the frame that entered it is marked (3.11) or stands further in than one that C owns
 * (3.12).
 *
 * Any thread, inside malloc; keeps errno.
 */
#include "target/python_frame.h"

#include <string.h>

#include "target/python.h"

#include "rt/ban.h"

#define MINOR_CODE_UNITS   10 /* instructions are counted, before that their bytes are */
#define MINOR_APART	   11 /* frames are no objects, and have the address of an instruction */
#define MINOR_OWN_STATE	   12 /* the current thread state is this thread's, or none */
#define MINOR_NO_CFRAME	   13
#define CODE_UNIT	   2
#define OWNED_BY_GENERATOR 1
#define OWNED_BY_C	   3

static uint64_t read_word(uint64_t addr)
{
	return *(const uint64_t *)addr;
}

static int32_t read_int(uint64_t addr)
{
	return *(const int32_t *)addr;
}

uint64_t python_find_state(bool has_gil, uint64_t tls)
{
	const struct python *const py = &target_python;
	const uint64_t state = has_gil ? (uint64_t)py->get_state() : 0;

	/* Up to 3.11 there is one current state, and a program may come here without the GIL. */
	if (state &&
	    (py->minor >= MINOR_OWN_STATE || read_word(state + py->layout.state_thread) == tls))
		return state;
	/* From here on states of other threads are freed, whether these threads end or not. */
	return py->is_finalizing() ? 0 : (uint64_t)py->get_own_state();
}

uint64_t python_innermost_frame(uint64_t state)
{
	const struct python_layout *const l = &target_python.layout;
	const uint64_t frame = read_word(state + l->state_frame);

	if (target_python.minor < MINOR_APART || target_python.minor >= MINOR_NO_CFRAME || !frame)
		return frame;
	return read_word(frame + l->cframe_frame);
}

/* Has it come to its first line? What the interpreter does before that it counts for the caller. */
static bool has_begun(uint32_t owner, const struct python_frame *f)
{
	return owner == OWNED_BY_GENERATOR ||
	       (int64_t)f->at >> 1 >=
		       (int64_t)read_int(f->code + target_python.layout.code_first_traceable) *
			       CODE_UNIT;
}

/* Of the word that has it; 0 where there is no such byte. */
static uint32_t byte_of_sort(const struct python_words *words, uint32_t offset)
{
	return offset ? words->sort >> 8 * (offset - target_python.sort_at) & 255 : 0;
}

static uint32_t decode_object(const struct python_words *words, struct python_frame *out)
{
	const int64_t unit = target_python.minor >= MINOR_CODE_UNITS ? CODE_UNIT : 1;
	const int64_t at = (int32_t)words->instruction * unit;

	*out = (struct python_frame){ .code = words->sort, .at = (uint64_t)at << 1 };
	return PYTHON_FRAME_SHOWN | PYTHON_FRAME_ENTRY;
}

uint32_t python_decode_frame(const struct python_words *words, struct python_frame *out)
{
	const struct python_layout *const l = &target_python.layout;

	if (target_python.minor < MINOR_APART)
		return decode_object(words, out);
	const uint32_t owner = byte_of_sort(words, l->frame_owner);

	*out = (struct python_frame){ 0 };
	if (!l->frame_is_entry && owner == OWNED_BY_C)
		return PYTHON_FRAME_ENTRY;
	out->code = read_word(words->frame + l->frame_code);
	out->at = (words->instruction - out->code - l->code_instructions) << 1;
	return (has_begun(owner, out) ? PYTHON_FRAME_SHOWN : 0) |
	       (byte_of_sort(words, l->frame_is_entry) ? PYTHON_FRAME_ENTRY : 0);
}

bool python_is_code(uint64_t addr)
{
	return addr && read_word(addr + HC_PYTHON_OB_TYPE) == target_python.code_type;
}

bool python_is_static(uint64_t addr)
{
	return addr >= target_python.data_start && addr < target_python.data_end;
}
