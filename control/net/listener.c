// Connections of peers to us.
#include "control/net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/log.h"

#define LISTENER_ACCEPTS_TURN 16
#define LISTENER_WARN_MS      1000
#define LISTENER_MS(n)        ((uint64_t)(n)*1000000u)

static void listener_on_look(void *owner);

// ---- the end of one ----

static void incoming_free(struct incoming *incoming)
{
	conn_close(&incoming->conn);
	free(incoming->node);
	incoming->node = NULL;
	incoming->link = 0;
}

static void incoming_drop(struct incoming *incoming)
{
	struct listener *listener = incoming->listener;
	uint64_t link = incoming->link;
	bool greeted = incoming->node;

	incoming_free(incoming);
	if (greeted)
		listener->on_link_down(listener->owner, link);
}

// Whoever can connect can make us say this, so once a second is enough.
static void listener_warn(struct listener *listener, const char *why)
{
	uint64_t now_ns = loop_now_ns(listener->loop);
	bool again =
		listener->warned_ns && now_ns - listener->warned_ns < LISTENER_MS(LISTENER_WARN_MS);

	log_line(again ? LOG_DEBUG : LOG_WARNING, "An incoming control connection is dropped: %s.",
		why);
	listener->warned_ns = again ? listener->warned_ns : now_ns;
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
	listener_warn(incoming->listener, why);
	incoming_end(incoming, why);
}

static void incoming_on_closed(void *owner, const char *why)
{
	struct incoming *incoming = owner;

	if (incoming->conn.state == CONN_SHAKING)
		listener_warn(incoming->listener, why);
	else
		log_debug("An incoming control connection ended: %s.", why);
	incoming_drop(incoming);
}

// ---- who is there ----

// The oldest is the likeliest to be forgotten.
static void incoming_limit(struct listener *listener, const char *node)
{
	struct incoming *oldest = NULL;
	int links = 0;

	for (int i = 0; i < LISTENER_MAX; i++) {
		struct incoming *one = &listener->incoming[i];

		if (!one->link || !one->node || strcmp(one->node, node) != 0)
			continue;
		links++;
		if (!oldest || one->link < oldest->link)
			oldest = one;
	}
	if (links >= LISTENER_PEER_MAX)
		incoming_refuse(oldest, "the same peer has opened newer ones");
}

// False: `why` says what is wrong with the greeting. A node that looks for its cluster knows nobody
// by name: it greets whoever is there.
static bool incoming_believe(
	const struct incoming *incoming, const struct message *hello, char why[REASON_SIZE])
{
	const char *self = incoming->listener->config->node;
	const char *shown = conn_peer(&incoming->conn);

	if (hello->version != MESSAGE_VERSION)
		snprintf(why, REASON_SIZE, "node %.40s speaks protocol version %d, not %u", self,
			MESSAGE_VERSION, hello->version);
	else if (hello->to[0] && strcmp(hello->to, self) != 0)
		snprintf(why, REASON_SIZE, "this is node %.40s, not %.40s", self, hello->to);
	else if (shown && strcmp(shown, hello->node) != 0)
		snprintf(why, REASON_SIZE,
			"it greets as node %.40s, but its certificate is for node %.40s",
			hello->node, shown);
	else if (hello->node[0] == 0 || strcmp(hello->node, self) == 0)
		snprintf(why, REASON_SIZE, "it greets as this node, %.40s, or as nobody", self);
	else
		return true;
	return false;
}

static void incoming_on_hello(struct incoming *incoming, const struct message *hello)
{
	struct listener *listener = incoming->listener;
	struct message answer = {.type = MESSAGE_HELLO, .version = MESSAGE_VERSION};
	char why[REASON_SIZE];

	if (hello->type != MESSAGE_HELLO) {
		incoming_refuse(incoming, "the first message is not a greeting");
		return;
	}
	if (!incoming_believe(incoming, hello, why)) {
		incoming_refuse(incoming, why);
		return;
	}
	incoming_limit(listener, hello->node);
	incoming->node = strdup(hello->node);
	snprintf(answer.node, sizeof(answer.node), "%s", listener->config->node);
	snprintf(answer.to, sizeof(answer.to), "%s", hello->node);
	incoming->conn.large = true;
	if (!incoming->node || conn_send(&incoming->conn, &answer) < 0)
		incoming_drop(incoming);
	else
		listener->on_greeted(listener->owner, incoming->node);
}

// ---- what it says ----

static void incoming_on_ping(struct incoming *incoming, const struct message *ping)
{
	struct message pong = {.type = MESSAGE_PONG, .request = ping->request};

	if (conn_send(&incoming->conn, &pong) < 0)
		incoming_drop(incoming);
}

// Whoever keeps to the rules has dialled anew before.
static bool incoming_over(struct incoming *incoming)
{
	uint64_t age_ns = loop_now_ns(incoming->listener->loop) - incoming->opened_ns;

	if (conn_expired(&incoming->conn))
		incoming_refuse(incoming, "the certificate that it showed has expired");
	else if (age_ns >= LISTENER_MS(incoming->listener->age_ms) / 16 * 17)
		incoming_refuse(incoming, "it is older than a control connection may be");
	else
		return false;
	return true;
}

static void incoming_on_message(void *owner, const struct message *message)
{
	struct incoming *incoming = owner;
	struct listener *listener = incoming->listener;

	if (incoming_over(incoming))
		return;
	incoming->heard_ns = loop_now_ns(listener->loop);
	if (!incoming->node)
		incoming_on_hello(incoming, message);
	else if (message->type == MESSAGE_PING)
		incoming_on_ping(incoming, message);
	else if (message->type == MESSAGE_OFFER || message->type == MESSAGE_SYNC ||
		 message->type == MESSAGE_RAFT)
		listener->on_message(listener->owner, incoming->node, incoming->link, message);
	else
		incoming_refuse(incoming, "a message that has no place here");
}

// ---- patience ----

static void incoming_look(struct incoming *incoming, uint64_t now_ns)
{
	if (incoming->conn.fd < 0) // it broke when an answer was sent
		incoming_drop(incoming);
	else if (incoming->node && now_ns - incoming->heard_ns >= LISTENER_MS(LISTENER_IDLE_MS))
		incoming_end(incoming, "nothing was heard for too long");
	else if (!incoming->node && now_ns - incoming->opened_ns >= LISTENER_MS(LISTENER_HELLO_MS))
		incoming_refuse(incoming, incoming->conn.state == CONN_SHAKING
						  ? "its TLS handshake did not end in time"
						  : "no greeting came in time");
}

static void listener_arm(struct listener *listener, uint64_t after_ms)
{
	loop_timer_start(
		listener->loop, &listener->look, LISTENER_MS(after_ms), listener_on_look, listener);
}

static void listener_hear(struct listener *listener)
{
	listener->deaf_ns = 0;
	loop_watch_events(listener->loop, &listener->watch, POLLIN);
}

static void listener_on_look(void *owner)
{
	struct listener *listener = owner;
	uint64_t now_ns = loop_now_ns(listener->loop);
	bool any;

	if (listener->deaf_ns && now_ns >= listener->deaf_ns)
		listener_hear(listener);
	any = listener->deaf_ns;
	for (int i = 0; i < LISTENER_MAX; i++) {
		if (!listener->incoming[i].link)
			continue;
		any = true;
		incoming_look(&listener->incoming[i], now_ns);
	}
	if (any)
		listener_arm(listener, LISTENER_LOOK_MS);
}

// ---- new ones ----

static const struct conn_events incoming_events = {
	.on_message = incoming_on_message, .on_closed = incoming_on_closed};

// A free one. Strangers who say nothing do not keep peers out: a peer that comes greets at once.
static struct incoming *listener_room(struct listener *listener)
{
	struct incoming *oldest = NULL;

	for (int i = 0; i < LISTENER_MAX; i++) {
		struct incoming *one = &listener->incoming[i];

		if (!one->link)
			return one;
		if (!one->node && (!oldest || one->link < oldest->link))
			oldest = one;
	}
	if (oldest)
		incoming_refuse(oldest, "it has not greeted, and others want its place");
	return oldest;
}

static void listener_take(struct listener *listener, int fd)
{
	struct incoming *incoming = listener_room(listener);
	uint32_t generation;

	if (!incoming) {
		listener_warn(listener, "as many as we take are open already");
		close(fd);
		return;
	}
	generation = incoming->conn.generation;
	*incoming = (struct incoming){.listener = listener,
		.link = listener->next_link += 2,
		.opened_ns = loop_now_ns(listener->loop),
		.heard_ns = loop_now_ns(listener->loop)};
	incoming->conn = (struct conn){.fd = -1,
		.generation = generation,
		.tls = listener->tls,
		.events = &incoming_events,
		.owner = incoming};
	if (conn_open(&incoming->conn, listener->loop, fd) < 0)
		incoming_free(incoming);
	else if (!listener->look.place)
		listener_arm(listener, LISTENER_LOOK_MS);
}

// Whoever waits stays in the kernel's queue. Without this the loop would find it again at once, and
// again.
static void listener_deafen(struct listener *listener, int error)
{
	log_warning("No control connection can be accepted for now: %s.", strerror(error));
	loop_watch_events(listener->loop, &listener->watch, 0);
	listener->deaf_ns = loop_now_ns(listener->loop) + LISTENER_MS(LISTENER_DEAF_MS);
	if (!listener->look.place)
		listener_arm(listener, LISTENER_LOOK_MS);
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void listener_on_ready(void *owner, short events)
{
	struct listener *listener = owner;

	(void)events;
	for (int i = 0; i < LISTENER_ACCEPTS_TURN; i++) {
		int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			listener_take(listener, fd);
		} else if (is_shortage(errno)) {
			listener_deafen(listener, errno);
			break;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			break;
		}
	}
}

// ---- start and stop ----

void listener_init(struct listener *listener, const struct config *config, const struct tls *tls,
	struct loop *loop)
{
	memset(listener, 0, sizeof(*listener));
	listener->config = config;
	listener->tls = tls;
	listener->loop = loop;
	listener->fd = -1;
	listener->next_link = 1;
	listener->age_ms = CONN_AGE_MS;
	for (int i = 0; i < LISTENER_MAX; i++)
		listener->incoming[i].conn.fd = -1;
}

static int listener_bind(struct listener *listener)
{
	struct sockaddr_storage address;
	socklen_t size = conn_address(
		&address, listener->config->listen_address, listener->config->listen_port);
	int on = 1;

	listener->fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0)
		return -errno;
	setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener->fd, (struct sockaddr *)&address, size) < 0 ||
		listen(listener->fd, 256) < 0 ||
		getsockname(listener->fd, (struct sockaddr *)&address, &size) < 0)
		return -errno;
	// the port is at the same place in both kinds
	listener->port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	return loop_watch_start(listener->loop, &listener->watch, listener->fd, POLLIN,
		listener_on_ready, listener);
}

int listener_start(struct listener *listener, char *error, size_t error_size)
{
	int result = listener_bind(listener);
	char address[CONFIG_ADDRESS_TEXT];

	if (result == 0)
		return 0;
	config_address_text(
		address, listener->config->listen_address, listener->config->listen_port);
	snprintf(error, error_size, "control.listen %s cannot be used: %s", address,
		strerror(-result));
	listener_stop(listener);
	return -1;
}

void listener_stop(struct listener *listener)
{
	loop_watch_stop(listener->loop, &listener->watch);
	loop_timer_stop(listener->loop, &listener->look);
	if (listener->fd >= 0)
		close(listener->fd);
	listener->fd = -1;
	for (int i = 0; i < LISTENER_MAX; i++)
		if (listener->incoming[i].link)
			incoming_free(&listener->incoming[i]);
}

// ---- answers ----

static struct incoming *listener_find(struct listener *listener, uint64_t link)
{
	for (int i = 0; i < LISTENER_MAX; i++)
		if (link && listener->incoming[i].link == link)
			return &listener->incoming[i];
	return NULL;
}

struct conn *listener_conn(struct listener *listener, uint64_t link)
{
	struct incoming *incoming = listener_find(listener, link);

	return incoming ? &incoming->conn : NULL;
}

// One that breaks now is dropped in the next turn, not inside the sender's call.
int listener_answer(struct listener *listener, uint64_t link, const struct message *message)
{
	struct incoming *incoming = listener_find(listener, link);

	if (incoming && conn_send(&incoming->conn, message) == 0)
		return 0;
	if (incoming)
		listener_arm(listener, 0);
	return -1;
}

void listener_renew(struct listener *listener, const char *why)
{
	for (int i = 0; i < LISTENER_MAX; i++)
		if (listener->incoming[i].link)
			incoming_end(&listener->incoming[i], why);
}
