/* SPDX-License-Identifier: MIT */
/*
 * Unloading: whatever was cached about code must go before another object can take its place.
 */
#include "hook/python.h"
#include "hook/wrap.h"
#include "stack/unwind.h"

HOOK_EXPORT int dlclose(void *handle)
{
	int ret;

	if (UNLIKELY(!real_ready()))
		return -1;
	unwind_flush();
	ret = real.dlclose(handle);
	python_after_dlclose();
	unwind_flush();		/* its destructors have run code of it meanwhile */
	return ret;
}
