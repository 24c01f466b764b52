/* SPDX-License-Identifier: MIT */
/*
 * After the recognisers that look at one block: what the debug information of the sites says of
 * blocks that have no more than a label so far.
 */
#include "base/mem.h"
#include "typing/native/native.h"
#include "typing/native/site.h"
#include "typing/recogniser.h"

/* "struct request", "struct request[]", "struct request + 24 bytes". */
static uint32_t settle_type(struct heap *h, const struct site_type *found, uint64_t size)
{
	const enum provenance provenance =
		found->is_sure ? PROVENANCE_DWARF : PROVENANCE_INFERRED;
	_cleanup_free_ char *name = NULL;

	switch (found->fit) {
	case CTYPE_FIT_MANY:
		name = xasprintf("%s[]", found->type->name);
		break;
	case CTYPE_FIT_TAIL:
		name = xasprintf("%s + %lu bytes", found->type->name, size - found->type->size);
		break;
	case CTYPE_FIT_EXACT:
	case CTYPE_FIT_FLEXIBLE:
	case CTYPE_FIT_NONE:
		name = xstrdup(found->type->name);
		break;
	}
	return heap_intern_type(h, name, provenance, 0);
}

void native_settle(struct typing *t)
{
	struct heap *h = t->heap;

	h->native = native_create(h);
	h->destroy_native = native_destroy;
	for (node_id n = 0; n < h->nr_objects; n++) {
		struct site_type found;

		if (!node_is_object(h, n) || !(object_type(h, n)->flags & TYPE_FALLBACK))
			continue;
		if (site_find_type(h->native, t->blocks->stack[n], t->blocks->size[n], &found))
			h->type[n] = settle_type(h, &found, t->blocks->size[n]);
	}
}
