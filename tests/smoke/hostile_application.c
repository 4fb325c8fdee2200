// An application that breaks the contract of shared memory, one way per run. It attaches by hand,
// for libsluice would not let it. Exit 0: it did its worst and was hung up on (or refused), 1: not.
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/ipc/app.h"
#include "lib/ipc/door.h"
#include "lib/shm/region.h"

#define BLOCKS       16u
#define BLOCKS_AT    ((sizeof(struct app_region) + 4095u) & ~4095ul)
#define REGION_BYTES (BLOCKS_AT + BLOCKS * (size_t)APP_BLOCK_SIZE)
#define PATIENCE_MS  5000

struct hostile {
	int socket;
	struct region region;
	struct app_region *mine;
};

static void header_fill(struct app_region *region)
{
	region->header = (struct app_region_header){.magic = APP_REGION_MAGIC,
		.version = APP_ABI_VERSION,
		.blocks = BLOCKS,
		.blocks_offset = BLOCKS_AT,
		.size = REGION_BYTES};
}

static int dial(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

// True when the other side hangs up within patience.
static bool hung_up(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char bytes[1024];

	while (poll(&p, 1, PATIENCE_MS) > 0)
		if (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) <= 0 && errno != EAGAIN)
			return true;
	return false;
}

static bool hello(int socket, int region_fd)
{
	struct door_message m = door_message_init(DOOR_HELLO_APP);

	return door_send(socket, &m, &region_fd, region_fd >= 0 ? 1 : 0) == 0;
}

static bool welcome(struct hostile *h, const char *path)
{
	struct door_message m;
	struct pollfd p;
	int fds[DOOR_FDS_MAX], count;

	if (region_create(&h->region, "hostile", REGION_BYTES, REGION_PAGES_ORDINARY) != 0)
		return false;
	h->mine = (struct app_region *)h->region.base;
	header_fill(h->mine);
	h->socket = dial(path);
	p = (struct pollfd){.fd = h->socket, .events = POLLIN};
	return hello(h->socket, h->region.fd) && poll(&p, 1, PATIENCE_MS) == 1 &&
	       door_receive(h->socket, &m, fds, &count) == 0 && m.type == DOOR_WELCOME;
}

// ---- ways to be hostile

static bool garbage_descriptors(struct hostile *h)
{
	(void)!getrandom(h->mine->tx_slots, 256, 0);
	atomic_store(&h->mine->tx_tail.tail, 8);
	return hung_up(h->socket);
}

static bool garbage_tail(struct hostile *h)
{
	atomic_store(&h->mine->tx_tail.tail, 0xdeadbeef);
	return hung_up(h->socket);
}

static bool garbage_head(struct hostile *h)
{
	atomic_store(&h->mine->rx_head.head, 0x7fffffff);
	atomic_store(&h->mine->return_tail.tail, 0x80000000);
	return hung_up(h->socket);
}

static bool offset_out_of_range(struct hostile *h)
{
	struct app_tx tx = {.op = APP_TX_SEND, .offset = 0xfffff000u, .size = APP_BLOCK_SIZE};

	memcpy(h->mine->tx_slots, &tx, sizeof(tx));
	atomic_store(&h->mine->tx_tail.tail, 1);
	return hung_up(h->socket);
}

static bool foreign_block(struct hostile *h)
{
	struct app_return back = {.offset = 3 * APP_BLOCK_SIZE, .session = 77};

	memcpy(h->mine->return_slots, &back, sizeof(back));
	atomic_store(&h->mine->return_tail.tail, 1);
	return hung_up(h->socket);
}

// The kernel must refuse what the seals forbid; then we only die.
static bool holes(struct hostile *h)
{
	bool punched = fallocate(h->region.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			       REGION_BYTES) == 0;
	bool removed = madvise(h->region.base, REGION_BYTES, MADV_REMOVE) == 0;
	bool shrunk = ftruncate(h->region.fd, 4096) == 0;

	return !punched && !removed && !shrunk;
}

static bool unsealed(const char *path)
{
	int fd = memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING), socket = dial(path);

	if (fd < 0 || ftruncate(fd, (off_t)REGION_BYTES) != 0)
		return false;
	return hello(socket, fd) && hung_up(socket);
}

static bool no_region(const char *path)
{
	int socket = dial(path);

	return hello(socket, -1) && hung_up(socket);
}

static bool garbage_message(const char *path)
{
	char bytes[2000];
	int socket = dial(path);

	(void)!getrandom(bytes, sizeof(bytes), 0);
	return send(socket, bytes, sizeof(bytes), 0) == sizeof(bytes) && hung_up(socket);
}

// ---- which one

static const struct {
	const char *name;
	bool (*attached)(struct hostile *h);
	bool (*stranger)(const char *path);
} ways[] = {
	{"garbage_descriptors", garbage_descriptors, NULL},
	{"garbage_tail", garbage_tail, NULL},
	{"garbage_head", garbage_head, NULL},
	{"offset_out_of_range", offset_out_of_range, NULL},
	{"foreign_block", foreign_block, NULL},
	{"holes", holes, NULL},
	{"unsealed", NULL, unsealed},
	{"no_region", NULL, no_region},
	{"garbage_message", NULL, garbage_message},
};

int main(int argc, char **argv)
{
	struct hostile h = {.region = {.fd = -1}};

	for (size_t i = 0; argc == 3 && i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(argv[2], ways[i].name) != 0)
			continue;
		if (ways[i].stranger)
			return ways[i].stranger(argv[1]) ? 0 : 1;
		if (!welcome(&h, argv[1]))
			return fprintf(stderr, "not welcome\n"), 1;
		return ways[i].attached(&h) ? 0 : 1;
	}
	fprintf(stderr, "usage: hostile_application DATA_SOCKET WAY\n");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		fprintf(stderr, "  %s\n", ways[i].name);
	return 2;
}
