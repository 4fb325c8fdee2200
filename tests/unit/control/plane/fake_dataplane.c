// A dataplane without packets: it speaks data.sock, answers commands, publishes session rows. For
// tests of control only. FAKE_MODE: ok, die (at start), usage (status 2, at start), mute (never
// listens), version (another ABI), noseal (an unsealed region), refuse, stubborn (ignores requests
// to stop), corrupt (breaks its event ring at the first command), lossy (loses its events).
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/ipc/door.h"
#include "lib/ipc/plane.h"
#include "lib/shm/region.h"
#include "lib/shm/seqlock.h"

struct fake {
	const char *mode;
	int listener, client, wake;
	struct region mine, theirs;
	struct plane_dataplane *shared;
	uint32_t workers;
	uint32_t next_slot;
	struct ring_consumer commands[PLANE_CHANNELS];
	struct ring_producer events[PLANE_CHANNELS];
};

static bool mode(const struct fake *fake, const char *name)
{
	return strcmp(fake->mode, name) == 0;
}

static void fake_ports(struct fake *fake, char **argv)
{
	for (int i = 1; argv[i]; i++) {
		struct plane_port *port = &fake->shared->port[fake->shared->ports];

		if (strcmp(argv[i], "--link") != 0)
			continue;
		sscanf(argv[i + 1], "name=%63[^,],driver=%15[^,]", port->name, port->driver);
		port->segment_size = 1408;
		port->udp_port = 7654;
		port->up = 1;
		fake->shared->ports++;
	}
}

static void fake_shared(struct fake *fake, char **argv)
{
	struct timespec now;

	if (region_create(&fake->mine, "fake-dataplane", sizeof(struct plane_dataplane),
		    REGION_PAGES_ORDINARY) != 0)
		exit(9);
	clock_gettime(CLOCK_REALTIME, &now);
	fake->shared = (struct plane_dataplane *)fake->mine.base;
	fake->shared->magic = PLANE_DATAPLANE_MAGIC;
	fake->shared->version = mode(fake, "version") ? PLANE_VERSION + 1 : PLANE_VERSION;
	fake->shared->size = fake->mine.size;
	fake->shared->boot_id =
		(uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec ^ (uint64_t)getpid() << 24;
	fake->shared->pid = (uint32_t)getpid();
	fake->shared->workers = fake->workers;
	fake_ports(fake, argv);
}

static int fake_listen(const char *run_dir)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/data.sock", run_dir);
	unlink(address.sun_path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 4) < 0)
		exit(9);
	return fd;
}

static void fake_hang_up(struct fake *fake)
{
	close(fake->client);
	close(fake->wake);
	region_fini(&fake->theirs);
	fake->client = fake->wake = -1;
}

static void fake_rings(struct fake *fake)
{
	struct plane_control *control = (struct plane_control *)fake->theirs.base;

	for (uint32_t c = 0; c <= fake->workers; c++) {
		atomic_store(&fake->shared->channels[c].event_tail.tail, 0);
		atomic_store(&fake->shared->channels[c].command_head.head, 0);
		atomic_store(&fake->shared->channels[c].command_head.asleep, 0);
		ring_consumer_init(&fake->commands[c], control->channels[c].command_slots,
			&control->channels[c].command_tail, &fake->shared->channels[c].command_head,
			sizeof(struct plane_command), PLANE_COMMAND_SLOTS);
		ring_producer_init(&fake->events[c], fake->shared->channels[c].event_slots,
			&fake->shared->channels[c].event_tail, &control->channels[c].event_head,
			sizeof(struct plane_event), PLANE_EVENT_SLOTS);
	}
}

static void fake_welcome(struct fake *fake, int region_fd)
{
	struct door_message welcome = door_message_init(DOOR_WELCOME);
	int pair[2], fds[2];

	if (region_attach(&fake->theirs, region_fd, sizeof(struct plane_control), 1u << 24) != 0 ||
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		exit(9);
	fake->wake = pair[0];
	fake_rings(fake);
	if (mode(fake, "refuse")) {
		welcome = door_message_init(DOOR_RESULT);
		welcome.result = IPC_REFUSED_FULL;
		snprintf(welcome.text, sizeof(welcome.text), "%s",
			"process 7 is attached as control already");
		door_send(fake->client, &welcome, NULL, 0);
		close(pair[1]);
		fake_hang_up(fake);
		return;
	}
	fds[0] = mode(fake, "noseal") ? memfd_create("noseal", 0) : fake->mine.fd;
	fds[1] = pair[1];
	welcome.region_size = fake->mine.size;
	welcome.boot_id = fake->shared->boot_id;
	door_send(fake->client, &welcome, fds, 2);
	close(pair[1]);
}

static void fake_event(struct fake *fake, uint32_t channel, const struct plane_event *event)
{
	if (mode(fake, "lossy")) {
		atomic_fetch_add(&fake->shared->worker[channel - 1].events_lost, 1);
		(void)!send(fake->wake, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		return;
	}
	ring_put(&fake->events[channel], event, 1);
	if (mode(fake, "corrupt"))
		atomic_store(&fake->shared->channels[channel].event_tail.tail, 0x80000000u);
	if (ring_wake_needed(&fake->events[channel]))
		(void)!send(fake->wake, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void fake_row(
	struct fake *fake, const struct plane_command *command, uint32_t cid, enum session_state at)
{
	struct plane_session *row = &fake->shared->session[cid >> 24][cid >> 8 & 0xffff];
	struct session_stats stats = {.session = cid,
		.state = (uint8_t)at,
		.app = command->app,
		.initiator = command->initiator,
		.cipher = command->cipher,
		.peer_cid = command->peer_cid,
		.peer_boot_id = command->peer_boot_id};

	memcpy(stats.session_id, command->session_id, sizeof(stats.session_id));
	memcpy(stats.peer, command->peer, sizeof(stats.peer));
	memcpy(stats.service, command->service, sizeof(stats.service));
	seqlock_write(&row->seq, &row->stats, &stats, sizeof(stats));
}

// There are two, and they differ.
static bool fake_secrets(const struct plane_command *command)
{
	static const uint8_t zero[sizeof(command->secret_send)];

	return memcmp(command->secret_send, zero, sizeof(zero)) != 0 &&
	       memcmp(command->secret_receive, zero, sizeof(zero)) != 0 &&
	       memcmp(command->secret_send, command->secret_receive, sizeof(zero)) != 0;
}

static void fake_command(struct fake *fake, uint32_t channel, const struct plane_command *command)
{
	struct plane_event event = {
		.request = command->request, .cid = command->cid, .app = command->app};

	if (command->type == PLANE_SHUTDOWN && !mode(fake, "stubborn"))
		exit(0);
	if (command->type == PLANE_RESERVE || (command->type == PLANE_OPEN && command->cid == 0)) {
		event.type = PLANE_RESERVED;
		event.cid = (channel - 1) << 24 | fake->next_slot++ % PLANE_SESSIONS_MAX << 8 | 1;
		fake_row(fake, command, event.cid,
			command->type == PLANE_OPEN ? SESSION_OPEN : SESSION_RESERVED);
		fake_event(fake, channel, &event);
	}
	if (command->type == PLANE_OPEN && command->cipher != CIPHER_NULL &&
		!fake_secrets(command)) {
		event.type = PLANE_REFUSED;
		snprintf(event.text, sizeof(event.text), "secrets are missing");
		fake_event(fake, channel, &event);
		return;
	}
	if (command->type == PLANE_OPEN && command->cid && !command->initiator) {
		event.type = PLANE_RESERVED;
		fake_event(fake, channel, &event);
	}
	if (command->type == PLANE_OPEN) {
		fake_row(fake, command, event.cid, SESSION_OPEN);
		event.type = PLANE_OPENED;
		fake_event(fake, channel, &event);
	}
	if (command->type == PLANE_CLOSE) {
		fake_row(fake, command, command->cid, SESSION_FREE);
		event.type = PLANE_CLOSED;
		fake_event(fake, channel, &event);
	}
}

static void fake_turn(struct fake *fake)
{
	struct pollfd wait[] = {
		{.fd = fake->listener, .events = POLLIN}, {.fd = fake->client, .events = POLLIN}};
	struct door_message message;
	struct plane_command command;
	uint32_t first = 1; // the main thread looks at its ring only when it hears the bell, like
			    // the real one
	int fds[DOOR_FDS_MAX], count, result;

	poll(wait, 2, 1);
	if (fake->client < 0) {
		fake->client = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		return;
	}
	result = door_receive(fake->client, &message, fds, &count);
	if (result == 0 && message.type == DOOR_HELLO_CONTROL && count == 1)
		fake_welcome(fake, fds[0]);
	else if (result == 0 && message.type == DOOR_DOORBELL)
		first = 0;
	else if (result != 0 && result != -EAGAIN)
		fake_hang_up(fake);
	for (uint32_t c = first; fake->theirs.base && c <= fake->workers; c++) {
		while (fake->theirs.base && ring_take(&fake->commands[c], &command, 1) == 1)
			fake_command(fake, c, &command);
	}
}

int main(int argc, char **argv)
{
	struct fake fake = {.mode = getenv("FAKE_MODE") ? getenv("FAKE_MODE") : "ok",
		.client = -1,
		.wake = -1,
		.workers = 1,
		.mine.fd = -1,
		.theirs.fd = -1,
		.next_slot = 1};
	const char *run_dir = NULL;

	for (int i = 1; i + 1 < argc; i++) {
		if (strcmp(argv[i], "--run-dir") == 0)
			run_dir = argv[i + 1];
		if (strcmp(argv[i], "--workers") == 0)
			fake.workers = (uint32_t)strtoul(argv[i + 1], NULL, 10);
	}
	if (mode(&fake, "stubborn"))
		signal(SIGTERM, SIG_IGN);
	if (mode(&fake, "die") || !run_dir) {
		fprintf(stderr, "starting\nno hugepages are left\n");
		return 3;
	}
	if (mode(&fake, "usage")) {
		fprintf(stderr, "sluice-dataplane: --cores: 'x' is not a list\n");
		return 2;
	}
	alarm(60); // whatever happens to the test, this goes
	while (mode(&fake, "mute"))
		pause();
	fake_shared(&fake, argv);
	fake.listener = fake_listen(run_dir);
	for (;;)
		fake_turn(&fake);
}
