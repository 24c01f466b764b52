/* SPDX-License-Identifier: MIT */
/*
 * Functions of libc that return memory.  They allocate through our malloc: only the call site is
 * theirs to say.
 */
#include <errno.h>

#include "hook/wrap.h"

/* via with kind 0: any malloc below is meant, and the block stays what it is. */
#define STRDUP_BODY(name, ...) \
	if (UNLIKELY(!real_ready() || !real.name)) { \
		errno = ENOMEM; \
		return NULL; \
	} \
	struct thread *const t = wrap_via_begin(0, 0, 0, WRAP_CALLER, WRAP_FRAME); \
	void *const p = real.name(__VA_ARGS__); \
\
	wrap_via_end(t, p, 0, 0, WRAP_CALLER); \
	return p

HOOK_EXPORT char *strdup(const char *s) { STRDUP_BODY(strdup, s); }

HOOK_EXPORT char *__strdup(const char *s) { STRDUP_BODY(__strdup, s); }

HOOK_EXPORT char *strndup(const char *s, size_t max) { STRDUP_BODY(strndup, s, max); }

HOOK_EXPORT char *__strndup(const char *s, size_t max) { STRDUP_BODY(__strndup, s, max); }

HOOK_EXPORT wchar_t *wcsdup(const wchar_t *s) { STRDUP_BODY(wcsdup, s); }

/* flag: of the _chk forms, or negative for the plain one. */
static int print(char **out, int flag, const char *format, va_list args, uint64_t site,
		 uint64_t frame)
{
	struct thread *t;
	int len;

	if (UNLIKELY(!real_ready())) {
		errno = ENOMEM;
		return -1;
	}
	t = wrap_via_begin(0, 0, 0, site, frame);
	len = flag < 0 ? real.vasprintf(out, format, args)
		       : real.__vasprintf_chk(out, flag, format, args);
	wrap_via_end(t, len < 0 ? NULL : *out, 0, 0, site);
	return len;
}

HOOK_EXPORT int vasprintf(char **out, const char *format, va_list args)
{
	return print(out, -1, format, args, WRAP_CALLER, WRAP_FRAME);
}

HOOK_EXPORT int __vasprintf_chk(char **out, int flag, const char *format, va_list args)
{
	return print(out, flag, format, args, WRAP_CALLER, WRAP_FRAME);
}

HOOK_EXPORT int asprintf(char **out, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = print(out, -1, format, args, WRAP_CALLER, WRAP_FRAME);
	va_end(args);
	return len;
}

HOOK_EXPORT int __asprintf_chk(char **out, int flag, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = print(out, flag, format, args, WRAP_CALLER, WRAP_FRAME);
	va_end(args);
	return len;
}
