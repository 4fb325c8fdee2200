// The connection that we keep to a peer: dial, greet, ping, and try again soon when it fails.
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "control/log.h"
#include "control/net/peers_internal.h"

static void outgoing_on_timer(void *owner);

static void outgoing_go(struct peer *peer, enum peer_state state, uint64_t after_ms)
{
	peer->state = state;
	peer->since_ns = loop_now_ns(peer->peers->loop);
	loop_timer_start(
		peer->peers->loop, &peer->timer, PEERS_MS(after_ms), outgoing_on_timer, peer);
}

static void outgoing_fail(struct peer *peer, const char *why)
{
	const struct config_peer *config = &peer->peers->config->peers[peer->index];
	bool was_up = peer->state == PEER_UP || peer->renewing;
	char address[CONFIG_ADDRESS_TEXT];
	int used;

	conn_close(&peer->conn);
	config_address_text(address, config->control_address, config->control_port);
	used = snprintf(peer->error, sizeof(peer->error),
		"node %.40s does not answer at %s: ", config->name, address);
	snprintf(peer->error + used, sizeof(peer->error) - (size_t)used, "%s", why);
	if (was_up)
		log_warning("Peer %s is not reachable any more: %s.", config->name, why);
	peer->renewing = false;
	peer->boot_id = 0;
	peer->ping_ns = 0;
	outgoing_go(peer, PEER_DOWN, peer->backoff_ms);
	peer->backoff_ms = peer->backoff_ms * 2 < PEERS_BACKOFF_MS_MAX ? peer->backoff_ms * 2
								       : PEERS_BACKOFF_MS_MAX;
	peer->peers->on_down(peer->peers->owner, peer->index, peer->error);
}

static void outgoing_on_closed(void *owner, const char *why)
{
	outgoing_fail(owner, why);
}

static void outgoing_on_connected(void *owner)
{
	struct peer *peer = owner;
	struct message hello;

	peers_hello(peer->peers, peer->peers->config->peers[peer->index].name, &hello);
	outgoing_go(peer, PEER_GREETING, PEERS_HELLO_MS);
	if (conn_send(&peer->conn, &hello) < 0)
		outgoing_fail(peer, "the greeting could not be sent");
}

static void outgoing_heard_boot(struct peer *peer, uint64_t boot_id)
{
	peer->boot_id = boot_id;
	peers_heard_boot(peer->peers, peer->index, boot_id);
}

// Up to a quarter before its age, which the other end waits for: not all of them at once.
static uint64_t outgoing_until_ns(const struct peers *peers)
{
	uint64_t age_ns = PEERS_MS(peers->age_ms);
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = 0; // all at once, then
	return loop_now_ns(peers->loop) + age_ns - random % 1024 * (age_ns / 4096);
}

static void outgoing_greeted(struct peer *peer, const struct message *hello)
{
	const struct config_peer *config = &peer->peers->config->peers[peer->index];
	char why[REASON_SIZE];

	if (hello->version != MESSAGE_VERSION || strcmp(hello->node, config->name) != 0) {
		snprintf(why, sizeof(why),
			"there answers node '%.40s' with protocol version %u, not '%.40s' with "
			"version %d",
			hello->node, hello->version, config->name, MESSAGE_VERSION);
		outgoing_fail(peer, why);
		return;
	}
	log_line(peer->renewing ? LOG_DEBUG : LOG_INFO, "Peer %s is reachable.", config->name);
	peer->renewing = false;
	peer->until_ns = outgoing_until_ns(peer->peers);
	peer->error[0] = 0;
	peer->backoff_ms = PEERS_BACKOFF_MS;
	outgoing_go(peer, PEER_UP, PEERS_PING_MS);
	outgoing_heard_boot(peer, hello->boot_id);
	peer->peers->on_up(peer->peers->owner, peer->index);
}

static void outgoing_on_message(void *owner, const struct message *message)
{
	struct peer *peer = owner;

	if (message->type == MESSAGE_REFUSE && message->request == 0) {
		outgoing_fail(peer, message->text);
		return;
	}
	if (peer->state == PEER_GREETING && message->type == MESSAGE_HELLO) {
		outgoing_greeted(peer, message);
		return;
	}
	if (peer->state == PEER_UP && message->type == MESSAGE_PONG) {
		peer->rtt_ns = peer->ping_ns ? loop_now_ns(peer->peers->loop) - peer->ping_ns
					     : peer->rtt_ns;
		peer->ping_ns = 0;
		outgoing_heard_boot(peer, message->boot_id);
		return;
	}
	if (peer->state == PEER_UP &&
		(message->type == MESSAGE_ACCEPT || message->type == MESSAGE_REFUSE)) {
		peer->peers->on_message(peer->peers->owner, peer->index, peer->link, message);
		return;
	}
	outgoing_fail(peer, "it sent a message that has no place here");
}

static void outgoing_ping(struct peer *peer)
{
	struct message ping = {.type = MESSAGE_PING, .boot_id = peer->peers->boot_id};
	uint64_t now_ns = loop_now_ns(peer->peers->loop);

	loop_timer_start(
		peer->peers->loop, &peer->timer, PEERS_MS(PEERS_PING_MS), outgoing_on_timer, peer);
	if (peer->ping_ns) {
		if (now_ns - peer->ping_ns > PEERS_MS(PEERS_PONG_MS))
			outgoing_fail(peer, "it does not answer pings");
		return;
	}
	peer->ping_ns = now_ns;
	if (conn_send(&peer->conn, &ping) < 0)
		outgoing_fail(peer, "the connection broke");
}

static void outgoing_on_timer(void *owner)
{
	struct peer *peer = owner;

	switch (peer->state) {
	case PEER_DOWN:
		outgoing_dial(peer);
		break;
	case PEER_DIALING:
		outgoing_fail(peer, peer->conn.state == CONN_SHAKING
					    ? "its TLS handshake did not end in time"
					    : "Connection timed out");
		break;
	case PEER_GREETING:
		outgoing_fail(peer, "it accepts the connection but does not greet");
		break;
	case PEER_UP:
		if (peer->conn.fd < 0)
			outgoing_fail(peer, "the connection broke");
		else if (conn_expired(&peer->conn))
			outgoing_renew(peer, "its certificate has expired");
		else if (loop_now_ns(peer->peers->loop) >= peer->until_ns)
			outgoing_renew(peer, "it is old");
		else
			outgoing_ping(peer);
		break;
	}
}

void outgoing_init(struct peers *peers, uint32_t index)
{
	struct peer *peer = &peers->peer[index];

	*peer = (struct peer){.peers = peers, .index = index, .backoff_ms = PEERS_BACKOFF_MS};
	peer->conn = (struct conn){.fd = -1,
		.owner = peer,
		.on_connected = outgoing_on_connected,
		.on_message = outgoing_on_message,
		.on_closed = outgoing_on_closed};
}

void outgoing_dial(struct peer *peer)
{
	const struct config_peer *config = &peer->peers->config->peers[peer->index];
	int error;

	outgoing_go(peer, PEER_DIALING, PEERS_DIAL_MS);
	peer->link = ++peer->peers->next_link;
	peer->conn.tls = peer->peers->tls;
	peer->conn.peer = config->name;
	error = conn_dial(
		&peer->conn, peer->peers->loop, config->control_address, config->control_port);
	if (error < 0)
		outgoing_fail(peer, strerror(-error));
}

void outgoing_renew(struct peer *peer, const char *why)
{
	const char *name = peer->peers->config->peers[peer->index].name;
	bool was_up = peer->state == PEER_UP;

	if (peer->state == PEER_DOWN)
		return;
	log_debug("The connection to peer %s is renewed: %s.", name, why);
	conn_close(&peer->conn);
	snprintf(peer->error, sizeof(peer->error),
		"the control connection to node %.40s is being renewed: %s", name, why);
	peer->state = PEER_DOWN;
	peer->renewing = was_up || peer->renewing;
	peer->boot_id = 0;
	peer->ping_ns = 0;
	if (was_up)
		peer->peers->on_down(peer->peers->owner, peer->index, peer->error);
	outgoing_dial(peer);
}

void outgoing_stop(struct peer *peer)
{
	loop_timer_stop(peer->peers->loop, &peer->timer);
	conn_close(&peer->conn);
	peer->state = PEER_DOWN;
}
