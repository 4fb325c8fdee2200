// help: the schema as JSON, so that a client needs no copy of it.
#include "control/admin/method.h"

static json_t *help_method(const struct schema_method *m)
{
	json_t *params = json_array();

	for (const struct schema_param *p = m->params; p < m->params + SCHEMA_PARAMS_MAX && p->name;
		p++)
		json_array_append_new(params, schema_param_json(p));
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
