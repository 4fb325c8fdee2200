// Looking into JSON, and figures for people.
#include "perf/pick.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 64 };

json_t *pick(const json_t *root, const char *path)
{
	const json_t *at = root;

	while (at && *path) {
		char key[KEY_MAX];
		size_t length = strcspn(path, "/");

		if (length >= sizeof(key))
			return NULL;
		memcpy(key, path, length);
		key[length] = 0;
		path += length + (path[length] == '/');
		at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10))
				       : json_object_get(at, key);
	}
	return (json_t *)at;
}

double pick_number(const json_t *root, const char *path, double fallback)
{
	const json_t *value = pick(root, path);

	return json_is_number(value) ? json_number_value(value) : fallback;
}

const char *pick_text(const json_t *root, const char *path, const char *fallback)
{
	const json_t *value = pick(root, path);

	return json_is_string(value) ? json_string_value(value) : fallback;
}

json_t *pick_row(const json_t *root, const char *id)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(root, "results"), i, row)
	{
		if (strcmp(pick_text(row, "id", ""), id) == 0)
			return row;
	}
	return NULL;
}

json_t *pick_load(const char *path)
{
	json_error_t error;
	json_t *root = json_load_file(path, 0, &error);

	if (!root)
		fprintf(stderr, "sluice-perf: %s: %s\n", path, error.text);
	else if (strcmp(pick_text(root, "schema", ""), "sluice-perf/1") != 0)
		fprintf(stderr, "sluice-perf: %s is no result of sluice-perf run --json\n", path);
	else
		return root;
	json_decref(root);
	return NULL;
}

void figure_print(char *text, size_t size, double value, const char *unit)
{
	static const char *const up[] = {"", "k", "M", "G", "T"};
	static const char *const down[] = {"ns", "us", "ms", "s"};
	bool time = strcmp(unit, "ns") == 0;
	size_t step = 0, steps = time ? 3 : 4;

	for (; step < steps && value >= 1000; step++)
		value /= 1000;
	if (time)
		snprintf(text, size, "%.3g %s", value, down[step]);
	else
		snprintf(text, size, "%.3g %s%s", value, up[step],
			strcmp(unit, "1/s") == 0 ? "/s" : unit);
}
