// The stage of the tests of calls and of the listener.
#include "tests/unit/control/net/net_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "control/pki/pki.h"
#include "lib/base/bytes.h"
#include "tests/unit/control/pki/folder.h"

#define TURN_NS 20000000ull // what passes in a turn

uint64_t clock_ns = 1000000000;

int __real_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now);

int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
	if (id != CLOCK_MONOTONIC)
		return __real_clock_gettime(id, now);
	now->tv_sec = (time_t)(clock_ns / 1000000000);
	now->tv_nsec = (long)(clock_ns % 1000000000);
	return 0;
}

int64_t later_s;

time_t __real_time(time_t *at);
time_t __wrap_time(time_t *at);

time_t __wrap_time(time_t *at)
{
	time_t now = __real_time(NULL) + later_s;

	if (at)
		*at = now;
	return now;
}

// ---- a side ----

static void on_greeted(void *owner, const char *node)
{
	(void)node;
	((struct side *)owner)->greeted++;
}

static void on_link_down(void *owner, uint64_t link)
{
	(void)link;
	((struct side *)owner)->links_down++;
}

// ---- lanes: what is told ----

static uint8_t told_byte(uint32_t number, uint32_t at)
{
	return (uint8_t)(number * 31 + at);
}

enum lane_sent tell(struct stage *s, uint32_t number, uint32_t size)
{
	uint8_t *bytes = malloc(size);
	enum lane_sent sent;

	be32_put(bytes, number);
	for (uint32_t i = 4; i < size; i++)
		bytes[i] = told_byte(number, i);
	sent = lanes_send(&s->a.calls, "b", bytes, size);
	free(bytes);
	return sent;
}

static void on_told(struct side *side, const struct message *message)
{
	uint32_t number = be32_get(message->data);

	side->disorder |= number < side->heard_next;
	for (uint32_t i = 4; i < message->data_size; i++)
		side->disorder |= message->data[i] != told_byte(number, i);
	side->heard_next = number + 1;
	side->heard_bytes += message->data_size;
	side->heard++;
}

static void on_message(void *owner, const char *node, uint64_t link, const struct message *message)
{
	struct message answer = *message;
	struct side *side = owner;

	(void)node;
	if (message->type == MESSAGE_RAFT) {
		on_told(side, message);
		return;
	}
	side->asked++;
	side->link = link;
	side->last = *message;
	if (!side->answers)
		return;
	if (message->type == MESSAGE_OFFER)
		answer = (struct message){
			.type = MESSAGE_REFUSE, .request = message->request, .text = "no"};
	listener_answer(&side->listener, link, &answer);
}

void side_begin(struct stage *s, struct side *side, const char *name, const char *peer)
{
	char error[256];

	snprintf(side->config.node, sizeof(side->config.node), "%s", name);
	side->config.listen_address = address_from_ipv4(INADDR_LOOPBACK);
	side->config.peers_count = 1;
	snprintf(side->config.peers[0].name, sizeof(side->config.peers[0].name), "%s", peer);
	side->config.peers[0].control_address = address_from_ipv4(INADDR_LOOPBACK);
	if (!side->config.peers[0].control_port)
		side->config.peers[0].control_port = 1; // nobody: told later
	calls_pool_preset(&side->config.pool, POOL_LAN);
	side->directory = (struct directory){.config = &side->config};
	side->answers = true;
	listener_init(&side->listener, &side->config, &side->tls, s->loop);
	side->listener.on_message = on_message;
	side->listener.on_link_down = on_link_down;
	side->listener.on_greeted = on_greeted;
	side->listener.owner = side;
	assert_int_equal(listener_start(&side->listener, error, sizeof(error)), 0);
	side->config.listen_port = side->listener.port;
	assert_int_equal(
		calls_init(&side->calls, &side->config, &side->directory, &side->tls, s->loop), 0);
}

void side_end(struct side *side)
{
	calls_fini(&side->calls);
	if (side->listener.loop)
		listener_stop(&side->listener);
}

int setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	later_s = 0;
	s->loop = loop_new();
	side_begin(s, &s->a, "a", "b");
	*state = s;
	return 0;
}

int teardown(void **state)
{
	struct stage *s = *state;

	side_end(&s->a);
	side_end(&s->b);
	tls_fini(&s->a.tls);
	tls_fini(&s->b.tls);
	loop_free(s->loop);
	free(s);
	return 0;
}

void both(struct stage *s)
{
	s->b.config.peers[0].control_port = s->a.listener.port;
	side_begin(s, &s->b, "b", "a");
	s->a.config.peers[0].control_port = s->b.listener.port;
}

// ---- time ----

void turn(struct stage *s)
{
	assert_int_equal(loop_turn(s->loop, WAIT_MS), 0);
	clock_ns += TURN_NS;
}

void turn_until(struct stage *s, const int *counter, int wanted)
{
	uint64_t end_ns = clock_ns + 8000000000ull;

	while (*counter < wanted && clock_ns < end_ns)
		turn(s);
	assert_true(*counter >= wanted);
}

void turns(struct stage *s, uint64_t ns)
{
	uint64_t end_ns = clock_ns + ns;

	while (clock_ns < end_ns)
		turn(s);
}

// ---- calls ----

static void on_end(void *owner, const struct call_answer *answer);

static void start(struct stage *s, const char *node, const struct message *message)
{
	const struct call_order order = {.node = node,
		.address = s->b.config.listen_address,
		.port = s->b.listener.port,
		.message = message,
		.until_ns = clock_ns + 1500000000,
		.deadline_ns = clock_ns + 5000000000,
		.site = "test",
		.on_end = on_end,
		.owner = &s->a};

	calls_start(&s->a.calls, &order);
}

// The connection breaks, and the next request over it finds out.
static void lose(struct side *side, uint64_t link)
{
	const struct message message = {.type = MESSAGE_PING};

	shutdown(calls_conn(&side->calls, link)->fd, SHUT_RDWR);
	start((struct stage *)((char *)side - offsetof(struct stage, a)), "b", &message);
}

static void on_end(void *owner, const struct call_answer *answer)
{
	struct side *side = owner;
	struct message next = {.type = MESSAGE_SYNC, .data = side->data, .data_size = 5};

	side->by_end[answer->end]++;
	snprintf(side->why, sizeof(side->why), "%s", answer->why ? answer->why : "");
	if (answer->end == CALL_ANSWERED) {
		side->answer = *answer->message;
		side->answer_link = answer->link;
		memcpy(side->data, answer->message->data ? answer->message->data : (uint8_t *)"",
			answer->message->data_size < 64 ? answer->message->data_size : 0);
	}
	if (answer->end == CALL_ANSWERED && side->go_on > 0) {
		side->go_on--;
		if (side->loses)
			lose(side, answer->link);
		assert_int_equal(
			calls_go_on(&side->calls, answer->call, &next, false), !side->loses);
		return;
	}
	side->ended++;
}

void ask(struct stage *s, enum message_type type, uint32_t request)
{
	const struct message message = {.type = type,
		.request = request,
		.service = "files",
		.data = (const uint8_t *)"bytes",
		.data_size = type == MESSAGE_SYNC ? 5 : 0};

	start(s, "b", &message);
}

void ask_with(struct stage *s, const struct message *message)
{
	start(s, "b", message);
}

void ask_seed(struct stage *s, const void *data, size_t size)
{
	const struct message message = {
		.type = MESSAGE_SYNC, .data = data, .data_size = (uint32_t)size};

	start(s, NULL, &message);
}

int open_channels(const struct calls *calls)
{
	int count = 0;

	for (int i = 0; i < CALLS_CHANNELS_MAX; i++)
		count += calls->channels[i].conn.fd >= 0;
	return count;
}

int open_links(const struct listener *listener)
{
	int count = 0;

	for (int i = 0; i < LISTENER_MAX; i++)
		count += listener->incoming[i].link != 0;
	return count;
}

struct pool_counts counts(const struct stage *s)
{
	struct pool_report report;

	pool_report(s->a.calls.pool, clock_ns, &report);
	return report.counts;
}

// ---- certificates and strangers ----

void side_certify(struct side *side, const char *folder, const char *name)
{
	struct config_security *config = &side->config.security;
	struct pki_want want = {.folder = folder,
		.name = name,
		.not_before = time(NULL) - 60,
		.not_after = time(NULL) + 3600};
	struct pki_certificate made;
	char error[PKI_ERROR_SIZE];

	assert_int_equal(pki_issue(&want, &made, error), 0);
	snprintf(config->ca, sizeof(config->ca), "%.64s/ca.crt", folder);
	snprintf(config->certificate, sizeof(config->certificate), "%.64s/%s/node.crt", folder,
		name);
	snprintf(config->key, sizeof(config->key), "%.64s/%s/node.key", folder, name);
	if (tls_init(&side->tls, config, name, error, sizeof(error)) < 0)
		fail_msg("%s", error);
}

char *certify_both(struct stage *s, const char *name_of_b)
{
	char *folder = folder_new(), error[PKI_ERROR_SIZE];
	struct pki_want want = {.folder = folder,
		.name = "cluster",
		.not_before = time(NULL) - 60,
		.not_after = time(NULL) + 3600};
	struct pki_certificate made;

	assert_int_equal(pki_init(&want, &made, error), 0);
	side_certify(&s->a, folder, "a");
	side_certify(&s->b, folder, name_of_b);
	return folder;
}

int stranger(const struct stage *s)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(s->a.listener.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

void put(int fd, const char *json)
{
	uint8_t frame[4096];
	size_t size = strlen(json);

	be32_put(frame, (uint32_t)size);
	memcpy(frame + 4, json, size);
	assert_int_equal(send(fd, frame, size + 4, MSG_NOSIGNAL), size + 4);
}

void last_word(struct stage *s, int fd, char text[1024])
{
	uint8_t answer[1024];
	size_t used = 0;

	text[0] = 0;
	for (int i = 0; i < 200; i++) {
		ssize_t got = recv(fd, answer + used, sizeof(answer) - used, MSG_DONTWAIT);

		if (got == 0 || (got < 0 && errno == ECONNRESET)) {
			if (used > 4)
				snprintf(text, 1024, "%.*s", (int)(used - 4), (char *)answer + 4);
			close(fd);
			return;
		}
		if (got > 0)
			used += (size_t)got;
		turn(s);
	}
	fail_msg("the connection was not closed");
}
