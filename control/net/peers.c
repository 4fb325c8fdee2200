// Connections to and from the peers' control processes: listening, sending, start and stop.
#include "control/net/peers.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/net/peers_internal.h"

void peers_hello(const struct peers *peers, const char *to, struct message *hello)
{
	*hello = (struct message){
		.type = MESSAGE_HELLO, .version = MESSAGE_VERSION, .boot_id = peers->boot_id};
	snprintf(hello->node, sizeof(hello->node), "%s", peers->config->node);
	snprintf(hello->to, sizeof(hello->to), "%s", to);
}

bool peers_heeds(const struct peers *peers, uint64_t *heeded_ns)
{
	uint64_t now_ns = loop_now_ns(peers->loop);

	if (*heeded_ns && now_ns - *heeded_ns < PEERS_MS(PEERS_HEED_MS))
		return false;
	*heeded_ns = now_ns;
	return true;
}

void peers_heard_boot(struct peers *peers, uint32_t peer, uint64_t boot_id)
{
	if (boot_id && peers_heeds(peers, &peers->peer[peer].boot_heeded_ns))
		peers->on_boot(peers->owner, peer, boot_id);
}

void peers_init(struct peers *peers, const struct config *config, struct loop *loop)
{
	memset(peers, 0, sizeof(*peers));
	peers->config = config;
	peers->loop = loop;
	peers->listener = -1;
	peers->age_ms = PEERS_AGE_MS;
	peers->count = config->peers_count;
	for (uint32_t i = 0; i < peers->count; i++)
		outgoing_init(peers, i);
	incoming_init(peers);
}

static int peers_listen(struct peers *peers)
{
	struct sockaddr_storage address;
	socklen_t size =
		conn_address(&address, peers->config->listen_address, peers->config->listen_port);
	int on = 1;

	peers->listener = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (peers->listener < 0)
		return -errno;
	setsockopt(peers->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(peers->listener, (struct sockaddr *)&address, size) < 0 ||
		listen(peers->listener, 64) < 0 ||
		getsockname(peers->listener, (struct sockaddr *)&address, &size) < 0)
		return -errno;
	// the port is at the same place in both kinds
	peers->listen_port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	return loop_watch_start(peers->loop, &peers->listener_watch, peers->listener, POLLIN,
		incoming_on_listener, peers);
}

int peers_start(struct peers *peers, char *error, size_t error_size)
{
	int result = peers_listen(peers);
	char address[CONFIG_ADDRESS_TEXT];

	if (result < 0) {
		config_address_text(
			address, peers->config->listen_address, peers->config->listen_port);
		snprintf(error, error_size, "control.listen %s cannot be used: %s", address,
			strerror(-result));
		peers_stop(peers);
		return -1;
	}
	for (uint32_t i = 0; i < peers->count; i++)
		outgoing_dial(&peers->peer[i]);
	return 0;
}

void peers_stop(struct peers *peers)
{
	loop_watch_stop(peers->loop, &peers->listener_watch);
	if (peers->listener >= 0)
		close(peers->listener);
	peers->listener = -1;
	for (uint32_t i = 0; i < peers->count; i++)
		outgoing_stop(&peers->peer[i]);
	for (int i = 0; i < PEERS_INCOMING_MAX; i++)
		incoming_stop(&peers->incoming[i]);
}

// A connection that broke while sending is noticed by its timer in the next turn, not inside the
// sender's call.
int peers_send(struct peers *peers, uint32_t peer, const struct message *message)
{
	struct peer *to = &peers->peer[peer];

	if (to->state != PEER_UP)
		return -1;
	if (conn_send(&to->conn, message) == 0)
		return 0;
	loop_timer_start(peers->loop, &to->timer, 0, to->timer.on_time, to);
	return -1;
}

static struct incoming *peers_incoming(struct peers *peers, uint64_t link)
{
	for (int i = 0; i < PEERS_INCOMING_MAX; i++)
		if (peers->incoming[i].used && peers->incoming[i].link == link)
			return &peers->incoming[i];
	return NULL;
}

int peers_answer(struct peers *peers, uint64_t link, const struct message *message)
{
	struct incoming *to = peers_incoming(peers, link);

	if (!to)
		return -1;
	if (conn_send(&to->conn, message) == 0)
		return 0;
	loop_timer_start(peers->loop, &to->timer, 0, to->timer.on_time, to);
	return -1;
}

struct conn *peers_conn(struct peers *peers, uint64_t link)
{
	struct incoming *incoming = peers_incoming(peers, link);

	if (incoming)
		return &incoming->conn;
	for (uint32_t i = 0; i < peers->count; i++)
		if (peers->peer[i].state == PEER_UP && peers->peer[i].link == link)
			return &peers->peer[i].conn;
	return NULL;
}

void peers_renew(struct peers *peers, const char *why)
{
	for (uint32_t i = 0; i < peers->count; i++)
		outgoing_renew(&peers->peer[i], why);
	for (int i = 0; i < PEERS_INCOMING_MAX; i++)
		incoming_renew(&peers->incoming[i], why);
}

void peers_hurry(struct peers *peers, uint32_t peer)
{
	if (peers->peer[peer].state == PEER_DOWN)
		outgoing_dial(&peers->peer[peer]);
}
