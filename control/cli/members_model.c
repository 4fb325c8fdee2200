// Lists and changes of members, put together.
#include "control/cli/members_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct taking {
	struct members_model *model;
	double now_s;
	int64_t unix_s;
	members_event_fn on_event;
	void *owner;
};

static json_t *made(json_t *value)
{
	if (value)
		return value;
	fputs("sluice: out of memory\n", stderr);
	exit(1);
}

void members_model_init(struct members_model *model)
{
	*model = (struct members_model){.rows = made(json_object())};
}

void members_model_fini(struct members_model *model)
{
	json_decref(model->rows);
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "none";
}

// ---- what differs ------------------------------------------------------------------------------

static bool same(const json_t *was, const json_t *is, const char *name)
{
	const json_t *before = json_object_get(was, name), *now = json_object_get(is, name);

	return before == now || json_equal(before, now); // both may be missing
}

static void add(char *text, size_t size, const char *words)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s", used ? ", " : "", words);
}

static const char *dataplane_words(const json_t *was, const json_t *is)
{
	if (!json_is_string(json_object_get(is, "boot_id")))
		return "dataplane stopped";
	return json_is_string(json_object_get(was, "boot_id")) ? "dataplane started again"
							       : "dataplane started";
}

const char *members_model_differs(char *text, size_t size, const json_t *was, const json_t *is)
{
	char words[96];

	text[0] = 0;
	if (!was)
		return text;
	if (!same(was, is, "boot_id"))
		add(text, size, dataplane_words(was, is));
	if (!same(was, is, "address"))
		add(text, size, "another address");
	if (!same(was, is, "links"))
		add(text, size, "other links");
	if (!same(was, is, "version")) {
		snprintf(words, sizeof(words), "version %.64s", text_of(is, "version"));
		add(text, size, words);
	}
	if (!same(was, is, "protocol_min") || !same(was, is, "protocol_max"))
		add(text, size, "other protocols");
	if (!same(was, is, "incarnation")) {
		snprintf(words, sizeof(words), "incarnation %" JSON_INTEGER_FORMAT,
			json_integer_value(json_object_get(is, "incarnation")));
		add(text, size, words);
	}
	return text;
}

// ---- one change --------------------------------------------------------------------------------

// The row that goes into the model: what the change says, and since when.
static json_t *row_of(
	const struct taking *taking, const json_t *says, const json_t *was, const char *state)
{
	json_t *row = made(json_copy((json_t *)says));
	double age_s = json_number_value(json_object_get(says, "state_age_s"));
	bool moved = was && strcmp(text_of(was, "state"), state) != 0;

	json_object_set_new(row, "state", made(json_string(state)));
	json_object_set_new(row, "since_s", made(json_real(taking->now_s - age_s)));
	json_object_set_new(row, "noticed",
		json_boolean(moved || json_is_true(json_object_get(was, "noticed"))));
	return row;
}

static bool take_change(const struct taking *taking, const json_t *params)
{
	json_t *rows = taking->model->rows;
	const char *name = json_string_value(json_object_get(params, "name"));
	const char *to = json_string_value(json_object_get(params, "to"));
	json_t *was;

	if (!name || !to)
		return false;
	was = json_incref(json_object_get(rows, name));
	if (strcmp(to, "none") == 0)
		json_object_del(rows, name);
	else
		json_object_set_new(rows, name, row_of(taking, params, was, to));
	taking->on_event(taking->owner, "change", params, was);
	json_decref(was);
	return true;
}

static bool take_rtt(const struct taking *taking, const json_t *params)
{
	const char *name = json_string_value(json_object_get(params, "name"));
	json_t *rtt_ns = json_object_get(params, "rtt_ns");
	json_t *row = name ? json_object_get(taking->model->rows, name) : NULL;

	if (!name || !json_is_integer(rtt_ns))
		return false;
	if (!row)
		return true; // forgotten meanwhile
	json_object_set(row, "rtt_ns", rtt_ns);
	taking->on_event(taking->owner, "rtt", params, row);
	return true;
}

// ---- a list ------------------------------------------------------------------------------------

// As if the node had told it.
static void tell_change(const struct taking *taking, const json_t *list, const json_t *was,
	const json_t *row, const char *to)
{
	const json_t *generation = json_object_get(list, "generation");
	const json_t *time_s = json_object_get(list, "time_s");
	char words[512];
	json_t *params;

	members_model_differs(words, sizeof(words), was, row);
	if (was && strcmp(text_of(was, "state"), to) == 0 && !words[0])
		return;
	params = made(json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b}", "name",
		text_of(row, "name"), "from", was ? text_of(was, "state") : "none", "to", to,
		"address", text_of(row, "address"), "event", "change", "generation",
		json_integer_value(generation), "time_s",
		time_s ? json_integer_value(time_s) : (json_int_t)taking->unix_s, "meta_changed",
		!was || words[0]));
	json_object_update_missing(params, (json_t *)row);
	json_object_del(params, "state");
	json_object_del(params, "since_s");
	json_object_del(params, "noticed");
	taking->on_event(taking->owner, "change", params, was);
	json_decref(params);
}

static bool take_list(const struct taking *taking, const json_t *list)
{
	const json_t *members = json_object_get(list, "members"), *row;
	const char *cluster = json_string_value(json_object_get(list, "cluster")), *name;
	json_t *before = taking->model->rows, *was;
	size_t i;

	if (!json_is_array(members) || !cluster)
		return false;
	snprintf(taking->model->cluster, sizeof(taking->model->cluster), "%s", cluster);
	taking->model->rows = made(json_object());
	json_array_foreach(members, i, row)
	{
		name = json_string_value(json_object_get(row, "name"));
		if (!name)
			continue;
		was = json_object_get(before, name);
		json_object_set_new(
			taking->model->rows, name, row_of(taking, row, was, text_of(row, "state")));
		tell_change(taking, list, was, row, text_of(row, "state"));
		json_object_del(before, name);
	}
	json_object_foreach(before, name, was) tell_change(taking, list, was, was, "none");
	json_decref(before);
	return true;
}

bool members_model_take(struct members_model *model, const json_t *line, double now_s,
	int64_t unix_s, members_event_fn on_event, void *owner)
{
	const struct taking taking = {model, now_s, unix_s, on_event, owner};
	const json_t *result = json_object_get(line, "result");
	const json_t *params = json_object_get(line, "params");
	const char *event = json_string_value(json_object_get(params, "event"));

	if (result)
		return take_list(&taking, result);
	if (!event)
		return false;
	if (strcmp(event, "change") == 0)
		return take_change(&taking, params);
	if (strcmp(event, "rtt") == 0)
		return take_rtt(&taking, params);
	if (strcmp(event, "resync") != 0)
		return true; // of a newer node
	on_event(owner, event, params, NULL);
	return take_list(&taking, params);
}
