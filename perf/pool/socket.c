// What a request and its answer cost with nothing of ours around them: two sockets over loopback,
// both ends in one thread that waits with epoll, the same bytes; plain, or over TLS.
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/net/message.h"
#include "perf/clock.h"
#include "perf/handshake/stage.h"
#include "perf/pool/rows.h"

enum { ASKS, ANSWERS, SHAKES_MAX = 100000, WAIT_MS = 10000, FRAME_MAX = 512 };

struct sockets {
	struct stage *nodes; // with certificates; NULL: plain
	struct sockaddr_in address;
	int listens, epoll;
	int fd[2]; // -1: closed
	struct tls_session *session[2];
	uint8_t frame[2][FRAME_MAX]; // of the request, of the answer
	size_t size[2];
};

static void sockets_hang_up(struct sockets *s)
{
	for (int i = 0; i < 2; i++) {
		tls_session_free(s->session[i]);
		s->session[i] = NULL;
		if (s->fd[i] >= 0)
			close(s->fd[i]);
		s->fd[i] = -1;
	}
}

void pool_socket_close(void *state)
{
	struct sockets *s = state;

	sockets_hang_up(s);
	if (s->listens >= 0)
		close(s->listens);
	if (s->epoll >= 0)
		close(s->epoll);
	stage_free(s->nodes);
	free(s);
}

static bool sockets_listen(struct sockets *s)
{
	socklen_t size = sizeof(s->address);

	s->address = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->listens = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return s->epoll >= 0 && s->listens >= 0 &&
	       bind(s->listens, (struct sockaddr *)&s->address, size) == 0 &&
	       listen(s->listens, 1) == 0 &&
	       getsockname(s->listens, (struct sockaddr *)&s->address, &size) == 0;
}

void *pool_socket_open(const struct bench *bench)
{
	static const struct message messages[2] = {
		{.type = MESSAGE_PING, .request = 1}, {.type = MESSAGE_PONG, .request = 1}};
	struct sockets *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->listens = s->epoll = s->fd[ASKS] = s->fd[ANSWERS] = -1;
	for (int i = 0; i < 2; i++)
		s->size[i] = message_frame(&messages[i], s->frame[i], FRAME_MAX);
	if (bench->param & POOL_NET_TLS)
		s->nodes = stage_new(PKI_ED25519, CONFIG_PQ_OFF);
	if (sockets_listen(s) && (s->nodes || !(bench->param & POOL_NET_TLS)))
		return s;
	pool_socket_close(s);
	return NULL;
}

// ---- a connection -----------------------------------------------------------------------------

static bool sockets_shake(struct sockets *s)
{
	enum tls_step step[2] = {TLS_WANTS_READ, TLS_WANTS_READ};

	s->session[ASKS] = tls_session_new(&s->nodes->tls[ASKS], s->fd[ASKS], TLS_DIALS, "b");
	s->session[ANSWERS] =
		tls_session_new(&s->nodes->tls[ANSWERS], s->fd[ANSWERS], TLS_LISTENS, NULL);
	for (int turn = 0; turn < SHAKES_MAX && s->session[ASKS] && s->session[ANSWERS]; turn++) {
		for (int i = 0; i < 2; i++)
			if (step[i] != TLS_DONE)
				step[i] = tls_session_handshake(s->session[i]);
		if (step[ASKS] == TLS_FAILED || step[ANSWERS] == TLS_FAILED)
			return false;
		if (step[ASKS] == TLS_DONE && step[ANSWERS] == TLS_DONE)
			return true;
	}
	return false;
}

static bool socket_ready(const struct sockets *s, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	int on = 1;

	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
	       epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

// Loopback: who connects is connected when the call returns.
static bool sockets_connect(struct sockets *s)
{
	s->fd[ASKS] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd[ASKS] < 0 || (connect(s->fd[ASKS], (const struct sockaddr *)&s->address,
					sizeof(s->address)) < 0 &&
				       errno != EINPROGRESS))
		return false;
	s->fd[ANSWERS] = accept4(s->listens, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	return s->fd[ANSWERS] >= 0 && socket_ready(s, s->fd[ASKS]) &&
	       socket_ready(s, s->fd[ANSWERS]) && (!s->nodes || sockets_shake(s));
}

// ---- a request --------------------------------------------------------------------------------

static bool socket_say(struct sockets *s, int end, int what)
{
	const uint8_t *frame = s->frame[what];
	ssize_t size = (ssize_t)s->size[what];

	return s->session[end] ? tls_session_write(s->session[end], frame, (size_t)size) == size
			       : send(s->fd[end], frame, (size_t)size, MSG_NOSIGNAL) == size;
}

static ssize_t socket_read(struct sockets *s, int end, uint8_t *bytes, size_t size)
{
	return s->session[end] ? tls_session_read(s->session[end], bytes, size)
			       : recv(s->fd[end], bytes, size, 0);
}

static bool socket_hear(struct sockets *s, int end, int what)
{
	uint8_t bytes[FRAME_MAX];
	struct epoll_event events[2];
	size_t missing = s->size[what];

	while (missing > 0) {
		ssize_t size;

		if (epoll_wait(s->epoll, events, 2, WAIT_MS) <= 0)
			return false;
		size = socket_read(s, end, bytes, missing);
		if (size == 0 || (size < 0 && errno != EAGAIN))
			return false;
		missing -= size > 0 ? (size_t)size : 0;
	}
	return true;
}

static bool sockets_ask(struct sockets *s)
{
	return (s->fd[ASKS] >= 0 || sockets_connect(s)) && socket_say(s, ASKS, ASKS) &&
	       socket_hear(s, ANSWERS, ASKS) && socket_say(s, ANSWERS, ANSWERS) &&
	       socket_hear(s, ASKS, ANSWERS);
}

static int sockets_latency(
	struct sockets *s, bool fresh, uint64_t duration_ns, struct bench_figures *out)
{
	bool good = fresh || sockets_ask(s); // there is a connection

	do {
		uint64_t before_ns, took_ns;

		if (fresh)
			sockets_hang_up(s);
		before_ns = clock_ns();
		good = good && sockets_ask(s);
		took_ns = clock_ns() - before_ns;
		histogram_record(out->latency, took_ns);
		out->ns += took_ns;
		out->units++;
	} while (good && !bench_instant && out->ns < duration_ns);
	out->hash = good;
	if (good)
		return 0;
	snprintf(out->error, sizeof(out->error), "the bare sockets failed");
	return -1;
}

int pool_socket_reused(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	return sockets_latency(state, false, duration_ns, out);
}

int pool_socket_first(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	return sockets_latency(state, true, duration_ns, out);
}
