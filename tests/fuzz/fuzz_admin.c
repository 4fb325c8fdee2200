// A line at the control socket: request, schema, values, and the answer that goes back.
#include "control/admin/rpc.h"
#include "control/admin/schema.h"
#include "tests/fuzz/fuzz.h"

// What is accepted has values that the handlers may use without a further look.
static void values_check(const struct schema_method *method, const json_t *params)
{
	for (int i = 0; i < SCHEMA_PARAMS_MAX && method->params[i].name; i++) {
		const struct schema_param *p = &method->params[i];
		const char *text;

		if (p->type == SCHEMA_BOOLEAN) {
			(void)schema_boolean(params, p->name);
		} else if (p->type == SCHEMA_INTEGER) {
			int64_t number = schema_integer(method, params, p->name);

			FUZZ_CHECK(number >= p->min && number <= p->max);
		} else if ((text = schema_string(method, params, p->name)) != NULL &&
			   json_object_get(params, p->name) && p->type != SCHEMA_CHOICE) {
			FUZZ_CHECK((int64_t)strlen(text) >= p->min);
			FUZZ_CHECK((int64_t)strlen(text) <= p->max);
		}
	}
}

// An answer is one line, and JSON.
static void answer_check(char *answer)
{
	size_t size = answer ? strlen(answer) : 0;
	json_t *object = answer ? json_loads(answer, 0, NULL) : NULL;

	FUZZ_CHECK(size && strchr(answer, '\n') == answer + size - 1);
	FUZZ_CHECK(json_is_object(object));
	json_decref(object);
	free(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = (char *)fuzz_copy(data, size);
	const struct schema_method *method = NULL;
	char text[SCHEMA_TEXT_SIZE] = "";
	struct rpc_request request;
	struct rpc_error error = {0};

	if (rpc_parse(&request, line, size, &error) != 0) {
		FUZZ_CHECK(error.code && error.text[0]);
		answer_check(rpc_frame_error(request.id, &error));
	} else {
		method = schema_find(request.method);
		if (method && schema_check(method, request.params, text) == 0) {
			values_check(method, request.params);
			answer_check(rpc_frame_result(request.id, json_incref(request.root)));
		} else {
			FUZZ_CHECK(!method || text[0]);
			rpc_error_set(&error, RPC_PARAMS, "%s%.200s", text, request.method);
			answer_check(rpc_frame_error(request.id, &error));
		}
	}
	rpc_request_fini(&request);
	free(line);
	return 0;
}
