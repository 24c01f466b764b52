// SPDX-License-Identifier: MIT
// Every form of operator new and delete, for ground.c.
#include <new>

#include "ground.h"
#define _Static_assert static_assert /* the header is C */
#include "heapcensus/dump_format.h"

using std::align_val_t;

static void *get(size_t size, size_t) { return ::operator new(size); }
static void *get_array(size_t size, size_t) { return ::operator new[](size); }
static void *get_nothrow(size_t size, size_t) { return ::operator new(size, std::nothrow); }
static void *get_array_nothrow(size_t size, size_t) { return ::operator new[](size, std::nothrow); }
static void *get_aligned(size_t size, size_t align)
{
	return ::operator new(size, align_val_t(align));
}
static void *get_array_aligned(size_t size, size_t align)
{
	return ::operator new[](size, align_val_t(align));
}
static void *get_aligned_nothrow(size_t size, size_t align)
{
	return ::operator new(size, align_val_t(align), std::nothrow);
}
static void *get_array_aligned_nothrow(size_t size, size_t align)
{
	return ::operator new[](size, align_val_t(align), std::nothrow);
}

static void put(void *p, size_t, size_t) { ::operator delete(p); }
static void put_array(void *p, size_t, size_t) { ::operator delete[](p); }
static void put_sized(void *p, size_t size, size_t) { ::operator delete(p, size); }
static void put_array_sized(void *p, size_t size, size_t) { ::operator delete[](p, size); }
static void put_nothrow(void *p, size_t, size_t) { ::operator delete(p, std::nothrow); }
static void put_array_nothrow(void *p, size_t, size_t) { ::operator delete[](p, std::nothrow); }
static void put_aligned(void *p, size_t, size_t align) { ::operator delete(p, align_val_t(align)); }
static void put_array_aligned(void *p, size_t, size_t align)
{
	::operator delete[](p, align_val_t(align));
}
static void put_aligned_sized(void *p, size_t size, size_t align)
{
	::operator delete(p, size, align_val_t(align));
}
static void put_array_aligned_sized(void *p, size_t size, size_t align)
{
	::operator delete[](p, size, align_val_t(align));
}
static void put_aligned_nothrow(void *p, size_t, size_t align)
{
	::operator delete(p, align_val_t(align), std::nothrow);
}
static void put_array_aligned_nothrow(void *p, size_t, size_t align)
{
	::operator delete[](p, align_val_t(align), std::nothrow);
}

extern const struct ground_form ground_new_forms[] = {
	{ "new", GROUND_NEW, HC_KIND_NEW, false, get, put },
	{ "new sized", GROUND_NEW, HC_KIND_NEW, false, get, put_sized },
	{ "new nothrow", GROUND_NEW, HC_KIND_NEW, false, get_nothrow, put_nothrow },
	{ "new aligned", GROUND_NEW, HC_KIND_NEW, true, get_aligned, put_aligned },
	{ "new aligned sized", GROUND_NEW, HC_KIND_NEW, true, get_aligned, put_aligned_sized },
	{ "new aligned nothrow", GROUND_NEW, HC_KIND_NEW, true, get_aligned_nothrow,
	  put_aligned_nothrow },
	{ "new[]", GROUND_NEW, HC_KIND_NEW_ARRAY, false, get_array, put_array },
	{ "new[] sized", GROUND_NEW, HC_KIND_NEW_ARRAY, false, get_array, put_array_sized },
	{ "new[] nothrow", GROUND_NEW, HC_KIND_NEW_ARRAY, false, get_array_nothrow,
	  put_array_nothrow },
	{ "new[] aligned", GROUND_NEW, HC_KIND_NEW_ARRAY, true, get_array_aligned,
	  put_array_aligned },
	{ "new[] aligned sized", GROUND_NEW, HC_KIND_NEW_ARRAY, true, get_array_aligned,
	  put_array_aligned_sized },
	{ "new[] aligned nothrow", GROUND_NEW, HC_KIND_NEW_ARRAY, true, get_array_aligned_nothrow,
	  put_array_aligned_nothrow },
};
extern const size_t ground_nr_new_forms = sizeof(ground_new_forms) / sizeof(ground_new_forms[0]);

static bool throws(void *(*get_it)(size_t, size_t), size_t too_much)
{
	try {
		get_it(too_much, 64);
	} catch (const std::bad_alloc &) {
		return true;
	}
	return false;
}

int ground_new_failures(size_t too_much)
{
	return !throws(get, too_much) + !throws(get_array, too_much) +
	       !throws(get_aligned, too_much) + !throws(get_array_aligned, too_much) +
	       (get_nothrow(too_much, 0) != nullptr) + (get_array_nothrow(too_much, 0) != nullptr) +
	       (get_aligned_nothrow(too_much, 64) != nullptr) +
	       (get_array_aligned_nothrow(too_much, 64) != nullptr);
}
