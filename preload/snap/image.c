/* SPDX-License-Identifier: MIT */
/*
 * Putting the image together and writing it.  The snapshot child only.
 */
#include "snap/image.h"

#include <errno.h>

#include "snap/layout.h"
#include "rt/ban.h"

bool image_init(struct image *im, const struct facts *facts, struct bump *b, uint64_t own_start,
		uint64_t own_end)
{
	im->facts = facts;
	im->bump = b;
	im->own_start = own_start;
	im->own_end = own_end;
	im->heap.nr_arenas = 1;
	areas_init(&im->layout, b);
	areas_init(&im->contents, b);
	pages_init(&im->pages);
	if (!strings_init(&im->strings, b) || !maps_read(&im->maps, b) || !im->maps.nr)
		return false;
	(void)modules_read(&im->modules, &im->maps, b);
	layout_build(im);
	return true;
}

typedef void section_fn(struct image *im);

static section_fn *const sections[] = {
#define IMAGE_SECTION_ROW(function) function,
	IMAGE_SECTIONS(IMAGE_SECTION_ROW)
#undef IMAGE_SECTION_ROW
};

int image_write(struct image *im)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		sections[i](im);
		if (writer_error(im->writer))
			return writer_error(im->writer);
		if (im->failed)
			return -ENOMEM;
	}
	writer_finish(im->writer);
	return writer_error(im->writer);
}
