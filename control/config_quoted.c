// How a value is written, which libcyaml does not tell: null without quotes is YAML's "no value",
// which tools that fill in templates write for what nobody set.
#include "control/config_raw.h"

#include <string.h>
#include <yaml.h>

static bool node_is(const yaml_node_t *node, const char *text)
{
	return node && node->type == YAML_SCALAR_NODE && strlen(text) == node->data.scalar.length &&
	       memcmp(node->data.scalar.value, text, node->data.scalar.length) == 0;
}

// NULL: `node` is no mapping, or has no such key.
static const yaml_node_t *node_value(
	yaml_document_t *document, const yaml_node_t *node, const char *key)
{
	if (!node || node->type != YAML_MAPPING_NODE)
		return NULL;
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
		pair < node->data.mapping.pairs.top; pair++)
		if (node_is(yaml_document_get_node(document, pair->key), key))
			return yaml_document_get_node(document, pair->value);
	return NULL;
}

bool config_quoted(const char *text, size_t size, const char *part, const char *key)
{
	yaml_parser_t parser;
	yaml_document_t document;
	const yaml_node_t *node;
	bool quoted = false;

	if (!yaml_parser_initialize(&parser))
		return false;
	yaml_parser_set_input_string(&parser, (const uint8_t *)text, size);
	if (yaml_parser_load(&parser, &document)) {
		node = node_value(&document, yaml_document_get_root_node(&document), part);
		node = node_value(&document, node, key);
		quoted = node && node->type == YAML_SCALAR_NODE &&
			 node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
		yaml_document_delete(&document);
	}
	yaml_parser_delete(&parser);
	return quoted;
}
