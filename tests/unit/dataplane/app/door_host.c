// See door_host.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/dataplane/app/door_host.h"
#include "tests/unit/dataplane/app/fake_app.h"

static enum ipc_result on_app_attached(
	void *context, struct app_channel *channel, char text[REASON_SIZE])
{
	struct door_host *f = context;

	f->attached = channel;
	f->wanted = channel->worker;
	channel->worker = 3;
	snprintf(text, REASON_SIZE, "no worker has room");
	return f->attach_result;
}

static void on_app_gone(void *context, struct app_channel *channel)
{
	struct door_host *f = context;

	f->gone = channel;
	f->gones++;
}

static enum ipc_result on_control_attached(
	void *context, pid_t pid, int region_fd, struct door_welcome *welcome)
{
	struct door_host *f = context;

	assert_int_equal(pid, getpid());
	f->control_region = region_fd;
	welcome->region_fd = region_fd; // anything
	welcome->wake_fd = region_fd;
	welcome->region_size = 4711;
	return IPC_OK;
}

static void on_control_gone(void *context)
{
	struct door_host *f = context;

	f->controls_gone++;
	close(f->control_region);
}

static void on_doorbell(void *context)
{
	((struct door_host *)context)->doorbells++;
}

static enum ipc_result on_connect(
	void *context, const struct door_connect *connect, char text[REASON_SIZE])
{
	struct door_host *f = context;

	f->connect = *connect;
	snprintf(text, REASON_SIZE, "no control process is attached");
	return f->connect_result;
}

static void on_tables(void *context)
{
	((struct door_host *)context)->tables++;
}

const struct door_hooks host_hooks = {
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

int host_open_door(struct door_host *f, struct door **door, char text[REASON_SIZE])
{
	struct door_config config = {.path = f->path,
		.gid = (gid_t)-1,
		.boot_id = 99,
		.workers = 5,
		.hooks = &host_hooks,
		.context = f};

	return door_new(door, &config, text);
}

int host_setup(void **state)
{
	struct door_host *f = calloc(1, sizeof(*f));
	char text[REASON_SIZE];

	f->open = count_open();
	snprintf(f->folder, sizeof(f->folder), "/tmp/sluice-test-door-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/data.sock", f->folder);
	assert_int_equal(host_open_door(f, &f->door, text), 0);
	*state = f;
	return 0;
}

int host_teardown(void **state)
{
	struct door_host *f = *state;

	door_free(f->door);
	assert_int_equal(access(f->path, F_OK), -1); // the socket file went with it
	assert_int_equal(rmdir(f->folder), 0);
	assert_int_equal(count_open(), f->open); // and every descriptor
	free(f);
	return 0;
}

void host_turn(struct door_host *f)
{
	for (int i = 0; i < 4; i++) // accept, then read, then the consequences
		assert_int_equal(door_poll(f->door, 0), 0);
}

int guest_open(struct door_host *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

struct door_message guest_expect(int fd, enum door_type type)
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

void guest_expect_refusal(int fd, enum ipc_result result, const char *part)
{
	struct door_message m = guest_expect(fd, DOOR_RESULT);

	assert_int_equal(m.result, result);
	if (strstr(m.text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", m.text, part);
}

void guest_expect_hangup(int fd)
{
	struct door_message m;
	int fds[DOOR_FDS_MAX], count;

	assert_int_equal(door_receive(fd, &m, fds, &count), DOOR_E_HANGUP);
	close(fd);
}

void guest_send(int fd, struct door_message m)
{
	assert_int_equal(door_send(fd, &m, NULL, 0), 0);
}

int guest_attach(struct door_host *f)
{
	struct door_message hello = door_message_init(DOOR_HELLO_APP);
	int fd = guest_open(f);
	struct region region;

	fake_region_make(&region, 2);
	hello.request = 5;
	hello.blocks = 20;
	assert_int_equal(door_send(fd, &hello, &region.fd, 1), 0);
	region_fini(&region);
	host_turn(f);
	return fd;
}

struct door_message guest_listen(const char *service, uint32_t request, uint32_t flags)
{
	struct door_message m = door_message_init(DOOR_LISTEN);

	snprintf(m.service, sizeof(m.service), "%s", service);
	m.request = request;
	m.flags = flags;
	return m;
}
