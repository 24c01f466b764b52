/* SPDX-License-Identifier: MIT */
/*
 * Everything that is known of one object, or of one variable: fields with values, what they lead
 * to, what refers to it and what it refers to.  describe_object and describe_addr work it out,
 * describe_text.c and describe_json.c write it.
 */
#ifndef REPORT_DESCRIBE_H
#define REPORT_DESCRIBE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/emit.h"
#include "report/pointee.h"

struct described_field {
	char *path;		  /* ".link.next", "['url']"; "" the object itself is one value */
	const char *type;	  /* "" not known */
	uint64_t offset;	  /* from the object's start */
	char *value;		  /* NULL: only where it leads is known, or nothing */
	struct pointee *leads_to; /* of pointers; NULL: none */
	uint64_t nr_left_out;	  /* elements of the array at path that are not told */
};

/* The object as one type sees it: of a block whose type is in doubt there are two. */
struct described_reading {
	const char *as; /* type; "" its words, attributes */
	struct described_field *fields;
	size_t nr, room;
	size_t nr_left_out; /* fields */
};

#define DESCRIBED_READINGS_MAX 2

/* References of one name from or to objects of one type. */
struct described_references {
	const char *relation;
	const char *type; /* of what is on the other end; NULL: a root */
	uint64_t nr;
	node_id first; /* NODE_NONE: a root */
};

struct described_list {
	struct described_references *items; /* most frequent first */
	size_t nr, room;
	uint64_t nr_references;
};

struct description {
	struct heap *heap;
	uint64_t asked;	  /* the address that was asked for; 0: the object was */
	node_id object;	  /* NODE_NONE: a variable, or a place in a module */
	const char *name; /* variable: "::queue.head"; code, constant: its symbol; object: NULL */
	const char *what; /* of these: "global variable", "code" */
	const struct ctype *type; /* variable: NULL not known */
	uint64_t addr, size;
	bool has_contents;

	struct described_reading readings[DESCRIBED_READINGS_MAX];
	unsigned int nr_readings;
	struct described_list parts; /* what counts for it */
	struct described_list referrers, referents;
};

struct describe_options {
	enum emit_format format; /* text or JSON */
	bool all;		 /* nothing is shortened */
	bool with_stack;
};

/* asked: 0, or an address in the object or in a table of it (of Python's objects: native ones have
 * parts, which are described by themselves). */
struct error *describe_object(struct heap *h, node_id object, uint64_t asked,
			      const struct describe_options *options, struct description *d)
	__attribute__((warn_unused_result));
/* What lies at an address: an object, a variable.  It is an error where nothing does. */
struct error *describe_addr(struct heap *h, uint64_t addr, const struct describe_options *options,
			    struct description *d) __attribute__((warn_unused_result));
void describe_deinit(struct description *d);

void describe_print(FILE *out, const struct description *d, const struct describe_options *options);
/* As a member of the open array. */
void describe_emit(struct json *j, const struct description *d,
		   const struct describe_options *options);

/* describe_fields.c: fills the readings.  The graph is there, unless the dump has no contents. */
void describe_fields(struct description *d, bool all);

#endif
