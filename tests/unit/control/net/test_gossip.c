// Membership over real datagrams: nodes of one process that know one seed, keys that are exchanged
// while they run, strangers, good-byes.
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/cluster/swim/frame.h"
#include "control/log.h"
#include "control/net/gossip_internal.h"
#include "control/pki/pki.h"

enum { NODES = 3, CROWD = 2000 };

struct place {
	struct config config;
	struct gossip gossip;
	struct members_watcher watcher;
	unsigned suspected; // times that it held another one suspect or dead
	unsigned left;
	uint32_t frame_size; // of an exchange that begins
	uint16_t frame_to;   // port
	uint8_t frame[KEYRING_FRAME_MAX];
};

struct story {
	struct loop *loop;
	struct place place[NODES];
	char folder[64];
};

static void on_delta(void *owner, const struct members_delta *delta)
{
	struct place *place = owner;

	place->suspected += delta->to == MEMBER_SUSPECT || delta->to == MEMBER_DEAD;
}

static void on_left(void *owner)
{
	struct place *place = owner;

	place->left++;
}

static void on_sync(void *owner, const struct gossip_peer *to, const uint8_t *frame, size_t size)
{
	struct place *place = owner;

	memcpy(place->frame, frame, size);
	place->frame_size = (uint32_t)size;
	place->frame_to = to->port;
}

static struct place *place_at(struct story *s, uint16_t port)
{
	for (int i = 0; i < NODES; i++) {
		if (s->place[i].gossip.port == port)
			return &s->place[i];
	}
	fail_msg("nobody is at port %u", port);
	return NULL;
}

// What connections do: question and answer in turn, until one has nothing to say.
static void exchange(struct story *s, struct place *place)
{
	uint32_t turn = 0, size = place->frame_size;
	struct place *ends[2] = {place, place_at(s, place->frame_to)};
	static uint8_t answer[KEYRING_FRAME_MAX];
	const char *why;
	bool last = false;

	place->frame_size = 0;
	while (size && !last) {
		turn++;
		assert_true(turn < 100);
		size = (uint32_t)gossip_on_sync(
			&ends[turn % 2]->gossip, place->frame, size, answer, &last, &why);
		memcpy(place->frame, answer, size);
	}
	if (size) // the last word is heard, too
		gossip_on_sync(&ends[++turn % 2]->gossip, place->frame, size, answer, &last, &why);
}

static void story_turn(struct story *s)
{
	assert_int_equal(loop_turn(s->loop, 5), 0);
	for (int i = 0; i < NODES; i++) {
		if (s->place[i].frame_size)
			exchange(s, &s->place[i]);
	}
}

static struct keys keys_of(uint8_t first, uint8_t second)
{
	struct keys keys = {.count = second ? 2 : 1};

	memset(keys.key[0], first, KEYS_SIZE);
	memset(keys.key[1], second, KEYS_SIZE);
	return keys;
}

static void keys_put(struct story *s, int node, uint8_t first, uint8_t second)
{
	const struct keys keys = keys_of(first, second);
	char error[PKI_ERROR_SIZE];

	assert_int_equal(keys_save(&keys, s->place[node].config.security.keyring, error), 0);
	if (s->place[node].gossip.swim)
		gossip_keys_reload(&s->place[node].gossip);
}

// Everybody but the first knows the first only.
static void place_start(struct story *s, int node, bool clear)
{
	static const struct address loopback = ADDRESS_IPV4(0x7f000001);
	struct place *place = &s->place[node];
	struct config *config = &place->config;
	char error[CONFIG_ERROR_SIZE] = "";

	*config = (struct config){.listen_address = loopback};
	snprintf(config->node, sizeof(config->node), "%c", 'a' + node);
	snprintf(config->membership.cluster, sizeof(config->membership.cluster), "test");
	config->membership.clear = clear;
	config->membership.probe_interval_ms = 300;
	config->membership.probe_timeout_ms = 150;
	config->membership.gossip_interval_ms = 20;
	config->membership.seeds_count = node ? 1 : 0;
	config->membership.seeds[0] = (struct config_seed){loopback, s->place[0].gossip.port};
	config->links_count = 1;
	config->links[0].address = (struct address)ADDRESS_IPV4(0x0a4d0101 + node);
	config->links[0].prefix = 24;
	snprintf(config->security.keyring, sizeof(config->security.keyring), "%s/%c.keys",
		s->folder, 'a' + node);
	if (!clear && access(config->security.keyring, F_OK) < 0)
		keys_put(s, node, 1, 0);
	gossip_init(&place->gossip, config, s->loop);
	place->gossip.on_left = on_left;
	place->gossip.on_sync = on_sync;
	place->gossip.owner = place;
	place->watcher = (struct members_watcher){.on_delta = on_delta, .owner = place};
	members_watch(&place->gossip.members, &place->watcher);
	if (gossip_start(&place->gossip, 0, error, sizeof(error)) < 0)
		fail_msg("%s", error);
}

static struct story *story_new(bool clear)
{
	static struct story s;

	memset(&s, 0, sizeof(s));
	s.loop = loop_new();
	snprintf(s.folder, sizeof(s.folder), "/tmp/test_gossip.XXXXXX");
	assert_non_null(mkdtemp(s.folder));
	for (int i = 0; i < NODES; i++)
		place_start(&s, i, clear);
	return &s;
}

static void story_end(struct story *s)
{
	for (int i = 0; i < NODES; i++) {
		gossip_stop(&s->place[i].gossip);
		unlink(s->place[i].config.security.keyring);
	}
	loop_free(s->loop);
	assert_int_equal(rmdir(s->folder), 0);
}

// How many members `node` sees in that state.
static uint32_t sees(struct story *s, int node, enum member_state state)
{
	struct members_view view;
	uint32_t count = 0;

	members_get(s->place[node].gossip.members.own, &view);
	for (uint32_t i = 0; i < view.count; i++)
		count += view.member[i].state == state;
	return count;
}

static void run_ms(struct story *s, uint32_t ms)
{
	uint64_t until_ns = loop_now_ns(s->loop) + ms * 1000000ull;

	while (loop_now_ns(s->loop) < until_ns)
		story_turn(s);
}

static void wait_for(struct story *s, int node, enum member_state state, uint32_t count)
{
	for (int i = 0; i < 2000 && sees(s, node, state) != count; i++)
		story_turn(s);
	assert_int_equal(sees(s, node, state), count);
}

static void wait_all_alive(struct story *s)
{
	for (int i = 0; i < NODES; i++)
		wait_for(s, i, MEMBER_ALIVE, NODES);
}

static void gossip_start__one_seed_is_enough(void **state)
{
	struct story *s = story_new(false);
	struct members_view view;
	const struct member *c;

	(void)state;
	wait_all_alive(s);
	gossip_plane_set(&s->place[2].gossip, 77);
	for (int i = 0; i < 2000; i++) {
		story_turn(s);
		members_get(s->place[1].gossip.members.own, &view);
		c = members_find(&view, "c");
		if (c->meta.boot_id == 77)
			break;
	}
	assert_int_equal(c->meta.boot_id, 77);
	assert_int_equal(c->meta.links_count, 1);
	assert_int_equal(address_ipv4(c->meta.links[0].address), 0x0a4d0103);
	assert_int_equal(c->port, s->place[2].gossip.port);
	assert_string_equal(c->meta.version, SLUICE_VERSION);
	assert_true(members_find(&view, "b")->self);
	story_end(s);
}

// Over all three nodes, one after the other, each step: nobody is suspected.
static void gossip_keys_reload__a_key_is_exchanged_unnoticed(void **state)
{
	static const uint8_t steps[][2] = {{1, 2}, {2, 1}, {2, 0}};
	struct story *s = story_new(false);

	(void)state;
	wait_all_alive(s);
	for (size_t step = 0; step < sizeof(steps) / sizeof(steps[0]); step++) {
		for (int i = 0; i < NODES; i++) {
			keys_put(s, i, steps[step][0], steps[step][1]);
			run_ms(s, 150);
		}
	}
	run_ms(s, 500);
	for (int i = 0; i < NODES; i++) {
		assert_int_equal(s->place[i].suspected, 0);
		assert_int_equal(s->place[i].gossip.sealed_in[KEYRING_KEY], 0);
		assert_true(s->place[i].gossip.keyring.use[0].opened > 0);
	}
	// What cannot be read changes nothing.
	assert_int_equal(unlink(s->place[0].config.security.keyring), 0);
	gossip_keys_reload(&s->place[0].gossip);
	assert_non_null(strstr(s->place[0].gossip.keys_error, "cannot be read"));
	run_ms(s, 300);
	assert_int_equal(s->place[0].suspected + s->place[1].suspected, 0);
	story_end(s);
}

static void gossip__who_has_another_key_is_out(void **state)
{
	struct story *s = story_new(false);

	(void)state;
	wait_all_alive(s);
	keys_put(s, 2, 9, 0);
	wait_for(s, 0, MEMBER_DEAD, 1);
	assert_true(s->place[0].gossip.sealed_in[KEYRING_KEY] > 0);
	assert_int_equal(sees(s, 0, MEMBER_ALIVE), 2);
	keys_put(s, 2, 1, 0); // it heals by itself
	wait_all_alive(s);
	story_end(s);
}

static size_t ping_seal(struct story *s, int from, int to, uint8_t sealed[KEYRING_FRAME_MAX])
{
	struct gossip *gossip = &s->place[from].gossip;
	uint32_t member = swim_find(gossip->swim, s->place[to].config.node);
	uint8_t ping[SWIM_STREAM_PING_MAX];
	size_t size = swim_stream_ping(gossip->swim, member, ping);

	assert_true(size > 0);
	return gossip_frame_seal(gossip, ping, size, sealed);
}

// What node `of` makes of a frame, as the answer to a ping of node `asked`.
static bool is_pong(struct story *s, int of, int asked, const uint8_t *frame, size_t size)
{
	struct gossip *gossip = &s->place[of].gossip;

	return gossip_is_stream_pong(
		gossip, swim_find(gossip->swim, s->place[asked].config.node), frame, size);
}

// Over a connection, too. Without the key c cannot answer; it cannot send the ping back, nor
// another ping's answer, nor have b answer for it.
static void gossip_on_sync__a_ping_is_answered_by_who_has_the_key(void **state)
{
	static uint8_t ping[KEYRING_FRAME_MAX], pong[KEYRING_FRAME_MAX];
	struct story *s = story_new(false);
	size_t size, answered;
	const char *why;
	bool last;

	(void)state;
	wait_all_alive(s);
	size = ping_seal(s, 0, 2, ping);
	answered = gossip_on_sync(&s->place[2].gossip, ping, size, pong, &last, &why);
	assert_null(why);
	assert_true(last);
	assert_true(is_pong(s, 0, 2, pong, answered));
	assert_false(is_pong(s, 0, 1, pong, answered));
	assert_false(is_pong(s, 1, 2, pong, answered)); // it was not b who asked
	assert_false(is_pong(s, 0, 2, ping, size));
	assert_int_equal(gossip_on_sync(&s->place[1].gossip, ping, size, pong, &last, &why), 0);
	assert_null(why);
	keys_put(s, 2, 9, 0);
	gossip_keys_reload(&s->place[2].gossip);
	assert_int_equal(gossip_on_sync(&s->place[2].gossip, ping, size, pong, &last, &why), 0);
	assert_non_null(strstr(why, "its key is none of security.keyring"));
	size = ping_seal(s, 2, 0, ping);
	assert_int_equal(gossip_on_sync(&s->place[0].gossip, ping, size, pong, &last, &why), 0);
	assert_non_null(strstr(why, "its key is none of security.keyring"));
	story_end(s);
}

// Taken as it comes: the socket does not overflow.
static void garbage_send(struct story *s)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(s->place[0].gossip.port),
		.sin_addr.s_addr = htonl(0x7f000001)};
	uint8_t bytes[1500];
	uint32_t random = 1;

	for (int i = 0; i < 300; i++) {
		for (size_t j = 0; j < sizeof(bytes); j++)
			bytes[j] = (uint8_t)((random = random * 1103515245 + 12345) >> 16);
		if (i % 3 == 0)
			memcpy(bytes, "SG\1", 4);
		sendto(fd, bytes, (size_t)(i * 5 + 1), 0, (struct sockaddr *)&to, sizeof(to));
		if (i % 20 == 0)
			story_turn(s);
	}
	close(fd);
}

static uint64_t strangers(const uint64_t *in)
{
	return in[KEYRING_SHORT] + in[KEYRING_CLEAR] + in[KEYRING_KEY];
}

static void gossip__strangers_are_counted(void **state)
{
	struct story *s = story_new(false);
	const uint64_t *in = s->place[0].gossip.sealed_in;

	(void)state;
	wait_all_alive(s);
	garbage_send(s);
	for (int i = 0; i < 2000 && strangers(in) < 290; i++)
		story_turn(s);
	assert_true(strangers(in) >= 290);
	assert_true(in[KEYRING_KEY] >= 80);
	assert_int_equal(in[KEYRING_FORGED], 0);
	assert_int_equal(sees(s, 0, MEMBER_ALIVE), NODES);
	story_end(s);
}

static void gossip_leave__is_no_death_and_can_be_taken_back(void **state)
{
	static const struct address loopback = ADDRESS_IPV4(0x7f000001);
	struct story *s = story_new(true); // in the clear, too
	char error[CONFIG_ERROR_SIZE];

	(void)state;
	wait_all_alive(s);
	gossip_leave(&s->place[2].gossip);
	assert_true(gossip_is_leaving(&s->place[2].gossip));
	wait_for(s, 0, MEMBER_LEFT, 1);
	wait_for(s, 1, MEMBER_LEFT, 1);
	run_ms(s, 500);
	for (int i = 0; i < 2000 && gossip_is_leaving(&s->place[2].gossip); i++)
		story_turn(s);
	assert_int_equal(s->place[2].left, 1);
	assert_int_equal(
		gossip_ping(&s->place[2].gossip, "a", NULL, NULL, error, sizeof(error)), -EINVAL);
	assert_string_equal(error, "this node has left the cluster");
	assert_int_equal(s->place[0].suspected + s->place[1].suspected, 0);
	assert_int_equal(gossip_join(&s->place[2].gossip, loopback, s->place[1].gossip.port), 0);
	wait_all_alive(s);
	story_end(s);
}

static void leave_and_wait(struct story *s, int node)
{
	gossip_leave(&s->place[node].gossip);
	for (int i = 0; i < 2000 && gossip_is_leaving(&s->place[node].gossip); i++)
		story_turn(s);
	assert_false(gossip_is_leaving(&s->place[node].gossip));
}

static bool asks(const struct gossip_seeds *asked, uint16_t port)
{
	for (uint32_t i = 0; i < asked->count; i++) {
		if (asked->seed[i].port == port)
			return true;
	}
	return false;
}

static void gossip_join_known__asks_seeds_and_who_was_here(void **state)
{
	struct story *s = story_new(false);
	struct gossip_seeds asked;

	(void)state;
	wait_all_alive(s);
	gossip_join_known(&s->place[0].gossip, &asked); // it has no seeds, and has not left
	assert_int_equal(asked.count, 0);
	// All nodes may have one list of seeds: who is in it does not ask itself.
	s->place[0].config.membership.seeds_count = 1;
	s->place[0].config.membership.seeds[0].port = s->place[0].gossip.port;
	s->place[0].config.membership.seeds[0].address = s->place[0].config.listen_address;
	gossip_join_known(&s->place[0].gossip, &asked);
	assert_int_equal(asked.count, 0);
	gossip_join_known(&s->place[2].gossip, &asked); // again
	assert_int_equal(asked.count, 1);
	assert_true(asks(&asked, s->place[0].gossip.port));
	leave_and_wait(s, 0); // nobody configured anything for it
	gossip_join_known(&s->place[0].gossip, &asked);
	assert_int_equal(asked.count, 2);
	assert_true(asks(&asked, s->place[1].gossip.port));
	assert_true(asks(&asked, s->place[2].gossip.port));
	wait_all_alive(s);
	leave_and_wait(s, 2); // its seed is one of those that were here
	gossip_join_known(&s->place[2].gossip, &asked);
	assert_int_equal(asked.count, 2);
	wait_all_alive(s);
	story_end(s);
}

// The address that was given may be one where nobody is.
static void gossip_join__after_leaving_asks_the_others_too(void **state)
{
	static const struct address loopback = ADDRESS_IPV4(0x7f000001);
	struct story *s = story_new(false);

	(void)state;
	wait_all_alive(s);
	leave_and_wait(s, 2);
	assert_int_equal(gossip_join(&s->place[2].gossip, loopback, 1), 0);
	wait_all_alive(s);
	story_end(s);
}

static void gossip_leave__of_one_alone_is_at_once(void **state)
{
	struct story s = {0};

	(void)state;
	s.loop = loop_new();
	snprintf(s.folder, sizeof(s.folder), "/tmp");
	place_start(&s, 0, true);
	gossip_leave(&s.place[0].gossip);
	assert_int_equal(s.place[0].left, 1);
	gossip_stop(&s.place[0].gossip);
	loop_free(s.loop);
}

struct pong {
	unsigned count;
	bool ok;
	uint64_t rtt_ns;
};

static void on_pong(void *owner, bool ok, uint64_t rtt_ns)
{
	struct pong *pong = owner;

	*pong = (struct pong){pong->count + 1, ok, rtt_ns};
}

static void gossip_ping__answers(void **state)
{
	struct story *s = story_new(false);
	struct pong pong = {0};
	char error[CONFIG_ERROR_SIZE];

	(void)state;
	wait_all_alive(s);
	assert_int_equal(
		gossip_ping(&s->place[0].gossip, "x", on_pong, &pong, error, sizeof(error)),
		-ENOENT);
	assert_string_equal(error, "'x' is no member; sluice members lists them");
	assert_int_equal(
		gossip_ping(&s->place[0].gossip, "c", on_pong, &pong, error, sizeof(error)), 0);
	for (int i = 0; i < 2000 && pong.count == 0; i++)
		story_turn(s);
	assert_int_equal(pong.count, 1);
	assert_true(pong.ok);
	assert_in_range(pong.rtt_ns, 1, 1000000000);
	assert_int_equal(
		gossip_ping(&s->place[0].gossip, "b", on_pong, &pong, error, sizeof(error)), 0);
	gossip_ping_forget(&s->place[0].gossip, &pong);
	run_ms(s, 100);
	assert_int_equal(pong.count, 1);
	for (int i = 0; i < GOSSIP_PINGS_MAX; i++)
		assert_int_equal(
			gossip_ping(&s->place[0].gossip, "b", on_pong, &pong, error, sizeof(error)),
			0);
	assert_int_equal(
		gossip_ping(&s->place[0].gossip, "b", on_pong, &pong, error, sizeof(error)),
		-EBUSY);
	assert_string_equal(error, "too many pings are under way; try again");
	for (int i = 0; i < 2000 && pong.count < 1 + GOSSIP_PINGS_MAX; i++)
		story_turn(s);
	assert_int_equal(
		gossip_ping(&s->place[0].gossip, "b", on_pong, &pong, error, sizeof(error)), 0);
	story_end(s);
}

// `count` nodes m0, m1, ... are alive at that address and the next ones, it is said in pages of an
// exchange.
static void crowd_say(struct place *place, uint32_t address, uint32_t count, uint32_t incarnation)
{
	static uint8_t frame[SWIM_FRAME_MAX], sealed[KEYRING_FRAME_MAX], answer[KEYRING_FRAME_MAX];
	struct page page = {.buckets = FRAME_BUCKETS_MIN, .yours = FRAME_END, .mine = FRAME_END};
	uint32_t said = 0;

	while (said < count) {
		struct writer writer = {.bytes = frame, .room = sizeof(frame)}, head;
		const char *why;
		size_t size;
		bool last;

		frame_start(&writer, codec_cluster("test"), FRAME_RECORDS);
		head = writer;
		page_write(&writer, &page);
		for (page.count = 0; page.count < 250 && said < count; page.count++, said++) {
			struct identity of = {.address = ADDRESS_IPV4(address + said),
				.port = 9,
				.meta_version = incarnation,
				.meta_size = 10, // a boot id
				.meta = {1, 8, [8] = (uint8_t)(incarnation >> 8),
					(uint8_t)incarnation}};

			snprintf(of.name, sizeof(of.name), "m%u", said);
			assert_true(record_write(&writer, SWIM_ALIVE, &of, incarnation));
		}
		page_write(&head, &page);
		size = gossip_frame_seal(&place->gossip, frame, writer.size, sealed);
		gossip_on_sync(&place->gossip, sealed, size, answer, &last, &why);
	}
}

// A snapshot is a copy of all: of many members there are few, however often one changes.
static void gossip__many_members_are_published_seldom(void **state)
{
	struct place *place;
	struct story s = {0};
	struct members_view before, after;
	uint64_t start_ns, elapsed_ns;

	(void)state;
	s.loop = loop_new();
	place_start(&s, 0, true);
	place = &s.place[0];
	crowd_say(place, 0x7f010000, CROWD, 1);
	wait_for(&s, 0, MEMBER_ALIVE, CROWD + 1);
	members_get(place->gossip.members.own, &before);
	start_ns = loop_now_ns(s.loop);
	for (uint32_t i = 2; loop_now_ns(s.loop) < start_ns + 300000000; i++) {
		crowd_say(place, 0x7f010000, 1, i);
		assert_int_equal(loop_turn(s.loop, 1), 0);
	}
	elapsed_ns = loop_now_ns(s.loop) - start_ns;
	members_get(place->gossip.members.own, &after);
	assert_int_equal(after.count, CROWD + 1);
	assert_true(after.generation > before.generation);
	assert_true(after.generation - before.generation <=
		    1 + elapsed_ns / (CROWD * GOSSIP_PUBLISH_US * 1000));
	gossip_stop(&place->gossip);
	loop_free(s.loop);
}

// What `stream` has from its beginning on, as lines with that text in them.
static uint32_t lines_with(FILE *stream, const char *text)
{
	char line[512];
	uint32_t count = 0;

	rewind(stream);
	while (fgets(line, sizeof(line), stream))
		count += strstr(line, text) != NULL;
	return count;
}

// Two nodes of one name meet again and again: a log of nothing else helps nobody.
static void gossip__conflicts_do_not_flood_the_log(void **state)
{
	struct story s = {0};
	FILE *log = tmpfile();
	int console = dup(STDERR_FILENO);
	uint64_t start_ns, seconds;
	uint32_t lines;

	(void)state;
	s.loop = loop_new();
	place_start(&s, 0, true);
	crowd_say(&s.place[0], 0x7f010000, 1, 1);
	start_ns = loop_now_ns(s.loop);
	dup2(fileno(log), STDERR_FILENO);
	for (uint32_t i = 2; i < 500; i++)
		crowd_say(&s.place[0], 0x7f020000, 1, i);
	dup2(console, STDERR_FILENO);
	close(console);
	seconds = (loop_now_ns(s.loop) - start_ns) / 1000000000;
	lines = lines_with(log, "Two nodes call themselves 'm0'");
	assert_in_range(lines, 1, GOSSIP_LINES_MAX * (seconds + 2));
	fclose(log);
	gossip_stop(&s.place[0].gossip);
	loop_free(s.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gossip_start__one_seed_is_enough),
		cmocka_unit_test(gossip_keys_reload__a_key_is_exchanged_unnoticed),
		cmocka_unit_test(gossip__who_has_another_key_is_out),
		cmocka_unit_test(gossip_on_sync__a_ping_is_answered_by_who_has_the_key),
		cmocka_unit_test(gossip__strangers_are_counted),
		cmocka_unit_test(gossip_leave__is_no_death_and_can_be_taken_back),
		cmocka_unit_test(gossip_join_known__asks_seeds_and_who_was_here),
		cmocka_unit_test(gossip_join__after_leaving_asks_the_others_too),
		cmocka_unit_test(gossip_leave__of_one_alone_is_at_once),
		cmocka_unit_test(gossip_ping__answers),
		cmocka_unit_test(gossip__conflicts_do_not_flood_the_log),
		cmocka_unit_test(gossip__many_members_are_published_seldom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
