/* SPDX-License-Identifier: MIT */
/*
 * References in CPython's own objects that are in no tp_members table (that one is read from the
 * dump), or that Guppy calls otherwise.  A class has those of all its bases.
 */
#ifndef TYPING_CPYTHON_MEMBER_LIST_H
#define TYPING_CPYTHON_MEMBER_LIST_H

#include <heapcensus/python_layout.h>
#include <stdint.h>

#define CPYTHON_NO_MEMBER 0 /* not in that version: the header is there */

/* class (tp_name, or as Guppy prints it), relation, offset in 3.8, 3.9, 3.10, 3.11, 3.12, 3.13 */
#define CPYTHON_MEMBERS(X) \
	X("object", ".__class__", 8, 8, 8, 8, 8, 8) \
	X("function", ".__globals__", 24, 24, 16, 16, 16, 16) \
	X("function", ".__name__", 64, 64, 32, 32, 32, 32) \
	X("function", ".__qualname__", 104, 104, 40, 40, 40, 40) \
	X("function", ".__code__", 16, 16, 48, 48, 48, 48) \
	X("function", ".__defaults__", 32, 32, 56, 56, 56, 56) \
	X("function", ".__kwdefaults__", 40, 40, 64, 64, 64, 64) \
	X("function", ".__closure__", 48, 48, 72, 72, 72, 72) \
	X("function", ".__doc__", 56, 56, 80, 80, 80, 80) \
	X("function", ".__dict__", 72, 72, 88, 88, 88, 88) \
	X("function", ".__module__", 88, 88, 104, 104, 104, 104) \
	X("function", ".__annotations__", 96, 96, 112, 112, 112, 112) \
	X("code", ".co_consts", 56, 56, 56, 24, 24, 24) \
	X("code", ".co_names", 64, 64, 64, 32, 32, 32) \
	X("code", ".co_filename", HC_PYTHON_CODE_FILENAME) \
	X("code", ".co_name", HC_PYTHON_CODE_NAME) \
	X("code", ".co_qualname", 0, 0, 0, 128, 128, 128) \
	X("code", ".co_code", 48, 48, 48, 152, 0, 0) \
	X("code", ".co_varnames", 72, 72, 72, 0, 0, 0) \
	X("code", ".co_freevars", 80, 80, 80, 0, 0, 0) \
	X("code", ".co_cellvars", 88, 88, 88, 0, 0, 0) \
	X("code", ".co_lnotab", 120, 120, 0, 0, 0, 0) \
	X("code", ".co_linetable", 0, 0, 120, 136, 136, 136) \
	X("code", ".co_exceptiontable", 0, 0, 0, 40, 40, 40) \
	X("code", "->co_localsplusnames", 0, 0, 0, 96, 96, 96) \
	X("code", "->co_localspluskinds", 0, 0, 0, 104, 104, 104) \
	X("cell", ".cell_contents", 16, 16, 16, 16, 16, 16) \
	X("module", ".__dict__", 16, 16, 16, 16, 16, 16) \
	X("builtin_function_or_method", ".__self__", 24, 24, 24, 24, 24, 24) \
	X("builtin_function_or_method", ".__module__", 32, 32, 32, 32, 32, 32) \
	X("method", ".__func__", 16, 16, 16, 16, 16, 16) \
	X("method", ".__self__", 24, 24, 24, 24, 24, 24) \
	X("type", ".__base__", 256, 256, 256, 256, 256, 256) \
	X("type", ".__dict__", 264, 264, 264, 264, 264, 264) \
	X("type", ".__bases__", 336, 336, 336, 336, 336, 336) \
	X("type", ".__mro__", 344, 344, 344, 344, 344, 344) \
	X("type", "->tp_cache", 352, 352, 352, 352, 352, 352) \
	X("type", "->tp_subclasses", 360, 360, 360, 360, 360, 360) \
	X("generator", ".gi_frame", 16, 16, 16, 0, 0, 0) \
	X("generator", ".gi_code", 32, 32, 24, 0, 0, 0) \
	X("coroutine", ".cr_frame", 16, 16, 16, 0, 0, 0) \
	X("coroutine", ".cr_code", 32, 32, 24, 0, 0, 0) \
	X("async_generator", ".ag_frame", 16, 16, 16, 0, 0, 0) \
	X("async_generator", ".ag_code", 32, 32, 24, 0, 0, 0) \
	X("frame", ".f_back", 24, 24, 24, 16, 16, 16) \
	X("frame", ".f_code", 32, 32, 32, 0, 0, 0) \
	X("frame", ".f_builtins", 40, 40, 40, 0, 0, 0) \
	X("frame", ".f_globals", 48, 48, 48, 0, 0, 0) \
	X("frame", ".f_locals", 56, 56, 56, 0, 0, 0) \
	X("frame", ".f_trace", 80, 80, 72, 32, 32, 32) \
	X("frame", "->f_extra_locals", 0, 0, 0, 0, 0, 48) \
	X("frame", "->f_locals_cache", 0, 0, 0, 0, 0, 56) \
	X("traceback", ".tb_next", 16, 16, 16, 16, 16, 16) \
	X("traceback", ".tb_frame", 24, 24, 24, 24, 24, 24) \
	X("BaseException", ".__dict__", 16, 16, 16, 16, 16, 16) \
	X("BaseException", ".args", 24, 24, 24, 24, 24, 24) \
	X("BaseException", ".__notes__", 0, 0, 0, 32, 32, 32) \
	X("BaseException", ".__traceback__", 32, 32, 32, 40, 40, 40) \
	X("BaseException", ".__context__", 40, 40, 40, 48, 48, 48) \
	X("BaseException", ".__cause__", 48, 48, 48, 56, 56, 56) \
	X("weakref", ".__callback__", 24, 24, 24, 24, 24, 24) \
	X("weakref.ReferenceType", ".__callback__", 24, 24, 24, 24, 24, 24) \
	X("method_descriptor", ".__objclass__", 16, 16, 16, 16, 16, 16) \
	X("classmethod_descriptor", ".__objclass__", 16, 16, 16, 16, 16, 16) \
	X("wrapper_descriptor", ".__objclass__", 16, 16, 16, 16, 16, 16) \
	X("getset_descriptor", ".__objclass__", 16, 16, 16, 16, 16, 16) \
	X("member_descriptor", ".__objclass__", 16, 16, 16, 16, 16, 16) \
	X("mappingproxy", "->mapping", 16, 16, 16, 16, 16, 16) \
	X("method-wrapper", ".__self__", 24, 24, 24, 24, 24, 24)

/*
 * The same, but told only of objects that nothing else refers to: Python's collector does not visit
 * these, or no attribute shows them, so Guppy does not tell them.
 */
#define CPYTHON_QUIET_MEMBERS(X) \
	X("function", ".__builtins__", 0, 0, 24, 24, 24, 24) \
	X("function", ".__type_params__", 0, 0, 0, 0, 120, 120) \
	X("code", "->co_zombieframe", 128, 128, 128, 0, 0, 0) \
	X("module", ".__name__", 48, 48, 48, 48, 48, 48) \
	X("generator", ".__name__", 48, 48, 40, 32, 24, 24) \
	X("generator", ".__qualname__", 56, 56, 48, 40, 32, 32) \
	X("coroutine", ".__name__", 48, 48, 40, 32, 24, 24) \
	X("coroutine", ".__qualname__", 56, 56, 48, 40, 32, 32) \
	X("async_generator", ".__name__", 48, 48, 40, 32, 24, 24) \
	X("async_generator", ".__qualname__", 56, 56, 48, 40, 32, 32) \
	X("method_descriptor", ".__name__", 24, 24, 24, 24, 24, 24) \
	X("classmethod_descriptor", ".__name__", 24, 24, 24, 24, 24, 24) \
	X("wrapper_descriptor", ".__name__", 24, 24, 24, 24, 24, 24) \
	X("getset_descriptor", ".__name__", 24, 24, 24, 24, 24, 24) \
	X("member_descriptor", ".__name__", 24, 24, 24, 24, 24, 24) \
	X("method_descriptor", ".__qualname__", 32, 32, 32, 32, 32, 32) \
	X("classmethod_descriptor", ".__qualname__", 32, 32, 32, 32, 32, 32) \
	X("wrapper_descriptor", ".__qualname__", 32, 32, 32, 32, 32, 32) \
	X("getset_descriptor", ".__qualname__", 32, 32, 32, 32, 32, 32) \
	X("member_descriptor", ".__qualname__", 32, 32, 32, 32, 32, 32) \
	X("method-wrapper", "->descr", 16, 16, 16, 16, 16, 16) \
	X("dict_keys", "->dv_dict", 16, 16, 16, 16, 16, 16) \
	X("dict_values", "->dv_dict", 16, 16, 16, 16, 16, 16) \
	X("dict_items", "->dv_dict", 16, 16, 16, 16, 16, 16) \
	X("dict_keyiterator", "->di_dict", 16, 16, 16, 16, 16, 16) \
	X("dict_valueiterator", "->di_dict", 16, 16, 16, 16, 16, 16) \
	X("dict_itemiterator", "->di_dict", 16, 16, 16, 16, 16, 16) \
	X("list_iterator", "->it_seq", 24, 24, 24, 24, 24, 24) \
	X("list_reverseiterator", "->it_seq", 24, 24, 24, 24, 24, 24) \
	X("tuple_iterator", "->it_seq", 24, 24, 24, 24, 24, 24) \
	X("iterator", "->it_seq", 24, 24, 24, 24, 24, 24) \
	X("set_iterator", "->si_set", 16, 16, 16, 16, 16, 16) \
	X("_abc._abc_data", "->_abc_registry", 16, 16, 16, 16, 16, 16) \
	X("_abc._abc_data", "->_abc_cache", 24, 24, 24, 24, 24, 24) \
	X("_abc._abc_data", "->_abc_negative_cache", 32, 32, 32, 32, 32, 32) \
	X("property", ".fget", 16, 16, 16, 16, 16, 16) \
	X("property", ".fset", 24, 24, 24, 24, 24, 24) \
	X("property", ".fdel", 32, 32, 32, 32, 32, 32) \
	X("property", "->prop_name", 0, 0, 48, 48, 48, 48) \
	X("functools._lru_cache_wrapper", "->cache", 72, 72, 72, 72, 72, 72) \
	X("functools._lru_cache_wrapper", "->func", 88, 88, 88, 88, 88, 88) \
	X("functools._lru_list_elem", "->key", 40, 40, 40, 40, 40, 40) \
	X("functools._lru_list_elem", "->result", 48, 48, 48, 48, 48, 48) \
	X("numpy.ndarray", ".base", 48, 48, 48, 48, 48, 48) \
	X("numpy.ndarray", ".dtype", 56, 56, 56, 56, 56, 56)

struct cpython_member_row {
	const char *class;
	const char *relation;
	uint16_t offsets[6]; /* of 3.8 + i */
};

#endif
