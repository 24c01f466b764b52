/* SPDX-License-Identifier: MIT */
/*
 * When to wrap: at start, when a CPython is loaded, and again when something has replaced the
 * allocators (PYTHONMALLOC, -X dev, debug hooks, a second initialisation).
 *
 * Replacing an allocator while other threads allocate would tear its struct, so it is done only
 * before the interpreter has started (from the slow path of call sites: it mallocs a lot before its
 * first object) or by the thread that has the GIL (hook/python_wrap.c, from pymalloc's arenas).
 */
#include "hook/python.h"

#include <dlfcn.h>
#include <string.h>

#include "hook/site.h"
#include "hook/wrap.h"
#include "rt/message.h"
#include "target/python.h"

#include "rt/ban.h"

enum python_state {
	PYTHON_NONE, /* none seen so far */
	PYTHON_WRAPPED,
	PYTHON_REFUSED, /* of a kind that we do not know */
};

uint64_t python_seen[PYTHON_NR_SEEN];

/* struct dl_find_object of glibc 2.35, whose lookup takes no lock. */
struct object_found {
	uint64_t flags;
	void *start, *end;
	void *map;
	void *eh_frame;
	uint64_t reserved[7];
};

static struct {
	int (*find_object)(void *pc,
			   struct object_found *out); /* written at start; NULL: older glibc */
	uint32_t state;				      /* enum python_state */
	uint32_t wrapping;			      /* a thread is at it */
	bool another_told;			      /* by whom is at it */
} python;

static void set_state(uint32_t state)
{
	__atomic_store_n(&python.state, state, __ATOMIC_RELEASE);
}

/* A CPython has been found. */
static void begin(void)
{
	if (!python_is_supported()) {
		set_state(PYTHON_REFUSED);
		message("Python %s%s is not known to heapcensus: its objects are not in the "
			"census, only the memory that "
			"they come from",
			target_python.version,
			target_python.free_threaded ? " (free-threaded)" : "");
		return;
	}
	set_state(PYTHON_WRAPPED);
	if (!target_python.has_frames &&
	    (site_state.mode == SITE_FULL || site_state.mode == SITE_PYTHON ||
	     site_state.mode == SITE_SAMPLE))
		message("Python %s does not keep its frames where heapcensus expects them: stacks "
			"have native frames only",
			target_python.version);
	python_wrap();
}

void python_start(void)
{
	python.find_object =
		(int (*)(void *, struct object_found *))dlsym(RTLD_DEFAULT, "_dl_find_object");
	if (python_find(NULL))
		begin();
}

static bool is_unloaded(const void *function)
{
	struct object_found object;

	return python.find_object && python.find_object((void *)function, &object) != 0;
}

void python_after_dlclose(void)
{
	memset(python_seen, 0, sizeof(python_seen));
	if (python.state != PYTHON_NONE && is_unloaded((const void *)target_python.set_allocator))
		set_state(PYTHON_NONE);
}

/* The object that the caller is in: its struct link_map, or NULL. */
static const void *find_map(uint64_t caller)
{
	struct object_found object;

	return python.find_object && python.find_object((void *)caller, &object) == 0 ? object.map
										      : NULL;
}

static void look_for_another(uint64_t caller)
{
	if (python.another_told || !python_is_another(find_map(caller)))
		return;
	python.another_told = true;
	message("a second CPython is in this process: the objects of the first one (%s) are in the "
		"census, of the "
		"second only the memory that they come from",
		target_python.version);
}

void python_look(uint64_t caller)
{
	const uint32_t state = __atomic_load_n(&python.state, __ATOMIC_ACQUIRE);

	if (state == PYTHON_REFUSED || __atomic_exchange_n(&python.wrapping, 1, __ATOMIC_ACQUIRE))
		return;
	if (state == PYTHON_NONE) {
		const void *const map = find_map(caller);

		if (map && python_find(map))
			begin();
	} else {
		if (!target_python.is_initialized())
			python_wrap();
		look_for_another(caller);
	}
	__atomic_store_n(&python.wrapping, 0, __ATOMIC_RELEASE);
}
