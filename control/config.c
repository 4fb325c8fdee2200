// Reads the configuration file through libcyaml: its shape, and libcyaml's complaints in our words.
#include "control/config.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/config_raw.h"

// Everything is optional here: what is missing is config_check's to say, with the reason.
#define CONFIG_TEXT(structure, member)                                                       \
	CYAML_FIELD_STRING_PTR(#member, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, structure, \
		member, 0, CONFIG_PATH_SIZE)
#define CONFIG_PART(member, fields)                                                \
	CYAML_FIELD_MAPPING_PTR(#member, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
		struct raw_config, member, fields)
#define CONFIG_LIST(member, value, max)                                                            \
	CYAML_FIELD_SEQUENCE(#member, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_config, \
		member, &value, 0, max)

static const cyaml_schema_field_t control_fields[] = {
	CONFIG_TEXT(struct raw_control, listen),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t dataplane_fields[] = {
	CONFIG_TEXT(struct raw_dataplane, workers),
	CONFIG_TEXT(struct raw_dataplane, hugepages),
	CONFIG_TEXT(struct raw_dataplane, memory_mb),
	CONFIG_TEXT(struct raw_dataplane, idle),
	CONFIG_TEXT(struct raw_dataplane, program),
	CONFIG_TEXT(struct raw_dataplane, udp_port),
	CONFIG_TEXT(struct raw_dataplane, cores),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t security_fields[] = {
	CONFIG_TEXT(struct raw_security, cipher),
	CONFIG_TEXT(struct raw_security, backend),
	CONFIG_TEXT(struct raw_security, pq),
	CONFIG_TEXT(struct raw_security, ca),
	CONFIG_TEXT(struct raw_security, certificate),
	CONFIG_TEXT(struct raw_security, key),
	CONFIG_TEXT(struct raw_security, keyring),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t seed_value = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CONFIG_PATH_SIZE)};

static const cyaml_schema_field_t membership_fields[] = {
	CONFIG_TEXT(struct raw_membership, cluster),
	CONFIG_TEXT(struct raw_membership, preset),
	CONFIG_TEXT(struct raw_membership, advertise),
	CONFIG_TEXT(struct raw_membership, encryption),
	CONFIG_TEXT(struct raw_membership, probe_interval_ms),
	CONFIG_TEXT(struct raw_membership, probe_timeout_ms),
	CONFIG_TEXT(struct raw_membership, gossip_interval_ms),
	CONFIG_TEXT(struct raw_membership, sync_interval_ms),
	CONFIG_TEXT(struct raw_membership, suspicion_multiplier),
	CYAML_FIELD_SEQUENCE("seeds", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct raw_membership, seeds, &seed_value, 0, CONFIG_SEEDS_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t consensus_fields[] = {
	CONFIG_TEXT(struct raw_consensus, folder),
	CONFIG_TEXT(struct raw_consensus, join),
	CONFIG_TEXT(struct raw_consensus, lease),
	CONFIG_TEXT(struct raw_consensus, election_ms),
	CONFIG_TEXT(struct raw_consensus, heartbeat_ms),
	CONFIG_TEXT(struct raw_consensus, segment_mb),
	CYAML_FIELD_END,
};

#define POOL_TEXT(key, ...) CONFIG_TEXT(struct raw_pool, key),
#define POOL_TIME(key, ...) CONFIG_TEXT(struct raw_pool, key##_ms),

static const cyaml_schema_field_t pool_fields[] = {
	CONFIG_TEXT(struct raw_pool, preset),
	CALLS_OPTIONS(POOL_TEXT, POOL_TIME, POOL_TEXT) CYAML_FIELD_END,
};

static const cyaml_schema_field_t link_fields[] = {
	CONFIG_TEXT(struct raw_link, name),
	CONFIG_TEXT(struct raw_link, driver),
	CONFIG_TEXT(struct raw_link, role),
	CONFIG_TEXT(struct raw_link, socket),
	CONFIG_TEXT(struct raw_link, interface),
	CONFIG_TEXT(struct raw_link, address),
	CONFIG_TEXT(struct raw_link, mtu),
	CONFIG_TEXT(struct raw_link, vlan),
	CONFIG_TEXT(struct raw_link, mac),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t peer_fields[] = {
	CONFIG_TEXT(struct raw_peer, name),
	CONFIG_TEXT(struct raw_peer, control),
	CONFIG_TEXT(struct raw_peer, address),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t dictionary_fields[] = {
	CONFIG_TEXT(struct raw_dictionary, id),
	CONFIG_TEXT(struct raw_dictionary, file),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t link_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_link, link_fields)};
static const cyaml_schema_value_t peer_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_peer, peer_fields)};

static const cyaml_schema_value_t dictionary_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_dictionary, dictionary_fields)};

static const cyaml_schema_field_t config_fields[] = {
	CONFIG_TEXT(struct raw_config, node),
	CONFIG_TEXT(struct raw_config, run_dir),
	CONFIG_PART(control, control_fields),
	CONFIG_PART(dataplane, dataplane_fields),
	CONFIG_PART(security, security_fields),
	CONFIG_PART(membership, membership_fields),
	CONFIG_PART(consensus, consensus_fields),
	CONFIG_PART(pool, pool_fields),
	CONFIG_LIST(links, link_value, SETUP_LINKS_MAX),
	CONFIG_LIST(peers, peer_value, CONFIG_PEERS_MAX),
	CONFIG_LIST(dictionaries, dictionary_value, DICTIONARIES_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t config_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_config, config_fields)};

// libcyaml reports by log lines only: the complaint first, then a backtrace from the inside out.
struct complaint {
	char text[256];
	unsigned depth;
	struct {
		char field[64]; // empty: an entry of a list
		unsigned entry; // counted from 1
	} place[8];
	unsigned line; // where the parser was; 0: not told
};

static void complaint_place(struct complaint *complaint, const char *line)
{
	const char *at = strstr(line, "(line: ");
	unsigned depth = complaint->depth;

	if (at && complaint->line == 0)
		complaint->line = (unsigned)strtoul(at + 7, NULL, 10);
	if (depth == sizeof(complaint->place) / sizeof(complaint->place[0]))
		return;
	if (sscanf(line, " in mapping field '%63[^']'", complaint->place[depth].field) == 1 ||
		sscanf(line, " in sequence entry '%u'", &complaint->place[depth].entry) == 1)
		complaint->depth++;
}

static void config_on_log(cyaml_log_t level, void *context, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

static void config_on_log(cyaml_log_t level, void *context, const char *format, va_list arguments)
{
	struct complaint *complaint = context;
	char line[512];

	(void)level;
	vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = 0;
	if (strncmp(line, "  in ", 5) == 0)
		complaint_place(complaint, line);
	else if (complaint->text[0] == 0 && !strstr(line, "Backtrace:"))
		snprintf(complaint->text, sizeof(complaint->text), "%.255s",
			strncmp(line, "Load: ", 6) == 0 ? line + 6 : line);
}

// "links[1].mtu" of a backtrace; also finds the fields that are allowed there.
static const cyaml_schema_field_t *complaint_path(
	const struct complaint *complaint, char *path, size_t size)
{
	const cyaml_schema_field_t *fields = config_fields;
	size_t used = 0;

	path[0] = 0;
	for (unsigned i = complaint->depth; i-- > 0 && used < size;) {
		const char *field = complaint->place[i].field;

		if (!field[0]) {
			used += (size_t)snprintf(
				path + used, size - used, "[%u]", complaint->place[i].entry - 1);
			continue;
		}
		used += (size_t)snprintf(path + used, size - used, "%s%s", used ? "." : "", field);
		while (fields->key && strcmp(fields->key, field) != 0)
			fields++;
		if (!fields->key)
			return fields;
		if (fields->value.type == CYAML_SEQUENCE &&
			fields->value.sequence.entry->type == CYAML_MAPPING)
			fields = fields->value.sequence.entry->mapping.fields;
		else if (fields->value.type == CYAML_MAPPING)
			fields = fields->value.mapping.fields;
	}
	return fields;
}

static void complaint_unknown_key(const char *path, const char *key,
	const cyaml_schema_field_t *fields, char *text, size_t size)
{
	int used = snprintf(text, size, "%s%s%s: there is no such key; allowed here: ", path,
		path[0] ? "." : "", key);

	for (const char *comma = ""; fields->key && used > 0 && (size_t)used < size;
		fields++, comma = ", ")
		used += snprintf(text + used, size - (size_t)used, "%s%s", comma, fields->key);
}

static const char *complaint_shape(const char *text)
{
	if (strstr(text, "Expecting STRING"))
		return "one value is allowed here, not a list or a mapping";
	if (strstr(text, "Expecting SEQUENCE"))
		return "a list is allowed here, one \"- \" entry each";
	if (strstr(text, "Expecting MAPPING"))
		return "a mapping is allowed here: \"key: value\" lines";
	if (strstr(text, "already seen"))
		return "this key is written twice";
	if (strstr(text, "Excessive entries"))
		return "too many entries in this list";
	if (strstr(text, "STRING length"))
		return "this value is longer than 256 characters";
	return NULL;
}

// What libcyaml complains about by its code only.
static const char *complaint_code(cyaml_err_t code)
{
	switch ((int)code) {
	case CYAML_ERR_ALIAS:
	case CYAML_ERR_INVALID_ALIAS:
		return "an alias (*name) is not allowed here; write the value itself";
	default:
		return cyaml_strerror(code);
	}
}

static void complaint_tell(
	const struct complaint *complaint, cyaml_err_t code, char *text, size_t size)
{
	static const char unexpected[] = "Unexpected key: ";
	char path[192];
	const cyaml_schema_field_t *fields = complaint_path(complaint, path, sizeof(path));
	const char *shape = complaint_shape(complaint->text);

	if (strncmp(complaint->text, unexpected, sizeof(unexpected) - 1) == 0)
		complaint_unknown_key(
			path, complaint->text + sizeof(unexpected) - 1, fields, text, size);
	else if (shape)
		snprintf(text, size, "%s%s%s", path, path[0] ? ": " : "", shape);
	else if (strncmp(complaint->text, "libyaml: ", 9) == 0 && complaint->line)
		snprintf(text, size, "this is not YAML near line %u: %s", complaint->line,
			complaint->text + 9);
	else if (strncmp(complaint->text, "libyaml: ", 9) == 0)
		snprintf(text, size, "this is not YAML: %s", complaint->text + 9);
	else
		snprintf(text, size, "%s%s%s", path, path[0] ? ": " : "",
			complaint->text[0] ? complaint->text : complaint_code(code));
}

static int config_read(struct config *config, const char *file, char *error, size_t error_size)
{
	struct complaint complaint = {0};
	cyaml_config_t options = {.log_fn = config_on_log,
		.log_ctx = &complaint,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_ERROR,
		.flags = CYAML_CFG_NO_ALIAS};
	static const struct raw_config nothing;
	struct raw_config *raw = NULL;
	size_t size;
	char *text = config_file_read(file, &size, error, error_size);
	cyaml_err_t code;
	int result = -1;

	if (!text)
		return -1;
	code = cyaml_load_data(
		(const uint8_t *)text, size, &options, &config_value, (cyaml_data_t **)&raw, NULL);
	if (code == CYAML_OK && raw && raw->security)
		raw->security->cipher_quoted = config_quoted(text, size, "security", "cipher");
	if (code == CYAML_OK && raw && raw->membership)
		raw->membership->encryption_quoted =
			config_quoted(text, size, "membership", "encryption");
	free(text);
	if (code == CYAML_OK)
		result = config_check(config, raw ? raw : &nothing, error, error_size);
	else
		complaint_tell(&complaint, code, error, error_size);
	cyaml_free(&options, &config_value, raw, 0);
	return result;
}

int config_load(struct config *config, const char *file, char *error, size_t error_size)
{
	char reason[CONFIG_ERROR_SIZE];

	memset(config, 0, sizeof(*config));
	snprintf(config->file, sizeof(config->file), "%s", file);
	if (config_read(config, file, reason, sizeof(reason)) == 0)
		return 0;
	snprintf(error, error_size, "%s: %s", file, reason);
	return -1;
}
