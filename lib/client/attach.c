// Attaching and detaching: our region goes out, the dataplane's region and a wake socket come back.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/client/client.h"

#define ATTACH_TIMEOUT_MS 5000
#define BLOCKS_ALIGNMENT  4096u
#define HUGEPAGE          ((size_t)2 << 20)
#define SOCKET_DEFAULT    "/run/sluice/data.sock"
#define SPIN_US_DEFAULT   20u // a round trip between two nodes whose workers have a core each

// The address of the dataplane: the caller's, or the environment's, or the usual one. False: too
// long.
static bool attach_find_socket(const struct sluice_options *options, struct sockaddr_un *address)
{
	const char *path = options->socket != NULL ? options->socket : getenv("SLUICE_DATA");
	const char *node = getenv("SLUICE_NODE");
	const char *slash = node != NULL ? strrchr(node, '/') : NULL;
	int length;

	if (path == NULL && slash != NULL)
		length = snprintf(address->sun_path, sizeof(address->sun_path), "%.*s/data.sock",
			(int)(slash - node), node);
	else
		length = snprintf(address->sun_path, sizeof(address->sun_path), "%s",
			path != NULL ? path : SOCKET_DEFAULT);
	address->sun_family = AF_UNIX;
	return length > 0 && (size_t)length < sizeof(address->sun_path);
}

static int attach_connect(struct sluice *sluice, const struct sluice_options *options)
{
	struct timeval patience = {.tv_sec = ATTACH_TIMEOUT_MS / 1000};
	struct sockaddr_un address;

	if (!attach_find_socket(options, &address))
		return client_fail(NULL, SLUICE_E_INVALID,
			"the path of the dataplane's socket has no or too many bytes");
	sluice->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sluice->socket < 0)
		return client_fail(NULL, SLUICE_E_SYSTEM, "no socket: %s", strerror(errno));
	// A dataplane that does not accept fills its backlog: do not hang on it.
	setsockopt(sluice->socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(sluice->socket, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	if (errno == EACCES || errno == EPERM)
		return client_fail(NULL, SLUICE_E_PERMISSION,
			"no permission for %s: root, the user of the node and the group of this "
			"socket have it",
			address.sun_path);
	return client_fail(NULL, SLUICE_E_UNREACHABLE, "no dataplane at %s: %s", address.sun_path,
		strerror(errno));
}

static int attach_make_region(struct sluice *sluice)
{
	uint32_t offset = (sizeof(struct app_region) + BLOCKS_ALIGNMENT - 1) / BLOCKS_ALIGNMENT *
			  BLOCKS_ALIGNMENT;
	size_t size = offset + (size_t)sluice->buffers_count * APP_BLOCK_SIZE;
	int rc = region_create(&sluice->region, "sluice-app", size, REGION_PAGES_ANY);

	if (rc == REGION_E_NOMEM)
		return client_fail(NULL, SLUICE_E_NOMEM, "no memory for %u send buffers",
			sluice->buffers_count);
	if (rc != 0)
		return client_fail(NULL, SLUICE_E_SYSTEM, "no region: %s",
			rc < 0 ? strerror(-rc) : region_strerror(rc));
	sluice->mine = (struct app_region *)(void *)sluice->region.base;
	sluice->mine->header = (struct app_region_header){
		.magic = APP_REGION_MAGIC,
		.version = APP_ABI_VERSION,
		.blocks = sluice->buffers_count,
		.blocks_offset = offset,
		.size = sluice->region.size,
	};
	sluice->buffers = sluice->region.base + offset;
	return 0;
}

static int attach_wait_answer(
	struct sluice *sluice, struct door_message *answer, int fds[DOOR_FDS_MAX])
{
	struct pollfd pollfd = {.fd = sluice->socket, .events = POLLIN};
	int count, rc;

	do {
		rc = poll(&pollfd, 1, ATTACH_TIMEOUT_MS);
	} while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return client_fail(NULL, SLUICE_E_TIMEOUT, "the dataplane does not answer");
	rc = door_receive(sluice->socket, answer, fds, &count);
	if (rc == DOOR_E_VERSION)
		return client_fail(NULL, SLUICE_E_REFUSED, "the dataplane speaks another version");
	if (rc != 0)
		return client_fail(NULL, SLUICE_E_UNREACHABLE, "the dataplane hung up");
	if (answer->type == DOOR_WELCOME && count == 2)
		return 0;
	while (count > 0)
		close(fds[--count]);
	answer->text[sizeof(answer->text) - 1] = '\0';
	if (answer->type != DOOR_RESULT || answer->result == IPC_OK)
		return client_fail(
			NULL, SLUICE_E_UNREACHABLE, "the dataplane's answer makes no sense");
	return client_fail(NULL, SLUICE_E_REFUSED, "refused: %s", answer->text);
}

// The dataplane's region is trusted with our data, yet checked like anything that comes from
// outside.
static int attach_map_arena(struct sluice *sluice, int fd)
{
	size_t size_min = sizeof(struct app_arena) + APP_BLOCK_SIZE;
	size_t size_max =
		sizeof(struct app_arena) + (size_t)APP_BLOCKS_MAX * APP_BLOCK_SIZE + 2 * HUGEPAGE;
	int rc = region_attach(&sluice->arena, fd, size_min, size_max);
	struct app_region_header header;

	if (rc != 0)
		return client_fail(NULL, rc == REGION_E_NOMEM ? SLUICE_E_NOMEM : SLUICE_E_REFUSED,
			"the dataplane's region: %s", rc < 0 ? strerror(-rc) : region_strerror(rc));
	sluice->theirs = (const struct app_arena *)(const void *)sluice->arena.base;
	memcpy(&header, &sluice->theirs->header, sizeof(header));
	if (header.magic != APP_ARENA_MAGIC || header.version != APP_ABI_VERSION)
		return client_fail(
			NULL, SLUICE_E_REFUSED, "the dataplane's region has another layout");
	if (header.blocks == 0 || header.blocks > APP_BLOCKS_MAX ||
		header.blocks_offset < sizeof(struct app_arena) ||
		header.blocks_offset + (uint64_t)header.blocks * APP_BLOCK_SIZE >
			sluice->arena.size)
		return client_fail(NULL, SLUICE_E_REFUSED,
			"the dataplane's region does not hold what it says");
	sluice->blocks = sluice->arena.base + header.blocks_offset;
	sluice->blocks_count = header.blocks;
	return 0;
}

static int attach_hello(struct sluice *sluice, const struct sluice_options *options)
{
	struct door_message hello = door_message_init(DOOR_HELLO_APP);
	int fds[DOOR_FDS_MAX];
	int rc;

	hello.request = client_next_request(sluice);
	hello.blocks = options->receive_buffers;
	hello.worker = (uint8_t)options->worker;
	rc = door_send(sluice->socket, &hello, &sluice->region.fd, 1);
	if (rc < 0)
		return client_fail(NULL, SLUICE_E_UNREACHABLE, "cannot talk to the dataplane: %s",
			strerror(-rc));
	// After a hang-up too: the dataplane may have refused us before it read a word, and says
	// why.
	rc = attach_wait_answer(sluice, &hello, fds);
	if (rc != 0)
		return rc;
	sluice->wake = fds[1];
	sluice->worker = hello.worker;
	sluice->workers = hello.workers;
	return attach_map_arena(sluice, fds[0]);
}

static int attach_watch(struct sluice *sluice)
{
	struct epoll_event socket = {.events = EPOLLIN, .data.fd = sluice->socket};
	struct epoll_event wake = {.events = EPOLLIN, .data.fd = sluice->wake};

	sluice->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (sluice->epoll < 0 ||
		epoll_ctl(sluice->epoll, EPOLL_CTL_ADD, sluice->socket, &socket) != 0 ||
		epoll_ctl(sluice->epoll, EPOLL_CTL_ADD, sluice->wake, &wake) != 0)
		return client_fail(
			NULL, SLUICE_E_SYSTEM, "cannot watch the sockets: %s", strerror(errno));
	return 0;
}

static uint64_t attach_spin_ns(const struct sluice_options *options)
{
	if (options->spin_us == SLUICE_SPIN_NEVER)
		return 0;
	return (options->spin_us != 0 ? options->spin_us : SPIN_US_DEFAULT) * 1000ull;
}

static void attach_init_rings(struct sluice *sluice)
{
	struct app_region *mine = sluice->mine;
	const struct app_arena *theirs = sluice->theirs;

	ring_producer_init(&sluice->tx, mine->tx_slots, &mine->tx_tail, &theirs->tx_head,
		sizeof(struct app_tx), APP_TX_SLOTS);
	ring_producer_init(&sluice->returns, mine->return_slots, &mine->return_tail,
		&theirs->return_head, sizeof(struct app_return), APP_RETURN_SLOTS);
	ring_consumer_init(&sluice->rx, theirs->rx_slots, &theirs->rx_tail, &mine->rx_head,
		sizeof(struct app_rx), APP_RX_SLOTS);
}

int sluice_attach(struct sluice **out, const struct sluice_options *options)
{
	static const struct sluice_options defaults;
	struct sluice *sluice;
	int rc;

	*out = NULL;
	if (options == NULL)
		options = &defaults;
	if (options->buffers > APP_BLOCKS_MAX || options->receive_buffers > APP_BLOCKS_MAX)
		return client_fail(NULL, SLUICE_E_INVALID, "at most %d buffers", APP_BLOCKS_MAX);
	if (options->worker > UINT8_MAX)
		return client_fail(
			NULL, SLUICE_E_INVALID, "there is no worker %u", options->worker);
	if (options->spin_us > SLUICE_SPIN_MAX_US && options->spin_us != SLUICE_SPIN_NEVER)
		return client_fail(NULL, SLUICE_E_INVALID,
			"spin_us is at most %u, or SLUICE_SPIN_NEVER", SLUICE_SPIN_MAX_US);
	sluice = calloc(1, sizeof(*sluice));
	if (sluice == NULL)
		return client_fail(NULL, SLUICE_E_NOMEM, "no memory");
	sluice->socket = sluice->wake = sluice->epoll = sluice->region.fd = sluice->arena.fd = -1;
	sluice->buffers_count = options->buffers != 0 ? options->buffers : APP_BLOCKS_DEFAULT;
	sluice->spin_ns = attach_spin_ns(options);
	snprintf(sluice->error, sizeof(sluice->error), "no error");

	rc = attach_connect(sluice, options);
	if (rc == 0)
		rc = attach_make_region(sluice);
	if (rc == 0)
		rc = attach_hello(sluice, options);
	if (rc == 0)
		rc = attach_watch(sluice);
	if (rc != 0) {
		sluice_detach(sluice);
		return rc;
	}
	attach_init_rings(sluice);
	client_buffers_init(sluice);
	*out = sluice;
	return 0;
}

uint32_t sluice_workers(const struct sluice *sluice)
{
	return sluice->workers;
}

uint32_t sluice_worker(const struct sluice *sluice)
{
	return sluice->worker;
}

void sluice_detach(struct sluice *sluice)
{
	if (sluice == NULL)
		return;
	if (sluice->epoll >= 0)
		close(sluice->epoll);
	if (sluice->wake >= 0)
		close(sluice->wake);
	if (sluice->socket >= 0)
		close(sluice->socket); // the dataplane sees the hang-up and ends our sessions
	region_fini(&sluice->region);
	region_fini(&sluice->arena);
	free(sluice);
}
