/* SPDX-License-Identifier: MIT */
/*
 * Names of a frame's words, by its code object.
 */
#include "typing/cpython/frame.h"

#include "heap/private.h"
#include "typing/cpython/frame_layout.h"
#include "typing/cpython/names.h"

#define NLOCALS_MAX	 (1u << 20)
#define FRAME_VALUESTACK 64u /* PyFrameObject.f_valuestack, up to 3.10 */

static const struct cpython_frame_layout layouts[] = {
	[8] = { .object_words = 360,
		.localsplus = 360,
		.stack_top = 72,
		.code = HC_PYTHON_PICK_8(HC_PYTHON_FRAME_CODE),
		.nlocals = 28,
		.varnames = 72,
		.cellvars = 88,
		.freevars = 80,
		.stacksize = 32,
		.instructions = UINT64_MAX },
	[9] = { .object_words = 360,
		.localsplus = 360,
		.stack_top = 72,
		.code = HC_PYTHON_PICK_9(HC_PYTHON_FRAME_CODE),
		.nlocals = 28,
		.varnames = 72,
		.cellvars = 88,
		.freevars = 80,
		.stacksize = 32,
		.instructions = UINT64_MAX },
	[10] = { .object_words = 352,
		 .localsplus = 352,
		 .stack_depth = 80,
		 .code = HC_PYTHON_PICK_10(HC_PYTHON_FRAME_CODE),
		 .nlocals = 28,
		 .varnames = 72,
		 .cellvars = 88,
		 .freevars = 80,
		 .stacksize = 32,
		 .instructions = UINT64_MAX },
	[11] = { .is_apart = true,
		 .object_words = 48,
		 .generator_words = 80,
		 .localsplus = 72,
		 .stack_depth = 64,
		 .code = HC_PYTHON_PICK_11(HC_PYTHON_FRAME_CODE),
		 .func = 0,
		 .globals = 8,
		 .builtins = 16,
		 .locals = 24,
		 .frame_object = 40,
		 .nlocals = 76,
		 .varnames = 96,
		 .stacksize = 68,
		 .instructions = HC_PYTHON_PICK_11(HC_PYTHON_CODE_INSTRUCTIONS) },
	[12] = { .is_apart = true,
		 .object_words = 48,
		 .generator_words = 72,
		 .localsplus = 72,
		 .stack_depth = 64,
		 .code = HC_PYTHON_PICK_12(HC_PYTHON_FRAME_CODE),
		 .func = 16,
		 .globals = 24,
		 .builtins = 32,
		 .locals = 40,
		 .frame_object = 48,
		 .nlocals = 72,
		 .varnames = 96,
		 .stacksize = 64,
		 .instructions = HC_PYTHON_PICK_12(HC_PYTHON_CODE_INSTRUCTIONS) },
	[13] = { .is_apart = true,
		 .object_words = 64,
		 .generator_words = 72,
		 .localsplus = 72,
		 .stack_depth = 64,
		 .code = HC_PYTHON_PICK_13(HC_PYTHON_FRAME_CODE),
		 .func = 16,
		 .globals = 24,
		 .builtins = 32,
		 .locals = 40,
		 .frame_object = 48,
		 .nlocals = 72,
		 .varnames = 96,
		 .stacksize = 64,
		 .instructions = HC_PYTHON_PICK_13(HC_PYTHON_CODE_INSTRUCTIONS) },
};

const struct cpython_frame_layout *cpython_frame_layout(const struct cpython *p)
{
	return &layouts[p->version->minor];
}

uint32_t cpython_code_number(const struct cpython *p, uint64_t code, uint64_t offset)
{
	uint32_t number = 0;

	return cpython_read(p, code + offset, &number, sizeof(number)) && number < NLOCALS_MAX
		       ? number
		       : 0;
}

/* Item `index` of the tuple, NULL beyond its end; *index loses its length. */
static uint64_t take_name(const struct cpython *p, uint64_t tuple, uint64_t *index)
{
	const uint64_t length = tuple ? cpython_length(p, tuple) : 0;

	if (*index < length)
		return cpython_word(p, tuple + CPYTHON_TUPLE_ITEMS + *index * 8);
	*index -= length;
	return 0;
}

/* The str that names local variable `index` of the code: locals, cells, free variables; 0: the word
 * is on the value stack, whose index is left in *index. */
static uint64_t find_local(const struct cpython *p, uint64_t code, uint64_t *index)
{
	const struct cpython_frame_layout *l = cpython_frame_layout(p);
	uint64_t name = take_name(p, cpython_word(p, code + l->varnames), index);

	if (!name && l->cellvars)
		name = take_name(p, cpython_word(p, code + l->cellvars), index);
	if (!name && l->freevars)
		name = take_name(p, cpython_word(p, code + l->freevars), index);
	return name;
}

static const char *name_local(struct cpython *p, uint64_t code, uint64_t index)
{
	struct intern *names = p->heap->private->names;
	const uint64_t name = find_local(p, code, &index);

	if (name)
		return intern_format(names, ".f_locals%s", cpython_value_name(p, name));
	return intern_format(names, "->f_valuestack[%lu]", index);
}

static const char *name_special(struct cpython *p, uint64_t offset)
{
	const struct cpython_frame_layout *l = cpython_frame_layout(p);
	const char *name = offset == l->code	       ? ".f_code"
			   : offset == l->func	       ? "->f_funcobj"
			   : offset == l->globals      ? ".f_globals"
			   : offset == l->builtins     ? ".f_builtins"
			   : offset == l->locals       ? ".f_locals"
			   : offset == l->frame_object ? "->frame_obj"
						       : NULL;

	return name ? heap_intern_name(p->heap, name) : NULL;
}

/* Behind the last word of the value stack that is in use; UINT64_MAX: unknown, the function runs.
 */
static uint64_t stack_end(const struct cpython *p, uint64_t frame)
{
	const struct cpython_frame_layout *l = cpython_frame_layout(p);
	const uint64_t bottom =
		l->is_apart ? frame + l->localsplus : cpython_word(p, frame + FRAME_VALUESTACK);
	uint64_t top;
	int32_t depth;

	if (l->stack_top) {
		top = cpython_word(p, frame + l->stack_top);
		return top ? top : UINT64_MAX;
	}
	if (!cpython_read(p, frame + l->stack_depth, &depth, sizeof(depth)) || depth < 0)
		return UINT64_MAX;
	return bottom + (uint64_t)depth * 8;
}

bool cpython_frame_is_reference(const struct cpython *p, uint64_t frame, uint64_t offset)
{
	const struct cpython_frame_layout *l = cpython_frame_layout(p);

	if (offset >= l->localsplus)
		return frame + offset < stack_end(p, frame);
	return !l->is_apart || offset == l->code || offset == l->func || offset == l->globals ||
	       offset == l->builtins || offset == l->locals || offset == l->frame_object;
}

const char *cpython_frame_word(struct cpython *p, uint64_t frame, uint64_t addr)
{
	const struct cpython_frame_layout *l = cpython_frame_layout(p);
	const uint64_t offset = addr - frame;

	if (offset >= l->localsplus)
		return name_local(p, cpython_word(p, frame + l->code),
				  (offset - l->localsplus) / 8);
	return l->is_apart ? name_special(p, offset) : NULL;
}

/* Where in the object its interpreter frame begins; 0: the object is the frame, or has none. */
static uint64_t frame_start(const struct cpython *p, const struct cpython_class *c)
{
	const struct cpython_frame_layout *l = cpython_frame_layout(p);

	if (!l->is_apart)
		return 0;
	return c->shape == CPYTHON_SHAPE_FRAME ? l->object_words : l->generator_words;
}

const char *cpython_frame_member(struct cpython *p, const struct cpython_class *c, uint64_t obj,
				 uint64_t offset)
{
	const uint64_t start = frame_start(p, c);

	if (start)
		return offset >= start ? cpython_frame_word(p, obj + start, obj + offset) : NULL;
	if (c->shape != CPYTHON_SHAPE_FRAME)
		return NULL;
	return cpython_frame_word(p, obj, obj + offset);
}

/* gi_frame_state, and the frame's f_state: the frame is gone from here on. */
#define STATE_COMPLETED	   1
#define GENERATOR_STATE	   5  /* bytes before the frame */
#define FRAME_OBJECT_FRAME 24 /* PyFrameObject.f_frame */

bool cpython_frame_is_live(const struct cpython *p, const struct cpython_class *c, uint64_t obj,
			   uint64_t offset)
{
	const uint64_t start = frame_start(p, c);

	if (offset < start || (!start && c->shape != CPYTHON_SHAPE_FRAME))
		return true;
	if (!cpython_frame_is_reference(p, obj + start, offset - start))
		return false;
	if (!start)
		return true;
	if (c->shape != CPYTHON_SHAPE_FRAME) {
		int8_t state = 0;

		return !cpython_read(p, obj + start - GENERATOR_STATE, &state, sizeof(state)) ||
		       state < STATE_COMPLETED;
	}
	/* A frame object's own copy counts only where its frame is that one. */
	return cpython_word(p, obj + FRAME_OBJECT_FRAME) == obj + start;
}
