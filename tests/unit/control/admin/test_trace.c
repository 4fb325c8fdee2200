// session.trace at the control socket, the test being the dataplane: what a client reads, what ends
// it, and that neither a client nor the dataplane can make it grow.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/admin/client.h"
#include "control/admin/rpc.h"
#include "control/admin/trace_stream.h"
#include "lib/shm/ring.h"

enum { CLIENTS = PLANE_TRACES_MAX + 1 };

#define CID 0x00000301u

struct fixture {
	struct node node;
	struct plane_dataplane *tables;
	struct plane_control *control;
	struct ring_consumer commands;
	struct client client[CLIENTS];
	int fd[CLIENTS];
	char text[400000]; // what was read last
};

static void *zeroed(size_t size)
{
	void *memory = aligned_alloc(64, (size + 63) / 64 * 64);

	assert_non_null(memory);
	return memset(memory, 0, size);
}

static int setup(void **state)
{
	struct fixture *f = zeroed(sizeof(*f));

	*state = f;
	f->tables = zeroed(sizeof(*f->tables));
	f->control = zeroed(sizeof(*f->control));
	f->tables->workers = 1;
	snprintf(f->tables->limited_names[1], 16, "cwnd");
	snprintf(f->tables->limited_names[2], 16, "\"},{\n");
	f->tables->session[0][3].stats =
		(struct session_stats){.session = CID, .state = SESSION_OPEN, .session_id = {0xaa}};
	f->node.loop = loop_new();
	f->node.plane.tables.shared = f->tables;
	f->node.plane.boot_id = 7;
	proxy_init(&f->node.plane.proxy);
	proxy_attach(&f->node.plane.proxy, -1, 1, f->control, f->tables);
	ring_consumer_init(&f->commands, f->control->channels[1].command_slots,
		&f->control->channels[1].command_tail, &f->tables->channels[1].command_head,
		sizeof(struct plane_command), PLANE_COMMAND_SLOTS);
	for (int i = 0; i < CLIENTS; i++) {
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
		f->client[i].fd = -1;
		client_open(&f->client[i], &f->node, NULL, pair[0], getegid());
		f->fd[i] = pair[1];
	}
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < CLIENTS; i++) {
		client_close(&f->client[i]);
		if (f->fd[i] >= 0)
			close(f->fd[i]);
	}
	loop_free(f->node.loop);
	free(f->tables);
	free(f->control);
	free(f);
	return 0;
}

static void turns(struct fixture *f, int count)
{
	while (count-- > 0)
		assert_int_equal(loop_turn(f->node.loop, 3), 0);
}

static void ask(struct fixture *f, int client, const char *params)
{
	char line[256];
	int size = snprintf(line, sizeof(line),
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.trace\",\"params\":{%s}}\n",
		params);

	assert_int_equal(send(f->fd[client], line, (size_t)size, 0), size);
	turns(f, 3);
}

// What came until now.
static char *heard(struct fixture *f, int client)
{
	size_t used = 0;
	ssize_t n;

	while (used < sizeof(f->text) - 1 &&
		(n = recv(f->fd[client], f->text + used, sizeof(f->text) - 1 - used, 0)) > 0)
		used += (size_t)n;
	f->text[used] = 0;
	return f->text;
}

// What a worker does with the commands that came: the last one is returned.
static struct plane_command worker_turn(struct fixture *f)
{
	struct plane_command command = {0}, next;

	while (ring_take(&f->commands, &next, 1) == 1) {
		command = next;
		assert_int_equal(command.type, PLANE_TRACE);
		assert_true(command.ring < PLANE_TRACES_MAX);
		atomic_store(&f->tables->trace[command.ring].number,
			command.flags & 1 ? command.request : 0);
	}
	return command;
}

static void step(struct fixture *f, const struct plane_command *command, uint64_t t_ns)
{
	struct plane_trace *trace = &f->tables->trace[command->ring];
	struct plane_trace_slot slot = {.number = command->request,
		.record = {.t_ns = t_ns,
			.cwnd_segments = 4.25,
			.event = TRACE_ACK,
			.limited_by = 1,
			.newly_acked = 1,
			.segment_bytes = 8448}};

	broadcast_put(&trace->written, trace->slots, sizeof(slot), PLANE_TRACE_SLOTS, &slot);
}

static const char one_step[] = RPC_TRACE_HEAD
	"{\"t_ns\":5,\"event\":\"ack\",\"cwnd_segments\":4.25,\"rate_Bps\":0,"
	"\"rtt_ns\":0,\"srtt_ns\":0,\"in_flight\":0,\"newly_acked\":1,\"segment_bytes\":8448,"
	"\"limited_by\":\"cwnd\",\"cut_reason\":null}}\n";

static void trace__until_the_session_closes(void **state)
{
	struct fixture *f = *state;
	struct plane_command command;

	ask(f, 0, "\"id\":\"aa0000\"");
	command = worker_turn(f);
	assert_int_equal(command.cid, CID);
	assert_int_equal(command.flags, 1);
	step(f, &command, 5);
	turns(f, 5);
	assert_string_equal(heard(f, 0), one_step);
	f->tables->session[0][3].stats.state = SESSION_FREE;
	step(f, &command, 5); // what was told before the end is read
	turns(f, 5);
	assert_non_null(strstr(heard(f, 0), one_step));
	assert_non_null(strstr(f->text, "\"result\""));
	assert_non_null(strstr(f->text, "the session is closed"));
	command = worker_turn(f);
	assert_int_equal(command.flags, 0);
	assert_int_equal(f->client[0].stream.on, false);
}

static void trace__steps_of_others_are_not_shown(void **state)
{
	struct fixture *f = *state;
	struct plane_command command, old;

	ask(f, 0, "\"id\":\"aa0000\",\"count\":1");
	command = old = worker_turn(f);
	old.request++;
	step(f, &old, 4);
	step(f, &command, 5);
	turns(f, 5);
	assert_memory_equal(heard(f, 0), one_step, sizeof(one_step) - 1);
	assert_non_null(strstr(f->text, "so many lines"));
}

static void trace__ends_in_time(void **state)
{
	struct fixture *f = *state;

	ask(f, 0, "\"id\":\"aa0000\",\"seconds\":1");
	for (int i = 0; i < 1000 && f->client[0].stream.on; i++)
		turns(f, 1);
	assert_non_null(strstr(heard(f, 0), "the time is over"));
}

// How many steps a line stands for.
static uint64_t steps_of(const char *line)
{
	static const char lost[] = "{\"event\":\"lost\",\"count\":";
	const char *at = strstr(line, lost);

	assert_int_equal(line[strlen(line) - 1], '}');
	if (at)
		return strtoull(at + sizeof(lost) - 1, NULL, 10);
	return strstr(line, "\"event\":\"ack\"") != NULL;
}

static void trace__a_reader_that_sleeps_loses_steps_not_memory(void **state)
{
	struct fixture *f = *state;
	struct plane_command command;
	uint64_t written = 0, seen = 0;

	ask(f, 0, "\"id\":\"aa0000\"");
	command = worker_turn(f);
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 1000; i++)
			step(f, &command, ++written);
		turns(f, 2);
		assert_true(f->client[0].out_size <= TRACE_STREAM_BATCH);
	}
	f->tables->session[0][3].stats.state = SESSION_FREE;
	for (int i = 0; i < 500 && f->client[0].stream.on; i++) {
		turns(f, 1);
		for (char *line = heard(f, 0), *end; (end = strchr(line, '\n')); line = end + 1) {
			*end = 0;
			seen += steps_of(line);
		}
	}
	assert_true(f->client[0].stream.lost > 0);
	assert_int_equal(seen, written);
}

static void trace__so_many_at_once(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < PLANE_TRACES_MAX; i++)
		ask(f, i, "\"id\":\"aa0000\"");
	ask(f, PLANE_TRACES_MAX, "\"id\":\"aa0000\"");
	assert_non_null(strstr(heard(f, PLANE_TRACES_MAX), "-32005"));
	assert_non_null(strstr(f->text, "8 sessions are traced already"));
	worker_turn(f);
	close(f->fd[3]); // the asker leaves
	f->fd[3] = -1;
	turns(f, 3);
	ask(f, PLANE_TRACES_MAX, "\"id\":\"aa0000\"");
	assert_non_null(strstr(heard(f, PLANE_TRACES_MAX), "-32005")); // its worker still writes
	assert_int_equal(worker_turn(f).ring, 3);
	ask(f, PLANE_TRACES_MAX, "\"id\":\"aa0000\"");
	assert_string_equal(heard(f, PLANE_TRACES_MAX), "");
	assert_int_equal(worker_turn(f).ring, 3);
}

static void trace__the_dataplane_goes(void **state)
{
	struct fixture *f = *state;

	ask(f, 0, "\"id\":\"aa0000\"");
	f->node.plane.boot_id = 8; // another one, already
	turns(f, 5);
	assert_non_null(strstr(heard(f, 0), "the dataplane went away"));
	f->node.plane.tables.shared = NULL;
	ask(f, 0, "\"id\":\"aa0000\"");
	assert_non_null(strstr(heard(f, 0), "no session begins with"));
}

// Whatever the shared memory says, a line is one JSON object.
static void line__of_nonsense(void **state)
{
	struct fixture *f = *state;
	union {
		struct trace_record record;
		uint8_t bytes[sizeof(struct trace_record)];
	} u;
	unsigned seed = 12345;

	for (int round = 0; round < 20000; round++) {
		char text[TRACE_STREAM_LINE_MAX];

		for (size_t i = 0; i < sizeof(u.bytes); i++) {
			seed = seed * 1103515245 + 12345;
			u.bytes[i] = round % 3 ? (uint8_t)(seed >> 16) : (round & 1 ? 0xff : 0);
		}
		u.record.limited_by = (uint8_t)(round % 10);
		size_t size =
			trace_stream_line(&f->node.plane.tables, &u.record, text, sizeof(text));
		json_t *line = json_loadb(text, size, 0, NULL);

		assert_true(size > 0 && text[size - 1] == '\n');
		assert_int_equal(json_object_size(json_object_get(line, "params")), 11);
		json_decref(line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(trace__until_the_session_closes, setup, teardown),
		cmocka_unit_test_setup_teardown(
			trace__steps_of_others_are_not_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(trace__ends_in_time, setup, teardown),
		cmocka_unit_test_setup_teardown(
			trace__a_reader_that_sleeps_loses_steps_not_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(trace__so_many_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(trace__the_dataplane_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(line__of_nonsense, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
