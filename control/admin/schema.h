// The one source of truth for admin methods:
// decode, CLI options, help and docs/admin.md all come from this table.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

// Who may call: by the credentials of the peer of the Unix socket (level.h).
enum admin_level {
	LEVEL_NONE = 0,
	LEVEL_VIEWER,
	LEVEL_OPERATOR,
	LEVEL_ADMIN,
};

enum schema_type {
	SCHEMA_STRING,  // min..max bytes
	SCHEMA_INTEGER, // min..max
	SCHEMA_BOOLEAN,
	SCHEMA_CHOICE, // one of `choices`
	SCHEMA_HEX,    // min..max hexadecimal digits
};

enum schema_limits {
	SCHEMA_PARAMS_MAX = 8,
	SCHEMA_TEXT_SIZE = 400, // of a sentence that says what is wrong
};

struct schema_param {
	const char *name; // NULL: end of the list
	enum schema_type type;
	int required;               // a required parameter is a positional of the command line
	int64_t min, max;           // of the value, or of its length
	const char *const *choices; // NULL-terminated
	const char *standard;       // text of the value when it is not given, NULL: none
	const char *sentence;
};

struct schema_method {
	const char *name; // NULL: end of the table
	enum admin_level level;
	int change;           // it changes something: an audit line is written
	const char *sentence; // what it does
	const char *result;   // what comes back, for docs and help
	struct schema_param params[SCHEMA_PARAMS_MAX];
};

extern const struct schema_method schema_methods[];

const struct schema_method *schema_find(const char *name); // NULL: no such method
const char *schema_level_name(enum admin_level level);
const char *schema_type_name(enum schema_type type);

// schema_json.c: name, type, required, sentence, and what the type allows. A new reference.
json_t *schema_param_json(const struct schema_param *param);

// Checks `params` (an object, or NULL for none given) against the method.
// 0, or -1 with a sentence in `text` (size SCHEMA_TEXT_SIZE) that says what is allowed.
int schema_check(const struct schema_method *method, const json_t *params, char *text);

// Values after schema_check said yes; the standard value where none was given.
const char *schema_string(
	const struct schema_method *method, const json_t *params, const char *name);
int64_t schema_integer(const struct schema_method *method, const json_t *params, const char *name);
int schema_boolean(const json_t *params, const char *name);
