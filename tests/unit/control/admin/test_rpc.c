// Lines to requests: what is refused, with which code, and garbage.
#include "control/admin/rpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/rng.h"

static struct rpc_request request;
static struct rpc_error error;

// The line at the end of a heap block of its size.
static int parse_bytes(const char *line, size_t size)
{
	char *copy = malloc(size ? size : 1);
	int result;

	assert_non_null(copy);
	memcpy(copy, line, size);
	result = rpc_parse(&request, copy, size, &error);
	free(copy);
	return result;
}

static int code_of(const char *line)
{
	int code = parse_bytes(line, strlen(line)) == 0 ? 0 : error.code;

	rpc_request_fini(&request);
	return code;
}

static void rpc_parse__a_request(void **state)
{
	static const char line[] =
		"{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"status\",\"params\":{\"a\":1}}\n";

	(void)state;
	assert_int_equal(parse_bytes(line, strlen(line)), 0);
	assert_string_equal(request.method, "status");
	assert_string_equal(json_string_value(request.id), "x");
	assert_int_equal(json_object_size(request.params), 1);
	rpc_request_fini(&request);
	assert_int_equal(code_of("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}"), 0);
}

static void rpc_parse__not_json(void **state)
{
	char deep[5000];

	(void)state;
	assert_int_equal(code_of(""), RPC_PARSE);
	assert_int_equal(code_of("hello"), RPC_PARSE);
	assert_int_equal(code_of("{\"jsonrpc\":\"2.0\""), RPC_PARSE);
	assert_int_equal(code_of("{} {}"), RPC_PARSE);
	assert_int_equal(code_of("{\"id\":1,\"id\":2}"), RPC_PARSE); // a key twice
	assert_int_equal(code_of("\xff\xfe"), RPC_PARSE);
	memset(deep, '[', sizeof(deep));
	assert_int_equal(parse_bytes(deep, sizeof(deep)), -1);
	assert_int_equal(error.code, RPC_PARSE);
	rpc_request_fini(&request);
}

static void rpc_parse__not_a_request(void **state)
{
	(void)state;
	assert_int_equal(code_of("[]"), RPC_INVALID);
	assert_int_equal(
		code_of("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}]"), RPC_INVALID);
	assert_non_null(strstr(error.text, "one request object per line"));
	assert_int_equal(code_of("{}"), RPC_INVALID);
	assert_int_equal(
		code_of("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"status\"}"), RPC_INVALID);
	assert_int_equal(code_of("{\"jsonrpc\":2.0,\"id\":1,\"method\":\"status\"}"), RPC_INVALID);
	assert_int_equal(code_of("{\"jsonrpc\":\"2.0\",\"method\":\"status\"}"),
		RPC_INVALID); // a notification
	assert_int_equal(
		code_of("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"status\"}"), RPC_INVALID);
	assert_int_equal(
		code_of("{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"status\"}"), RPC_INVALID);
	assert_int_equal(
		code_of("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"status\"}"), RPC_INVALID);
	assert_int_equal(code_of("{\"jsonrpc\":\"2.0\",\"id\":1}"), RPC_INVALID);
	assert_int_equal(code_of("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}"), RPC_INVALID);
	assert_int_equal(
		code_of("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\",\"param\":{}}"),
		RPC_INVALID);
	assert_non_null(strstr(error.text, "allowed: jsonrpc, id, method, params"));
}

static void rpc_parse__keeps_the_id_of_a_bad_request(void **state)
{
	static const char line[] = "{\"jsonrpc\":\"2.0\",\"id\":42}";
	char *answer;

	(void)state;
	assert_int_equal(parse_bytes(line, strlen(line)), -1);
	answer = rpc_frame_error(request.id, &error);
	assert_non_null(strstr(answer, "\"id\":42"));
	assert_non_null(strstr(answer, "-32600"));
	assert_int_equal(answer[strlen(answer) - 1], '\n');
	assert_ptr_equal(strchr(answer, '\n'), answer + strlen(answer) - 1);
	free(answer);
	rpc_request_fini(&request);
}

static void rpc_frame_error__text_that_is_no_utf8(void **state)
{
	char *answer;

	(void)state;
	rpc_error_set(&error, RPC_REFUSED, "what \xc3 is this");
	answer = rpc_frame_error(NULL, &error);
	assert_non_null(answer);
	assert_non_null(strstr(answer, "what ? is this"));
	assert_non_null(strstr(answer, "\"id\":null"));
	free(answer);
}

static void rpc_parse__survives_garbage(void **state)
{
	static const char good[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\",\"params\":"
				   "{\"a\":[1,2,\"x\"]}}";
	char line[sizeof(good)];
	struct rng rng = {3};
	int accepted = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		memcpy(line, good, sizeof(good));
		for (int i = 0; i <= round % 3; i++)
			line[rng_below(&rng, sizeof(good) - 1)] = (char)rng_next(&rng);
		if (parse_bytes(line, sizeof(good) - 1) == 0) {
			accepted++;
			assert_non_null(request.method);
			assert_non_null(request.id);
		} else {
			char *answer = rpc_frame_error(request.id, &error);

			assert_non_null(answer);
			free(answer);
		}
		rpc_request_fini(&request);
	}
	assert_true(accepted > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rpc_parse__a_request),
		cmocka_unit_test(rpc_parse__not_json),
		cmocka_unit_test(rpc_parse__not_a_request),
		cmocka_unit_test(rpc_parse__keeps_the_id_of_a_bad_request),
		cmocka_unit_test(rpc_frame_error__text_that_is_no_utf8),
		cmocka_unit_test(rpc_parse__survives_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
