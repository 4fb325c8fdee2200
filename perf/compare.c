// Ratios of two runs, id by id. A change is named only where the intervals do not overlap.
#include "perf/compare.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static json_t *load(const char *path)
{
	json_error_t error;
	json_t *root = json_load_file(path, 0, &error);
	const char *schema = json_string_value(json_object_get(root, "schema"));

	if (!root)
		fprintf(stderr, "sluice-perf: %s: %s\n", path, error.text);
	else if (!schema || strcmp(schema, "sluice-perf/1") != 0)
		fprintf(stderr, "sluice-perf: %s is no result of sluice-perf run --json\n", path);
	else
		return root;
	json_decref(root);
	return NULL;
}

static json_t *find(json_t *root, const char *id)
{
	json_t *result;
	size_t i;

	json_array_foreach(json_object_get(root, "results"), i, result)
	{
		const char *its = json_string_value(json_object_get(result, "id"));

		if (its && strcmp(its, id) == 0)
			return result;
	}
	return NULL;
}

static int ratio_get(json_t *result, double *median, double *low, double *high)
{
	return json_unpack(
		result, "{s:{s:F, s:[F, F]}}", "ratio", "median", median, "ci95", low, high);
}

static void compare_one(json_t *before, json_t *after, const char *id)
{
	double m[2], low[2], high[2];
	const char *verdict = "same";

	if (!before || ratio_get(before, &m[0], &low[0], &high[0]) < 0 ||
		ratio_get(after, &m[1], &low[1], &high[1]) < 0)
		return;
	if (low[1] > high[0])
		verdict = "faster";
	if (high[1] < low[0])
		verdict = "slower";
	printf("%-34s %7.3f -> %7.3f  %s\n", id, m[0], m[1], verdict);
}

int compare_files(const char *before_path, const char *after_path)
{
	json_t *before = load(before_path), *after = before ? load(after_path) : NULL, *result;
	size_t i;

	if (after)
		json_array_foreach(json_object_get(after, "results"), i, result)
		{
			const char *id = json_string_value(json_object_get(result, "id"));

			if (id)
				compare_one(find(before, id), result, id);
		}
	json_decref(before);
	json_decref(after);
	return after ? 0 : 1;
}
