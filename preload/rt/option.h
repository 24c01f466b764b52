/* SPDX-License-Identifier: MIT */
/*
 * The options, read once at start from the environment and never again (programs overwrite their
 * environment).  The table is include/heapcensus/option_list.h.  A value that is not understood
 * leaves the default, is counted (options_invalid) and said in the log.
 */
#ifndef RT_OPTION_H
#define RT_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include <heapcensus/option_list.h>

enum option_id {
#define OPTION_ENUM(name, NAME, type, default_text, values, low, high, summary) OPTION_##NAME,
	HC_OPTIONS(OPTION_ENUM)
#undef OPTION_ENUM
		NR_OPTIONS,
};

struct option_row {
	const char *name;
	enum hc_option_type type;
	const char *default_text;
	const char *values;
	uint64_t low, high;
};
extern const struct option_row option_rows[NR_OPTIONS];

struct option_value {
	uint64_t number;  /* choice (HC_CHOICE_BITS), signal number, nanoseconds, bytes, number */
	const char *text; /* as it stood in the environment; NULL where the default holds */
};

/* Written by option_init, before any second thread; read-only after. */
extern struct option_value option_values[NR_OPTIONS];

/* Idempotent.  Takes the process' environment, from /proc/self/environ where libc has not set its
 * own yet. */
void option_init(void);

/* The same from a given environment (tests). */
void option_read(char *const *environment);

/* TMPDIR as it stood at start; NULL where there was none. */
const char *option_tmpdir(void);

/* Says in the log what option_init did not understand; called once the log has a place. */
void option_report(void);

static inline uint64_t option_get(enum option_id id)
{
	return option_values[id].number;
}

/* Of a CHOICE: which, and the number that came with it. */
static inline uint32_t option_get_choice(enum option_id id)
{
	return (uint32_t)(option_get(id) & ((1u << HC_CHOICE_BITS) - 1));
}
static inline uint64_t option_get_bytes(enum option_id id)
{
	return option_get(id) >> HC_CHOICE_BITS;
}

/* The value that holds, as it is written. */
static inline const char *option_text(enum option_id id)
{
	return option_values[id].text ? option_values[id].text : option_rows[id].default_text;
}

/* Parses one value.  False where it is not understood. */
bool option_parse(const struct option_row *row, const char *text, uint64_t *number);

#endif
