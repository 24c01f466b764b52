/* SPDX-License-Identifier: MIT */
/*
 * The layouts of CPython 3.8 to 3.13 on 64-bit machines, one row a minor version.  Layouts do not
 * change within a minor version.  Fields that none of them ever moved are constants.
 */
#ifndef TYPING_CPYTHON_VERSIONS_H
#define TYPING_CPYTHON_VERSIONS_H

#include <heapcensus/python_layout.h>
#include <stdbool.h>
#include <stdint.h>

/* PyObject, PyVarObject */
#define CPYTHON_OB_REFCNT 0u
#define CPYTHON_OB_TYPE	  HC_PYTHON_OB_TYPE
#define CPYTHON_OB_SIZE	  HC_PYTHON_OB_SIZE
/* PyTypeObject */
#define CPYTHON_TP_NAME		  24u
#define CPYTHON_TP_BASICSIZE	  32u
#define CPYTHON_TP_ITEMSIZE	  40u
#define CPYTHON_TP_FLAGS	  168u
#define CPYTHON_TP_DOC		  176u
#define CPYTHON_TP_WEAKLISTOFFSET 208u
#define CPYTHON_TP_MEMBERS	  240u
#define CPYTHON_TP_BASE		  256u
#define CPYTHON_TP_DICT		  264u
#define CPYTHON_TP_DESCR_GET	  272u
#define CPYTHON_TP_DICTOFFSET	  288u
#define CPYTHON_TP_MRO		  344u
#define CPYTHON_TP_WEAKLIST	  368u
/* PyDictObject */
#define CPYTHON_MA_USED	  16u
#define CPYTHON_MA_KEYS	  32u
#define CPYTHON_MA_VALUES 40u
#define CPYTHON_DICT_SIZE 48u
#define CPYTHON_LIST_SIZE 40u
#define CPYTHON_SET_SIZE  200u
/* PyListObject, PyTupleObject, PySetObject, PyByteArrayObject */
#define CPYTHON_LIST_ITEMS	24u
#define CPYTHON_TUPLE_ITEMS	24u
#define CPYTHON_SET_USED	24u
#define CPYTHON_SET_MASK	32u
#define CPYTHON_SET_TABLE	40u
#define CPYTHON_SET_SMALL_TABLE 64u
#define CPYTHON_SET_ENTRY	16u /* { key, hash } */
#define CPYTHON_BYTEARRAY_BYTES 32u /* the buffer */
#define CPYTHON_BYTEARRAY_START 40u /* where in it the bytes begin */
/* PyBytesObject */
#define CPYTHON_BYTES_BYTES HC_PYTHON_BYTES_BYTES
/* PyASCIIObject */
#define CPYTHON_STR_LENGTH HC_PYTHON_STR_LENGTH
#define CPYTHON_STR_STATE  HC_PYTHON_STR_STATE
/* PyDictKeysObject's dk_kind */
#define CPYTHON_KEYS_GENERAL 0u
/* PyWeakReference: of its fields only the callback is a reference */
#define CPYTHON_WEAKREF_CALLBACK 24u
/* deque: left and right block, indices in them; its blocks: { left, 64 items, right } */
#define CPYTHON_DEQUE_LEFT	  24u
#define CPYTHON_DEQUE_RIGHT	  32u
#define CPYTHON_DEQUE_LEFT_INDEX  40u
#define CPYTHON_DEQUE_RIGHT_INDEX 48u
#define CPYTHON_DEQUE_NR_SPARE	  72u /* 3.11 */
#define CPYTHON_DEQUE_SPARE	  80u /* 3.11: blocks to spare, and behind them old pointers */
#define CPYTHON_DEQUE_SPARE_MAX	  16u
#define CPYTHON_DEQUE_ITEMS	  8u
#define CPYTHON_DEQUE_NR_ITEMS	  64u
#define CPYTHON_DEQUE_NEXT	  520u

/* PyModuleObject */
#define CPYTHON_MODULE_STATE 32u
/* PyCFunctionObject, PyDescrObject and what begins with one: the PyMethodDef, PyMemberDef ... */
#define CPYTHON_BUILTIN_DEFINITION 16u
#define CPYTHON_DESCR_DEFINITION   40u
/* datetime and time: has it a tzinfo, its last word? */
#define CPYTHON_HAS_TZINFO 24u

/* Python's digit of an int */
#define CPYTHON_DIGIT 4u
/* PyGC_Head; weakrefs and dict of an instance in front of it */
#define CPYTHON_GC_HEAD	  16u
#define CPYTHON_PREHEADER 16u

/* tp_flags */
#define CPYTHON_FLAG_INLINE_VALUES   (1ul << 2) /* 3.13 */
#define CPYTHON_FLAG_MANAGED_WEAKREF (1ul << 3) /* 3.12 */
#define CPYTHON_FLAG_MANAGED_DICT    (1ul << 4) /* 3.11 */
#define CPYTHON_FLAG_HEAP_TYPE	     (1ul << 9)
#define CPYTHON_FLAG_HAVE_GC	     (1ul << 14)
#define CPYTHON_FLAG_STR_SUBCLASS    (1ul << 28)
#define CPYTHON_FLAG_TYPE_SUBCLASS   (1ul << 31)

/* Where an instance's attributes are that are neither slots nor in a plain __dict__. */
enum cpython_managed {
	CPYTHON_MANAGED_NONE,	/* 3.8 - 3.10 */
	CPYTHON_MANAGED_TWO,	/* 3.11: values at -32, dict at -24 */
	CPYTHON_MANAGED_TAGGED, /* 3.12: values + 1 or dict at -24 */
	CPYTHON_MANAGED_INLINE, /* 3.13: dict at -24, values behind tp_basicsize */
};

struct cpython_version {
	unsigned int minor;
	enum cpython_managed managed;
	uint64_t preheader_flags; /* types with one of these have 16 bytes more in front */
	uint64_t managed_dict;	  /* object's address minus that of its managed dict */
	/* PyHeapTypeObject */
	uint64_t ht_name, ht_slots, ht_qualname, ht_cached_keys, ht_module, ht_tpname, ht_size;
	/* PyDictKeysObject: dk_size is a word (3.8 - 3.10), else its logarithm is a byte */
	bool has_log2_size;
	uint64_t dk_size, dk_log2_index_bytes, dk_kind, dk_usable, dk_nentries, dk_indices;
	uint64_t values_first; /* struct _dictvalues: of the first value */
	/* str */
	uint64_t str_ascii_size, str_compact_size, str_size, str_utf8, str_wstr, str_data;
	/* int: word at 16 is |ob_size| with the sign, or lv_tag >> 3 */
	bool has_long_tag;
	uint64_t long_digits;
	uint64_t weakref_size;
	uint64_t deque_size;
	uint64_t function_module;
};

/* NULL: not known. */
const struct cpython_version *cpython_find_version(unsigned int major, unsigned int minor);

#endif
