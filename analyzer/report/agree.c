/* SPDX-License-Identifier: MIT */
/*
 * Parts of one dump that are objects in another are taken apart.
 */
#include "report/agree.h"

#include "base/mem.h"
#include "heap/fold.h"
#include "partition/memo.h"
#include "report/identity.h"

static void take_apart(struct heap *h, const struct heap *other, const node_id *counterpart)
{
	_cleanup_free_ bool *is_apart = NULL;

	for (node_id n = 0; h->held && n < h->nr_objects; n++) {
		if (counterpart[n] == NODE_NONE || !fold_is_part(h, n) ||
		    !node_is_object(other, counterpart[n]))
			continue;
		if (!is_apart)
			is_apart = xcalloc(h->nr_objects, sizeof(*is_apart));
		is_apart[n] = true;
	}
	if (!is_apart)
		return;
	fold_apply(h, is_apart);
	memos_destroy(h->memos); /* what rules say now is not what they say of the dump alone */
}

void agree_on_parts(struct heap *a, struct heap *b)
{
	struct identity *identity;

	if ((!a->held && !b->held) || !identity_is_same_process(a->dump, b->dump))
		return;
	identity = identity_create(a->dump, b->dump);
	take_apart(a, b, identity->a_to_b);
	take_apart(b, a, identity->b_to_a);
	identity_destroy(identity);
}
