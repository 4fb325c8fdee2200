// One pooled connection: how it greets, and whether it is still good.
#include "control/net/channel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int channel_greet(struct channel *channel, const struct channel_target *target)
{
	struct message hello = {.type = MESSAGE_HELLO, .version = MESSAGE_VERSION};

	snprintf(hello.node, sizeof(hello.node), "%s", target->self);
	snprintf(hello.to, sizeof(hello.to), "%s", target->node ? target->node : "");
	return conn_send(&channel->conn, &hello);
}

int channel_greeted(struct channel *channel, const struct channel_target *target,
	const struct message *hello, char why[REASON_SIZE])
{
	const char *shown = conn_peer(&channel->conn);

	if (hello->type == MESSAGE_REFUSE)
		snprintf(why, REASON_SIZE, "%s", hello->text);
	else if (hello->type != MESSAGE_HELLO)
		snprintf(why, REASON_SIZE, "its first message is not a greeting");
	else if (hello->version != MESSAGE_VERSION)
		snprintf(why, REASON_SIZE,
			"there answers node '%.40s' with protocol version %u, not %d", hello->node,
			hello->version, MESSAGE_VERSION);
	else if (target->node && strcmp(hello->node, target->node) != 0)
		snprintf(why, REASON_SIZE, "there answers node '%.40s', not '%.40s'", hello->node,
			target->node);
	else if (shown && strcmp(shown, hello->node) != 0)
		snprintf(why, REASON_SIZE,
			"it greets as node '%.40s', but its certificate is for node '%.40s'",
			hello->node, shown);
	else
		return 0;
	return -1;
}

const char *channel_late(const struct channel *channel)
{
	switch (channel->conn.state) {
	case CONN_DIALING:
		return "Connection timed out";
	case CONN_SHAKING:
		return "its TLS handshake did not end in time";
	case CONN_OPEN:
		break;
	}
	return "it accepts the connection but does not greet";
}

bool channel_is_good(const struct channel *channel)
{
	uint8_t byte;
	ssize_t got;

	if (channel->conn.fd < 0 || !channel->ready || conn_expired(&channel->conn))
		return false;
	got = recv(channel->conn.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}
