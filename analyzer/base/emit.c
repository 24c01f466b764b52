/* SPDX-License-Identifier: MIT */
/*
 * JSON and CSV writers.
 */
#include "base/emit.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"

static void write_string(FILE *out, const char *s, size_t len)
{
	fputc('"', out);
	for (size_t at = 0, n; at < len; at += n) {
		const unsigned char c = (unsigned char)s[at];

		n = text_utf8_len(s + at, len - at);
		if (!n) {
			fputs("\\ufffd", out);
			n = 1;
		} else if (c == '"' || c == '\\') {
			fprintf(out, "\\%c", c);
		} else if (c < 0x20 || c == 0x7f) {
			fprintf(out, "\\u%04x", c);
		} else {
			fwrite(s + at, 1, n, out);
		}
	}
	fputc('"', out);
}

static void newline(struct json *j)
{
	fprintf(j->out, "\n%*s", (int)j->depth * 2, "");
}

/* What stands before a value: comma, line, key. */
static void start_value(struct json *j, const char *key)
{
	if (j->depth) {
		if (j->filled[j->depth])
			fputc(',', j->out);
		j->filled[j->depth] = true;
		newline(j);
	}
	if (key) {
		write_string(j->out, key, strlen(key));
		fputs(": ", j->out);
	}
}

static void begin(struct json *j, const char *key, char bracket)
{
	start_value(j, key);
	fputc(bracket, j->out);
	if (++j->depth >= JSON_DEPTH_MAX)
		BUG("JSON nested %u deep", j->depth);
	j->filled[j->depth] = false;
}

static void end(struct json *j, char bracket)
{
	const bool filled = j->filled[j->depth];

	if (!j->depth--)
		BUG("JSON container closed twice");
	if (filled)
		newline(j);
	fputc(bracket, j->out);
}

void json_begin_object(struct json *j, const char *key)
{
	begin(j, key, '{');
}

void json_end_object(struct json *j)
{
	end(j, '}');
}

void json_begin_array(struct json *j, const char *key)
{
	begin(j, key, '[');
}

void json_end_array(struct json *j)
{
	end(j, ']');
}

void json_text(struct json *j, const char *key, const char *value)
{
	start_value(j, key);
	if (value)
		write_string(j->out, value, strlen(value));
	else
		fputs("null", j->out);
}

void json_bytes(struct json *j, const char *key, const char *value, size_t len)
{
	start_value(j, key);
	write_string(j->out, value, len);
}

void json_number(struct json *j, const char *key, uint64_t value)
{
	start_value(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void json_signed(struct json *j, const char *key, int64_t value)
{
	start_value(j, key);
	fprintf(j->out, "%" PRId64, value);
}

void json_real(struct json *j, const char *key, double value)
{
	start_value(j, key);
	if (isfinite(value))
		fprintf(j->out, "%.15g", value);
	else
		fputs("null", j->out);
}

void json_bool(struct json *j, const char *key, bool value)
{
	start_value(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_addr(struct json *j, const char *key, uint64_t addr)
{
	start_value(j, key);
	fprintf(j->out, "\"0x%" PRIx64 "\"", addr);
}

void json_finish(struct json *j)
{
	if (j->depth)
		BUG("JSON left open at depth %u", j->depth);
	fputc('\n', j->out);
}

static void start_field(FILE *out, bool first)
{
	if (!first)
		fputc(',', out);
}

void csv_text(FILE *out, bool first, const char *value)
{
	_cleanup_free_ char *escaped =
		text_is_clean(value) ? NULL : text_escape(value, strlen(value));

	start_field(out, first);
	value = escaped ? escaped : value;
	if (!value[strcspn(value, ",\"\r\n")]) {
		fputs(value, out);
		return;
	}
	fputc('"', out);
	for (const char *c = value; *c; c++) {
		if (*c == '"')
			fputc('"', out);
		fputc(*c, out);
	}
	fputc('"', out);
}

void csv_number(FILE *out, bool first, uint64_t value)
{
	start_field(out, first);
	fprintf(out, "%" PRIu64, value);
}

void csv_signed(FILE *out, bool first, int64_t value)
{
	start_field(out, first);
	fprintf(out, "%" PRId64, value);
}

void csv_end_row(FILE *out)
{
	fputs("\r\n", out);
}
