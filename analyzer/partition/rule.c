/* SPDX-License-Identifier: MIT */
/*
 * The table of rules, and classifiers made of their names.
 */
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "partition/list.h"
#include "partition/memo.h"
#include "partition/partition.h"
#include "partition/rules.h"

const struct partition_rule partition_rules[] = {
#define RULE_ROW(name, function, needs_graph, keep, summary) \
	{ #name, summary, needs_graph, RULE_KEEP_##keep, partition_create_##function },
	PARTITION_RULES(RULE_ROW)
#undef RULE_ROW
		{ 0 },
};

const struct partition_rule *partition_find_rule(const char *name)
{
	for (const struct partition_rule *rule = partition_rules; rule->name; rule++)
		if (!strcmp(rule->name, name) || !strcmp(rule->name + strlen("by"), name))
			return rule;
	return NULL;
}

struct error *classifier_create(struct heap *h, const struct partition_rule *rule,
				struct classifier **ret)
{
	struct error *error;

	if (h->is_outline && rule->keep != RULE_KEEP_OUTLINE) {
		if (!h->memos)
			return heap_need_graph(h);
		*ret = memos_find(h, rule);
		return NULL;
	}
	error = rule->needs_graph ? heap_need_graph(h) : NULL;
	if (!error)
		*ret = h->memos ? memos_watch(h->memos, rule, rule->create(h)) : rule->create(h);
	return error;
}

struct classifier *classifier_ref(struct classifier *c)
{
	c->refs++;
	return c;
}

void classifier_unref(struct classifier *c)
{
	if (c && !--c->refs)
		c->destroy(c);
}

static struct error *parse_one(struct heap *h, const char *text, size_t len,
			       struct classifier **ret)
{
	_cleanup_free_ char *name = NULL;
	const struct partition_rule *rule;

	while (len && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	name = xstrndup(text, len);
	rule = partition_find_rule(name);
	if (!rule)
		return error_create_usage("no partition '%s'; heapcensus show --help lists them",
					  name);
	return classifier_create(h, rule, ret);
}

struct error *classifier_parse(struct heap *h, const char *text, struct classifier **ret)
{
	struct classifier *left = NULL, *right;
	struct error *error;

	for (;; text++) {
		const size_t len = strcspn(text, "&");

		error = parse_one(h, text, len, &right);
		if (error) {
			classifier_unref(left);
			return error;
		}
		left = left ? classifier_create_and(left, right) : right;
		text += len;
		if (!*text)
			break;
	}
	*ret = left;
	return NULL;
}
