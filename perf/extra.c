// See extra.h.
#include "perf/extra.h"

#include <jansson.h>
#include <string.h>

static json_t *pool_find(json_t *pools, const char *name)
{
	json_t *pool;
	size_t i;

	json_array_foreach(pools, i, pool)
	{
		const char *its = json_string_value(json_object_get(pool, "name"));

		if (its && strcmp(its, name) == 0)
			return pool;
	}
	return NULL;
}

static void pools_join(json_t *earlier, json_t *later)
{
	json_t *pool;
	size_t i;

	json_array_foreach(later, i, pool)
	{
		const char *name = json_string_value(json_object_get(pool, "name"));
		json_t *before = name ? pool_find(earlier, name) : NULL;
		json_t *most = json_object_get(before, "used_max");

		if (json_number_value(most) > json_number_value(json_object_get(pool, "used_max")))
			json_object_set(pool, "used_max", most);
	}
}

static void add(json_t *sums, const char *key, const json_t *value)
{
	json_int_t sum = json_integer_value(json_object_get(sums, key)) + json_integer_value(value);

	json_object_set_new(sums, key, json_integer(sum));
}

json_t *extra_join(json_t *earlier, json_t *later)
{
	json_t *waits = json_object_get(later, "waits"), *value;
	const char *key;

	if (earlier && later) {
		pools_join(json_object_get(earlier, "pools"), json_object_get(later, "pools"));
		if (waits)
			add(later, "waits_ns", json_object_get(earlier, "waits_ns"));
		json_object_foreach(json_object_get(earlier, "waits"), key, value)
		{
			add(waits, key, value);
		}
	}
	if (!later)
		return earlier;
	json_decref(earlier);
	return later;
}
