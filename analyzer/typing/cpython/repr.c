/* SPDX-License-Identifier: MIT */
/*
 * repr() of values in a dump.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/repr.h"
#include "base/text.h"
#include "typing/cpython/value.h"

#define DEPTH_MAX      4   /* of containers in containers */
#define ITEMS_MAX      64  /* of the outermost container */
#define INNER_MAX      8   /* of one inside another */
#define INNER_TEXT_MAX 200 /* bytes of a text in a container */
#define DIGITS_MAX     512 /* 30 bits each, of an int that is printed */
#define FLOAT_VALUE    16u
#define DIGIT_BITS     30
#define DIGITS_PER_ONE 9 /* decimal digits that are divided off at a time */

struct printer {
	const struct cpython *p;
	FILE *out;
	char *text; /* what was printed, up to len after a flush */
	size_t len, max;
};

static void print_value(struct printer *pr, uint64_t object, int depth);

/* Is there room for more? */
static bool has_room(struct printer *pr)
{
	return !fflush(pr->out) && pr->len < pr->max;
}

static uint32_t character(const struct cpython_text *t, uint64_t i)
{
	uint32_t c = 0;

	memcpy(&c, t->bytes + i * t->unit, t->unit);
	return c;
}

static bool has_character(const struct cpython_text *t, uint32_t wanted)
{
	for (uint64_t i = 0; i < t->length; i++)
		if (character(t, i) == wanted)
			return true;
	return false;
}

static void print_text(struct printer *pr, const struct cpython_text *t, int depth)
{
	const char quote = repr_quote(has_character(t, '\''), has_character(t, '"'));
	const size_t left = has_room(pr) ? pr->max - pr->len : 0;
	const size_t room = depth && left > INNER_TEXT_MAX ? INNER_TEXT_MAX : left;
	size_t printed = 0;
	uint64_t i;

	fprintf(pr->out, "%s%c", t->is_str ? "" : "b", quote);
	for (i = 0; i < t->length && printed < room; i++) {
		char one[REPR_ONE_MAX + 1];

		printed += t->is_str ? repr_character(character(t, i), quote, one)
				     : repr_byte((uint8_t)character(t, i), quote, one);
		fputs(one, pr->out);
	}
	fprintf(pr->out, "%s%c", i < t->length ? "..." : "", quote);
}

/* The digits of an int, and whether it is negative; returns their number, DIGITS_MAX + 1 where
 * there are more. */
static uint64_t read_digits(const struct cpython *p, uint64_t object, uint32_t *digits,
			    bool *is_negative)
{
	const uint64_t word = cpython_word(p, object + CPYTHON_OB_SIZE);
	uint64_t nr = p->version->has_long_tag ? word >> 3 : (int64_t)word < 0 ? -word : word;

	*is_negative = p->version->has_long_tag ? (word & 3) == 2 : (int64_t)word < 0;
	if (nr > DIGITS_MAX)
		return DIGITS_MAX + 1;
	return cpython_read(p, object + p->version->long_digits, digits, nr * sizeof(*digits)) ? nr
											       : 0;
}

bool cpython_get_number(const struct cpython *p, uint64_t object, int64_t *ret)
{
	const struct cpython_class *class = cpython_class_at(p, object);
	uint32_t digits[DIGITS_MAX];
	uint64_t nr, value = 0;
	bool is_negative;

	if (!class || (class->shape != CPYTHON_SHAPE_INT && class->shape != CPYTHON_SHAPE_BOOL))
		return false;
	nr = read_digits(p, object, digits, &is_negative);
	if (nr > 2)
		return false;
	while (nr--)
		value = value << DIGIT_BITS | digits[nr];
	*ret = is_negative ? -(int64_t)value : (int64_t)value;
	return true;
}

/* Divides a number in base 2^30 by 10^9 in place; returns the rest. */
static uint32_t divide(uint32_t *digits, uint64_t nr)
{
	uint64_t rest = 0;

	while (nr--) {
		rest = rest << DIGIT_BITS | digits[nr];
		digits[nr] = (uint32_t)(rest / 1000000000);
		rest %= 1000000000;
	}
	return (uint32_t)rest;
}

static void print_int(struct printer *pr, uint64_t object)
{
	uint32_t digits[DIGITS_MAX], parts[DIGITS_MAX * 2];
	bool is_negative;
	uint64_t nr = read_digits(pr->p, object, digits, &is_negative), nr_parts = 0;

	if (nr > DIGITS_MAX) {
		fputs("<int of more than 4600 digits>", pr->out);
		return;
	}
	while (nr && !digits[nr - 1])
		nr--;
	do {
		parts[nr_parts++] = divide(digits, nr);
		while (nr && !digits[nr - 1])
			nr--;
	} while (nr);
	fprintf(pr->out, "%s%" PRIu32, is_negative ? "-" : "", parts[--nr_parts]);
	while (nr_parts)
		fprintf(pr->out, "%0*" PRIu32, DIGITS_PER_ONE, parts[--nr_parts]);
}

/* The fewest digits that give the number again; an exponent where it is below -4 or above 15. */
static void print_float(struct printer *pr, double value)
{
	char text[40];
	int precision = 0, exponent;

	if (!isfinite(value)) {
		fputs(isnan(value) ? "nan" : value < 0 ? "-inf" : "inf", pr->out);
		return;
	}
	do {
		snprintf(text, sizeof(text), "%.*e", precision, value);
	} while (strtod(text, NULL) != value && precision++ < 17);
	exponent = atoi(strchr(text, 'e') + 1);
	if (exponent >= -4 && exponent < 16)
		fprintf(pr->out, "%.*f", precision > exponent ? precision - exponent : 1, value);
	else
		fputs(text, pr->out);
}

static const char *separator(uint64_t i)
{
	return i ? ", " : "";
}

static uint64_t most_items(int depth)
{
	return depth > 1 ? INNER_MAX : ITEMS_MAX;
}

static void print_sequence(struct printer *pr, uint64_t object, const char *brackets, int depth)
{
	const uint64_t nr = cpython_length(pr->p, object);

	fputc(brackets[0], pr->out);
	for (uint64_t i = 0; i < nr; i++) {
		uint64_t item;

		fputs(separator(i), pr->out);
		if (i == most_items(depth) || depth > DEPTH_MAX || !has_room(pr) ||
		    !cpython_item(pr->p, object, (int64_t)i, &item)) {
			fputs("...", pr->out);
			break;
		}
		print_value(pr, item, depth);
	}
	fputs(nr == 1 && brackets[0] == '(' ? "," : "", pr->out);
	fputc(brackets[1], pr->out);
}

static void print_dict(struct printer *pr, uint64_t object, int depth)
{
	struct cpython_items items;

	cpython_dict_open(pr->p, object, &items);
	fputc('{', pr->out);
	for (uint64_t i = 0; cpython_items_next(&items); i++) {
		fputs(separator(i), pr->out);
		if (i == most_items(depth) || depth > DEPTH_MAX || !has_room(pr)) {
			fputs("...", pr->out);
			break;
		}
		print_value(pr, items.key, depth);
		fputs(": ", pr->out);
		print_value(pr, items.value, depth);
	}
	fputc('}', pr->out);
}

static void print_set(struct printer *pr, uint64_t object, int depth)
{
	const uint64_t table = cpython_word(pr->p, object + CPYTHON_SET_TABLE);
	uint64_t mask, nr = 0;

	if (!cpython_read_word(pr->p, object + CPYTHON_SET_MASK, &mask) || mask > UINT32_MAX)
		mask = 0;
	for (uint64_t i = 0; i <= mask; i++) {
		struct {
			uint64_t member;
			int64_t hash;
		} entry;

		if (!cpython_read(pr->p, table + i * CPYTHON_SET_ENTRY, &entry, sizeof(entry)))
			break;
		if (!cpython_class_at(pr->p, entry.member) || entry.hash == -1) /* free, dummy */
			continue;
		fputs(nr ? ", " : "{", pr->out);
		if (nr++ == most_items(depth) || depth > DEPTH_MAX || !has_room(pr)) {
			fputs("...", pr->out);
			break;
		}
		print_value(pr, entry.member, depth);
	}
	fputs(nr ? "}" : "set()", pr->out);
}

static void print_float_at(struct printer *pr, uint64_t object)
{
	double number = 0;

	cpython_read(pr->p, object + FLOAT_VALUE, &number, sizeof(number));
	print_float(pr, number);
}

static void print_bool(struct printer *pr, uint64_t object)
{
	int64_t value = 0;

	cpython_get_number(pr->p, object, &value);
	fputs(value ? "True" : "False", pr->out);
}

/* A value of a builtin class, or of one derived from it; false: it is no such value. */
static bool print_builtin(struct printer *pr, uint64_t object, enum cpython_shape shape, int depth)
{
	struct cpython_text text;

	if (shape == CPYTHON_SHAPE_NONE)
		fputs("None", pr->out);
	else if (shape == CPYTHON_SHAPE_BOOL)
		print_bool(pr, object);
	else if (shape == CPYTHON_SHAPE_INT)
		print_int(pr, object);
	else if (shape == CPYTHON_SHAPE_FLOAT)
		print_float_at(pr, object);
	else if (shape == CPYTHON_SHAPE_TUPLE)
		print_sequence(pr, object, "()", depth + 1);
	else if (shape == CPYTHON_SHAPE_LIST)
		print_sequence(pr, object, "[]", depth + 1);
	else if (shape == CPYTHON_SHAPE_DICT || shape == CPYTHON_SHAPE_ORDERED_DICT)
		print_dict(pr, object, depth + 1);
	else if (shape == CPYTHON_SHAPE_SET || shape == CPYTHON_SHAPE_FROZENSET)
		print_set(pr, object, depth + 1);
	else if (cpython_get_text(pr->p, object, &text))
		print_text(pr, &text, depth);
	else
		return false;
	return true;
}

/* What repr() prints as `Name(value)`, as it does most classes derived from a builtin one. */
static bool is_wrapped(const struct cpython_class *class)
{
	static const enum cpython_shape always[] = { CPYTHON_SHAPE_BYTEARRAY,
						     CPYTHON_SHAPE_FROZENSET,
						     CPYTHON_SHAPE_ORDERED_DICT };
	static const struct {
		enum cpython_shape shape;
		const char *name;
	} plain[] = {
		{ CPYTHON_SHAPE_INT, "int" },	  { CPYTHON_SHAPE_FLOAT, "float" },
		{ CPYTHON_SHAPE_STR, "str" },	  { CPYTHON_SHAPE_BYTES, "bytes" },
		{ CPYTHON_SHAPE_TUPLE, "tuple" }, { CPYTHON_SHAPE_LIST, "list" },
		{ CPYTHON_SHAPE_DICT, "dict" },	  { CPYTHON_SHAPE_SET, "set" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		if (class->shape == always[i])
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (class->shape == plain[i].shape)
			return class->is_heap || strcmp(class->name, plain[i].name) != 0;
	return false;
}

/* frozenset(), like set(), has nothing in it where it is empty. */
static bool is_empty_frozenset(const struct printer *pr, uint64_t object,
			       const struct cpython_class *class)
{
	return class->shape == CPYTHON_SHAPE_FROZENSET &&
	       !cpython_word(pr->p, object + CPYTHON_SET_USED);
}

/* False: it is none of the values that repr() shows, and nothing was printed. */
static bool print_if_value(struct printer *pr, uint64_t object, const struct cpython_class *class,
			   int depth)
{
	const struct cpython_class *itself = cpython_find_class(pr->p, object);

	if (itself) {
		fputs("<class '", pr->out);
		text_print(pr->out, itself->name);
		fputs("'>", pr->out);
		return true;
	}
	if (!is_wrapped(class))
		return print_builtin(pr, object, class->shape, depth);
	text_print(pr->out, class->short_name);
	fputc('(', pr->out);
	if (!is_empty_frozenset(pr, object, class))
		print_builtin(pr, object, class->shape, depth);
	fputc(')', pr->out);
	return true;
}

static void print_value(struct printer *pr, uint64_t object, int depth)
{
	const struct cpython_class *class = cpython_class_at(pr->p, object);

	if (!class) {
		fprintf(pr->out, "<0x%" PRIx64 ">", object);
	} else if (!print_if_value(pr, object, class, depth)) {
		fputc('<', pr->out);
		text_print(pr->out, class->name);
		fprintf(pr->out, " at 0x%" PRIx64 ">", object);
	}
}

static void open_printer(struct printer *pr)
{
	pr->out = open_memstream(&pr->text, &pr->len);
	if (!pr->out)
		mem_exhausted();
}

static void close_printer(struct printer *pr)
{
	if (fclose(pr->out))
		mem_exhausted();
}

char *cpython_repr(const struct cpython *p, uint64_t object, size_t max)
{
	struct printer pr = { .p = p, .max = max };

	open_printer(&pr);
	print_value(&pr, object, 0);
	close_printer(&pr);
	return pr.text;
}

char *cpython_value_repr(const struct cpython *p, uint64_t object, size_t max)
{
	const struct cpython_class *class = cpython_class_at(p, object);
	struct printer pr = { .p = p, .max = max };
	bool is_value;

	open_printer(&pr);
	is_value = class && print_if_value(&pr, object, class, 0);
	close_printer(&pr);
	if (is_value)
		return pr.text;
	free(pr.text);
	return NULL;
}
