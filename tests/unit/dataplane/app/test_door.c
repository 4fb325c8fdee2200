// The door with raw clients on the same thread: who gets in, what is refused with which sentence,
// who is dropped.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/app/deliver.h"
#include "dataplane/app/door.h"
#include "tests/unit/dataplane/app/fake_app.h"

struct fixture {
	char folder[64];
	char path[80];
	struct door *door;
	int open; // descriptors before the door was made
	// What the hooks saw.
	struct app_channel *attached; // last
	struct app_channel *gone;     // last
	uint32_t gones, tables, doorbells, controls_gone;
	struct door_connect connect;
	enum ipc_result connect_result;
	enum ipc_result attach_result;
	int control_region;
};

static enum ipc_result on_app_attached(
	void *context, struct app_channel *channel, char text[REASON_SIZE])
{
	struct fixture *f = context;

	f->attached = channel;
	channel->worker = 3;
	snprintf(text, REASON_SIZE, "no worker has room");
	return f->attach_result;
}

static void on_app_gone(void *context, struct app_channel *channel)
{
	struct fixture *f = context;

	f->gone = channel;
	f->gones++;
}

static enum ipc_result on_control_attached(
	void *context, pid_t pid, int region_fd, struct door_welcome *welcome)
{
	struct fixture *f = context;

	assert_int_equal(pid, getpid());
	f->control_region = region_fd;
	welcome->region_fd = region_fd; // anything
	welcome->wake_fd = region_fd;
	welcome->region_size = 4711;
	return IPC_OK;
}

static void on_control_gone(void *context)
{
	struct fixture *f = context;

	f->controls_gone++;
	close(f->control_region);
}

static void on_doorbell(void *context)
{
	((struct fixture *)context)->doorbells++;
}

static enum ipc_result on_connect(
	void *context, const struct door_connect *connect, char text[REASON_SIZE])
{
	struct fixture *f = context;

	f->connect = *connect;
	snprintf(text, REASON_SIZE, "no control process is attached");
	return f->connect_result;
}

static void on_tables(void *context)
{
	((struct fixture *)context)->tables++;
}

static const struct door_hooks hooks = {
	.on_app_attached = on_app_attached,
	.on_app_gone = on_app_gone,
	.on_control_attached = on_control_attached,
	.on_control_gone = on_control_gone,
	.on_doorbell = on_doorbell,
	.on_connect = on_connect,
	.on_tables = on_tables,
};

static int count_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static int open_door(struct fixture *f, struct door **door, char text[REASON_SIZE])
{
	struct door_config config = {
		.path = f->path, .gid = (gid_t)-1, .boot_id = 99, .hooks = &hooks, .context = f};

	return door_new(door, &config, text);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char text[REASON_SIZE];

	f->open = count_open();
	snprintf(f->folder, sizeof(f->folder), "/tmp/sluice-test-door-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/data.sock", f->folder);
	assert_int_equal(open_door(f, &f->door, text), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	door_free(f->door);
	assert_int_equal(access(f->path, F_OK), -1); // the socket file went with it
	assert_int_equal(rmdir(f->folder), 0);
	assert_int_equal(count_open(), f->open); // and every descriptor
	free(f);
	return 0;
}

static void turn(struct fixture *f)
{
	for (int i = 0; i < 4; i++) // accept, then read, then the consequences
		assert_int_equal(door_poll(f->door, 0), 0);
}

static int client_open(struct fixture *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

// Receives what must be there; closes descriptors that come along.
static struct door_message client_expect(int fd, enum door_type type)
{
	struct door_message m;
	int fds[DOOR_FDS_MAX], count;

	assert_int_equal(door_receive(fd, &m, fds, &count), 0);
	assert_int_equal(m.type, type);
	assert_int_equal(count, type == DOOR_WELCOME ? 2 : 0);
	while (count > 0)
		close(fds[--count]);
	return m;
}

static void client_expect_refusal(int fd, enum ipc_result result, const char *part)
{
	struct door_message m = client_expect(fd, DOOR_RESULT);

	assert_int_equal(m.result, result);
	if (strstr(m.text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", m.text, part);
}

static void client_expect_hangup(int fd)
{
	struct door_message m;
	int fds[DOOR_FDS_MAX], count;

	assert_int_equal(door_receive(fd, &m, fds, &count), DOOR_E_HANGUP);
	close(fd);
}

static void client_send(int fd, struct door_message m)
{
	assert_int_equal(door_send(fd, &m, NULL, 0), 0);
}

static int client_attach(struct fixture *f)
{
	struct door_message hello = door_message_init(DOOR_HELLO_APP);
	int fd = client_open(f);
	struct region region;

	fake_region_make(&region, 2);
	hello.request = 5;
	hello.blocks = 20;
	assert_int_equal(door_send(fd, &hello, &region.fd, 1), 0);
	region_fini(&region);
	turn(f);
	return fd;
}

static struct door_message listen_message(const char *service, uint32_t request, uint32_t flags)
{
	struct door_message m = door_message_init(DOOR_LISTEN);

	snprintf(m.service, sizeof(m.service), "%s", service);
	m.request = request;
	m.flags = flags;
	return m;
}

static struct door_message connect_message(uint32_t request)
{
	struct door_message m = door_message_init(DOOR_CONNECT);

	snprintf(m.node, sizeof(m.node), "%s", "b");
	snprintf(m.service, sizeof(m.service), "%s", "file");
	m.request = request;
	m.codec = CODEC_LZ4;
	return m;
}

// ---- the socket file --------------------------------------------------------------------------

static void new__makes_a_socket_for_us_and_the_group(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
}

static void new__refuses_beside_a_living_dataplane(void **state)
{
	struct fixture *f = *state;
	char text[REASON_SIZE];
	struct door *second;

	assert_int_equal(open_door(f, &second, text), -EADDRINUSE);
	assert_null(second);
	assert_non_null(strstr(text, "another dataplane"));
	close(client_open(f)); // the first still answers
	turn(f);
}

static void new__replaces_a_stale_socket(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char text[REASON_SIZE];

	door_free(f->door);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd); // died without cleaning up
	assert_int_equal(open_door(f, &f->door, text), 0);
	close(client_open(f));
}

static void new__refuses_what_is_no_socket_and_loose_folders(void **state)
{
	struct fixture *f = *state;
	char text[REASON_SIZE];
	struct door *door;

	door_free(f->door);
	int fd = open(f->path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(open_door(f, &door, text), -EEXIST);
	close(fd);
	unlink(f->path);
	chmod(f->folder, 0777);
	assert_int_equal(open_door(f, &door, text), -EPERM);
	assert_non_null(strstr(text, "writable by nobody else"));
	chmod(f->folder, 0700);
	assert_int_equal(open_door(f, &f->door, text), 0);
}

static void new__refuses_a_long_path(void **state)
{
	struct door_config config = {.hooks = &hooks, .gid = (gid_t)-1};
	char path[200], text[REASON_SIZE];
	struct door *door;

	(void)state;
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	config.path = path;
	assert_int_equal(door_new(&door, &config, text), -ENAMETOOLONG);
	assert_non_null(strstr(text, "107"));
}

// ---- hello ------------------------------------------------------------------------------------

static void hello_app__welcome_and_goodbye(void **state)
{
	struct fixture *f = *state;
	int fd = client_attach(f);
	struct door_message m = client_expect(fd, DOOR_WELCOME);

	assert_int_equal(m.request, 5);
	assert_int_equal(m.blocks, 20);
	assert_int_equal(m.boot_id, 99);
	assert_int_equal(m.region_size, f->attached->arena.size);
	assert_int_equal(f->attached->pid, getpid());
	assert_string_equal(f->attached->name, "test_app_door");
	struct door_app app = {.index = f->attached->index, .generation = f->attached->generation};
	assert_ptr_equal(door_channel(f->door, app), f->attached);

	close(fd);
	turn(f);
	assert_ptr_equal(f->gone, f->attached);
	assert_null(door_channel(f->door, app));
	door_app_released(f->door, f->gone);

	fd = client_attach(f); // the index again, another generation
	client_expect(fd, DOOR_WELCOME);
	assert_int_equal(f->attached->index, app.index);
	assert_int_not_equal(f->attached->generation, app.generation);
	assert_null(door_channel(f->door, app));
	close(fd);
}

static void hello_app__refusals(void **state)
{
	struct fixture *f = *state;
	struct door_message hello = door_message_init(DOOR_HELLO_APP);
	int devnull = open("/dev/null", O_RDONLY | O_CLOEXEC), fd;

	fd = client_open(f);
	assert_int_equal(door_send(fd, &hello, &devnull, 1), 0); // no seals
	turn(f);
	client_expect_refusal(fd, IPC_REFUSED_REGION, "seals");
	client_expect_hangup(fd);

	fd = client_open(f);
	client_send(fd, hello); // no descriptor
	turn(f);
	client_expect_refusal(fd, IPC_INVALID, "one descriptor");
	client_expect_hangup(fd);

	fd = client_open(f);
	assert_int_equal(door_send(fd, &hello, (int[]){devnull, devnull}, 2), 0);
	turn(f);
	client_expect_refusal(fd, IPC_INVALID, "one descriptor");
	client_expect_hangup(fd);
	close(devnull);

	f->attach_result = IPC_REFUSED_FULL;
	fd = client_attach(f);
	client_expect_refusal(fd, IPC_REFUSED_FULL, "no worker has room");
	client_expect_hangup(fd);
	assert_int_equal(f->gones, 0);
}

static void hello_app__twice_is_dropped(void **state)
{
	struct fixture *f = *state;
	int fd = client_attach(f);

	client_expect(fd, DOOR_WELCOME);
	struct door_message hello = door_message_init(DOOR_HELLO_APP);
	assert_int_equal(door_send(fd, &hello, &fd, 1), 0);
	turn(f);
	client_expect_refusal(fd, IPC_INVALID, "once");
	client_expect_hangup(fd);
	assert_int_equal(f->gones, 1);
}

static void hello__garbage_and_versions(void **state)
{
	struct fixture *f = *state;
	struct door_message m = door_message_init(DOOR_HELLO_APP);
	int fd = client_open(f);

	assert_int_equal(send(fd, "garbage", 7, 0), 7);
	turn(f);
	client_expect_refusal(fd, IPC_INVALID, "not a message");
	client_expect_hangup(fd);

	fd = client_open(f);
	m.version = 9;
	client_send(fd, m);
	turn(f);
	client_expect_refusal(fd, IPC_REFUSED_VERSION, "version");
	client_expect_hangup(fd);

	fd = client_open(f);
	client_send(fd, listen_message("x", 1, 0)); // no hello first
	turn(f);
	client_expect_refusal(fd, IPC_INVALID, "may not send");
	client_expect_hangup(fd);
}

static void hello_control__one_at_a_time(void **state)
{
	struct fixture *f = *state;
	struct door_message hello = door_message_init(DOOR_HELLO_CONTROL);
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int fd = client_open(f);

	assert_int_equal(door_send(fd, &hello, &file, 1), 0);
	turn(f);
	assert_int_equal(client_expect(fd, DOOR_WELCOME).region_size, 4711);

	int second = client_open(f);
	assert_int_equal(door_send(second, &hello, &file, 1), 0);
	turn(f);
	client_expect_refusal(second, IPC_REFUSED_FULL, "attached as control already");
	client_expect_hangup(second);

	client_send(fd, door_message_init(DOOR_DOORBELL));
	turn(f);
	assert_int_equal(f->doorbells, 1);
	close(fd);
	turn(f);
	assert_int_equal(f->controls_gone, 1);

	fd = client_open(f); // and the next one may come
	assert_int_equal(door_send(fd, &hello, &file, 1), 0);
	turn(f);
	client_expect(fd, DOOR_WELCOME);
	close(fd);
	turn(f);
	close(file);
}

// ---- limits -----------------------------------------------------------------------------------

static void accept__silent_clients_are_dropped(void **state)
{
	struct fixture *f = *state;
	int fds[DOOR_CLIENTS_MAX + 1];

	for (int i = 0; i <= DOOR_CLIENTS_MAX; i++) {
		fds[i] = client_open(f);
		turn(f);
	}
	client_expect_refusal(fds[DOOR_CLIENTS_MAX], IPC_REFUSED_FULL, "too many clients");
	client_expect_hangup(fds[DOOR_CLIENTS_MAX]);

	struct timespec later = {.tv_sec = DOOR_HELLO_TIMEOUT_MS / 1000, .tv_nsec = 200000000};
	nanosleep(&later, NULL);
	turn(f);
	for (int i = 0; i < DOOR_CLIENTS_MAX; i++)
		client_expect_hangup(fds[i]);
	int fd = client_attach(f); // room again
	client_expect(fd, DOOR_WELCOME);
	close(fd);
}

static void reply__a_client_that_does_not_read_is_dropped(void **state)
{
	struct fixture *f = *state;
	int lazy = client_attach(f);
	int honest = client_attach(f);
	uint32_t sent = 0;

	client_expect(honest, DOOR_WELCOME);
	while (f->gones == 0 && sent < 100000) {
		struct door_message m = listen_message("x", 1, 0);

		if (door_send(lazy, &m, NULL, 0) == 0)
			sent++;
		assert_int_equal(door_poll(f->door, 0), 0);
	}
	assert_int_equal(f->gones, 1);
	client_send(honest, listen_message("x", 2, 0)); // what it held is free again
	turn(f);
	assert_int_equal(client_expect(honest, DOOR_RESULT).result, IPC_OK);
	close(lazy);
	close(honest);
}

static void poll__reads_a_bounded_number_per_turn(void **state)
{
	struct fixture *f = *state;
	int greedy = client_attach(f);

	client_expect(greedy, DOOR_WELCOME);
	for (uint32_t i = 0; i < 3 * DOOR_MESSAGES_TURN; i++)
		client_send(greedy, listen_message("x", i + 1, 0));
	assert_int_equal(door_poll(f->door, 0), 0);
	for (uint32_t i = 0; i < DOOR_MESSAGES_TURN; i++)
		client_expect(greedy, DOOR_RESULT);
	struct door_message m;
	int fds[DOOR_FDS_MAX], count;
	assert_int_equal(
		door_receive(greedy, &m, fds, &count), -EAGAIN); // the rest waits for its turn
	close(greedy);
}

// ---- listen -----------------------------------------------------------------------------------

static void listen__fallback_yields(void **state)
{
	struct fixture *f = *state;
	int fallback = client_attach(f);
	struct app_channel *fallback_channel = f->attached;
	int ordinary = client_attach(f);
	struct app_channel *ordinary_channel = f->attached;
	int third = client_attach(f);
	char pid[32];

	client_expect(fallback, DOOR_WELCOME);
	client_expect(ordinary, DOOR_WELCOME);
	client_expect(third, DOOR_WELCOME);
	assert_null(door_listener_find(f->door, "file"));
	client_send(fallback, listen_message("file", 1, DOOR_LISTEN_FALLBACK));
	turn(f);
	assert_int_equal(client_expect(fallback, DOOR_RESULT).result, IPC_OK);
	assert_int_equal(door_listener_find(f->door, "file")->app.index, fallback_channel->index);

	client_send(ordinary, listen_message("file", 1, 0));
	turn(f);
	assert_int_equal(client_expect(ordinary, DOOR_RESULT).result, IPC_OK);
	assert_int_equal(door_listener_find(f->door, "file")->app.index, ordinary_channel->index);

	client_send(third, listen_message("file", 1, 0));
	client_send(third, listen_message("file", 2, DOOR_LISTEN_FALLBACK));
	turn(f);
	snprintf(pid, sizeof(pid), "process %d", (int)getpid());
	client_expect_refusal(third, IPC_REFUSED_SERVICE, pid);
	client_expect_refusal(third, IPC_REFUSED_SERVICE, pid);

	close(ordinary); // dies: the fallback is next
	turn(f);
	assert_int_equal(door_listener_find(f->door, "file")->app.index, fallback_channel->index);
	struct door_message m = listen_message("file", 9, 0);
	m.type = DOOR_UNLISTEN;
	client_send(fallback, m);
	turn(f);
	assert_int_equal(client_expect(fallback, DOOR_RESULT).result, IPC_OK);
	assert_null(door_listener_find(f->door, "file"));
	assert_true(f->tables >= 6);
	close(fallback);
	close(third);
}

static void listen__limits_and_names(void **state)
{
	struct fixture *f = *state;
	int fd = client_attach(f);
	struct door_message m = listen_message("x", 1, 0);

	client_expect(fd, DOOR_WELCOME);
	for (uint32_t i = 0; i <= DOOR_LISTENS_MAX; i++) {
		char name[16];

		snprintf(name, sizeof(name), "service-%u", i);
		client_send(fd, listen_message(name, i + 1, 0));
		turn(f);
		assert_int_equal(client_expect(fd, DOOR_RESULT).result,
			i < DOOR_LISTENS_MAX ? IPC_OK : IPC_REFUSED_FULL);
	}
	memset(m.service, 'x', sizeof(m.service)); // no end
	client_send(fd, m);
	client_send(fd, listen_message("", 1, 0));
	client_send(fd, listen_message("x", 1, 8));
	turn(f);
	for (int i = 0; i < 3; i++)
		assert_int_equal(client_expect(fd, DOOR_RESULT).result, IPC_INVALID);
	close(fd);
}

// ---- connect ----------------------------------------------------------------------------------

static void connect__passes_and_fails(void **state)
{
	struct fixture *f = *state;
	int fd = client_attach(f);

	client_expect(fd, DOOR_WELCOME);
	client_send(fd, connect_message(7));
	turn(f);
	assert_int_equal(f->connect.request, 7);
	assert_int_equal(f->connect.worker, 3);
	assert_int_equal(f->connect.timeout_ms, DOOR_CONNECT_TIMEOUT_MS);
	assert_string_equal(f->connect.node, "b");

	struct door_app stale = {f->connect.app.index, (uint16_t)(f->connect.app.generation + 1)};
	door_connect_failed(f->door, stale, 7, IPC_REFUSED_NODE, "not for you");
	door_connect_failed(f->door, f->connect.app, 8, IPC_REFUSED_NODE, "not for you");
	door_connect_failed(f->door, f->connect.app, 7, IPC_REFUSED_NODE, "no node b");
	door_connect_failed(f->door, f->connect.app, 7, IPC_REFUSED_NODE, "twice");
	client_expect_refusal(fd, IPC_REFUSED_NODE, "no node b");

	f->connect_result = IPC_NO_CONTROL;
	client_send(fd, connect_message(8));
	turn(f);
	client_expect_refusal(fd, IPC_NO_CONTROL, "no control");
	struct door_message m;
	int fds[DOOR_FDS_MAX], count;
	assert_int_equal(door_receive(fd, &m, fds, &count), -EAGAIN); // exactly one answer to each
	close(fd);
}

static void count_connect(void *context, const struct door_connect *connect)
{
	(void)connect;
	++*(uint32_t *)context;
}

static void connect__limit_and_worker_answers(void **state)
{
	struct fixture *f = *state;
	int fd = client_attach(f);
	uint32_t pending = 0;

	client_expect(fd, DOOR_WELCOME);
	for (uint32_t i = 1; i <= APP_CONNECTS_MAX + 1; i++) {
		client_send(fd, connect_message(i));
		turn(f);
	}
	client_expect_refusal(fd, IPC_REFUSED_FULL, "too many requests");
	door_connects_each(f->door, count_connect, &pending);
	assert_int_equal(pending, APP_CONNECTS_MAX);

	// The worker opens one: its place is free again, and control would not get it anew.
	struct app_session *session = app_session_open(f->attached, 1);
	app_deliver_opened(session, 4);
	pending = 0;
	door_connects_each(f->door, count_connect, &pending);
	assert_int_equal(pending, APP_CONNECTS_MAX - 1);
	client_send(fd, connect_message(5)); // still in use
	turn(f);
	client_expect_refusal(fd, IPC_INVALID, "in use");
	client_send(fd, connect_message(4));
	turn(f);
	assert_int_equal(f->connect.request, 4);
	close(fd);
}

static void connect__times_out_by_itself(void **state)
{
	struct fixture *f = *state;
	int fd = client_attach(f);
	struct door_message m = connect_message(3);
	struct timespec later = {.tv_sec = DOOR_CONNECT_GRACE_MS / 1000, .tv_nsec = 150000000};

	client_expect(fd, DOOR_WELCOME);
	m.timeout_ms = 50;
	client_send(fd, m);
	turn(f);
	nanosleep(&later, NULL);
	turn(f);
	client_expect_refusal(fd, IPC_TIMEOUT, "in time");
	close(fd);
}

static void app_drop__says_why(void **state)
{
	struct fixture *f = *state;
	int fd = client_attach(f);

	client_expect(fd, DOOR_WELCOME);
	f->attached->broken = APP_BROKEN_RETURN;
	door_app_drop(f->door, f->attached);
	client_expect_refusal(fd, IPC_INVALID, "does not own");
	client_expect_hangup(fd);
	assert_ptr_equal(f->gone, f->attached);
	door_app_drop(f->door, f->attached); // gone already
	assert_int_equal(f->gones, 1);
	door_app_released(f->door, f->gone);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(new__makes_a_socket_for_us_and_the_group),
		CASE(new__refuses_beside_a_living_dataplane),
		CASE(new__replaces_a_stale_socket),
		CASE(new__refuses_what_is_no_socket_and_loose_folders),
		cmocka_unit_test(new__refuses_a_long_path),
		CASE(hello_app__welcome_and_goodbye),
		CASE(hello_app__refusals),
		CASE(hello_app__twice_is_dropped),
		CASE(hello__garbage_and_versions),
		CASE(hello_control__one_at_a_time),
		CASE(accept__silent_clients_are_dropped),
		CASE(reply__a_client_that_does_not_read_is_dropped),
		CASE(poll__reads_a_bounded_number_per_turn),
		CASE(listen__fallback_yields),
		CASE(listen__limits_and_names),
		CASE(connect__passes_and_fails),
		CASE(connect__limit_and_worker_answers),
		CASE(connect__times_out_by_itself),
		CASE(app_drop__says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
