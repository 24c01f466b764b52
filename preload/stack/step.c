/* SPDX-License-Identifier: MIT */
/*
 * What a step seldom needs (stack/step.h).
 */
#include "stack/step.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "rt/sys.h"
#include "rt/ban.h"

#define PAGE 4096ul

void step_forget_rules(struct known_rules *known)
{
	memset(known->items, 0, (known->pairs.mask + 1ul) * sizeof(known->items[0]));
	known->pairs.nr_used = 0;
}

/* The one that is wanted comes first.  What is no code now may be code later, so it is asked for
 * each time. */
struct cfi_rule step_find_rule_slow(struct known_rules *known, uint64_t pc)
{
	typeof(known->items[0][0]) *const k = known->items[step_hash(pc) & known->pairs.mask],
						 first = k[0];

	if (k[1].pc == pc) {
		k[0] = k[1];
		k[1] = first;
		return k[0].rule;
	}
	const struct cfi_rule rule = cfi_find_rule(pc - 1);

	if (rule.kind != CFI_NO_CODE) {
		if (!k[1].pc)
			growth_note_use(&known->pairs, 2, (1u << STEP_RULES_SHIFT) - 1);
		k[1] = first;
		k[0].pc = pc;
		k[0].rule = rule;
	}
	return rule;
}

/* The kernel looks at the new mask before it refuses the unknown `how`. */
static bool is_readable(uint64_t addr)
{
	return sys_sigprocmask(-1, (const uint64_t *)addr, NULL) == -EINVAL;
}

bool step_look_further(struct stack_range *range, uint64_t addr)
{
	if (addr < range->low || addr - range->low > STEP_GAP_MAX + (range->high - range->low) ||
	    addr % 8)
		return false;
	while (range->high <= addr) {
		if (!is_readable(range->high))
			return false;
		range->high += PAGE;
	}
	return true;
}

void step_begin(struct stack_range *range, int32_t tid, uint64_t sp)
{
	if (!range_has(range, sp, tid))
		*range = (struct stack_range){ sp & -PAGE, (sp & -PAGE) + PAGE, tid };
}

void step_forget(struct stack_range *range)
{
	*range = (struct stack_range){ 0 };
}
