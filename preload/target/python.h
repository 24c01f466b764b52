/* SPDX-License-Identifier: MIT */
/*
 * The CPython in the process, if any: its entry points and what the dump says of it.  Found by
 * name, so that no Python headers are needed and one library serves all versions; the structs below
 * are the documented ones, unchanged since 3.5.
 *
 * Written by python_find, called once for each candidate; read-only after.
 */
#ifndef TARGET_PYTHON_H
#define TARGET_PYTHON_H

#include <heapcensus/python_layout.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* PyMemAllocatorDomain. */
enum python_domain {
	PYTHON_RAW,
	PYTHON_MEM,
	PYTHON_OBJECT,
};

/* PyMemAllocatorEx. */
struct python_allocator {
	void *ctx;
	void *(*alloc)(void *ctx, size_t size);
	void *(*zero_alloc)(void *ctx, size_t nr, size_t size);
	void *(*resize)(void *ctx, void *old, size_t size);
	void (*release)(void *ctx, void *p);
};

/* PyObjectArenaAllocator. */
struct python_arenas {
	void *ctx;
	void *(*alloc)(void *ctx, size_t size);
	void (*release)(void *ctx, void *p, size_t size);
};

/* name in struct python, name in the interpreter, result, parameters */
#define PYTHON_FUNCTIONS(X) \
	X(get_allocator, PyMem_GetAllocator, void, (int domain, struct python_allocator *out)) \
	X(set_allocator, PyMem_SetAllocator, void, (int domain, struct python_allocator *in)) \
	X(get_arenas, PyObject_GetArenaAllocator, void, (struct python_arenas *out)) \
	X(set_arenas, PyObject_SetArenaAllocator, void, (struct python_arenas *in)) \
	X(is_initialized, Py_IsInitialized, int, (void)) \
	X(get_version, Py_GetVersion, const char *, (void))

/* member of struct python_layout, its offset in each version */
#define PYTHON_OFFSETS(X) \
	X(state_thread, HC_PYTHON_STATE_THREAD) \
	X(state_frame, HC_PYTHON_STATE_FRAME) \
	X(cframe_frame, HC_PYTHON_CFRAME_FRAME) \
	X(frame_code, HC_PYTHON_FRAME_CODE) \
	X(frame_back, HC_PYTHON_FRAME_BACK) \
	X(frame_instruction, HC_PYTHON_FRAME_INSTRUCTION) \
	X(frame_owner, HC_PYTHON_FRAME_OWNER) \
	X(frame_is_entry, HC_PYTHON_FRAME_IS_ENTRY) \
	X(code_first_line, HC_PYTHON_CODE_FIRST_LINE) \
	X(code_filename, HC_PYTHON_CODE_FILENAME) \
	X(code_name, HC_PYTHON_CODE_NAME) \
	X(code_lines, HC_PYTHON_CODE_LINES) \
	X(code_instructions, HC_PYTHON_CODE_INSTRUCTIONS) \
	X(code_first_traceable, HC_PYTHON_CODE_FIRST_TRACEABLE) \
	X(str_ascii, HC_PYTHON_STR_ASCII) \
	X(str_compact, HC_PYTHON_STR_COMPACT)

struct python_layout {
#define PYTHON_OFFSET_MEMBER(member, list) uint16_t member;
	PYTHON_OFFSETS(PYTHON_OFFSET_MEMBER)
#undef PYTHON_OFFSET_MEMBER
};

struct python {
#define PYTHON_MEMBER(member, name, result, parameters) result(*member) parameters;
	PYTHON_FUNCTIONS(PYTHON_MEMBER)
#undef PYTHON_MEMBER
	const char *(*get_allocator_name)(void);	/* NULL where it is not exported */

	/* For target/python_frame.h. */
	bool has_frames;		/* all of these are there, and the layout is as expected */
	struct python_layout layout;	/* of this version */
	uint64_t sort_mask;		/* for struct python_words: the bits of the word ... */
	uint32_t sort_at;		/* ... at that offset in a frame */
	void *(*get_state)(void);	/* the current thread state */
	void *(*get_own_state)(void);	/* this thread's, with the GIL or without */
	int (*is_finalizing)(void);
	uint64_t code_type;		/* address of PyCode_Type */
	uint64_t data_start, data_end;	/* of the object that the interpreter is in */

	uint64_t runtime, type_type;	/* addresses of _PyRuntime, PyType_Type; 0 unknown */
	char version[32];		/* "3.11.2"; empty: there is no CPython */
	char allocator[24]; /* as PYTHONMALLOC names it; "custom"; "default" where nobody has
			       changed it */
	uint32_t minor;			/* of 3.x; 0 for other majors */
	bool free_threaded;
};

extern struct python target_python;

/*
 * Looks for a CPython: in the whole program (where NULL: the loader's lock is taken), or in one
 * object, without a lock (where: its struct link_map).  False where there is none.
 */
bool python_find(const void *where);

/* Is that object (its struct link_map) a CPython, but not the one that was found?  No lock. */
bool python_is_another(const void *where);

/* Is this a CPython whose allocators can be wrapped? */
bool python_is_supported(void);

/* After the allocators have changed: what they are called now. */
void python_name_allocator(void);

#endif
