/* SPDX-License-Identifier: MIT */
/*
 * Matching two dumps: both lists of blocks ascend by address, so one pass over both finds the
 * common addresses.
 */
#include "report/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool same_text(const struct dump *a, const struct dump *b, const char *key)
{
	const char *x = dump_proc_text(a, key), *y = dump_proc_text(b, key);

	return x && y ? !strcmp(x, y) : x == y;
}

bool identity_is_same_process(const struct dump *a, const struct dump *b)
{
	static const char *const numbers[] = { "pid", "start_monotonic_ns", "start_realtime_ns",
					       "tick_ns" };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (dump_proc_number(a, numbers[i], 0) != dump_proc_number(b, numbers[i], 0))
			return false;
	return same_text(a, b, "exe") && same_text(a, b, "host");
}

static bool same_birth(const struct dump_blocks *a, size_t i, const struct dump_blocks *b, size_t k)
{
	return a->tick[i] == b->tick[k] && a->seq[i] == b->seq[k] && a->thread[i] == b->thread[k];
}

static size_t run_end(const struct dump_blocks *blocks, size_t start)
{
	size_t end = start + 1;

	while (end < blocks->nr && blocks->addr[end] == blocks->addr[start])
		end++;
	return end;
}

/* Blocks at one address: one, or a few where one lies at the start of another. */
static void match_run(struct identity *identity, const struct dump_blocks *a, size_t i,
		      size_t i_end, const struct dump_blocks *b, size_t k, size_t k_end)
{
	for (; i < i_end; i++) {
		for (size_t other = k; other < k_end; other++) {
			if (identity->b_to_a[other] != NODE_NONE || !same_birth(a, i, b, other))
				continue;
			identity->a_to_b[i] = (node_id)other;
			identity->b_to_a[other] = (node_id)i;
			break;
		}
	}
}

static node_id *create_none(size_t nr)
{
	node_id *ids = xmalloc((nr + 1) * sizeof(*ids));

	memset(ids, 0xff, nr * sizeof(*ids)); /* NODE_NONE */
	return ids;
}

struct identity *identity_create(const struct dump *a, const struct dump *b)
{
	const struct dump_blocks *x = dump_blocks(a), *y = dump_blocks(b);
	struct identity *identity = xcalloc(1, sizeof(*identity));
	size_t i = 0, k = 0;

	identity->a_to_b = create_none(x->nr);
	identity->b_to_a = create_none(y->nr);
	while (i < x->nr && k < y->nr) {
		if (x->addr[i] < y->addr[k]) {
			i++;
		} else if (x->addr[i] > y->addr[k]) {
			k++;
		} else {
			const size_t i_end = run_end(x, i), k_end = run_end(y, k);

			match_run(identity, x, i, i_end, y, k, k_end);
			i = i_end;
			k = k_end;
		}
	}
	return identity;
}

void identity_destroy(struct identity *identity)
{
	if (!identity)
		return;
	free(identity->a_to_b);
	free(identity->b_to_a);
	free(identity);
}
