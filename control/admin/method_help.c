// help: the schema as JSON, so that a client needs no copy of it.
#include "control/admin/method.h"

static json_t *help_choices(const struct schema_param *p)
{
	json_t *list = json_array();

	for (const char *const *c = p->choices; *c; c++)
		json_array_append_new(list, json_string(*c));
	return list;
}

static json_t *help_param(const struct schema_param *p)
{
	json_t *row = json_pack("{s:s, s:s, s:b, s:s}", "name", p->name, "type",
		schema_type_name(p->type), "required", p->required, "sentence", p->sentence);

	if (p->standard)
		json_object_set_new(row, "default", json_string(p->standard));
	if (p->choices)
		json_object_set_new(row, "choices", help_choices(p));
	if (p->type == SCHEMA_STRING || p->type == SCHEMA_HEX || p->type == SCHEMA_INTEGER) {
		json_object_set_new(row, "min", json_integer(p->min));
		json_object_set_new(row, "max", json_integer(p->max));
	}
	return row;
}

static json_t *help_method(const struct schema_method *m)
{
	json_t *params = json_array();

	for (const struct schema_param *p = m->params; p < m->params + SCHEMA_PARAMS_MAX && p->name;
		p++)
		json_array_append_new(params, help_param(p));
	return json_pack("{s:s, s:s, s:b, s:s, s:s, s:o}", "name", m->name, "level",
		schema_level_name(m->level), "change", m->change, "sentence", m->sentence, "result",
		m->result, "params", params);
}

json_t *method_help(struct method_call *call, struct rpc_error *error)
{
	const char *only = schema_string(call->method, call->params, "method");
	json_t *methods;

	if (only && !schema_find(only)) {
		rpc_error_set(error, RPC_NOT_FOUND, "there is no method \"%.64s\"", only);
		return NULL;
	}
	methods = json_array();
	for (const struct schema_method *m = schema_methods; m->name; m++)
		if (!only || m == schema_find(only))
			json_array_append_new(methods, help_method(m));
	return json_pack("{s:o}", "methods", methods);
}
