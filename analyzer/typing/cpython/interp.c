/* SPDX-License-Identifier: MIT */
/*
 * Where PyInterpreterState has what, by version.
 */
#include "typing/cpython/interp.h"

#include "base/mem.h"
#include "heap/private.h"

#define BORROWED_MAX 3u
/* Of these: { version, name, what the class has by that name }, the name is held. */
#define CACHE	     1u
#define CACHE_ENTRY  24u
#define CACHE_NAME   8u
#define MEMBERS_MAX  16u

static const char *const member_names[MEMBERS_MAX] = {
	".i0_modules",
	".i0_modules_by_index",
	".i0_importlib",
	".i0_sysdict",
	".i0_builtins",
	".i0_dict",
	".i0_builtins_copy",
	".i0_import_func",
	".i0_codec_search_path",
	".i0_codec_search_cache",
	".i0_codec_error_registry",
	".i0_before_forkers",
	".i0_after_forkers_parent",
	".i0_after_forkers_child",
	".i0_audit_hooks",
	".i0_sysdict_copy", /* since 3.12 */
};

static const struct layout {
	uint16_t main; /* in _PyRuntime: pointer to the main interpreter */
	struct {
		uint32_t first, end;
	} borrowed[BORROWED_MAX]; /* free lists, cache of methods, functions by version */
	uint32_t members[MEMBERS_MAX];
} layouts[] = {
	[8] = { 40,
		{ { 0, 0 } },
		{ 56, 64, 88, 72, 80, 544, 552, 560, 120, 128, 136, 2624, 2632, 2640, 2704 } },
	[9] = { 40,
		{ { 0, 0 } },
		{ 856, 864, 888, 872, 880, 1376, 1384, 1392, 912, 920, 928, 3456, 3464, 3472,
		  3536 } },
	[10] = { 40,
		 { { 9776, 13312 }, { 15216, 113520 } },
		 { 856, 864, 888, 872, 880, 1344, 1352, 1360, 912, 920, 928, 3424, 3432, 3440,
		   3504 } },
	[11] = { 48,
		 { { 3608, 7128 }, { 9056, 107360 } },
		 { 888, 896, 920, 904, 912, 1400, 1408, 1416, 936, 944, 952, 3480, 3488, 3496,
		   3552 } },
	[12] = { 48,
		 { { 269832, 273400 }, { 275392, 373696 } },
		 { 944, 952, 960, 352, 360, 1720, 1736, 984, 1248, 1256, 1264, 3872, 3880, 3888,
		   267208, 1728 } },
	[13] = { 640,
		 { { 10952, 14488 }, { 84656, 182960 }, { 17000, 82544 } },
		 { 7656, 7664, 7672, 7640, 7648, 8448, 8464, 7696, 7960, 7968, 7976, 10632, 10640,
		   10648, 10808, 8456 } },
};

void cpython_find_interp(struct cpython *p)
{
	p->interp_block = NODE_NONE;
	p->interp = p->runtime ? cpython_word(p, p->runtime + layouts[p->version->minor].main) : 0;
	if (!p->interp)
		return;

	const uint32_t n = dump_find_block(p->dump, p->interp);

	if (n != UINT32_MAX && dump_blocks(p->dump)->addr[n] == p->interp)
		p->interp_block = n;
}

static bool is_cached_name(const struct cpython *p, uint64_t addr)
{
	const struct layout *l = &layouts[p->version->minor];
	const uint64_t offset = addr - p->interp;

	return p->interp && offset >= l->borrowed[CACHE].first && offset < l->borrowed[CACHE].end &&
	       (offset - l->borrowed[CACHE].first) % CACHE_ENTRY == CACHE_NAME;
}

bool cpython_interp_borrows(const struct cpython *p, uint64_t addr)
{
	const struct layout *l = &layouts[p->version->minor];
	const uint64_t offset = addr - p->interp;

	if (!p->interp || is_cached_name(p, addr))
		return false;
	for (unsigned int i = 0; i < BORROWED_MAX; i++)
		if (offset >= l->borrowed[i].first && offset < l->borrowed[i].end)
			return true;
	return false;
}

const char *cpython_interp_word(struct cpython *p, uint64_t addr)
{
	const struct layout *l = &layouts[p->version->minor];

	if (is_cached_name(p, addr))
		return heap_intern_name(p->heap, "");
	for (unsigned int i = 0; p->interp && i < MEMBERS_MAX; i++)
		if (l->members[i] && addr == p->interp + l->members[i])
			return heap_intern_name(p->heap, member_names[i]);
	return NULL;
}
