// A parameter of the schema as JSON, for the method help and for sluice help --json.
#include "control/admin/schema.h"

static json_t *param_choices(const struct schema_param *p)
{
	json_t *list = json_array();

	for (const char *const *c = p->choices; *c; c++)
		json_array_append_new(list, json_string(*c));
	return list;
}

json_t *schema_param_json(const struct schema_param *p)
{
	json_t *row = json_pack("{s:s, s:s, s:b, s:s}", "name", p->name, "type",
		schema_type_name(p->type), "required", p->required, "sentence", p->sentence);

	if (p->standard)
		json_object_set_new(row, "default", json_string(p->standard));
	if (p->choices)
		json_object_set_new(row, "choices", param_choices(p));
	if (p->type == SCHEMA_STRING || p->type == SCHEMA_HEX || p->type == SCHEMA_INTEGER) {
		json_object_set_new(row, "min", json_integer(p->min));
		json_object_set_new(row, "max", json_integer(p->max));
	}
	return row;
}
