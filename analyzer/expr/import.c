/* SPDX-License-Identifier: MIT */
/*
 * import: names of the process' own modules.  Nothing is loaded: a module is there or it is not.
 */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "expr/eval.h"
#include "typing/cpython/value.h"

#define NAME_MAX_LEN 1024

static bool is_module_named(struct cpython *p, uint64_t object, const char *name)
{
	_cleanup_free_ char *found = NULL;
	uint64_t value;

	if (cpython_plain_attribute(p, object, "__name__", &value))
		found = cpython_get_utf8(p, value, NAME_MAX_LEN);
	return found && !strcmp(found, name);
}

/* sys.modules; 0: not found. */
static uint64_t find_modules(const struct heap *h)
{
	struct cpython *p = h->cpython;
	uint64_t modules;

	for (node_id n = 0; p && n < h->nr_objects; n++) {
		const struct cpython_class *class = cpython_class_of(p, n);

		if (class && class->shape == CPYTHON_SHAPE_MODULE && node_is_object(h, n) &&
		    is_module_named(p, object_addr(h, n), "sys") &&
		    cpython_plain_attribute(p, object_addr(h, n), "modules", &modules))
			return modules;
	}
	return 0;
}

/* The address of the module; 0: there is none of that name. */
static uint64_t find_module(const struct heap *h, const char *name)
{
	const uint64_t modules = find_modules(h);

	return modules ? cpython_dict_find(h->cpython, modules, name) : 0;
}

static struct error *import_name(struct expr_env *env, const struct ast *import,
				 const struct ast *name, uint64_t module)
{
	struct source *source = env->sources[0];
	uint64_t value;

	if (!module)
		return eval_error(env, import, "the process has no module '%s'", import->text);
	if (!cpython_plain_attribute(source->heap->cpython, module, name->text, &value))
		return eval_error(env, name, "module '%s' has no '%s'", import->text, name->text);
	eval_set_variable(env, name->text, value_from_python(source, value));
	return NULL;
}

/* import a.b is known as a, as in Python. */
static struct error *import_module(struct expr_env *env, const struct ast *import)
{
	_cleanup_free_ char *top = xstrndup(import->text, strcspn(import->text, "."));
	struct source *source = env->sources[0];
	const uint64_t module = find_module(source->heap, top);

	if (eval_is_function(top))
		return NULL;
	if (!module || !find_module(source->heap, import->text))
		return eval_error(env, import, "the process has no module '%s'", import->text);
	eval_set_variable(env, top, value_from_python(source, module));
	return NULL;
}

struct error *eval_import(struct expr_env *env, const struct ast *import)
{
	uint64_t module = 0;
	struct error *error = NULL;

	if (!import->nr_kids)
		return import_module(env, import);
	for (size_t i = 0; i < import->nr_kids && !error; i++) {
		const struct ast *name = import->kids[i];

		if (eval_is_function(name->text)) /* get_oldest of scrapy.utils.trackref */
			continue;
		if (!module)
			module = find_module(env->sources[0]->heap, import->text);
		error = import_name(env, import, name, module);
	}
	return error;
}
