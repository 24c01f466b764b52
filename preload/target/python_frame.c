/* SPDX-License-Identifier: MIT */
/*
 * The chain of frames (target/python_frame.h).  Up to 3.10 frames are objects, one for each run of
 * the interpreter's loop; from 3.11 on a Python function that calls another one stays in the same
 * loop, and the frame that entered it is marked (3.11) or stands before one that C owns (3.12).
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
#define STEPS_PER_FRAME	   4 /* frames that do not count are few */

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

static uint64_t innermost_frame(uint64_t state)
{
	const struct python_layout *const l = &target_python.layout;
	const uint64_t frame = read_word(state + l->state_frame);

	if (target_python.minor < MINOR_APART || target_python.minor >= MINOR_NO_CFRAME || !frame)
		return frame;
	return read_word(frame + l->cframe_frame);
}

/* Frame objects. */
static void read_objects(uint64_t frame, struct python_frames *out)
{
	const struct python_layout *const l = &target_python.layout;
	const int64_t unit = target_python.minor >= MINOR_CODE_UNITS ? CODE_UNIT : 1;

	for (; frame && out->nr < out->max; frame = read_word(frame + l->frame_back)) {
		const int64_t at = read_int(frame + l->frame_instruction) * unit;

		out->items[out->nr++] = (struct python_frame){
			.code = read_word(frame + l->frame_code),
			.at = (uint64_t)at << 1 | 1,
		};
	}
	out->is_cut = frame != 0;
}

/* Has it come to its first line? What the interpreter does before that it counts for the caller. */
static bool has_begun(uint64_t frame, uint64_t code, uint64_t at)
{
	const struct python_layout *const l = &target_python.layout;

	return *(const uint8_t *)(frame + l->frame_owner) == OWNED_BY_GENERATOR ||
	       (int64_t)at >= (int64_t)read_int(code + l->code_first_traceable) * CODE_UNIT;
}

/* The frames seen last belong to a loop of their own. */
static void mark_entry(struct python_frames *out, bool is_hidden)
{
	if (!is_hidden)
		out->items[out->nr - 1].at |= 1;
	else if (!out->nr)
		out->is_empty = true;
}

static void read_apart(uint64_t frame, struct python_frames *out)
{
	const struct python_layout *const l = &target_python.layout;
	uint32_t in_loop = 0; /* frames of this loop that count */

	for (uint32_t steps = out->max * STEPS_PER_FRAME; frame && steps; steps--) {
		const uint64_t code = read_word(frame + l->frame_code);
		const bool is_c = !l->frame_is_entry &&
				  *(const uint8_t *)(frame + l->frame_owner) == OWNED_BY_C;
		const uint64_t at =
			read_word(frame + l->frame_instruction) - code - l->code_instructions;

		if (!is_c && has_begun(frame, code, at)) {
			if (out->nr == out->max)
				break;
			out->items[out->nr++] = (struct python_frame){ code, at << 1 };
			in_loop++;
		}
		if (is_c || (l->frame_is_entry && *(const uint8_t *)(frame + l->frame_is_entry))) {
			mark_entry(out, in_loop == 0);
			in_loop = 0;
		}
		frame = read_word(frame + l->frame_back);
	}
	out->is_cut = frame != 0;
}

void python_read_frames(uint64_t state, struct python_frames *out)
{
	const uint64_t frame = innermost_frame(state);

	out->nr = 0;
	out->is_cut = out->is_empty = false;
	if (target_python.minor < MINOR_APART)
		read_objects(frame, out);
	else
		read_apart(frame, out);
}

bool python_is_code(uint64_t addr)
{
	return addr && read_word(addr + HC_PYTHON_OB_TYPE) == target_python.code_type;
}

bool python_is_static(uint64_t addr)
{
	return addr >= target_python.data_start && addr < target_python.data_end;
}
