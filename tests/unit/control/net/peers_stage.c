// The stage of the tests of peers.
#include "tests/unit/control/net/peers_stage.h"

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
	((struct side *)owner)->boots++;
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

void side_begin(
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

int setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	later_s = 0;
	s->loop = loop_new();
	side_begin(s, &s->a, "a", "b", 0xa);
	*state = s;
	return 0;
}

int teardown(void **state)
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

void both(struct stage *s)
{
	s->b.config.peers[0].control_port = s->a.peers.listen_port;
	side_begin(s, &s->b, "b", "a", 0xb);
	s->a.config.peers[0].control_port = s->b.peers.listen_port;
}

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
		.sin_port = htons(s->a.peers.listen_port),
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

int incoming_count(const struct peers *peers)
{
	int count = 0;

	for (int i = 0; i < PEERS_INCOMING_MAX; i++)
		count += peers->incoming[i].used;
	return count;
}
