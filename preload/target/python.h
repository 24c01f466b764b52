/* SPDX-License-Identifier: MIT */
/*
 * The CPython in the process, if any: its entry points and what the dump says of it.  Found by name, so that no Python headers are needed and
 * one library serves all versions; the structs below are the documented ones, unchanged since 3.5.
 *
 * Written by python_find, called once for each candidate; read-only after.
 */
#ifndef TARGET_PYTHON_H
#define TARGET_PYTHON_H

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

struct python {
#define PYTHON_MEMBER(member, name, result, parameters) result(*member) parameters;
	PYTHON_FUNCTIONS(PYTHON_MEMBER)
#undef PYTHON_MEMBER
	const char *(*get_allocator_name)(void);	/* NULL where it is not exported */
	uint64_t runtime, type_type;	/* addresses of _PyRuntime, PyType_Type; 0 unknown */
	char version[32];		/* "3.11.2"; empty: there is no CPython */
	char allocator[24];		/* as PYTHONMALLOC names it; "custom"; "default" where nobody has changed it */
	uint32_t minor;			/* of 3.x; 0 for other majors */
	bool free_threaded;
};

extern struct python target_python;

/*
 * Looks for a CPython: in the whole program (where NULL: the loader's lock is taken), or in one object, without a lock (where: its struct
 * link_map).  False where there is none.
 */
bool python_find(const void *where);

/* Is this a CPython whose allocators can be wrapped? */
bool python_is_supported(void);

/* After the allocators have changed: what they are called now. */
void python_name_allocator(void);

#endif
