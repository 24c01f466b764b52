/* SPDX-License-Identifier: MIT */
/*
 * Errors of the analyzer: a struct error *, NULL is success (drgn's way).  The owner prints or
 * frees it; only cmd/main.c and the REPL print. Our own mistakes are BUG(); out of memory ends the
 * program in one place (base/mem.h).
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdint.h>

struct error {
	char *message; /* without "heapcensus: " and without newline: "heap.hc: offset 0x4c0: ..."
			*/
	int exit_code; /* 1 failed, 2 usage */
};

struct error *error_create(const char *format, ...)
	__attribute__((format(printf, 1, 2), warn_unused_result));
struct error *error_create_usage(const char *format, ...)
	__attribute__((format(printf, 1, 2), warn_unused_result));
/* "what: strerror(errnum)" */
struct error *error_create_errno(int errnum, const char *format, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));
/* NULL is fine. */
void error_destroy(struct error *error);

#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
void bug_at(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));

#endif
