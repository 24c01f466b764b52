/* SPDX-License-Identifier: MIT */
/*
 * Facts of an object that are neither fields nor references.
 */
#include "report/describe_facts.h"

#include "base/mem.h"
#include "partition/partition.h"

const struct described_fact described_facts[NR_DESCRIBED_FACTS] = {
	{ "Thread", "thread", "bythread" },
	{ "Scope", "scope", "byscope" },
	{ "Module", "module", "bymodule" },
};

const char *describe_kind(const struct description *d)
{
	static const char *const names[HC_KIND_LIMIT] = {
#define KIND_NAME(value, name, text) [value] = text,
		HC_KINDS(KIND_NAME)
#undef KIND_NAME
	};
	const char *name = names[dump_blocks(d->heap->dump)->kind[d->object] % HC_KIND_LIMIT];

	return name ? name : "unknown";
}

char *describe_fact(const struct description *d, const struct described_fact *fact)
{
	struct classifier *c;
	struct error *error = classifier_create(d->heap, partition_find_rule(fact->rule), &c);
	const char *name;
	char *copy;

	if (error) {
		error_destroy(error);
		return xstrdup("");
	}
	name = c->name(c, c->classify(c, d->object));
	copy = xstrdup(*name == '<' ? "" : name);
	classifier_unref(c);
	return copy;
}

const char *describe_label(const struct description *d)
{
	const struct dump *dump = d->heap->dump;
	size_t nr;
	const struct hc_label *labels = dump_labels(dump, &nr);

	for (size_t i = 0; i < nr; i++)
		if (labels[i].addr == dump_blocks(dump)->addr[d->object])
			return dump_get_string(dump, labels[i].text).bytes;
	return NULL;
}
