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

#define CONN_READS_TURN 4 // each may be a thousand requests
#define CONN_DRAINS     64
#define CONN_READ_SIZE  16384 // as much as a TLS record has

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
	conn->in_used = conn->in_size = conn->out_used = conn->out_size = 0;
	conn->generation++;
}

static void conn_fail(struct conn *conn, const char *why)
{
	char text[REASON_SIZE]; // it may be the session's, which ends here

	snprintf(text, sizeof(text), "%s", why);
	conn_close(conn);
	conn->events->on_closed(conn->owner, text);
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
	error = loop_watch_start(loop, &conn->watch, fd, events, conn_on_ready, conn);
	if (error < 0)
		conn_close(conn);
	else
		conn_options(fd);
	return error;
}

// The TLS of a connected socket, if we have any.
static int conn_session(struct conn *conn)
{
	conn->state = CONN_OPEN;
	if (!conn->tls || !conn->tls->context)
		return 0;
	conn->session = tls_session_new(conn->tls, conn->fd,
		conn->dialled ? TLS_DIALS : TLS_LISTENS, conn->dialled ? conn->peer : NULL);
	conn->state = CONN_SHAKING;
	return conn->session ? 0 : -ENOMEM;
}

int conn_open(struct conn *conn, struct loop *loop, int fd)
{
	int error = conn_begin(conn, loop, fd, POLLIN);

	conn->dialled = false;
	if (error == 0)
		error = conn_session(conn);
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
	conn->dialled = true;
	return conn_begin(conn, loop, fd, POLLOUT);
}

// OpenSSL has sent its alert. Bytes that nobody has read make the kernel reset a connection that is
// closed, and the alert may be lost with it.
static void conn_drain(struct conn *conn)
{
	uint8_t bytes[CONN_READ_SIZE];

	shutdown(conn->fd, SHUT_WR);
	for (int i = 0; i < CONN_DRAINS; i++)
		if (recv(conn->fd, bytes, sizeof(bytes), MSG_DONTWAIT) <= 0)
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
		if (conn->dialled)
			conn->events->on_connected(conn->owner);
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
	if (conn_session(conn) < 0) {
		conn_fail(conn, strerror(ENOMEM));
	} else if (conn->session) {
		conn_shake(conn);
	} else {
		loop_watch_events(conn->loop, &conn->watch, POLLIN);
		conn->events->on_connected(conn->owner);
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
		conn->out_used -= (uint32_t)sent;
		memmove(conn->out, conn->out + sent, conn->out_used);
	}
	if (conn->out_used == 0) {
		free(conn->out);
		conn->out = NULL;
		conn->out_size = 0;
	}
	loop_watch_events(conn->loop, &conn->watch, conn->out_used ? POLLIN | POLLOUT : POLLIN);
	return true;
}

// False: too much, or out of memory.
static bool conn_out_room(struct conn *conn, size_t size)
{
	uint8_t *larger;

	if (conn->out_used + size > CONN_OUT_MAX)
		return false;
	if (conn->out_used + size <= conn->out_size)
		return true;
	larger = realloc(conn->out, conn->out_used + size);
	if (!larger)
		return false;
	conn->out = larger;
	conn->out_size = conn->out_used + (uint32_t)size;
	return true;
}

static bool conn_queue(struct conn *conn, const uint8_t *frame, size_t size)
{
	if (!conn_out_room(conn, size))
		return false;
	memcpy(conn->out + conn->out_used, frame, size);
	conn->out_used += (uint32_t)size;
	return true;
}

int conn_send(struct conn *conn, const struct message *message)
{
	uint8_t frame[MESSAGE_FRAME_MAX];
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

int conn_send_raft(struct conn *conn, const uint8_t *bytes, uint32_t size)
{
	uint8_t head[MESSAGE_FRAME_HEAD];

	if (conn->fd < 0 || conn->state != CONN_OPEN)
		return -1;
	if (!conn_out_room(conn, sizeof(head) + size))
		return -EAGAIN;
	message_raft_head(head, size);
	conn_queue(conn, head, sizeof(head));
	conn_queue(conn, bytes, size);
	if (conn_flush(conn))
		return 0;
	conn_close(conn);
	return -1;
}

// Four bytes that are no size may be the beginning of TLS.
static const char *conn_odd_frame(const struct conn *conn, const uint8_t *bytes)
{
	static const uint8_t client_hello[2] = {0x16, 3};

	return !conn->session && memcmp(bytes, client_hello, 2) == 0
		       ? "it speaks TLS, and this node has no certificate in its configuration"
		       : "a frame of an impossible size arrived";
}

// Hands over every whole frame of `bytes`. Returns how many bytes they were, or -1: the connection
// is gone, by us or by the callback.
static ssize_t conn_take_frames(struct conn *conn, const uint8_t *bytes, size_t size)
{
	uint32_t generation = conn->generation; // the callback may close it, and dial anew
	struct message message;
	char why[REASON_SIZE];
	size_t at = 0;

	while (size - at >= MESSAGE_FRAME_HEAD) {
		size_t frame = message_frame_size(bytes + at);

		if (frame == 0 || (frame > MESSAGE_FRAME_HEAD + MESSAGE_SIZE_MAX && !conn->large)) {
			conn_fail(conn, conn_odd_frame(conn, bytes + at));
			return -1;
		}
		if (size - at < frame)
			break;
		if (message_parse_frame(bytes + at, frame, &message, why, sizeof(why)) < 0) {
			conn_fail(conn, why);
			return -1;
		}
		at += frame;
		conn->events->on_message(conn->owner, &message);
		if (conn->generation != generation)
			return -1;
	}
	return (ssize_t)at;
}

// Room for the whole of the frame that has begun. False: out of memory.
static bool conn_in_room(struct conn *conn, size_t size)
{
	uint8_t *larger;

	if (size <= conn->in_size)
		return true;
	larger = realloc(conn->in, size);
	if (!larger)
		return false;
	conn->in = larger;
	conn->in_size = (uint32_t)size;
	return true;
}

// Keeps the beginning of a frame until its end comes.
static bool conn_keep(struct conn *conn, const uint8_t *bytes, size_t size)
{
	if (!conn_in_room(conn, conn->in_used + size))
		return false;
	memcpy(conn->in + conn->in_used, bytes, size);
	conn->in_used += (uint32_t)size;
	return true;
}

// What was kept, and `size` new bytes behind it. False: the connection is gone.
static bool conn_take_kept(struct conn *conn, const uint8_t *bytes, size_t size)
{
	ssize_t taken;

	if (!conn_keep(conn, bytes, size)) {
		conn_fail(conn, strerror(ENOMEM));
		return false;
	}
	taken = conn_take_frames(conn, conn->in, conn->in_used);
	if (taken < 0)
		return false;
	conn->in_used -= (uint32_t)taken;
	memmove(conn->in, conn->in + taken, conn->in_used);
	if (conn->in_used == 0) {
		free(conn->in);
		conn->in = NULL;
		conn->in_size = 0;
	}
	return true;
}

// False: the connection is gone.
static bool conn_take(struct conn *conn, const uint8_t *bytes, size_t size)
{
	ssize_t taken;

	if (conn->in)
		return conn_take_kept(conn, bytes, size);
	taken = conn_take_frames(conn, bytes, size);
	if (taken < 0)
		return false;
	if ((size_t)taken == size || conn_keep(conn, bytes + taken, size - (size_t)taken))
		return true;
	conn_fail(conn, strerror(ENOMEM));
	return false;
}

// False: nothing more to read, or the connection is gone.
static bool conn_read_some(struct conn *conn)
{
	uint8_t bytes[CONN_READ_SIZE];
	ssize_t got = conn_read(conn, bytes, sizeof(bytes));

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got <= 0) {
		conn_fail(conn,
			got == 0 ? "the connection was closed by the other side" : conn_why(conn));
		return false;
	}
	return conn_take(conn, bytes, (size_t)got) &&
	       (conn->session || (size_t)got == sizeof(bytes));
}

// Every message is a TLS record, so some are read at once. What is left of one waits where no poll
// sees it: at most 16 KiB, so this ends.
static void conn_on_readable(struct conn *conn)
{
	for (int reads = 1;
		conn_read_some(conn) &&
		(reads < CONN_READS_TURN || (conn->session && tls_session_pending(conn->session)));
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
