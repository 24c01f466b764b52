/* SPDX-License-Identifier: MIT */
/*
 * References in objects of the interpreter's and the standard library's C code that neither
 * tp_members nor Guppy names: '.name' where an attribute shows it, else '->name' as the C sources
 * call it.  Rows as in member_list.h.
 */
#ifndef TYPING_CPYTHON_MEMBER_LIBRARY_H
#define TYPING_CPYTHON_MEMBER_LIBRARY_H

#define ALL(offset) offset, offset, offset, offset, offset, offset

#define CPYTHON_ITERATOR_MEMBERS(X) \
	X("str_iterator", "->it_seq", ALL(24)) \
	X("str_ascii_iterator", "->it_seq", ALL(24)) \
	X("bytes_iterator", "->it_seq", ALL(24)) \
	X("bytearray_iterator", "->it_seq", ALL(24)) \
	X("memory_iterator", "->it_seq", ALL(24)) \
	X("arrayiterator", "->ao", ALL(24)) \
	X("array.arrayiterator", "->ao", ALL(24)) \
	X("dict_reversekeyiterator", "->di_dict", ALL(16)) \
	X("dict_reversevalueiterator", "->di_dict", ALL(16)) \
	X("dict_reverseitemiterator", "->di_dict", ALL(16)) \
	X("dict_itemiterator", "->di_result", ALL(40)) \
	X("dict_reverseitemiterator", "->di_result", ALL(40)) \
	X("odict_iterator", "->di_odict", ALL(24)) \
	X("odict_iterator", "->di_current", ALL(48)) \
	X("odict_iterator", "->di_result", ALL(56)) \
	X("odict_keys", "->dv_dict", ALL(16)) \
	X("odict_values", "->dv_dict", ALL(16)) \
	X("odict_items", "->dv_dict", ALL(16)) \
	X("_collections._deque_iterator", "->deque", ALL(32)) \
	X("_collections._deque_reverse_iterator", "->deque", ALL(32)) \
	X("collections._deque_iterator", "->deque", ALL(32)) \
	X("collections._deque_reverse_iterator", "->deque", ALL(32)) \
	X("callable_iterator", "->it_callable", ALL(16)) \
	X("callable_iterator", "->it_sentinel", ALL(24)) \
	X("longrange_iterator", "->start", ALL(24)) \
	X("longrange_iterator", "->step", ALL(32)) \
	X("longrange_iterator", "->len", ALL(40)) \
	X("range", "->length", ALL(40)) \
	X("enumerate", "->en_sit", ALL(24)) \
	X("enumerate", "->en_result", ALL(32)) \
	X("enumerate", "->en_longindex", ALL(40)) \
	X("reversed", "->seq", ALL(24)) \
	X("zip", "->ittuple", ALL(24)) \
	X("zip", "->result", ALL(32)) \
	X("map", "->iters", ALL(16)) \
	X("map", "->func", ALL(24)) \
	X("filter", "->func", ALL(16)) \
	X("filter", "->it", ALL(24)) \
	X("itertools.count", "->long_cnt", ALL(24)) \
	X("itertools.count", "->long_step", ALL(32)) \
	X("itertools.cycle", "->it", ALL(16)) \
	X("itertools.cycle", "->saved", ALL(24)) \
	X("itertools.repeat", "->element", ALL(16)) \
	X("itertools.chain", "->source", ALL(16)) \
	X("itertools.chain", "->active", ALL(24)) \
	X("itertools.compress", "->data", ALL(16)) \
	X("itertools.compress", "->selectors", ALL(24)) \
	X("itertools.dropwhile", "->func", ALL(16)) \
	X("itertools.dropwhile", "->it", ALL(24)) \
	X("itertools.takewhile", "->func", ALL(16)) \
	X("itertools.takewhile", "->it", ALL(24)) \
	X("itertools.filterfalse", "->func", ALL(16)) \
	X("itertools.filterfalse", "->it", ALL(24)) \
	X("itertools.groupby", "->it", ALL(16)) \
	X("itertools.groupby", "->keyfunc", ALL(24)) \
	X("itertools.groupby", "->tgtkey", ALL(32)) \
	X("itertools.groupby", "->currkey", ALL(40)) \
	X("itertools.groupby", "->currvalue", ALL(48)) \
	X("itertools._grouper", "->parent", ALL(16)) \
	X("itertools._grouper", "->tgtkey", ALL(24)) \
	X("itertools.islice", "->it", ALL(16)) \
	X("itertools.starmap", "->func", ALL(16)) \
	X("itertools.starmap", "->it", ALL(24)) \
	X("itertools._tee", "->dataobj", ALL(16)) \
	X("itertools._tee_dataobject", "->it", ALL(16)) \
	X("itertools._tee_dataobject", "->nextlink", ALL(32)) \
	X("itertools.zip_longest", "->ittuple", ALL(32)) \
	X("itertools.zip_longest", "->result", ALL(40)) \
	X("itertools.zip_longest", "->fillvalue", ALL(48)) \
	X("itertools.product", "->pools", ALL(16)) \
	X("itertools.product", "->result", ALL(32)) \
	X("itertools.permutations", "->pool", ALL(16)) \
	X("itertools.permutations", "->result", ALL(40)) \
	X("itertools.combinations", "->pool", ALL(16)) \
	X("itertools.combinations", "->result", ALL(32)) \
	X("itertools.combinations_with_replacement", "->pool", ALL(16)) \
	X("itertools.combinations_with_replacement", "->result", ALL(32)) \
	X("itertools.accumulate", "->total", ALL(16)) \
	X("itertools.accumulate", "->it", ALL(24)) \
	X("itertools.accumulate", "->binop", ALL(32)) \
	X("itertools.accumulate", "->initial", ALL(40)) \
	X("itertools.pairwise", "->it", ALL(16)) \
	X("itertools.pairwise", "->old", ALL(24)) \
	X("itertools.pairwise", "->result", ALL(32)) \
	X("itertools.batched", "->it", ALL(16))

#define CPYTHON_CALL_MEMBERS(X) \
	X("weakproxy", "->wr_callback", ALL(24)) \
	X("weakcallableproxy", "->wr_callback", ALL(24)) \
	X("weakref.ProxyType", "->wr_callback", ALL(24)) \
	X("weakref.CallableProxyType", "->wr_callback", ALL(24)) \
	X("builtin_method", ".__self__", ALL(24)) \
	X("builtin_method", ".__module__", ALL(32)) \
	X("builtin_method", "->mm_class", ALL(56)) \
	X("functools._lru_cache_wrapper", "->cache_info_type", 112, 112, 128, 128, 128, 128) \
	X("functools._lru_cache_wrapper", "->kwd_mark", 0, 0, 112, 112, 112, 112) \
	X("functools._lru_cache_wrapper", "->lru_list_elem_type", 0, 0, 120, 120, 120, 120) \
	X("functools.KeyWrapper", "->cmp", ALL(16)) \
	X("functools.KeyWrapper", ".obj", ALL(24)) \
	X("operator.itemgetter", "->item", ALL(24)) \
	X("operator.attrgetter", "->attr", ALL(24)) \
	X("operator.methodcaller", "->name", ALL(16)) \
	X("operator.methodcaller", "->args", 24, 24, 24, 24, 24, 0) \
	X("operator.methodcaller", "->xargs", 0, 0, 0, 0, 0, 24) \
	X("operator.methodcaller", "->kwds", 32, 32, 32, 32, 32, 32) \
	X("types.GenericAlias", ".__parameters__", ALL(32)) \
	X("types.UnionType", ".__parameters__", ALL(24)) \
	X("memoryview", "->mbuf", ALL(24)) \
	X("managedbuffer", "->obj", ALL(40)) \
	X("generator", "->exc_type", 64, 64, 56, 0, 0, 0) \
	X("generator", "->exc_value", 72, 72, 64, 48, 40, 40) \
	X("generator", "->exc_traceback", 80, 80, 72, 0, 0, 0) \
	X("coroutine", "->exc_type", 64, 64, 56, 0, 0, 0) \
	X("coroutine", "->exc_value", 72, 72, 64, 48, 40, 40) \
	X("coroutine", "->exc_traceback", 80, 80, 72, 0, 0, 0) \
	X("coroutine", ".cr_origin", 96, 96, 88, 64, 56, 56) \
	X("async_generator", "->exc_type", 64, 64, 56, 0, 0, 0) \
	X("async_generator", "->exc_value", 72, 72, 64, 48, 40, 40) \
	X("async_generator", "->exc_traceback", 80, 80, 72, 0, 0, 0) \
	X("async_generator", "->ag_finalizer", 96, 96, 88, 64, 56, 56) \
	X("coroutine_wrapper", "->cw_coroutine", ALL(16)) \
	X("async_generator_asend", "->ags_gen", ALL(16)) \
	X("async_generator_asend", "->ags_sendval", ALL(24)) \
	X("async_generator_athrow", "->agt_gen", ALL(16)) \
	X("async_generator_athrow", "->agt_args", ALL(24)) \
	X("async_generator_wrapped_value", "->agw_val", ALL(16)) \
	X("anext_awaitable", "->wrapped", ALL(16)) \
	X("anext_awaitable", "->default_value", ALL(24))

#define CPYTHON_ASYNC_MEMBERS(X) \
	X("_contextvars.ContextVar", ".name", ALL(16)) \
	X("ContextVar", ".name", ALL(16)) \
	X("_contextvars.ContextVar", "->var_default", ALL(24)) \
	X("ContextVar", "->var_default", ALL(24)) \
	X("_contextvars.Context", "->ctx_prev", ALL(16)) \
	X("Context", "->ctx_prev", ALL(16)) \
	X("_contextvars.Context", "->ctx_vars", ALL(24)) \
	X("Context", "->ctx_vars", ALL(24)) \
	X("_contextvars.Token", "->tok_ctx", ALL(16)) \
	X("Token", "->tok_ctx", ALL(16)) \
	X("_contextvars.Token", ".var", ALL(24)) \
	X("Token", ".var", ALL(24)) \
	X("_contextvars.Token", ".old_value", ALL(32)) \
	X("Token", ".old_value", ALL(32)) \
	X("hamt", "->h_root", ALL(16)) \
	X("_asyncio.Future", "->fut_loop", ALL(16)) \
	X("_asyncio.Future", "->fut_callback0", ALL(24)) \
	X("_asyncio.Future", "->fut_context0", ALL(32)) \
	X("_asyncio.Future", "->fut_callbacks", ALL(40)) \
	X("_asyncio.Future", "->fut_exception", ALL(48)) \
	X("_asyncio.Future", "->fut_exception_tb", 0, 0, 56, 56, 56, 56) \
	X("_asyncio.Future", "->fut_result", 56, 56, 64, 64, 64, 64) \
	X("_asyncio.Future", "->fut_source_tb", 64, 64, 72, 72, 72, 72) \
	X("_asyncio.Task", "->fut_loop", ALL(16)) \
	X("_asyncio.Task", "->fut_callback0", ALL(24)) \
	X("_asyncio.Task", "->fut_context0", ALL(32)) \
	X("_asyncio.Task", "->fut_callbacks", ALL(40)) \
	X("_asyncio.Task", "->fut_exception", ALL(48)) \
	X("_asyncio.Task", "->fut_exception_tb", 0, 0, 56, 56, 56, 56) \
	X("_asyncio.Task", "->fut_result", 56, 56, 64, 64, 64, 64) \
	X("_asyncio.Task", "->fut_source_tb", 64, 64, 72, 72, 72, 72) \
	X("_asyncio.Task", "->task_fut_waiter", 104, 144, 152, 128, 128, 112) \
	X("_asyncio.Task", "->task_coro", 112, 152, 160, 136, 136, 120) \
	X("_asyncio.Task", "->task_name", 120, 160, 168, 144, 144, 128) \
	X("_asyncio.Task", "->task_context", 128, 168, 176, 152, 152, 136) \
	X("_asyncio.FutureIter", "->future", ALL(16)) \
	X("FutureIter", "->future", ALL(16)) \
	X("TaskStepMethWrapper", "->sw_task", ALL(16)) \
	X("TaskStepMethWrapper", "->sw_arg", ALL(24)) \
	X("_asyncio.TaskStepMethWrapper", "->sw_task", ALL(16)) \
	X("_asyncio.TaskStepMethWrapper", "->sw_arg", ALL(24))

#define CPYTHON_MODULE_MEMBERS(X) \
	X("_ctypes._CData", "->b_base", ALL(40)) \
	X("_ctypes.PyCFuncPtr", "->thunk", ALL(96)) \
	X("_ctypes.PyCFuncPtr", "->callable", ALL(104)) \
	X("_ctypes.PyCFuncPtr", "->converters", ALL(112)) \
	X("_ctypes.PyCFuncPtr", ".argtypes", ALL(120)) \
	X("_ctypes.PyCFuncPtr", ".restype", ALL(128)) \
	X("_ctypes.PyCFuncPtr", "->checker", ALL(136)) \
	X("_ctypes.PyCFuncPtr", ".errcheck", ALL(144)) \
	X("_ctypes.PyCFuncPtr", "->paramflags", ALL(152)) \
	X("_ctypes.CFuncPtr", "->thunk", ALL(96)) \
	X("_ctypes.CFuncPtr", "->callable", ALL(104)) \
	X("_ctypes.CFuncPtr", "->converters", ALL(112)) \
	X("_ctypes.CFuncPtr", ".argtypes", ALL(120)) \
	X("_ctypes.CFuncPtr", ".restype", ALL(128)) \
	X("_ctypes.CFuncPtr", "->checker", ALL(136)) \
	X("_ctypes.CFuncPtr", ".errcheck", ALL(144)) \
	X("_ctypes.CFuncPtr", "->paramflags", ALL(152)) \
	X("_ctypes.CField", "->proto", ALL(40)) \
	X("re.Pattern", ".groupindex", ALL(32)) \
	X("re.Pattern", "->indexgroup", ALL(40)) \
	X("re.Match", ".regs", ALL(32)) \
	X("_sre.SRE_Scanner", "->string", ALL(56)) \
	X("datetime.datetime", ".tzinfo", ALL(40)) \
	X("datetime.time", ".tzinfo", ALL(32)) \
	X("datetime.timezone", "->offset", ALL(16)) \
	X("datetime.timezone", "->name", ALL(24)) \
	X("decimal.Context", ".traps", 64, 64, 64, 64, 64, 64) \
	X("decimal.Context", ".flags", 72, 72, 72, 72, 72, 72) \
	X("Struct", ".format", ALL(40)) \
	X("_struct.Struct", ".format", ALL(40)) \
	X("_pickle.Pickler", "->dispatch_table", 40, 40, 40, 40, 40, 32) \
	X("_pickle.Pickler", "->write", 56, 56, 56, 56, 56, 48) \
	X("_pickle.Unpickler", "->stack", ALL(16)) \
	X("_pickle.Unpickler", "->read", 184, 184, 184, 184, 184, 176) \
	X("_pickle.Unpickler", "->readinto", 192, 192, 192, 192, 192, 184) \
	X("_pickle.Unpickler", "->readline", 200, 200, 200, 200, 200, 192) \
	X("xml.etree.ElementTree.Element", ".tag", ALL(16)) \
	X("xml.etree.ElementTree.Element", ".text", ALL(24)) \
	X("xml.etree.ElementTree.Element", ".tail", ALL(32)) \
	X("_elementtree._element_iterator", "->root_element", ALL(40)) \
	X("_io.BytesIO", "->buf", ALL(16)) \
	X("_io.StringIO", "->readnl", ALL(72)) \
	X("_io.BufferedReader", ".raw", ALL(16)) \
	X("_io.BufferedWriter", ".raw", ALL(16)) \
	X("_io.BufferedRandom", ".raw", ALL(16)) \
	X("_io.BufferedRWPair", "->reader", ALL(16)) \
	X("_io.BufferedRWPair", "->writer", ALL(24)) \
	X("_io.TextIOWrapper", "->encoder", ALL(48)) \
	X("_io.TextIOWrapper", "->decoder", ALL(56)) \
	X("_io.TextIOWrapper", "->readnl", ALL(64)) \
	X("_io.TextIOWrapper", ".errors", ALL(72)) \
	X("_csv.reader", "->input_iter", ALL(16)) \
	X("_csv.writer", "->write", ALL(16)) \
	X("Decompress", "->zdict", ALL(152)) \
	X("zlib.Decompress", "->zdict", ALL(152)) \
	X("_queue.SimpleQueue", "->lst", 32, 32, 32, 32, 32, 0) \
	X("_queue.SimpleQueue", "->items", 0, 0, 0, 0, 0, 40) \
	X("_ctypes._CData", "->b_value", ALL(80)) \
	X("_ctypes.CThunkObject", "->callable", ALL(88)) \
	X("_pickle.Pdata", "->data", ALL(24)) \
	X("xml.etree.ElementTree.TreeBuilder", "->stack", ALL(56)) \
	X("xml.etree.ElementTree.TreeBuilder", "->element_factory", ALL(72)) \
	X("pyexpat.xmlparser", "->handlers", 64, 64, 64, 64, 64, 72) \
	X("_pickle.Pickler", "->memo", ALL(16)) \
	X("_pickle.Unpickler", "->memo", ALL(24))

/* All of these. */
#define CPYTHON_LIBRARY_MEMBERS(X) \
	CPYTHON_ITERATOR_MEMBERS(X) \
	CPYTHON_CALL_MEMBERS(X) \
	CPYTHON_ASYNC_MEMBERS(X) \
	CPYTHON_MODULE_MEMBERS(X)

/* Where an object's items begin, which go on to its end: class, relation, offset in every version
 */
#define CPYTHON_ITEM_MEMBERS(X) \
	X("hamt_bitmap_node", "->b_array", 32) \
	X("hamt_array_node", "->a_array", 16) \
	X("hamt_collision_node", "->c_array", 32) \
	X("itertools._tee_dataobject", "->values", 40)

/* Words that point at an object without holding it, or are no pointers at all (a Decimal's own
 * digits, and the padding behind its flags, which are not cleared): class, offsets */
#define CPYTHON_BORROWERS(X) \
	X("functools._lru_cache_wrapper", ALL(16)) \
	X("functools._lru_cache_wrapper", ALL(24)) \
	X("functools._lru_list_elem", ALL(16)) \
	X("functools._lru_list_elem", ALL(24)) \
	X("memoryview", ALL(64)) \
	X("ContextVar", ALL(32)) \
	X("_contextvars.ContextVar", ALL(32)) \
	X("decimal.Decimal", ALL(24)) \
	X("decimal.Decimal", ALL(72)) \
	X("decimal.Decimal", ALL(80)) \
	X("decimal.Decimal", ALL(88)) \
	X("decimal.Decimal", ALL(96)) \
	X("collections.OrderedDict", ALL(80)) \
	X("_thread._localdummy", 16, 16, 16, 16, 16, 0) \
	X("frame", 96, 96, 88, 0, 0, 0)

/* Words that lead to memory in which there are no references: class, offset in every version */
#define CPYTHON_FOREIGN_PARTS(X) \
	X("_io.BufferedReader", 56) \
	X("_io.BufferedWriter", 56) \
	X("_io.BufferedRandom", 56) \
	X("_io.StringIO", 16) \
	X("array.array", 24) \
	X("_csv.reader", 48) \
	X("_csv.writer", 32) \
	X("pyexpat.xmlparser", 16) \
	X("pyexpat.xmlparser", 40)

#endif
