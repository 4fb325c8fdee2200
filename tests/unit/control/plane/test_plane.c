// The dataplane's process as control handles it, with a dataplane that carries no packets
// (fake_dataplane.c).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/plane/launch.h"
#include "control/plane/plane.h"
#include "tests/unit/control/plane/fake_dataplane.h"

struct stage {
	struct config config;
	struct loop *loop;
	struct plane plane;
	int ups, downs, stops, resyncs, events;
	uint64_t gone;
	struct plane_event last;
};

static void on_up(void *owner)
{
	((struct stage *)owner)->ups++;
}

static void on_down(void *owner)
{
	((struct stage *)owner)->downs++;
}

static void on_gone(void *owner, uint64_t boot_id)
{
	((struct stage *)owner)->gone = boot_id;
}

static void on_event(void *owner, const struct plane_event *event)
{
	struct stage *s = owner;

	s->events++;
	s->last = *event;
}

static void on_resync(void *owner)
{
	((struct stage *)owner)->resyncs++;
}

static void on_stopped(void *owner)
{
	((struct stage *)owner)->stops++;
}

static void begin(struct stage *s)
{
	plane_init(&s->plane, &s->config, s->loop);
	s->plane.on_up = on_up;
	s->plane.on_down = on_down;
	s->plane.on_gone = on_gone;
	s->plane.on_event = on_event;
	s->plane.on_resync = on_resync;
	s->plane.on_stopped = on_stopped;
	s->plane.owner = s;
}

static int setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	snprintf(s->config.run_dir, sizeof(s->config.run_dir), "%s",
		"/tmp/sluice-test-plane-XXXXXX");
	assert_non_null(mkdtemp(s->config.run_dir));
	fake_dataplane_path(s->config.program, sizeof(s->config.program));
	snprintf(s->config.node, sizeof(s->config.node), "%s", "a");
	s->config.dataplane.workers = 2;
	s->config.links_count = 1;
	snprintf(s->config.links[0].name, sizeof(s->config.links[0].name), "%s", "ab");
	snprintf(s->config.links[0].socket, sizeof(s->config.links[0].socket), "%s", "/tmp/x.sock");
	s->loop = loop_new();
	unsetenv("FAKE_MODE");
	begin(s);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct stage *s = *state;
	pid_t pid = s->plane.pid;
	char path[256];

	plane_fini(&s->plane);
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	loop_free(s->loop);
	snprintf(path, sizeof(path), "%s/data.sock", s->config.run_dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/dataplane.log", s->config.run_dir);
	unlink(path);
	assert_int_equal(rmdir(s->config.run_dir), 0);
	free(s);
	return 0;
}

// Turns until the counter reaches `wanted`, 10 s at most.
static void turn_until(struct stage *s, const int *counter, int wanted)
{
	uint64_t end_ns = loop_now_ns(s->loop) + 10000000000ull;

	while (*counter < wanted && loop_now_ns(s->loop) < end_ns)
		assert_int_equal(loop_turn(s->loop, 50), 0);
	assert_true(*counter >= wanted);
}

static void turn_until_state(struct stage *s, enum plane_state wanted)
{
	uint64_t end_ns = loop_now_ns(s->loop) + 10000000000ull;

	while (s->plane.state != wanted && loop_now_ns(s->loop) < end_ns)
		assert_int_equal(loop_turn(s->loop, 20), 0);
	assert_string_equal(plane_state_name(s->plane.state), plane_state_name(wanted));
}

static void stop(struct stage *s)
{
	plane_stop(&s->plane);
	turn_until(s, &s->stops, 1);
	assert_int_equal(s->plane.state, PLANE_ABSENT);
	assert_int_equal(s->plane.pid, 0);
}

static void launch_words__command_line(void **state)
{
	static struct config config = {.node = "node-a",
		.run_dir = "/run/sluice/a",
		.program = "/opt/dp",
		.links_count = 2,
		.dataplane = {.workers = 2,
			.memory_mb = 256,
			.udp_port = 7654,
			.cores = "0-1",
			.idle = SETUP_BUSY,
			.hugepages = SETUP_HUGE_REQUIRE},
		.links = {{.name = "ab",
				  .driver = SETUP_MEMIF,
				  .role = SETUP_CLIENT,
				  .socket = "/tmp/s",
				  .address = ADDRESS_IPV4(0x0a4d0101),
				  .prefix = 30,
				  .mtu = 9000,
				  .mac_set = true,
				  .mac = {2, 0, 0, 0, 0, 0xff}},
			{.name = "w",
				.driver = SETUP_AF_XDP,
				.interface = "veth0",
				.address = ADDRESS_IPV4(0x0a4d0801),
				.prefix = 24,
				.mtu = 1500}}};
	struct launch_words words;
	char line[1024] = "";

	(void)state;
	launch_words(&words, &config);
	for (int i = 0; i < words.count; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s", i ? " " : "",
			words.word[i]);
	assert_null(words.word[words.count]);
	assert_string_equal(line,
		"/opt/dp --run-dir /run/sluice/a --node node-a --workers 2 --idle busy --hugepages "
		"require "
		"--memory-mb 256 --udp-port 7654 "
		"--cores 0-1 --link "
		"name=ab,role=client,socket=/tmp/s,address=10.77.1.1/30,mtu=9000,"
		"mac=02:00:00:00:00:ff,driver=memif --link "
		"name=w,interface=veth0,address=10.77.8.1/24,mtu=1500,driver=af_xdp");
}

static void launch_words__fit_at_most(void **state)
{
	static struct config config;
	struct launch_words words;

	(void)state;
	config.links_count = SETUP_LINKS_MAX;
	memset(config.dataplane.cores, '1', sizeof(config.dataplane.cores) - 1);
	for (uint32_t i = 0; i < SETUP_LINKS_MAX; i++) {
		struct setup_link *link = &config.links[i];

		memset(link->name, 'n', sizeof(link->name) - 1);
		memset(link->socket, 's', sizeof(link->socket) - 1);
		memset(link->device, 'd', sizeof(link->device) - 1);
		link->driver = SETUP_VDEV;
		memset(link->address.bytes, 0xff, sizeof(link->address.bytes));
		link->prefix = 128;
		link->mtu = 9000;
		link->mac_set = true;
	}
	launch_words(&words, &config);
	assert_true(words.count < LAUNCH_WORDS_MAX);
	assert_non_null(strstr(words.links[15], ",mac=00:00:00:00:00:00,driver=vdev:ddd"));
	assert_true(strlen(words.links[15]) < LAUNCH_LINK_SIZE - 1); // all of it
}

static void plane__starts_and_stops(void **state)
{
	struct stage *s = *state;
	uint64_t began_ns;
	pid_t pid;

	plane_start(&s->plane);
	assert_int_equal(s->plane.state, PLANE_STARTING);
	turn_until(s, &s->ups, 1);
	assert_int_equal(s->plane.state, PLANE_RUNNING);
	assert_true(s->plane.ours);
	pid = s->plane.pid;
	assert_int_equal(getsid(pid), pid); // a session of its own
	assert_int_not_equal(s->plane.boot_id, 0);
	began_ns = loop_now_ns(s->loop);
	stop(s);
	assert_true(loop_now_ns(s->loop) - began_ns <
		    900000000); // by PLANE_SHUTDOWN, not by the signal after a second
	assert_non_null(strstr(s->plane.error, "exited with status 0"));
	assert_int_equal(s->downs, 1);
	assert_int_not_equal(s->gone, 0);
	assert_int_equal(kill(pid, 0), -1); // reaped, too
	assert_int_equal(errno, ESRCH);
}

static void plane__commands_and_events(void **state)
{
	struct stage *s = *state;
	struct plane_command reserve = {.type = PLANE_RESERVE, .app = 0xffff};
	struct session_stats row;

	plane_start(&s->plane);
	turn_until(s, &s->ups, 1);
	for (uint32_t i = 1; i <= 200; i++) { // several times round the command ring
		reserve.request = i;
		assert_int_equal(proxy_put(&s->plane.proxy, 1 + i % 2, &reserve), 0);
		turn_until(s, &s->events, (int)i);
		assert_int_equal(s->last.type, PLANE_RESERVED);
		assert_int_equal(s->last.request, i);
		assert_int_equal(s->last.cid >> 24, i % 2);
	}
	assert_true(tables_session(&s->plane.tables, s->last.cid, &row));
	assert_int_equal(row.state, SESSION_RESERVED);
	assert_int_equal(
		proxy_put(&s->plane.proxy, 3, &reserve), PROXY_E_DETACHED); // no such worker
	stop(s);
	assert_int_equal(proxy_put(&s->plane.proxy, 1, &reserve), PROXY_E_DETACHED);
}

static void plane__killed_is_started_again(void **state)
{
	struct stage *s = *state;
	uint64_t boot_id;
	pid_t pid;

	plane_start(&s->plane);
	turn_until(s, &s->ups, 1);
	boot_id = s->plane.boot_id;
	pid = s->plane.pid;
	kill(pid, SIGKILL);
	turn_until(s, &s->ups, 2);
	assert_int_equal(s->downs, 1);
	assert_true(s->gone == boot_id);
	assert_int_equal(s->plane.restarts, 1);
	assert_int_not_equal(s->plane.pid, pid);
	assert_true(s->plane.boot_id != boot_id);
	stop(s);
}

static void plane__left_running_is_attached_to(void **state)
{
	struct stage *s = *state;
	uint64_t boot_id;
	pid_t pid;

	plane_start(&s->plane);
	turn_until(s, &s->ups, 1);
	boot_id = s->plane.boot_id;
	pid = s->plane.pid;
	plane_fini(&s->plane); // as a control process that goes away
	assert_int_equal(kill(pid, 0), 0);
	s->gone = 0;
	begin(s);
	plane_start(&s->plane);
	turn_until(s, &s->ups, 2);
	assert_int_equal(s->plane.pid, pid);
	assert_false(s->plane.ours);
	assert_true(s->plane.boot_id == boot_id);
	assert_true(s->gone == 0);
	plane_stop(&s->plane);
	turn_until(s, &s->stops, 1);
	waitpid(pid, NULL, 0);
}

static void plane__dies_at_start(void **state)
{
	struct stage *s = *state;
	char wanted[128];
	int pid;

	setenv("FAKE_MODE", "die", 1);
	plane_start(&s->plane);
	pid = (int)s->plane.pid;
	turn_until_state(s, PLANE_BACKOFF);
	snprintf(wanted, sizeof(wanted),
		"sluice-dataplane (process %d) exited with status 3; its last words: no hugepages "
		"are left",
		pid);
	assert_string_equal(s->plane.error, wanted);
	assert_int_equal(s->plane.backoff_ns, 200000000);
	turn_until_state(s, PLANE_STARTING);
	turn_until_state(s, PLANE_BACKOFF);
	assert_int_equal(s->plane.backoff_ns, 400000000);
	setenv("FAKE_MODE", "ok", 1);
	turn_until(s, &s->ups, 1);
	assert_string_equal(s->plane.error, "");
	stop(s);
}

static void plane__wrong_command_line_is_not_tried_again(void **state)
{
	struct stage *s = *state;

	setenv("FAKE_MODE", "usage", 1);
	plane_start(&s->plane);
	turn_until_state(s, PLANE_FAILED);
	assert_non_null(strstr(s->plane.error,
		"exited with status 2; its last words: sluice-dataplane: --cores: 'x' is not"));
	for (int i = 0; i < 5; i++)
		loop_turn(s->loop, 50); // longer than the first back-off
	assert_int_equal(s->plane.state, PLANE_FAILED);
	assert_int_equal(s->plane.pid, 0);
	assert_int_equal(s->plane.restarts, 0);
	plane_stop(&s->plane);
	assert_int_equal(s->stops, 1);
}

static void plane__no_program(void **state)
{
	struct stage *s = *state;

	snprintf(s->config.program, sizeof(s->config.program), "%s", "/nonexistent/dp");
	plane_start(&s->plane);
	assert_int_equal(s->plane.state, PLANE_BACKOFF);
	assert_string_equal(
		s->plane.error, "/nonexistent/dp cannot be executed: No such file or directory");
	plane_stop(&s->plane);
	assert_int_equal(s->stops, 1);
}

static void refused(struct stage *s, const char *mode, const char *piece)
{
	setenv("FAKE_MODE", mode, 1);
	plane_start(&s->plane);
	turn_until_state(s, PLANE_BACKOFF);
	if (!strstr(s->plane.error, piece))
		fail_msg("\"%s\" does not say \"%s\"", s->plane.error, piece);
	assert_int_equal(s->ups, 0);
	assert_null(s->plane.tables.shared);
	plane_stop(&s->plane);
	turn_until(s, &s->stops, 1);
}

static void plane__another_version(void **state)
{
	char wanted[128];

	snprintf(wanted, sizeof(wanted),
		"speaks version %u, this control process version %u; stop it or run the matching",
		PLANE_VERSION + 1, PLANE_VERSION);
	refused(*state, "version", wanted);
}

static void plane__unsealed_region(void **state)
{
	refused(*state, "noseal",
		"the dataplane's memory is refused: the descriptor is no memory file, or lacks the "
		"seals");
}

static void plane__refused_by_the_dataplane(void **state)
{
	refused(*state, "refuse",
		"the dataplane refused: process 7 is attached as control already");
}

static void plane__stubborn_is_killed(void **state)
{
	struct stage *s = *state;
	uint64_t began_ns;

	setenv("FAKE_MODE", "stubborn", 1);
	plane_start(&s->plane);
	turn_until(s, &s->ups, 1);
	began_ns = loop_now_ns(s->loop);
	stop(s);
	assert_true(loop_now_ns(s->loop) - began_ns < 4000000000ull);
	assert_non_null(strstr(s->plane.error, "was killed by signal 9"));
}

static void plane__mute_is_stopped_while_starting(void **state)
{
	struct stage *s = *state;

	setenv("FAKE_MODE", "mute", 1);
	plane_start(&s->plane);
	for (int i = 0; i < 5; i++)
		loop_turn(s->loop, 30);
	assert_int_equal(s->plane.state, PLANE_STARTING);
	stop(s);
}

static void plane__corrupt_ring(void **state)
{
	struct stage *s = *state;
	struct plane_command reserve = {.type = PLANE_RESERVE};

	setenv("FAKE_MODE", "corrupt", 1);
	plane_start(&s->plane);
	turn_until(s, &s->ups, 1);
	proxy_put(&s->plane.proxy, 1, &reserve);
	turn_until(s, &s->downs, 1);
	assert_non_null(strstr(s->plane.error, "wrote nonsense into its event ring"));
	plane_stop(&s->plane);
	turn_until(s, &s->stops, 1);
}

static void plane__lost_events(void **state)
{
	struct stage *s = *state;
	struct plane_command reserve = {.type = PLANE_RESERVE};

	setenv("FAKE_MODE", "lossy", 1);
	plane_start(&s->plane);
	turn_until(s, &s->ups, 1);
	proxy_put(&s->plane.proxy, 2, &reserve);
	turn_until(s, &s->resyncs, 1);
	assert_int_equal(s->events, 0);
	loop_turn(s->loop, 10);
	assert_int_equal(s->resyncs, 1); // once per loss
	stop(s);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(launch_words__command_line),
		cmocka_unit_test(launch_words__fit_at_most),
		STORY(plane__starts_and_stops),
		STORY(plane__commands_and_events),
		STORY(plane__killed_is_started_again),
		STORY(plane__left_running_is_attached_to),
		STORY(plane__dies_at_start),
		STORY(plane__wrong_command_line_is_not_tried_again),
		STORY(plane__no_program),
		STORY(plane__another_version),
		STORY(plane__unsealed_region),
		STORY(plane__refused_by_the_dataplane),
		STORY(plane__stubborn_is_killed),
		STORY(plane__mute_is_stopped_while_starting),
		STORY(plane__corrupt_ring),
		STORY(plane__lost_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
