// Two nodes' control connections in one loop, and strangers that send garbage. Time is what the
// test says it is (the program is linked with --wrap=clock_gettime): however long nobody gives it a
// CPU, no timer of either side runs out meanwhile.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "control/net/peers.h"
#include "control/pki/pki.h"
#include "lib/base/bytes.h"
#include "tests/unit/control/pki/folder.h"

#define TURN_NS 20000000ull // what passes in a turn ...
#define WAIT_MS 5           // ... in which the kernel has so long to bring something

static uint64_t clock_ns = 1000000000;

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

static int64_t later_s; // than the machine's date; OpenSSL does not know

time_t __real_time(time_t *at);
time_t __wrap_time(time_t *at);

time_t __wrap_time(time_t *at)
{
	time_t now = __real_time(NULL) + later_s;

	if (at)
		*at = now;
	return now;
}

struct side {
	struct config config;
	struct tls tls;
	struct peers peers;
	int ups, downs, messages, links_down;
	uint64_t link, boot_id;
	char why[REASON_SIZE];
	struct message last;
};

struct stage {
	struct loop *loop;
	struct side a, b;
};

static void on_up(void *owner, uint32_t peer)
{
	assert_int_equal(peer, 0);
	((struct side *)owner)->ups++;
}

static void on_down(void *owner, uint32_t peer, const char *why)
{
	struct side *side = owner;

	assert_int_equal(peer, 0);
	side->downs++;
	snprintf(side->why, sizeof(side->why), "%s", why);
}

static void on_boot(void *owner, uint32_t peer, uint64_t boot_id)
{
	(void)peer;
	((struct side *)owner)->boot_id = boot_id;
}

static void on_message(void *owner, uint32_t peer, uint64_t link, const struct message *message)
{
	struct side *side = owner;

	assert_int_equal(peer, 0);
	side->messages++;
	side->link = link;
	side->last = *message;
}

static void on_link_down(void *owner, uint64_t link)
{
	struct side *side = owner;

	(void)link;
	side->links_down++;
}

static void side_begin(
	struct stage *s, struct side *side, const char *name, const char *peer, uint64_t boot_id)
{
	char error[256];

	snprintf(side->config.node, sizeof(side->config.node), "%s", name);
	side->config.listen_address = address_from_ipv4(INADDR_LOOPBACK);
	side->config.peers_count = 1;
	snprintf(side->config.peers[0].name, sizeof(side->config.peers[0].name), "%s", peer);
	side->config.peers[0].control_address = address_from_ipv4(INADDR_LOOPBACK);
	if (!side->config.peers[0].control_port)
		side->config.peers[0].control_port = 1; // nobody: told later
	peers_init(&side->peers, &side->config, s->loop);
	side->peers.tls = &side->tls;
	side->peers.on_up = on_up;
	side->peers.on_down = on_down;
	side->peers.on_boot = on_boot;
	side->peers.on_message = on_message;
	side->peers.on_link_down = on_link_down;
	side->peers.owner = side;
	side->peers.boot_id = boot_id;
	assert_int_equal(peers_start(&side->peers, error, sizeof(error)), 0);
	side->config.listen_port = side->peers.listen_port;
}

static int setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	later_s = 0;
	s->loop = loop_new();
	side_begin(s, &s->a, "a", "b", 0xa);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct stage *s = *state;

	peers_stop(&s->a.peers);
	if (s->b.peers.loop)
		peers_stop(&s->b.peers);
	tls_fini(&s->a.tls);
	tls_fini(&s->b.tls);
	loop_free(s->loop);
	free(s);
	return 0;
}

static void both(struct stage *s)
{
	s->b.config.peers[0].control_port = s->a.peers.listen_port;
	side_begin(s, &s->b, "b", "a", 0xb);
	s->a.config.peers[0].control_port = s->b.peers.listen_port;
}

static void turn(struct stage *s)
{
	assert_int_equal(loop_turn(s->loop, WAIT_MS), 0);
	clock_ns += TURN_NS;
}

static void turn_until(struct stage *s, const int *counter, int wanted)
{
	uint64_t end_ns = clock_ns + 8000000000ull;

	while (*counter < wanted && clock_ns < end_ns)
		turn(s);
	assert_true(*counter >= wanted);
}

static void peers__find_each_other_soon(void **state)
{
	struct stage *s = *state;
	uint64_t began_ns;

	turn_until(s, &s->a.downs, 4); // a is well into its back-off
	assert_string_equal(s->a.why, "node b does not answer at 127.0.0.1:1: Connection refused");
	assert_int_equal(s->a.peers.peer[0].state, PEER_DOWN);
	began_ns = clock_ns;
	both(s);
	turn_until(s, &s->a.ups, 1);
	turn_until(s, &s->b.ups, 1);
	assert_true(clock_ns - began_ns < 500000000);
	assert_true(s->a.boot_id == 0xb);
	assert_true(s->b.boot_id == 0xa);
	assert_string_equal(s->a.peers.peer[0].error, "");
}

static void peers__offer_and_answer(void **state)
{
	struct stage *s = *state;
	struct message offer = {.type = MESSAGE_OFFER, .request = 9, .service = "file"};
	struct message refuse = {.type = MESSAGE_REFUSE, .request = 9, .result = 5, .text = "no"};

	assert_int_equal(peers_send(&s->a.peers, 0, &offer), -1); // not up yet
	both(s);
	turn_until(s, &s->a.ups, 1);
	assert_int_equal(peers_send(&s->a.peers, 0, &offer), 0);
	turn_until(s, &s->b.messages, 1);
	assert_int_equal(s->b.last.type, MESSAGE_OFFER);
	assert_int_not_equal(s->b.link, 0);
	assert_int_equal(peers_answer(&s->b.peers, s->b.link, &refuse), 0);
	assert_int_equal(peers_answer(&s->b.peers, s->b.link + 1, &refuse), -1);
	turn_until(s, &s->a.messages, 1);
	assert_string_equal(s->a.last.text, "no");
	assert_int_equal(s->a.link, 0);
}

static void peers__death_is_noticed_and_healed(void **state)
{
	struct stage *s = *state;

	both(s);
	turn_until(s, &s->a.ups, 1);
	turn_until(s, &s->b.ups, 1);
	peers_stop(&s->b.peers);
	s->a.downs = 0;
	turn_until(s, &s->a.downs, 1);
	turn_until(s, &s->a.links_down, 1); // b's connection to a
	both(s);
	turn_until(s, &s->a.ups, 2);
}

static void peers__ping_tells_rtt_and_boot(void **state)
{
	struct stage *s = *state;

	both(s);
	turn_until(s, &s->a.ups, 1);
	s->b.peers.boot_id = 0xbb; // its dataplane was restarted
	for (int i = 0; i < 100 && !(s->a.peers.peer[0].rtt_ns && s->a.boot_id == 0xbb); i++)
		turn(s);
	assert_int_not_equal(s->a.peers.peer[0].rtt_ns, 0);
	assert_true(s->a.boot_id == 0xbb);
	assert_int_equal(s->a.peers.peer[0].state, PEER_UP);
}

static void peers__another_node_answers(void **state)
{
	struct stage *s = *state;

	s->b.config.peers[0].control_port = s->a.peers.listen_port;
	side_begin(s, &s->b, "c", "a", 0xc);
	s->a.config.peers[0].control_port = s->b.peers.listen_port;
	s->a.downs = 0;
	for (int i = 0; i < 100 && !strstr(s->a.why, "this is"); i++)
		turn(s);
	assert_non_null(strstr(s->a.why, "this is node c, not b"));
	assert_int_equal(s->a.ups, 0);
	assert_non_null(strstr(s->b.why, "node c is not among the peers of node a"));
}

static void peers__port_in_use(void **state)
{
	struct stage *s = *state;
	char error[256], wanted[128];
	static struct peers second;

	s->b.config = s->a.config;
	peers_init(&second, &s->b.config, s->loop);
	assert_int_equal(peers_start(&second, error, sizeof(error)), -1);
	snprintf(wanted, sizeof(wanted),
		"control.listen 127.0.0.1:%u cannot be used: Address already in use",
		s->a.peers.listen_port);
	assert_string_equal(error, wanted);
}

// ---- with certificates ----

// Its certificate is `name`'s, of the authority in `folder`.
static void side_certify(struct side *side, const char *folder, const char *name)
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

static char *certify_both(struct stage *s, const char *name_of_b)
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

static void peers__over_tls(void **state)
{
	struct stage *s = *state;
	char *folder = certify_both(s, "b");
	struct message offer = {.type = MESSAGE_OFFER, .request = 9, .service = "file"};

	both(s);
	turn_until(s, &s->a.ups, 1);
	turn_until(s, &s->b.ups, 1);
	assert_string_equal(conn_peer(&s->a.peers.peer[0].conn), "b");
	assert_int_equal(peers_send(&s->a.peers, 0, &offer), 0);
	turn_until(s, &s->b.messages, 1);
	assert_string_equal(conn_peer(peers_conn(&s->b.peers, 0, s->b.link)), "a");
	assert_null(peers_conn(&s->b.peers, 0, s->b.link + 100));
	folder_free(folder);
}

// Who dials renews in time, and the other end never has to end it.
static void peers__age_renews(void **state)
{
	struct stage *s = *state;
	char *folder = certify_both(s, "b");
	struct message offer = {.type = MESSAGE_OFFER, .request = 9, .service = "file"};

	both(s);
	s->a.peers.age_ms = s->b.peers.age_ms = 20000;
	turn_until(s, &s->a.ups, 1);
	turn_until(s, &s->b.ups, 1);
	s->a.downs = 0;
	for (int i = 0; i < 260 && s->a.ups + s->b.ups < 4; i++) {
		turn(s);
		clock_ns += 80000000;
	}
	assert_int_equal(s->a.downs, 1);
	assert_int_equal(s->a.ups + s->b.ups, 4);
	assert_non_null(strstr(s->a.why, "is being renewed: it is old"));
	assert_non_null(strstr(s->b.why, "is being renewed: it is old"));
	assert_int_equal(peers_send(&s->a.peers, 0, &offer), 0);
	turn_until(s, &s->b.messages, 1);
	folder_free(folder);
}

// One that keeps its connection open is not heard any more.
static void peers__age_ends_incoming(void **state)
{
	struct stage *s = *state;
	char *folder = certify_both(s, "b");

	both(s);
	s->b.peers.age_ms = 1000; // a's stays an hour
	turn_until(s, &s->a.ups, 1);
	s->a.downs = 0;
	turn_until(s, &s->a.downs, 1);
	assert_non_null(strstr(s->a.why, "it is older than a control connection may be"));
	assert_int_equal(s->b.links_down, 1);
	turn_until(s, &s->a.ups, 2);
	folder_free(folder);
}

// The thief of a certificate: it ends, and so does what it opened.
static void peers__expiry_ends_a_connection(void **state)
{
	struct stage *s = *state;
	char *folder = certify_both(s, "b");
	struct message offer = {.type = MESSAGE_OFFER, .request = 9, .service = "file"};

	both(s);
	turn_until(s, &s->a.ups, 1);
	turn_until(s, &s->b.ups, 1);
	later_s = 3590;
	for (int i = 0; i < 100; i++)
		turn(s);
	assert_int_equal(s->a.ups + s->b.ups, 2);
	later_s = 3700;
	assert_int_equal(peers_send(&s->a.peers, 0, &offer), 0);
	turn_until(s, &s->b.links_down, 1);
	assert_int_equal(s->b.messages, 0);
	turn_until(s, &s->b.downs, 2); // and b renews what it dialled, again and again
	folder_free(folder);
}

// Every node was given another authority: who has none of its certificates is out, at once.
static void peers__another_authority_ends_connections(void **state)
{
	struct stage *s = *state;
	char *ours = certify_both(s, "b"), *theirs = folder_new(), error[PKI_ERROR_SIZE];
	struct pki_want want = {.folder = theirs,
		.name = "new",
		.not_before = time(NULL) - 60,
		.not_after = time(NULL) + 3600};
	struct pki_certificate made;

	both(s);
	turn_until(s, &s->a.ups, 1);
	turn_until(s, &s->b.ups, 1);
	assert_int_equal(pki_init(&want, &made, error), 0);
	tls_fini(&s->a.tls);
	side_certify(&s->a, theirs, "a");
	peers_renew(&s->a.peers, "another authority");
	turn_until(s, &s->a.links_down, 1);
	turn_until(s, &s->b.links_down, 1);
	for (int i = 0; i < 100; i++)
		turn(s);
	assert_int_equal(s->a.ups + s->b.ups, 2);
	assert_non_null(strstr(s->a.why, "of another authority"));
	assert_non_null(strstr(s->b.why, "of another authority"));
	tls_fini(&s->b.tls);
	side_certify(&s->b, theirs, "b");
	peers_renew(&s->b.peers, "another authority");
	turn_until(s, &s->a.ups, 2);
	turn_until(s, &s->b.ups, 2);
	folder_free(ours);
	folder_free(theirs);
}

// A node of the cluster that says that it is another one.
static void peers__greets_with_anothers_name(void **state)
{
	struct stage *s = *state;
	char *folder = certify_both(s, "c");

	both(s);
	for (int i = 0; i < 200 && !(strstr(s->b.why, "greets") && strstr(s->a.why, "for node"));
		i++)
		turn(s);
	assert_non_null(strstr(s->b.why, "it greets as node b, but its certificate is for node c"));
	assert_non_null(strstr(s->a.why, "its certificate is for node 'c', not for node 'b'"));
	assert_int_equal(s->a.ups + s->b.ups, 0);
	folder_free(folder);
}

// ---- strangers ----

static int stranger(const struct stage *s)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(s->a.peers.listen_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void put(int fd, const char *json)
{
	uint8_t frame[4096];
	size_t size = strlen(json);

	be32_put(frame, (uint32_t)size);
	memcpy(frame + 4, json, size);
	assert_int_equal(send(fd, frame, size + 4, MSG_NOSIGNAL), size + 4);
}

// What comes back until the connection is closed: the payload of the last frame, or "".
static void last_word(struct stage *s, int fd, char text[1024])
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

static void strangers__are_refused(void **state)
{
	static const struct {
		const char *json, *answer;
	} cases[] = {
		{"nonsense", ""},
		{"{\"type\":\"ping\",\"boot_id\":\"0000000000000000\"}",
			"the first message is not a greeting"},
		{"{\"type\":\"hello\",\"version\":77,\"boot_id\":\"0000000000000000\",\"node\":"
		 "\"b\",\"to\":\"a\"}",
			"node a speaks protocol version 5, not 77"},
		{"{\"type\":\"hello\",\"version\":5,\"boot_id\":\"0000000000000000\",\"node\":"
		 "\"b\",\"to\":\"z\"}",
			"this is node a, not z"},
		{"{\"type\":\"hello\",\"version\":5,\"boot_id\":\"0000000000000000\",\"node\":"
		 "\"evil\",\"to\":\"a\"}",
			"node evil is not among the peers of node a"},
	};
	struct stage *s = *state;
	char text[1024];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd = stranger(s);

		put(fd, cases[i].json);
		last_word(s, fd, text);
		if (cases[i].answer[0])
			assert_non_null(strstr(text, cases[i].answer));
		else
			assert_string_equal(text, "");
	}
	assert_int_equal(s->a.messages, 0);
}

static void strangers__impossible_frames(void **state)
{
	static const uint32_t sizes[] = {0, MESSAGE_SIZE_MAX + 1, UINT32_MAX};
	struct stage *s = *state;
	char text[1024];

	for (size_t i = 0; i < 3; i++) {
		int fd = stranger(s);
		uint8_t head[4];

		be32_put(head, sizes[i]);
		assert_int_equal(send(fd, head, 4, 0), 4);
		last_word(s, fd, text);
	}
}

static void strangers__say_nothing(void **state)
{
	struct stage *s = *state;
	char text[1024];

	last_word(s, stranger(s), text);
	assert_non_null(strstr(text, "no greeting came in time"));
}

// Without a certificate it hears nothing, not even why.
static void peers__stranger_hears_nothing(void **state)
{
	struct stage *s = *state;
	char *folder = certify_both(s, "b"), text[1024];
	int fd = stranger(s);

	put(fd, "{\"type\":\"hello\",\"version\":5,\"boot_id\":\"0000000000000000\",\"node\":\"b\","
		"\"to\":\"a\"}");
	last_word(s, fd, text);
	assert_null(strchr(text, '{'));
	last_word(s, stranger(s), text); // says nothing, until a's patience ends
	assert_string_equal(text, "");
	assert_int_equal(s->a.messages, 0);
	folder_free(folder);
}

static int incoming_count(const struct peers *peers)
{
	int count = 0;

	for (int i = 0; i < PEERS_INCOMING_MAX; i++)
		count += peers->incoming[i].used;
	return count;
}

static void strangers__too_many(void **state)
{
	struct stage *s = *state;
	int fd[PEERS_INCOMING_MAX + 1];
	char text[1024];

	for (int i = 0; i <= PEERS_INCOMING_MAX; i++) {
		fd[i] = stranger(s);
		loop_turn(s->loop, WAIT_MS); // in no time: none is told to greet sooner
	}
	last_word(s, fd[PEERS_INCOMING_MAX], text);
	assert_string_equal(text, "");
	for (int i = 0; i < PEERS_INCOMING_MAX; i++)
		close(fd[i]);
	for (int i = 0; i < 100 && incoming_count(&s->a.peers); i++)
		turn(s);
	assert_int_equal(incoming_count(&s->a.peers), 0);
	both(s); // room again
	turn_until(s, &s->b.ups, 1);
}

// A real peer whose frames arrive byte by byte.
static void frames__byte_by_byte(void **state)
{
	static const char hello[] = "{\"type\":\"hello\",\"version\":5,\"boot_id\":"
				    "\"00000000000000cc\",\"node\":\"b\",\"to\":\"a\"}";
	static const char gone[] = "{\"type\":\"gone\",\"boot_id\":\"00000000000000cc\"}";
	struct stage *s = *state;
	uint8_t bytes[512];
	size_t size = 0;
	int fd = stranger(s);

	be32_put(bytes, sizeof(hello) - 1);
	memcpy(bytes + 4, hello, sizeof(hello) - 1);
	size = 4 + sizeof(hello) - 1;
	be32_put(bytes + size, sizeof(gone) - 1);
	memcpy(bytes + size + 4, gone, sizeof(gone) - 1);
	size += 4 + sizeof(gone) - 1;
	for (size_t i = 0; i < size; i++) {
		assert_int_equal(send(fd, bytes + i, 1, MSG_NOSIGNAL), 1);
		loop_turn(s->loop, WAIT_MS);
	}
	turn_until(s, &s->a.messages, 1);
	assert_int_equal(s->a.last.type, MESSAGE_GONE);
	assert_true(s->a.boot_id == 0xcc);
	close(fd);
	turn_until(s, &s->a.links_down, 1);
}

// A peer that asks and never reads: what waits for it is bounded, then it is dropped.
// Its receive buffer keeps its size: with a tiny one the kernel's two ends drop each other's
// acknowledgements, and nobody gets to ask any more.
static void frames__peer_that_does_not_read(void **state)
{
	static const char ping[] = "{\"type\":\"ping\",\"boot_id\":\"0000000000000000\"}";
	struct stage *s = *state;
	uint8_t frame[sizeof(ping) + 3];
	int fd = stranger(s);
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
	uint64_t end_ns;
	size_t at = 0;

	put(fd, "{\"type\":\"hello\",\"version\":5,\"boot_id\":\"0000000000000000\",\"node\":\"b\","
		"\"to\":\"a\"}");
	be32_put(frame, sizeof(ping) - 1);
	memcpy(frame + 4, ping, sizeof(ping) - 1);
	end_ns = clock_ns + 8000000000ull;
	// Not so many tries but so long: how much the kernel takes is its business.
	for (int i = 1; !s->a.links_down && clock_ns < end_ns; i++) {
		ssize_t sent = send(fd, frame + at, sizeof(frame) - at, flags);

		if (sent < 0 && errno != EAGAIN)
			break;
		if (sent > 0)
			at = (at + (size_t)sent) % sizeof(frame);
		if (sent < 0)
			turn(s);
		else if (i % 64 == 0)
			loop_turn(s->loop, 0);
	}
	turn_until(s, &s->a.links_down, 1);
	close(fd);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	signal(SIGPIPE, SIG_IGN); // as sluice-control does
	const struct CMUnitTest tests[] = {
		STORY(peers__find_each_other_soon),
		STORY(peers__offer_and_answer),
		STORY(peers__death_is_noticed_and_healed),
		STORY(peers__ping_tells_rtt_and_boot),
		STORY(peers__another_node_answers),
		STORY(peers__port_in_use),
		STORY(peers__over_tls),
		STORY(peers__age_renews),
		STORY(peers__age_ends_incoming),
		STORY(peers__expiry_ends_a_connection),
		STORY(peers__another_authority_ends_connections),
		STORY(peers__greets_with_anothers_name),
		STORY(peers__stranger_hears_nothing),
		STORY(strangers__are_refused),
		STORY(strangers__impossible_frames),
		STORY(strangers__say_nothing),
		STORY(strangers__too_many),
		STORY(frames__byte_by_byte),
		STORY(frames__peer_that_does_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
