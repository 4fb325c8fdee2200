// One connection to another control process: frames in, frames out, bounded.
#include "control/net/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/bytes.h"

#define CONN_READS_TURN 16
#define CONN_IN_SIZE    (MESSAGE_FRAME_HEAD + MESSAGE_SIZE_MAX)

// ---- with TLS these speak to the session instead of the socket ----

static ssize_t conn_read(struct conn *conn, void *buffer, size_t size)
{
	return conn->session ? tls_session_read(conn->session, buffer, size)
			     : recv(conn->fd, buffer, size, MSG_DONTWAIT);
}

static ssize_t conn_write(struct conn *conn, const void *buffer, size_t size)
{
	return conn->session ? tls_session_write(conn->session, buffer, size)
			     : send(conn->fd, buffer, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// After a read or write that failed.
static const char *conn_why(const struct conn *conn)
{
	return conn->session && errno == EPROTO ? tls_session_error(conn->session)
						: strerror(errno);
}

const char *conn_peer(const struct conn *conn)
{
	return conn->session && conn->state == CONN_OPEN ? tls_session_peer(conn->session) : NULL;
}

bool conn_expired(const struct conn *conn)
{
	return conn_peer(conn) && time(NULL) > tls_session_not_after(conn->session);
}

const char *conn_group(const struct conn *conn)
{
	return conn_peer(conn) ? tls_session_group(conn->session) : NULL;
}

static void conn_on_ready(void *owner, short events);

void conn_close(struct conn *conn)
{
	if (conn->fd < 0 || !conn->loop)
		return;
	loop_watch_stop(conn->loop, &conn->watch);
	tls_session_free(conn->session);
	conn->session = NULL;
	close(conn->fd);
	conn->fd = -1;
	free(conn->in);
	free(conn->out);
	conn->in = conn->out = NULL;
	conn->in_used = conn->out_used = conn->out_size = 0;
}

static void conn_fail(struct conn *conn, const char *why)
{
	char text[REASON_SIZE]; // it may be the session's, which ends here

	snprintf(text, sizeof(text), "%s", why);
	conn_close(conn);
	conn->on_closed(conn->owner, text);
}

// Keepalive and user timeout: a peer whose machine vanished is noticed by the kernel too, not only
// by our pings.
static void conn_options(int fd)
{
	int on = 1, timeout_ms = 10000;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
}

static int conn_begin(struct conn *conn, struct loop *loop, int fd, short events)
{
	int error;

	conn->loop = loop;
	conn->fd = fd;
	conn->in_used = conn->out_used = conn->out_size = 0;
	conn->out = NULL;
	conn->in = malloc(CONN_IN_SIZE);
	error = conn->in ? loop_watch_start(loop, &conn->watch, fd, events, conn_on_ready, conn)
			 : -ENOMEM;
	if (error < 0)
		conn_close(conn);
	else
		conn_options(fd);
	return error;
}

// The TLS of a connected socket, if we have any.
static int conn_session(struct conn *conn, const char *peer)
{
	conn->state = CONN_OPEN;
	if (!conn->tls || !conn->tls->context)
		return 0;
	conn->session = tls_session_new(conn->tls, conn->fd, peer);
	conn->state = CONN_SHAKING;
	return conn->session ? 0 : -ENOMEM;
}

int conn_open(struct conn *conn, struct loop *loop, int fd)
{
	int error = conn_begin(conn, loop, fd, POLLIN);

	if (error == 0)
		error = conn_session(conn, NULL);
	if (error < 0)
		conn_close(conn);
	return error;
}

socklen_t conn_address(struct sockaddr_storage *to, struct address address, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (address_is_ipv4(address)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		v4->sin_addr.s_addr = htonl(address_ipv4(address));
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, address.bytes, sizeof(address.bytes));
	return sizeof(*v6);
}

int conn_dial(struct conn *conn, struct loop *loop, struct address address, uint16_t port)
{
	struct sockaddr_storage to;
	socklen_t size = conn_address(&to, address, port);
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&to, size) < 0 && errno != EINPROGRESS) {
		error = -errno;
		close(fd);
		return error;
	}
	conn->state = CONN_DIALING;
	return conn_begin(conn, loop, fd, POLLOUT);
}

// OpenSSL has sent its alert. Bytes that nobody has read make the kernel reset a connection that is
// closed, and the alert may be lost with it.
static void conn_drain(struct conn *conn)
{
	shutdown(conn->fd, SHUT_WR);
	for (int i = 0; i < CONN_READS_TURN; i++)
		if (recv(conn->fd, conn->in, CONN_IN_SIZE, MSG_DONTWAIT) <= 0)
			break;
}

// One turn of the handshake.
static void conn_shake(struct conn *conn)
{
	switch (tls_session_handshake(conn->session)) {
	case TLS_WANTS_READ:
		loop_watch_events(conn->loop, &conn->watch, POLLIN);
		break;
	case TLS_WANTS_WRITE:
		loop_watch_events(conn->loop, &conn->watch, POLLOUT);
		break;
	case TLS_FAILED:
		conn_drain(conn);
		conn_fail(conn, tls_session_error(conn->session));
		break;
	case TLS_DONE:
		conn->state = CONN_OPEN;
		loop_watch_events(conn->loop, &conn->watch, POLLIN);
		if (conn->on_connected)
			conn->on_connected(conn->owner);
		break;
	}
}

static void conn_on_dialed(struct conn *conn)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error) {
		conn_fail(conn, strerror(error));
		return;
	}
	if (conn_session(conn, conn->peer) < 0) {
		conn_fail(conn, strerror(ENOMEM));
	} else if (conn->session) {
		conn_shake(conn);
	} else {
		loop_watch_events(conn->loop, &conn->watch, POLLIN);
		conn->on_connected(conn->owner);
	}
}

// Sends what waits. False: the connection failed.
static bool conn_flush(struct conn *conn)
{
	while (conn->out_used > 0) {
		ssize_t sent = conn_write(conn, conn->out, conn->out_used);

		if (sent < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (sent < 0)
			return false;
		conn->out_used -= (size_t)sent;
		memmove(conn->out, conn->out + sent, conn->out_used);
	}
	loop_watch_events(conn->loop, &conn->watch, conn->out_used ? POLLIN | POLLOUT : POLLIN);
	return true;
}

static bool conn_queue(struct conn *conn, const uint8_t *frame, size_t size)
{
	if (conn->out_used + size > CONN_OUT_MAX)
		return false;
	if (conn->out_used + size > conn->out_size) {
		uint8_t *larger = realloc(conn->out, conn->out_used + size);

		if (!larger)
			return false;
		conn->out = larger;
		conn->out_size = conn->out_used + size;
	}
	memcpy(conn->out + conn->out_used, frame, size);
	conn->out_used += size;
	return true;
}

int conn_send(struct conn *conn, const struct message *message)
{
	uint8_t frame[4096]; // the largest message is an offer of less than 1 KiB
	size_t size = message_frame(message, frame, sizeof(frame));

	if (conn->fd < 0 || conn->state != CONN_OPEN)
		return -1;
	if (size == 0)
		return -1;
	if (conn_queue(conn, frame, size) && conn_flush(conn))
		return 0;
	conn_close(conn);
	return -1;
}

// Four bytes that are no size may be the beginning of TLS.
static const char *conn_odd_frame(const struct conn *conn)
{
	static const uint8_t client_hello[2] = {0x16, 3};

	return !conn->session && memcmp(conn->in, client_hello, 2) == 0
		       ? "it speaks TLS, and this node has no certificate in its configuration"
		       : "a frame of an impossible size arrived";
}

// Hands over every whole frame. False: the connection is gone, by us or by the callback.
static bool conn_take_frames(struct conn *conn)
{
	struct message message;
	char why[REASON_SIZE];
	size_t at = 0;

	while (conn->in_used - at >= MESSAGE_FRAME_HEAD) {
		uint32_t size = be32_get(conn->in + at);

		if (size == 0 || size > MESSAGE_SIZE_MAX) {
			conn_fail(conn, conn_odd_frame(conn));
			return false;
		}
		if (conn->in_used - at < MESSAGE_FRAME_HEAD + size)
			break;
		if (message_parse(conn->in + at + MESSAGE_FRAME_HEAD, size, &message, why,
			    sizeof(why)) < 0) {
			conn_fail(conn, why);
			return false;
		}
		at += MESSAGE_FRAME_HEAD + size;
		conn->on_message(conn->owner, &message);
		if (conn->fd < 0)
			return false;
	}
	conn->in_used -= at;
	memmove(conn->in, conn->in + at, conn->in_used);
	return true;
}

// False: nothing more to read, or the connection is gone.
static bool conn_read_some(struct conn *conn)
{
	ssize_t got = conn_read(conn, conn->in + conn->in_used, CONN_IN_SIZE - conn->in_used);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got <= 0) {
		conn_fail(conn,
			got == 0 ? "the connection was closed by the other side" : conn_why(conn));
		return false;
	}
	conn->in_used += (size_t)got;
	return conn_take_frames(conn);
}

// Every message is a TLS record, so some are read at once. What is left of one waits where no poll
// sees it: at most 16 KiB, so this ends.
static void conn_on_readable(struct conn *conn)
{
	for (int reads = 1; conn_read_some(conn) && conn->session &&
			    (reads < CONN_READS_TURN || tls_session_pending(conn->session));
		reads++)
		;
}

static void conn_on_ready(void *owner, short events)
{
	struct conn *conn = owner;

	if (conn->state == CONN_DIALING) {
		conn_on_dialed(conn);
		return;
	}
	if (conn->state == CONN_SHAKING) {
		conn_shake(conn);
		return;
	}
	if (events & POLLOUT && !conn_flush(conn)) {
		conn_fail(conn, conn_why(conn));
		return;
	}
	if (events & (POLLIN | POLLHUP | POLLERR))
		conn_on_readable(conn);
}
