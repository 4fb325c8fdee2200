// Connections that peers keep to us. Whoever connects is a stranger until it greets with a name
// that we know.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/log.h"
#include "control/net/peers_internal.h"

#define INCOMING_ACCEPTS_TURN 16
#define INCOMING_WARN_MS      1000

static void incoming_drop(struct incoming *incoming)
{
	struct peers *peers = incoming->peers;
	uint64_t link = incoming->link;
	bool greeted = incoming->peer >= 0;

	incoming_stop(incoming);
	if (greeted)
		peers->on_link_down(peers->owner, link);
}

// Whoever can connect can make us say this, so once a second is enough.
static void incoming_warn(struct peers *peers, const char *why)
{
	uint64_t now_ns = loop_now_ns(peers->loop);
	bool again = peers->warned_ns && now_ns - peers->warned_ns < PEERS_MS(INCOMING_WARN_MS);

	log_line(again ? LOG_DEBUG : LOG_WARNING, "An incoming control connection is dropped: %s.",
		why);
	peers->warned_ns = again ? peers->warned_ns : now_ns;
}

// The last word: why the connection ends. One that has not shown who it is does not hear it.
static void incoming_end(struct incoming *incoming, const char *why)
{
	struct message refuse = {.type = MESSAGE_REFUSE, .result = IPC_REFUSED_PEER};

	snprintf(refuse.text, sizeof(refuse.text), "%s", why);
	conn_send(&incoming->conn, &refuse);
	incoming_drop(incoming);
}

static void incoming_refuse(struct incoming *incoming, const char *why)
{
	incoming_warn(incoming->peers, why);
	incoming_end(incoming, why);
}

static void incoming_on_timer(void *owner)
{
	struct incoming *incoming = owner;

	if (incoming->conn.state == CONN_SHAKING)
		incoming_refuse(incoming, "its TLS handshake did not end in time");
	else
		incoming_refuse(incoming, incoming->peer < 0 ? "no greeting came in time"
							     : "nothing was heard for too long");
}

static void incoming_on_closed(void *owner, const char *why)
{
	struct incoming *incoming = owner;

	if (incoming->conn.state == CONN_SHAKING)
		incoming_warn(incoming->peers, why);
	else
		log_debug("An incoming control connection ended: %s.", why);
	incoming_drop(incoming);
}

static void incoming_patience(struct incoming *incoming, uint64_t ms)
{
	loop_timer_start(
		incoming->peers->loop, &incoming->timer, PEERS_MS(ms), incoming_on_timer, incoming);
}

// A peer needs one; a few more while it dials anew. The oldest is the likeliest to be forgotten.
static void incoming_limit(struct peers *peers, int peer)
{
	struct incoming *oldest = NULL;
	int links = 0;

	for (int i = 0; i < PEERS_INCOMING_MAX; i++) {
		struct incoming *one = &peers->incoming[i];

		if (!one->used || one->peer != peer)
			continue;
		links++;
		if (!oldest || one->link < oldest->link)
			oldest = one;
	}
	if (links >= PEERS_LINKS_MAX)
		incoming_refuse(oldest, "the same peer has opened newer ones");
}

static void incoming_greeted(struct incoming *incoming, const struct message *hello)
{
	struct peers *peers = incoming->peers;
	int peer = config_peer_find(peers->config, hello->node);
	const char *shown = conn_peer(&incoming->conn);
	char why[REASON_SIZE] = "";
	struct message answer;

	if (hello->version != MESSAGE_VERSION)
		snprintf(why, sizeof(why), "node %.40s speaks protocol version %d, not %u",
			peers->config->node, MESSAGE_VERSION, hello->version);
	else if (strcmp(hello->to, peers->config->node) != 0)
		snprintf(why, sizeof(why), "this is node %.40s, not %.40s", peers->config->node,
			hello->to);
	else if (shown && strcmp(shown, hello->node) != 0)
		snprintf(why, sizeof(why),
			"it greets as node %.40s, but its certificate is for node %.40s",
			hello->node, shown);
	else if (peer < 0)
		snprintf(why, sizeof(why), "node %.40s is not among the peers of node %.40s",
			hello->node, peers->config->node);
	if (why[0]) {
		incoming_refuse(incoming, why);
		return;
	}
	incoming_limit(peers, peer);
	incoming->peer = peer;
	peers_hello(peers, hello->node, &answer);
	if (conn_send(&incoming->conn, &answer) < 0) {
		incoming_drop(incoming);
		return;
	}
	if (peers->peer[peer].state == PEER_DOWN)
		peers_hurry(peers,
			(uint32_t)
				peer); // it is there: no reason to wait for the end of the back-off
	peers_heard_boot(peers, (uint32_t)peer, hello->boot_id);
}

static void incoming_on_ping(struct incoming *incoming, const struct message *ping)
{
	struct message pong = {.type = MESSAGE_PONG, .boot_id = incoming->peers->boot_id};

	peers_heard_boot(incoming->peers, (uint32_t)incoming->peer, ping->boot_id);
	if (conn_send(&incoming->conn, &pong) < 0)
		incoming_drop(incoming);
}

// What it tells too often of a dataplane that is gone, its pings say anyway.
static void incoming_on_gone(struct incoming *incoming, const struct message *gone)
{
	struct peers *peers = incoming->peers;
	uint32_t peer = (uint32_t)incoming->peer;

	if (peers_heeds(peers, &peers->peer[peer].gone_heeded_ns))
		peers->on_message(peers->owner, peer, incoming->link, gone);
}

// Whoever keeps to the rules has dialled anew before; a ping every second shows it in time.
static bool incoming_over(struct incoming *incoming)
{
	if (conn_expired(&incoming->conn))
		incoming_refuse(incoming, "the certificate that it showed has expired");
	else if (loop_now_ns(incoming->peers->loop) >= incoming->until_ns)
		incoming_refuse(incoming, "it is older than a control connection may be");
	else
		return false;
	return true;
}

static void incoming_on_message(void *owner, const struct message *message)
{
	struct incoming *incoming = owner;

	if (incoming_over(incoming))
		return;
	incoming_patience(incoming, PEERS_IDLE_MS);
	if (incoming->peer < 0 && message->type == MESSAGE_HELLO)
		incoming_greeted(incoming, message);
	else if (incoming->peer < 0)
		incoming_refuse(incoming, "the first message is not a greeting");
	else if (message->type == MESSAGE_PING)
		incoming_on_ping(incoming, message);
	else if (message->type == MESSAGE_GONE)
		incoming_on_gone(incoming, message);
	else if (message->type == MESSAGE_OFFER)
		incoming->peers->on_message(
			incoming->peers->owner, (uint32_t)incoming->peer, incoming->link, message);
	else
		incoming_refuse(incoming, "a message that has no place here");
}

static void incoming_take(struct peers *peers, int fd)
{
	struct incoming *incoming = NULL;

	for (int i = 0; i < PEERS_INCOMING_MAX && !incoming; i++)
		incoming = peers->incoming[i].used ? NULL : &peers->incoming[i];
	if (!incoming) {
		incoming_warn(peers, "as many as we take are open already");
		close(fd);
		return;
	}
	incoming->used = true;
	incoming->peer = -1;
	incoming->link = ++peers->next_link;
	incoming->until_ns = loop_now_ns(peers->loop) + PEERS_MS(peers->age_ms) / 16 * 17;
	incoming->conn.tls = peers->tls;
	if (conn_open(&incoming->conn, peers->loop, fd) < 0) {
		incoming->used = false;
		return;
	}
	incoming_patience(incoming, PEERS_HELLO_MS);
}

void incoming_on_listener(void *owner, short events)
{
	struct peers *peers = owner;

	(void)events;
	for (int i = 0; i < INCOMING_ACCEPTS_TURN; i++) {
		int fd = accept4(peers->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0)
			incoming_take(peers, fd);
		else if (errno != EINTR && errno != ECONNABORTED)
			break;
	}
}

void incoming_init(struct peers *peers)
{
	for (int i = 0; i < PEERS_INCOMING_MAX; i++) {
		struct incoming *incoming = &peers->incoming[i];

		*incoming = (struct incoming){.peers = peers, .peer = -1};
		incoming->conn = (struct conn){.fd = -1,
			.owner = incoming,
			.on_message = incoming_on_message,
			.on_closed = incoming_on_closed};
	}
}

void incoming_renew(struct incoming *incoming, const char *why)
{
	if (incoming->used)
		incoming_end(incoming, why);
}

void incoming_stop(struct incoming *incoming)
{
	if (!incoming->used)
		return;
	loop_timer_stop(incoming->peers->loop, &incoming->timer);
	conn_close(&incoming->conn);
	incoming->used = false;
	incoming->peer = -1;
}
