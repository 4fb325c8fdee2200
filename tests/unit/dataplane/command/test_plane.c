// Control comes, dies and comes again, as the main thread lives it: a real door, a real worker
// thread, the real hooks.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dataplane/dataplane.h"
#include "tests/unit/dataplane/app/fake_app.h"
#include "tests/unit/dataplane/fake_port.h"

struct fixture {
	struct dataplane dp;
	struct port port;
	char folder[64], path[80];
	int app; // socket of the application
};

struct control {
	int fd;
	struct region region;
	struct plane_control *mine;
	struct ring_consumer events[2]; // of the main thread, of worker 0
	struct ring_producer commands;  // to worker 0
};

// ---- the process, without DPDK ----

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct dataplane *dp = &f->dp;
	char text[REASON_SIZE];
	struct door_config config = {.path = f->path,
		.gid = (gid_t)-1,
		.boot_id = 9,
		.hooks = &dataplane_hooks,
		.context = dp};

	fake_port_init(&f->port, NULL, 0x0a000001);
	dp->config = (struct config){.workers = 1, .links = 1, .cores = {-1}};
	dp->port[0] = &f->port;
	dp->ports = 1;
	dp->control_region.fd = -1;
	assert_int_equal(region_create(&dp->tables_region, "test-tables", sizeof(*dp->tables),
				 REGION_PAGES_ORDINARY),
		0);
	dp->tables = (struct plane_dataplane *)(void *)dp->tables_region.base;
	assert_int_equal(
		worker_init(&dp->worker[0], 0, &dp->config, dp->port, NULL, dp->tables, 9), 0);
	assert_int_equal(worker_start(&dp->worker[0]), 0);
	dp->workers = 1;
	snprintf(f->folder, sizeof(f->folder), "/tmp/sluice-test-plane-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/data.sock", f->folder);
	assert_int_equal(door_new(&dp->door, &config, text), 0);
	f->app = -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	struct dataplane *dp = &f->dp;

	plane_detach(dp);
	worker_stop(&dp->worker[0]);
	door_free(dp->door);
	worker_fini(&dp->worker[0]);
	region_fini(&dp->tables_region);
	fake_port_fini(&f->port);
	assert_int_equal(fake_mbufs(), 0);
	if (f->app >= 0)
		close(f->app);
	rmdir(f->folder);
	free(f);
	return 0;
}

static void turn(struct fixture *f)
{
	for (int i = 0; i < 4; i++) {
		hooks_deferred(&f->dp);
		assert_int_equal(door_poll(f->dp.door, 0), 0);
	}
}

static int attach(struct fixture *f, enum door_type hello, int region_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), fds[DOOR_FDS_MAX], count;
	struct door_message m = door_message_init(hello);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	m.blocks = 32;
	assert_int_equal(door_send(fd, &m, &region_fd, 1), 0);
	turn(f);
	assert_int_equal(door_receive(fd, &m, fds, &count), 0);
	assert_int_equal(m.type, DOOR_WELCOME);
	while (count > 0)
		close(fds[--count]);
	return fd;
}

static void app_attach(struct fixture *f)
{
	struct region region;

	fake_region_make(&region, 2);
	f->app = attach(f, DOOR_HELLO_APP, region.fd);
	region_fini(&region);
}

static void app_connect(struct fixture *f, uint32_t request)
{
	struct door_message m = door_message_init(DOOR_CONNECT);

	m.request = request;
	snprintf(m.node, sizeof(m.node), "b");
	snprintf(m.service, sizeof(m.service), "file");
	assert_int_equal(door_send(f->app, &m, NULL, 0), 0);
	turn(f);
}

// ---- control ----

static void control_attach(struct fixture *f, struct control *c)
{
	assert_int_equal(
		region_create(&c->region, "test-control", sizeof(*c->mine), REGION_PAGES_ORDINARY),
		0);
	c->mine = (struct plane_control *)(void *)c->region.base;
	c->mine->magic = PLANE_CONTROL_MAGIC;
	c->mine->version = PLANE_VERSION;
	c->mine->size = sizeof(*c->mine);
	ring_producer_init(&c->commands, c->mine->channels[1].command_slots,
		&c->mine->channels[1].command_tail, &f->dp.tables->channels[1].command_head,
		sizeof(struct plane_command), PLANE_COMMAND_SLOTS);
	for (uint32_t i = 0; i < 2; i++)
		ring_consumer_init(&c->events[i], f->dp.tables->channels[i].event_slots,
			&f->dp.tables->channels[i].event_tail, &c->mine->channels[i].event_head,
			sizeof(struct plane_event), PLANE_EVENT_SLOTS);
	c->fd = attach(f, DOOR_HELLO_CONTROL, c->region.fd);
}

static void control_dies(struct fixture *f, struct control *c)
{
	close(c->fd);
	turn(f);
	assert_false(f->dp.control_attached);
	region_fini(&c->region);
}

static void control_command(struct control *c, struct plane_command command)
{
	assert_int_equal(ring_put(&c->commands, &command, 1), 1);
}

// Waits for the worker; the main thread's events are there at once. Type 0: none came.
static struct plane_event control_event(struct control *c, uint32_t channel, uint16_t type)
{
	struct plane_event event;

	for (int i = 0; i < (channel == 0 ? 1 : 2000); i++) {
		while (ring_take(&c->events[channel], &event, 1) == 1)
			if (event.type == type)
				return event;
		usleep(1000);
	}
	return (struct plane_event){0};
}

static uint32_t control_reserve(struct control *c, const struct plane_event *wanted)
{
	control_command(c, (struct plane_command){.type = PLANE_RESERVE,
				   .request = 1,
				   .app = wanted->app,
				   .app_generation = wanted->app_generation});
	return control_event(c, 1, PLANE_RESERVED).cid;
}

static enum session_state row_state(const struct fixture *f, uint32_t cid)
{
	return (enum session_state)f->dp.tables->session[0][wire_cid_slot(cid)].stats.state;
}

static void attach__a_new_control_is_asked_again(void **state)
{
	struct fixture *f = *state;
	struct control first, second;
	struct plane_event wanted;
	uint32_t cid;

	control_attach(f, &first);
	app_attach(f);
	app_connect(f, 5);
	wanted = control_event(&first, 0, PLANE_CONNECT_WANTED);
	assert_int_equal(wanted.request, 5);
	cid = control_reserve(&first, &wanted);
	control_dies(f, &first);

	// What it reserved stands in the tables, and the request is told again.
	control_attach(f, &second);
	assert_int_equal(row_state(f, cid), SESSION_RESERVED);
	assert_int_equal(control_event(&second, 0, PLANE_CONNECT_WANTED).request, 5);
	control_command(&second, (struct plane_command){.type = PLANE_CLOSE, .cid = cid});
	assert_int_equal(control_event(&second, 1, PLANE_CLOSED).cid, cid);
	control_dies(f, &second);
}

// The first control came as far as OPEN: the session is on its way, and a second one for the same
// request would reach the peer's application as a stranger.
static void attach__not_what_is_opening_already(void **state)
{
	struct fixture *f = *state;
	struct control first, second;
	struct plane_event wanted;
	uint32_t cid;

	control_attach(f, &first);
	app_attach(f);
	app_connect(f, 5);
	app_connect(f, 6);
	wanted = control_event(&first, 0, PLANE_CONNECT_WANTED);
	cid = control_reserve(&first, &wanted);
	control_command(&first, (struct plane_command){.type = PLANE_OPEN,
					.cid = cid,
					.peer_cid = 99,
					.connect_request = 5,
					.segment_size = wire_segment_size(MTU_MIN),
					.peer_address = ADDRESS_IPV4(0x0a000002),
					.peer_port = 7654,
					.initiator = 1});
	for (int i = 0; i < 2000 && row_state(f, cid) != SESSION_CONNECTING; i++)
		usleep(1000);
	control_dies(f, &first);

	control_attach(f, &second);
	assert_int_equal(row_state(f, cid), SESSION_CONNECTING);
	assert_int_equal(control_event(&second, 0, PLANE_CONNECT_WANTED).request, 6);
	assert_int_equal(control_event(&second, 0, PLANE_CONNECT_WANTED).type, 0);
	control_dies(f, &second);
}

// A worker that answers too late answers the letter it was given, not the next one.
static void letters__a_late_answer_is_no_answer(void **state)
{
	struct fixture *f = *state;
	struct dataplane *dp = &f->dp;
	struct mail done = {.type = MAIL_CONTROL_DONE};

	worker_stop(&dp->worker[0]); // its part is played here
	dp->control_letter = 7;
	done.index = 6;
	assert_true(mailbox_give(dp->worker[0].outbox, &done));
	hooks_letters(dp);
	assert_int_equal(dp->control_done, 0);
	done.index = 7;
	assert_true(mailbox_give(dp->worker[0].outbox, &done));
	hooks_letters(dp);
	assert_int_equal(dp->control_done, 1);
	dp->worker[0].stop = false;
	assert_int_equal(worker_start(&dp->worker[0]), 0);
}

// As often as it likes: no descriptor and no mapping stays behind.
static void attach__many_times(void **state)
{
	struct fixture *f = *state;
	struct control c;
	int before = dup(0), after;

	for (int i = 0; i < 50; i++) {
		control_attach(f, &c);
		assert_true(f->dp.control_attached);
		control_dies(f, &c);
	}
	after = dup(0);
	assert_int_equal(after, before + 1); // the lowest free number is what it was
	close(before);
	close(after);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(attach__a_new_control_is_asked_again),
		CASE(attach__not_what_is_opening_already),
		CASE(letters__a_late_answer_is_no_answer),
		CASE(attach__many_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
