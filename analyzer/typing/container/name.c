/* SPDX-License-Identifier: MIT */
/*
 * Spelling of template names.  A name is read once, from left to right; of each template's
 * arguments, which are spelled in turn, those at the end that are what the library has for defaults
 * are left out.
 */
#include "typing/container/name.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ARGUMENTS_MAX 64
#define DEPTH_MAX     64

/* A template's name and arguments, spelled. */
struct template
{
	char *base; /* "std::map" */
	char *arguments[ARGUMENTS_MAX];
	size_t nr;
};

static bool starts_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static void template_deinit(struct template *t)
{
	free(t->base);
	for (size_t i = 0; i < t->nr; i++)
		free(t->arguments[i]);
}

/* Is the argument `name`<the template's first>? */
static bool is_of_first(const struct template *t, const char *argument, const char *name)
{
	const size_t len = strlen(name), first = strlen(t->arguments[0]);

	return starts_with(argument, name) && argument[len] == '<' &&
	       !strncmp(argument + len + 1, t->arguments[0], first) &&
	       !strcmp(argument + len + 1 + first, ">");
}

static bool is_default(const struct template *t, const char *argument)
{
	static const char *const of_first[] = {
		"std::less",	       "std::equal_to", "std::hash",
		"std::default_delete", "std::deque",	"std::vector",
	};

	if (starts_with(argument, "std::allocator<") || starts_with(argument, "std::char_traits<"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(of_first); i++) {
		if (is_of_first(t, argument, of_first[i]))
			return true;
	}
	return false;
}

/* "std::wstring" for "std::basic_string<wchar_t>". */
static char *spell_basic(const struct template *t)
{
	static const struct {
		const char *character, *prefix;
	} characters[] = {
		{ "char", "" },	       { "wchar_t", "w" },    { "char8_t", "u8" },
		{ "char16_t", "u16" }, { "char32_t", "u32" },
	};

	if (t->nr != 1 || !starts_with(t->base, "std::basic_"))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(characters); i++) {
		if (!strcmp(t->arguments[0], characters[i].character))
			return xasprintf("std::%s%s", characters[i].prefix,
					 t->base + strlen("std::basic_"));
	}
	return NULL;
}

static char *spell_template(struct template *t)
{
	char *text = NULL;
	size_t len;
	FILE *out;

	while (starts_with(t->base, "std::") && t->nr > 1 && is_default(t, t->arguments[t->nr - 1]))
		free(t->arguments[--t->nr]);
	text = spell_basic(t);
	if (text)
		return text;
	out = open_memstream(&text, &len);
	if (!out)
		mem_exhausted();
	fprintf(out, "%s<", t->base);
	for (size_t i = 0; i < t->nr; i++)
		fprintf(out, "%s%s", i ? ", " : "", t->arguments[i]);
	fputc('>', out);
	fclose(out);
	return text;
}

/* Past an inline namespace of the library's. */
static const char *skip_inline(const char *at)
{
	static const char *const spaces[] = { "__cxx11::", "__1::" };

	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++) {
		if (starts_with(at, spaces[i]))
			return at + strlen(spaces[i]);
	}
	return at;
}

static bool spell(const char **at, const char *ends, FILE *out, int depth);

/* The arguments from *at, behind "<", to the matching ">".  False: there is none. */
static bool read_arguments(const char **at, struct template *t, int depth)
{
	while (t->nr < ARGUMENTS_MAX) {
		char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);
		bool is_good;

		if (!out)
			mem_exhausted();
		while (**at == ' ')
			++*at;
		is_good = spell(at, ",>", out, depth + 1);
		fclose(out);
		while (len && text[len - 1] == ' ')
			text[--len] = 0;
		t->arguments[t->nr++] = text;
		if (!is_good || (**at != ',' && **at != '>'))
			return false;
		if (*(*at)++ == '>')
			return true;
	}
	return false;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == ':' || c == '$';
}

/* A word, with its template arguments if it has some. */
static bool spell_word(const char **at, FILE *out, int depth)
{
	const char *start = *at;
	struct template t = { 0 };
	size_t len;
	FILE *base = open_memstream(&t.base, &len);
	bool is_good = true;

	if (!base)
		mem_exhausted();
	while (is_word(**at)) {
		const bool is_std = *at - start >= 5 && !memcmp(*at - 5, "std::", 5) &&
				    (*at - start == 5 || !is_word((*at)[-6]));
		const char *next = is_std ? skip_inline(*at) : *at;

		if (next == *at)
			fputc(*next++, base);
		*at = next;
	}
	fclose(base);
	if (**at == '<' && *at > start && strcmp(t.base, "operator")) {
		_cleanup_free_ char *text = NULL;

		++*at;
		is_good = read_arguments(at, &t, depth);
		text = spell_template(&t);
		fputs(text, out);
	} else {
		fputs(t.base, out);
	}
	template_deinit(&t);
	return is_good;
}

/* Up to one of the characters of ends, or to the end.  False: brackets do not match. */
static bool spell(const char **at, const char *ends, FILE *out, int depth)
{
	if (depth > DEPTH_MAX)
		return false;
	while (**at && !strchr(ends, **at)) {
		const char c = **at;

		if (is_word(c)) {
			if (!spell_word(at, out, depth))
				return false;
			continue;
		}
		fputc(c, out);
		++*at;
		if (c != '(' && c != '{' && c != '[')
			continue;

		const char *close = c == '(' ? ")" : c == '{' ? "}" : "]";

		if (!spell(at, close, out, depth + 1) || !**at)
			return false;
		fputc(*(*at)++, out);
	}
	return true;
}

char *container_spell(const char *name)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	const char *at = name;
	bool is_good;

	if (!out)
		mem_exhausted();
	is_good = spell(&at, "", out, 0);
	fclose(out);
	if (is_good)
		return text;
	free(text);
	return xstrdup(name);
}

/* How a part is called.  %s: the first argument, or the two of a pair; NULL: no pair is one. */
static const struct part_name {
	const char *base, *name, *name_of_pair;
} parts[] = {
	{ "std::_List_node", "std::list<%s> node", NULL },
	{ "std::__list_node", "std::list<%s> node", NULL },
	{ "std::_Fwd_list_node", "std::forward_list<%s> node", NULL },
	{ "std::__forward_list_node", "std::forward_list<%s> node", NULL },
	{ "std::_Rb_tree_node", "std::set<%s> node", "std::map<%s> node" },
	{ "std::__tree_node", "std::set<%s> node", "std::map<%s> node" },
	{ "std::__detail::_Hash_node", "std::unordered_set<%s> node",
	  "std::unordered_map<%s> node" },
	{ "std::__hash_node", "std::unordered_set<%s> node", "std::unordered_map<%s> node" },
	{ "std::_Sp_counted_ptr_inplace", "std::shared_ptr<%s> control block", NULL },
	{ "std::_Sp_counted_ptr", "std::shared_ptr<%s> control block", NULL },
	{ "std::_Sp_counted_deleter", "std::shared_ptr<%s> control block", NULL },
	{ "std::__shared_ptr_emplace", "std::shared_ptr<%s> control block", NULL },
	{ "std::__shared_ptr_pointer", "std::shared_ptr<%s> control block", NULL },
};

/* The insides of "pair<...>" in a spelled name; NULL: it is none, or its key may change. */
static char *inside_pair(const char *value)
{
	static const char *const pairs[] = {
		"std::pair<const ",
		"std::pair<",
		"std::__value_type<",
		"std::__hash_value_type<",
	};
	size_t i = 0;
	char *text, *mark;

	while (i < ARRAY_SIZE(pairs) && !starts_with(value, pairs[i]))
		i++;
	if (i == ARRAY_SIZE(pairs))
		return NULL;
	text = xstrdup(value + strlen(pairs[i]));
	text[strlen(text) - 1] = 0;
	mark = strstr(text, " const,");
	if (i == 1 && !mark) {
		free(text);
		return NULL;
	}
	if (mark && i == 1)
		memmove(mark, mark + strlen(" const"), strlen(mark + strlen(" const")) + 1);
	return text;
}

static char *format_part(const struct part_name *part, const char *argument)
{
	const size_t len = strlen(argument);
	_cleanup_free_ char *pair = part->name_of_pair ? inside_pair(argument) : NULL;
	const char *name = pair ? part->name_of_pair : part->name;
	const char *what = pair ? pair : argument;
	const char *hole = strstr(name, "%s");
	/* What points to the object is not what is shared. */
	const bool is_pointer = strstr(part->base, "_ptr") && !strstr(part->base, "inplace") &&
				!strstr(part->base, "emplace") && len && argument[len - 1] == '*';
	size_t shown = strlen(what);

	if (is_pointer) {
		shown--;
		while (shown && what[shown - 1] == ' ')
			shown--;
	}
	return xasprintf("%.*s%.*s%s", (int)(hole - name), name, (int)shown, what, hole + 2);
}

char *container_spell_part(const char *name)
{
	_cleanup_free_ char *spelled = NULL;
	const char *open, *at;
	char *text = NULL;
	size_t len;
	FILE *out;

	if (!starts_with(name, "std::"))
		return NULL;
	spelled = container_spell(name);
	open = strchr(spelled, '<');
	if (!open)
		return NULL;
	at = open + 1;
	out = open_memstream(&text, &len);
	if (!out)
		mem_exhausted();

	const bool is_good = spell(&at, ",>", out, 0);
	_cleanup_free_ char *argument = (fclose(out), text);

	for (size_t i = 0; is_good && i < ARRAY_SIZE(parts); i++) {
		if (strlen(parts[i].base) == (size_t)(open - spelled) &&
		    starts_with(spelled, parts[i].base))
			return format_part(&parts[i], argument);
	}
	return NULL;
}
