/* SPDX-License-Identifier: MIT */
/*
 * The options of a census: one row each, read by the preload from the environment variable
 * HEAPCENSUS_<NAME>, offered by `heapcensus run` as
 * --<name>, listed in its help and checked against the manual page.  Nothing else names them.
 */
#ifndef HEAPCENSUS_OPTION_LIST_H
#define HEAPCENSUS_OPTION_LIST_H

#include "heapcensus/status_format.h"

/* The values of options of type CHOICE: enumerator, text.  The first is the default. */
#define HC_STACKS_CHOICES(X) \
	X(STACKS_CALLER, "caller") \
	X(STACKS_FULL, "full") X(STACKS_PYTHON, "python") X(STACKS_OFF, "off") \
	X(STACKS_VERIFY, "verify") X(STACKS_SAMPLE, "sample:BYTES")
#define HC_CONTENTS_CHOICES(X) \
	X(CONTENTS_FULL, "full") X(CONTENTS_POINTERS, "pointers") X(CONTENTS_NONE, "none")
#define HC_EXIT_CHOICES(X) X(EXIT_NO, "0") X(EXIT_DUMP, "1")
#define HC_EXEC_CHOICES(X) X(EXEC_FOLLOW, "follow") X(EXEC_STOP, "stop")
#define HC_LOG_CHOICES(X)  X(LOG_FILE, "file") X(LOG_STDERR, "stderr")

#define HC_CHOICE_BITS 8

#define HC_CHOICE_ENUM(id, text) HC_##id,
enum hc_stacks_choice { HC_STACKS_CHOICES(HC_CHOICE_ENUM) };
enum hc_contents_choice { HC_CONTENTS_CHOICES(HC_CHOICE_ENUM) };
enum hc_exit_choice { HC_EXIT_CHOICES(HC_CHOICE_ENUM) };
enum hc_exec_choice { HC_EXEC_CHOICES(HC_CHOICE_ENUM) };
enum hc_log_choice { HC_LOG_CHOICES(HC_CHOICE_ENUM) };
#undef HC_CHOICE_ENUM

/* "a|b|c|": the choices as one text, each ended by '|'. */
#define HC_CHOICE_TEXT(id, text) text "|"

/*
 * How a value is written:
 *   CHOICE    one of the listed texts; the option's value is its number in the list.  For a text
 *             that ends in ":BYTES" stands the same with a number as of BYTES, 1 at least, which
 *             is above the lowest HC_CHOICE_BITS of the value
 *   SIGNAL    a signal by name (USR1, SIGUSR1, RTMIN+3) or number, or "none" (value 0)
 *   PATH      a folder
 *   SECONDS   a number with an optional s, m or h; 0 is never (value in nanoseconds)
 *   BYTES     a number with an optional k, m or g; 0 is never
 *   NUMBER    a number from LOW to HIGH
 *   OR_NUMBER the default, which is a word (value HC_OPTION_WORD), or a number from LOW to HIGH
 */
#define HC_OPTION_WORD UINT64_MAX

enum hc_option_type {
	HC_OPTION_CHOICE,
	HC_OPTION_SIGNAL,
	HC_OPTION_PATH,
	HC_OPTION_SECONDS,
	HC_OPTION_BYTES,
	HC_OPTION_NUMBER,
	HC_OPTION_OR_NUMBER,
};

/* name, NAME, type, default, values (choices, or what stands for the value in a help text), low,
 * high, summary */
#define HC_OPTIONS(X) \
	X(stacks, STACKS, CHOICE, "caller", HC_STACKS_CHOICES(HC_CHOICE_TEXT), 0, 0, \
	  "what of the call stack a block keeps: its caller; all of it, Python's frames with it; " \
	  "the caller and Python's frames; nothing; all of it, compared with libunwind; all of " \
	  "it for one block in so many bytes, else the caller") \
	X(depth, DEPTH, NUMBER, "64", "FRAMES", 1, 128, "frames that a full stack has at most") \
	X(contents, CONTENTS, CHOICE, "full", HC_CONTENTS_CHOICES(HC_CHOICE_TEXT), 0, 0, \
	  "what of the memory a dump has: all, pointers only (no text leaves the process), none") \
	X(signal, SIGNAL, SIGNAL, "USR1", "SIGNAL", 0, 0, \
	  "signal that asks for a dump, by name or number, or none") \
	X(dir, DIR, PATH, "", "FOLDER", 0, 0, \
	  "where dumps and the log are written (default: the folder the program starts in)") \
	X(every, EVERY, SECONDS, "0", "TIME", 0, 0, \
	  "dump again and again after so many seconds (or 5m, 1h), if blocks have come or gone") \
	X(grow, GROW, BYTES, "0", "BYTES", 0, 0, \
	  "dump whenever the live bytes have grown by so many (64m, 1g) since the last dump") \
	X(keep, KEEP, NUMBER, "0", "DUMPS", 0, HC_STATUS_KEEP_MAX, \
	  "how many dumps of the process stay: an older one goes when a new one is complete; 0: " \
	  "all") \
	X(exit, EXIT, CHOICE, "0", HC_EXIT_CHOICES(HC_CHOICE_TEXT), 0, 0, \
	  "dump when the program ends (a Python: when its interpreter has ended)") \
	X(exec, EXEC, CHOICE, "follow", HC_EXEC_CHOICES(HC_CHOICE_TEXT), 0, 0, \
	  "whether programs that the program starts come under census too") \
	X(log, LOG, CHOICE, "file", HC_LOG_CHOICES(HC_CHOICE_TEXT), 0, 0, \
	  "where messages go: a file in the dump folder, or the program's standard error") \
	X(zstd, ZSTD, OR_NUMBER, "auto", "LEVEL|auto", 1, 19, \
	  "compression level of dumps; auto: as high as the disk gives time for, as low as a " \
	  "swift dump needs") \
	X(nice, NICE, NUMBER, "5", "STEPS", 0, 19, \
	  "how many steps nicer than the program the process is that writes a dump") \
	X(cpu, CPU, OR_NUMBER, "any", "CPU|any", 0, 1023, \
	  "processor that the process that writes a dump keeps to, where it may use that one")

#endif
