/* SPDX-License-Identifier: MIT */
/*
 * Where CPython 3.8 to 3.13 keep what both sides read: the preload walks frames while the program
 * runs, the analyzer finds them in the dump. Offsets, one for each of the six versions;
 * HC_PYTHON_NONE where a version has no such field.  Data only.
 */
#ifndef HEAPCENSUS_PYTHON_LAYOUT_H
#define HEAPCENSUS_PYTHON_LAYOUT_H

#define HC_PYTHON_MINOR_MIN 8
#define HC_PYTHON_MINOR_MAX 13
#define HC_PYTHON_NONE	    0

/* PyThreadState: the thread it is of; its innermost frame, or (3.11, 3.12) the struct _PyCFrame
 * that has it at HC_PYTHON_CFRAME_FRAME */
#define HC_PYTHON_STATE_THREAD 176, 176, 176, 152, 136, 152
#define HC_PYTHON_STATE_FRAME  24, 24, 24, 56, 56, 72
#define HC_PYTHON_CFRAME_FRAME 0, 0, 0, 8, 0, 0

/* PyFrameObject; from 3.11 on _PyInterpreterFrame.  instruction: an int, index or offset in the
 * bytecode; from 3.11 on an address */
#define HC_PYTHON_FRAME_CODE	    32, 32, 32, 32, 0, 0
#define HC_PYTHON_FRAME_BACK	    24, 24, 24, 48, 8, 8
#define HC_PYTHON_FRAME_INSTRUCTION 104, 104, 96, 56, 56, 56
#define HC_PYTHON_FRAME_OWNER	    HC_PYTHON_NONE, HC_PYTHON_NONE, HC_PYTHON_NONE, 69, 70, 70
#define HC_PYTHON_FRAME_IS_ENTRY \
	HC_PYTHON_NONE, HC_PYTHON_NONE, HC_PYTHON_NONE, 68, HC_PYTHON_NONE, HC_PYTHON_NONE

/* PyCodeObject.  lines: co_lnotab, co_linetable; instructions: the bytecode itself;
 * first_traceable: of its first one that counts as begun */
#define HC_PYTHON_CODE_FIRST_LINE      40, 40, 40, 72, 68, 68
#define HC_PYTHON_CODE_FILENAME	       104, 104, 104, 112, 112, 112
#define HC_PYTHON_CODE_NAME	       112, 112, 112, 120, 120, 120
#define HC_PYTHON_CODE_LINES	       120, 120, 120, 136, 136, 136
#define HC_PYTHON_CODE_INSTRUCTIONS    HC_PYTHON_NONE, HC_PYTHON_NONE, HC_PYTHON_NONE, 184, 192, 200
#define HC_PYTHON_CODE_FIRST_TRACEABLE HC_PYTHON_NONE, HC_PYTHON_NONE, HC_PYTHON_NONE, 168, 176, 184

/* PyVarObject, PyBytesObject */
#define HC_PYTHON_OB_TYPE     8u
#define HC_PYTHON_OB_SIZE     16u
#define HC_PYTHON_BYTES_BYTES 32u

/*
 * str: length, the bits of its state, and where its characters begin: behind PyASCIIObject, or
 * behind PyCompactUnicodeObject, where one that is not compact has a pointer to them.  kind: bytes
 * a character
 */
#define HC_PYTHON_STR_LENGTH		 16u
#define HC_PYTHON_STR_STATE		 32u
#define HC_PYTHON_STR_ASCII		 48, 48, 48, 48, 40, 40
#define HC_PYTHON_STR_COMPACT		 72, 72, 72, 72, 56, 56
#define HC_PYTHON_STR_IS_INTERNED(state) ((state)&3)
#define HC_PYTHON_STR_KIND(state)	 ((state) >> 2 & 7)
#define HC_PYTHON_STR_IS_COMPACT(state)	 ((state) >> 5 & 1)
#define HC_PYTHON_STR_IS_ASCII(state)	 ((state) >> 6 & 1)

/* The one of a list for a version, as a constant. */
#define HC_PYTHON_PICK_8(...)			  HC_PYTHON_PICK_8_(__VA_ARGS__, 0)
#define HC_PYTHON_PICK_9(...)			  HC_PYTHON_PICK_9_(__VA_ARGS__, 0)
#define HC_PYTHON_PICK_10(...)			  HC_PYTHON_PICK_10_(__VA_ARGS__, 0)
#define HC_PYTHON_PICK_11(...)			  HC_PYTHON_PICK_11_(__VA_ARGS__, 0)
#define HC_PYTHON_PICK_12(...)			  HC_PYTHON_PICK_12_(__VA_ARGS__, 0)
#define HC_PYTHON_PICK_13(...)			  HC_PYTHON_PICK_13_(__VA_ARGS__, 0)
#define HC_PYTHON_PICK_8_(a, ...)		  a
#define HC_PYTHON_PICK_9_(a, b, ...)		  b
#define HC_PYTHON_PICK_10_(a, b, c, ...)	  c
#define HC_PYTHON_PICK_11_(a, b, c, d, ...)	  d
#define HC_PYTHON_PICK_12_(a, b, c, d, e, ...)	  e
#define HC_PYTHON_PICK_13_(a, b, c, d, e, f, ...) f

#endif
