/* SPDX-License-Identifier: MIT */
/*
 * Tell heapcensus what your objects are, and ask it what is alive.  C11, gnu99 and C++11 or later;
 * nothing to link.
 *
 * Every function here reaches the profiler through a weak symbol.  In a program that runs without
 * libheapcensus.so they do nothing and return 0 (or NULL), at the price of one test of a pointer.
 * None of them changes errno.
 *
 * Threads: any function may be called by any thread at any time, but an object must not be freed by
 * another thread while one of these functions works on it.  From a signal handler that interrupted
 * the allocator they return 0 and count the loss (tags_lost, labels_lost, pools_lost: `heapcensus
 * info` shows them).
 *
 * Names and texts are copied.  They are cut at 4095 bytes; there may be 16,383 different pairs of
 * tag and scope in a process.
 */
#ifndef HEAPCENSUS_TAG_H
#define HEAPCENSUS_TAG_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Called for one object: where it is, its size in bytes, its age in seconds (to 0.27 s), and what
 * was passed to iter_all. */
typedef void heapcensus_visit(void *p, size_t size, double age, void *arg);

/* result, name, parameters: the profiler's side.  Call the functions below instead. */
#define HEAPCENSUS_HOOKS(X) \
	X(int, heapcensus_hook_tag, (const void *p, const char *name)) \
	X(int, heapcensus_hook_label, (const void *p, const char *text)) \
	X(void, heapcensus_hook_scope_enter, (const char *name)) \
	X(void, heapcensus_hook_scope_leave, (void)) \
	X(int, heapcensus_hook_pool_alloc, (const void *p, size_t size, const char *name)) \
	X(int, heapcensus_hook_pool_free, (const void *p)) \
	X(size_t, heapcensus_hook_pool_reset, (const void *start, size_t size)) \
	X(int, heapcensus_hook_object_begin, (const void *p, size_t size, const char *name)) \
	X(void, heapcensus_hook_object_end, (const void *p)) \
	X(int, heapcensus_hook_dump, (void)) \
	X(int, heapcensus_hook_print_live_refs, (FILE * out, va_list ignore)) \
	X(void *, heapcensus_hook_get_oldest, (const char *name, double *age)) \
	X(size_t, heapcensus_hook_iter_all, (const char *name, heapcensus_visit *visit, void *arg))

#define HEAPCENSUS_INLINE static inline __attribute__((always_inline, unused))

/* The first argument is an address only: a block that was just allocated is not "used
 * uninitialized" here, nor in the hook. */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11
#define HEAPCENSUS_ADDRESS_ONLY __attribute__((access(none, 1)))
#else
#define HEAPCENSUS_ADDRESS_ONLY
#endif
#define HEAPCENSUS_HIDE(p) __asm__("" : "+r"(p))

/*
 * find_NAME: the profiler's function, or NULL where there is no profiler.  The weak symbol is read
 * through the global offset table: a plain reference in an executable that is not position
 * independent would be bound to NULL for good when it is linked.
 */
#if defined(__x86_64__) && !defined(__ILP32__)
#define HEAPCENSUS_READ_WEAK(name, found) \
	__asm__(".weak " #name "\n\tmovq " #name "@GOTPCREL(%%rip), %0" : "=r"(found))
#else
#define HEAPCENSUS_READ_WEAK(name, found) ((found) = &name)
#endif

#define HEAPCENSUS_DECLARE_HOOK(result, name, parameters) \
	extern result name parameters __attribute__((weak)); \
	typedef result(*name##_type) parameters; \
	HEAPCENSUS_INLINE name##_type find_##name(void) \
	{ \
		name##_type found; \
		HEAPCENSUS_READ_WEAK(name, found); \
		return found; \
	}
HEAPCENSUS_HOOKS(HEAPCENSUS_DECLARE_HOOK)
#undef HEAPCENSUS_DECLARE_HOOK

/* Is the profiler there? */
HEAPCENSUS_INLINE int heapcensus_is_present(void)
{
	return find_heapcensus_hook_tag() != NULL;
}

/*
 * Says what the block at p is: `name` becomes its type in every report.  p is what malloc, new,
 * mmap or heapcensus_pool_alloc gave; a second tag replaces the first, and NULL takes it away.  A
 * block that realloc moves keeps its tag. 1: done; 0: no block starts at p, or no room for another
 * name.
 */
HEAPCENSUS_ADDRESS_ONLY HEAPCENSUS_INLINE int heapcensus_tag(const void *p, const char *name)
{
	const heapcensus_hook_tag_type hook = find_heapcensus_hook_tag();

	HEAPCENSUS_HIDE(p);
	return hook ? hook(p, name) : 0;
}

/* Gives the block at p a text of its own (a URL, a file name), shown beside it; NULL takes it away.
 * 1: done; 0 as above. */
HEAPCENSUS_ADDRESS_ONLY HEAPCENSUS_INLINE int heapcensus_label(const void *p, const char *text)
{
	const heapcensus_hook_label_type hook = find_heapcensus_hook_label();

	HEAPCENSUS_HIDE(p);
	return hook ? hook(p, text) : 0;
}

/*
 * Blocks that this thread allocates from here on are born in the scope `name` ("spider:books"),
 * until the matching leave.  Scopes nest and read as "outer/inner".  They belong to the thread;
 * leave without enter does nothing.
 */
HEAPCENSUS_INLINE void heapcensus_scope_enter(const char *name)
{
	const heapcensus_hook_scope_enter_type hook = find_heapcensus_hook_scope_enter();

	if (hook)
		hook(name);
}

HEAPCENSUS_INLINE void heapcensus_scope_leave(void)
{
	const heapcensus_hook_scope_leave_type hook = find_heapcensus_hook_scope_leave();

	if (hook)
		hook();
}

/*
 * For a pool that hands out pieces of a larger block: the piece at p of `size` bytes is an object
 * of its own from now on, with type `name` (NULL: no type).  Pieces must not overlap, and not share
 * 8 bytes of memory unless each starts on a multiple of 4 of its own 8. Tell the pool's end with
 * heapcensus_pool_reset before its memory goes back to the allocator. 1: done; 0: no memory for the
 * table, or a piece that was never freed is in the way.
 */
HEAPCENSUS_ADDRESS_ONLY HEAPCENSUS_INLINE int heapcensus_pool_alloc(const void *p, size_t size,
								    const char *name)
{
	const heapcensus_hook_pool_alloc_type hook = find_heapcensus_hook_pool_alloc();

	HEAPCENSUS_HIDE(p);
	return hook ? hook(p, size, name) : 0;
}

/* 1: done; 0: no piece starts at p. */
HEAPCENSUS_ADDRESS_ONLY HEAPCENSUS_INLINE int heapcensus_pool_free(const void *p)
{
	const heapcensus_hook_pool_free_type hook = find_heapcensus_hook_pool_free();

	HEAPCENSUS_HIDE(p);
	return hook ? hook(p) : 0;
}

/* Frees all pieces that start in [start, start + size).  Returns how many there were. */
HEAPCENSUS_INLINE size_t heapcensus_pool_reset(const void *start, size_t size)
{
	const heapcensus_hook_pool_reset_type hook = find_heapcensus_hook_pool_reset();

	return hook ? hook(start, size) : 0;
}

/*
 * For constructors and destructors: an object of `size` bytes begins or ends to live at p, wherever
 * that is.  Where p is a heap block of its own the block gets the tag; a member, an array element
 * or a local variable becomes an object as by heapcensus_pool_alloc.
 */
HEAPCENSUS_ADDRESS_ONLY HEAPCENSUS_INLINE int heapcensus_object_begin(const void *p, size_t size,
								      const char *name)
{
	const heapcensus_hook_object_begin_type hook = find_heapcensus_hook_object_begin();

	HEAPCENSUS_HIDE(p);
	return hook ? hook(p, size, name) : 0;
}

HEAPCENSUS_ADDRESS_ONLY HEAPCENSUS_INLINE void heapcensus_object_end(const void *p)
{
	const heapcensus_hook_object_end_type hook = find_heapcensus_hook_object_end();

	HEAPCENSUS_HIDE(p);
	if (hook)
		hook(p);
}

/* Asks for a dump, as the signal does.  1: begun (it is complete when its file has its final name);
 * 0: could not. */
HEAPCENSUS_INLINE int heapcensus_dump(void)
{
	const heapcensus_hook_dump_type hook = find_heapcensus_hook_dump();

	return hook ? hook() : 0;
}

/*
 * Prints the tagged objects that are alive, a line a tag, by name:
 *
 *     Live References
 *
 *     HtmlResponse                       1   oldest: 3s ago
 *
 * The names after `out`, ended by NULL, are left out.  The program's other threads wait at their
 * next allocator call while the objects are counted (some 30 ms per million blocks).  Returns the
 * number of lines with objects; -1 where the count failed.
 */
__attribute__((unused, sentinel)) static int heapcensus_print_live_refs(FILE *out, ...)
{
	const heapcensus_hook_print_live_refs_type hook = find_heapcensus_hook_print_live_refs();
	va_list ignore;
	int lines;

	if (!hook)
		return 0;
	va_start(ignore, out);
	lines = hook(out, ignore);
	va_end(ignore);
	return lines;
}

/* The object tagged `name` that lives longest, or NULL; its age in seconds in *age unless age is
 * NULL. */
HEAPCENSUS_INLINE void *heapcensus_get_oldest(const char *name, double *age)
{
	const heapcensus_hook_get_oldest_type hook = find_heapcensus_hook_get_oldest();

	return hook ? hook(name, age) : NULL;
}

/*
 * Visits every live object tagged `name`, oldest first, and returns how many.  The visits come
 * after the count, with the program running: an object may be gone by then where another thread
 * frees it, so look into it only if you know that none does.
 */
HEAPCENSUS_INLINE size_t heapcensus_iter_all(const char *name, heapcensus_visit *visit, void *arg)
{
	const heapcensus_hook_iter_all_type hook = find_heapcensus_hook_iter_all();

	return hook ? hook(name, visit, arg) : 0;
}

#ifdef __cplusplus
} /* extern "C" */

namespace heapcensus
{

/* A scope for as long as this variable lives. */
class scope
{
      public:
	explicit scope(const char *name) { heapcensus_scope_enter(name); }
	~scope() { heapcensus_scope_leave(); }
	scope(const scope &) = delete;
	scope &operator=(const scope &) = delete;
};

/*
 * class Request : public heapcensus::object_ref<Request> { ... };
 *
 * counts every Request that is alive (on the heap, in arrays, as members, on the stack) under the
 * name "Request", with its namespace, as the compiler writes it.  A class with its own idea of a
 * name defines `static const char *heapcensus_name()`.
 */
template <class T> class object_ref
{
      protected:
	object_ref() { begin(); }
	object_ref(const object_ref &) { begin(); }
	object_ref &operator=(const object_ref &) { return *this; }
	~object_ref() { heapcensus_object_end(self()); }

      private:
	const void *self() const { return static_cast<const T *>(this); }
	void begin() const
	{
		if (heapcensus_is_present())
			heapcensus_object_begin(self(), sizeof(T), name<T>(0));
	}

	template <class U> static auto name(int) -> decltype(U::heapcensus_name())
	{
		return U::heapcensus_name();
	}

	/* Cuts the name out of "... [with X = Request]" (gcc) or "... [X = Request]" (clang). */
	template <class U> static const char *name(long)
	{
		static const struct text {
			char chars[256];
			text() : chars()
			{
				const char *from = pretty<U>(), *const whole = from;
				size_t len = 0;

				for (; *from; from++)
					if (from[0] == 'X' && from[1] == ' ' && from[2] == '=' &&
					    from[3] == ' ')
						break;
				from = *from ? from + 4 : whole;
				for (int depth = 0; from[len] && len < sizeof(chars) - 1; len++) {
					depth += (from[len] == '<') - (from[len] == '>');
					if (depth == 0 && (from[len] == ';' || from[len] == ']'))
						break;
					chars[len] = from[len];
				}
			}
		} cut;
		return cut.chars;
	}
	template <class X> static const char *pretty() { return __PRETTY_FUNCTION__; }
};

} // namespace heapcensus
#endif

#endif
