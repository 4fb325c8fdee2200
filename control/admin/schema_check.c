// Parameters of a request against the schema: unknown fields, types, ranges.
// Every refusal says what is allowed.
#include "control/admin/schema.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct schema_param *param_find(const struct schema_method *method, const char *name)
{
	for (const struct schema_param *p = method->params;
		p < method->params + SCHEMA_PARAMS_MAX && p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

// Appends to a sentence that may already be full.
static void text_add(char *text, const char *more)
{
	size_t used = strlen(text);

	snprintf(text + used, SCHEMA_TEXT_SIZE - used, "%s", more);
}

static void refuse_unknown(const struct schema_method *method, const char *name, char *text)
{
	snprintf(text, SCHEMA_TEXT_SIZE, "%s has no parameter \"%.64s\"; ", method->name, name);
	if (!method->params[0].name) {
		text_add(text, "it takes none");
		return;
	}
	text_add(text, "allowed: ");
	for (const struct schema_param *p = method->params;
		p < method->params + SCHEMA_PARAMS_MAX && p->name; p++) {
		if (p != method->params)
			text_add(text, ", ");
		text_add(text, p->name);
	}
}

static int check_string(const struct schema_param *p, const json_t *value, char *text)
{
	size_t size = json_is_string(value) ? json_string_length(value) : 0;
	const char *s = json_string_value(value);

	// A NUL in the middle would let two readers see two different names.
	if (json_is_string(value) && size >= (size_t)p->min && size <= (size_t)p->max &&
		strlen(s) == size)
		return 0;
	snprintf(text, SCHEMA_TEXT_SIZE, "%s must be a string of %lld to %lld bytes", p->name,
		(long long)p->min, (long long)p->max);
	return -1;
}

static int check_hex(const struct schema_param *p, const json_t *value, char *text)
{
	size_t size = json_is_string(value) ? json_string_length(value) : 0;
	const char *s = json_string_value(value);
	size_t digits = 0;

	while (digits < size && isxdigit((unsigned char)s[digits]))
		digits++;
	if (json_is_string(value) && digits == size && size >= (size_t)p->min &&
		size <= (size_t)p->max)
		return 0;
	snprintf(text, SCHEMA_TEXT_SIZE, "%s must be a string of %lld to %lld hexadecimal digits",
		p->name, (long long)p->min, (long long)p->max);
	return -1;
}

static int check_integer(const struct schema_param *p, const json_t *value, char *text)
{
	if (json_is_integer(value) && json_integer_value(value) >= p->min &&
		json_integer_value(value) <= p->max)
		return 0;
	snprintf(text, SCHEMA_TEXT_SIZE, "%s must be an integer from %lld to %lld", p->name,
		(long long)p->min, (long long)p->max);
	return -1;
}

static int check_boolean(const struct schema_param *p, const json_t *value, char *text)
{
	if (json_is_boolean(value))
		return 0;
	snprintf(text, SCHEMA_TEXT_SIZE, "%s must be true or false", p->name);
	return -1;
}

static int check_choice(const struct schema_param *p, const json_t *value, char *text)
{
	for (const char *const *c = p->choices; *c; c++)
		if (json_is_string(value) && strcmp(*c, json_string_value(value)) == 0)
			return 0;
	snprintf(text, SCHEMA_TEXT_SIZE, "%s must be one of: ", p->name);
	for (const char *const *c = p->choices; *c; c++) {
		if (c != p->choices)
			text_add(text, ", ");
		text_add(text, *c);
	}
	return -1;
}

static int (*const checks[])(const struct schema_param *p, const json_t *value, char *text) = {
	[SCHEMA_STRING] = check_string,
	[SCHEMA_INTEGER] = check_integer,
	[SCHEMA_BOOLEAN] = check_boolean,
	[SCHEMA_CHOICE] = check_choice,
	[SCHEMA_HEX] = check_hex,
};

int schema_check(const struct schema_method *method, const json_t *params, char *text)
{
	const char *name;
	json_t *value;

	if (params && !json_is_object(params)) {
		snprintf(text, SCHEMA_TEXT_SIZE,
			"params must be an object with named values, or absent");
		return -1;
	}
	json_object_foreach((json_t *)params, name, value)
	{
		const struct schema_param *p = param_find(method, name);

		if (!p) {
			refuse_unknown(method, name, text);
			return -1;
		}
		if (checks[p->type](p, value, text) != 0)
			return -1;
	}
	for (const struct schema_param *p = method->params;
		p < method->params + SCHEMA_PARAMS_MAX && p->name; p++) {
		if (!p->required || json_object_get(params, p->name))
			continue;
		snprintf(text, SCHEMA_TEXT_SIZE, "%s needs \"%s\": %s", method->name, p->name,
			p->sentence);
		return -1;
	}
	return 0;
}

const char *schema_string(
	const struct schema_method *method, const json_t *params, const char *name)
{
	const char *value = json_string_value(json_object_get(params, name));

	return value ? value : param_find(method, name)->standard;
}

int64_t schema_integer(const struct schema_method *method, const json_t *params, const char *name)
{
	const json_t *value = json_object_get(params, name);

	return value ? json_integer_value(value)
		     : strtoll(param_find(method, name)->standard, NULL, 10);
}

int schema_boolean(const json_t *params, const char *name)
{
	return json_is_true(json_object_get(params, name));
}
