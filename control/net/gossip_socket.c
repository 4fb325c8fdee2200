// Datagrams of membership: in batches, sealed and opened, and what becomes of strangers'.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/log.h"
#include "control/net/conn.h"
#include "control/net/gossip_internal.h"

enum { RECEIVE_BUFFER = 1 << 20 };

struct batch {
	struct mmsghdr header[SWIM_SENDS_MAX];
	struct iovec piece[SWIM_SENDS_MAX];
	struct sockaddr_storage address[SWIM_SENDS_MAX];
	uint8_t bytes[SWIM_SENDS_MAX][KEYRING_DATAGRAM_MAX + 1]; // one more: too long is seen
};

// What comes is answered before the next one is looked at: one batch a direction.
struct gossip_batches {
	struct batch in, out;
};

_Static_assert(
	(int)GOSSIP_BATCH <= (int)SWIM_SENDS_MAX, "a batch is as large as what one call sends");

static void batch_set(struct batch *batch, uint32_t i, size_t size, socklen_t address_size)
{
	batch->piece[i] = (struct iovec){batch->bytes[i], size};
	batch->header[i].msg_hdr = (struct msghdr){.msg_name = &batch->address[i],
		.msg_namelen = address_size,
		.msg_iov = &batch->piece[i],
		.msg_iovlen = 1};
}

// ---- out ----

// 0: it cannot be sealed.
static size_t datagram_put(struct gossip *gossip, const struct swim_send *send, uint8_t *to)
{
	if (!gossip->config->membership.clear)
		return keyring_seal(
			&gossip->keyring, (uint32_t)time(NULL), send->bytes, send->size, to);
	memcpy(to, send->bytes, send->size);
	return send->size;
}

// A socket of IPv6 reaches IPv4 by its mapped addresses, which is how we have them.
static socklen_t datagram_address(
	const struct gossip *gossip, const struct swim_send *send, struct sockaddr_storage *to)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	if (address_is_ipv4(gossip->config->listen_address))
		return conn_address(to, send->address, send->port);
	*v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(send->port)};
	memcpy(&v6->sin6_addr, send->address.bytes, sizeof(send->address.bytes));
	return sizeof(*v6);
}

void gossip_socket_send(struct gossip *gossip)
{
	struct batch *batch = gossip->batches ? &gossip->batches->out : NULL;
	uint32_t count = 0, sent = 0;

	for (uint32_t i = 0; batch && i < gossip->out->sends; i++) {
		const struct swim_send *send = &gossip->out->send[i];
		size_t size = datagram_put(gossip, send, batch->bytes[count]);

		if (size == 0)
			continue;
		batch_set(
			batch, count, size, datagram_address(gossip, send, &batch->address[count]));
		count++;
	}
	while (sent < count && gossip->fd >= 0) {
		int n = sendmmsg(gossip->fd, batch->header + sent, count - sent, MSG_DONTWAIT);

		// An error is the first datagram's own (no route, refused before): on to the next.
		sent += n > 0 ? (uint32_t)n : 1;
		gossip->sends_lost += n <= 0;
	}
}

// ---- in ----

const char *gossip_stranger_sentence(enum keyring_result sealed, enum swim_result taken)
{
	switch (sealed) {
	case KEYRING_SHORT:
		return "it is none of ours";
	case KEYRING_CLEAR:
		return "it is not encrypted, or not a node's; do both nodes have security.keyring?";
	case KEYRING_VERSION:
		return "its sender speaks another version of Sluice's membership; update the older "
		       "one";
	case KEYRING_KEY:
		return "its key is none of security.keyring; compare sluice keyring list on both";
	case KEYRING_FORGED:
		return "it was changed on its way, or forged";
	case KEYRING_CLOCK:
		return "its time is more than 300 s from ours; look at both clocks";
	case KEYRING_REPLAYED:
		return "it came before";
	case KEYRING_OK:
	case KEYRING_RESULT_COUNT:
		break;
	}
	switch (taken) {
	case SWIM_VERSION:
		return "its sender speaks another version of Sluice's membership; update the older "
		       "one";
	case SWIM_CLUSTER:
		return "its sender is of another cluster (membership.cluster)";
	case SWIM_SHORT:
	case SWIM_MALFORMED:
		return "it is malformed";
	case SWIM_FULL:
		return "this node knows as many members as it can";
	case SWIM_OK:
	case SWIM_RESULT_COUNT:
		break;
	}
	return NULL;
}

// Once a second at most; how many were not told is told with the next.
static void stranger_tell(struct gossip *gossip, struct address address, uint16_t port,
	enum keyring_result sealed, enum swim_result taken)
{
	const char *sentence = gossip_stranger_sentence(sealed, taken);
	uint64_t now_ns = loop_now_ns(gossip->loop);
	char text[CONFIG_ADDRESS_TEXT];

	if (!sentence)
		return;
	gossip->strangers++;
	if (gossip->stranger_ns && now_ns - gossip->stranger_ns < GOSSIP_STRANGER_MS * 1000000ull)
		return;
	log_warning("A datagram from %s was not taken: %s (%llu since the last such line).",
		config_address_text(text, address, port), sentence,
		(unsigned long long)gossip->strangers);
	gossip->stranger_ns = now_ns;
	gossip->strangers = 0;
}

static struct address address_of(const struct sockaddr_storage *from, uint16_t *port)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;

	*port = ntohs(v4->sin_port); // at the same place in both kinds
	return from->ss_family == AF_INET ? address_from_ipv4(ntohl(v4->sin_addr.s_addr))
					  : address_load(v6->sin6_addr.s6_addr);
}

static enum keyring_result datagram_open(struct gossip *gossip, const uint8_t *bytes, size_t size,
	uint8_t plain[KEYRING_PLAIN_MAX], size_t *plain_size)
{
	if (!gossip->config->membership.clear)
		return keyring_open(
			&gossip->keyring, (uint32_t)time(NULL), bytes, size, plain, plain_size);
	if (size > KEYRING_PLAIN_MAX)
		return KEYRING_SHORT;
	if (size >= 2 && memcmp(bytes, "SG", 2) == 0)
		return KEYRING_KEY; // sealed, and we have no key at all
	memcpy(plain, bytes, size);
	*plain_size = size;
	return KEYRING_OK;
}

static void datagram_take(struct gossip *gossip, const struct sockaddr_storage *from,
	const uint8_t *bytes, size_t size)
{
	uint8_t plain[KEYRING_PLAIN_MAX];
	enum swim_result taken = SWIM_OK;
	enum keyring_result sealed;
	struct address address;
	size_t plain_size = 0;
	uint64_t now_ns;
	uint16_t port;

	address = address_of(from, &port);
	sealed = datagram_open(gossip, bytes, size, plain, &plain_size);
	gossip->sealed_in[sealed]++;
	if (sealed == KEYRING_OK) {
		now_ns = gossip_begin(gossip);
		taken = swim_on_datagram(
			gossip->swim, now_ns, address, port, plain, plain_size, gossip->out);
		gossip_carry(gossip);
	}
	stranger_tell(gossip, address, port, sealed, taken);
}

static void gossip_on_ready(void *owner, short events)
{
	struct gossip *gossip = owner;
	struct batch *batch = &gossip->batches->in;
	int count = GOSSIP_BATCH;

	(void)events;
	// A batch that is not full was the last; what comes meanwhile is reported again.
	for (int turn = 0; turn < GOSSIP_BATCHES && count == GOSSIP_BATCH; turn++) {
		for (uint32_t i = 0; i < GOSSIP_BATCH; i++)
			batch_set(batch, i, sizeof(batch->bytes[i]), sizeof(batch->address[i]));
		count = recvmmsg(gossip->fd, batch->header, GOSSIP_BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < count; i++)
			datagram_take(gossip, &batch->address[i], batch->bytes[i],
				batch->header[i].msg_len);
	}
}

// ---- open and close ----

int gossip_socket_open(struct gossip *gossip)
{
	struct sockaddr_storage address;
	socklen_t size = conn_address(&address, gossip->config->listen_address, gossip->port);
	int room = RECEIVE_BUFFER;

	gossip->batches = malloc(sizeof(*gossip->batches));
	if (!gossip->batches)
		return -ENOMEM;
	gossip->fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (gossip->fd < 0)
		return -errno;
	setsockopt(gossip->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (bind(gossip->fd, (struct sockaddr *)&address, size) < 0 ||
		getsockname(gossip->fd, (struct sockaddr *)&address, &size) < 0)
		return -errno;
	address_of(&address, &gossip->port);
	return loop_watch_start(
		gossip->loop, &gossip->watch, gossip->fd, POLLIN, gossip_on_ready, gossip);
}

void gossip_socket_close(struct gossip *gossip)
{
	loop_watch_stop(gossip->loop, &gossip->watch);
	if (gossip->fd >= 0)
		close(gossip->fd);
	gossip->fd = -1;
	free(gossip->batches);
	gossip->batches = NULL;
}
