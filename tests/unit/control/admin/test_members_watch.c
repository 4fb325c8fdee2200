// members.watch at the control socket: first the whole list, then every change as it is published;
// who does not read costs a bounded memory, and is told what was lost.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/admin/client.h"
#include "control/admin/rpc.h"

enum { CLIENTS = MEMBERS_FEED_CLIENTS_MAX + 1, CROWD = 1000, TEXT_SIZE = 8 << 20 };

struct fixture {
	struct node node;
	struct members_feed feed;
	struct client client[CLIENTS];
	int fd[CLIENTS];
	char *text; // what was read last
};

static int setup(void **state)
{
	struct fixture *f = aligned_alloc(64, (sizeof(*f) + 63) / 64 * 64);
	struct config *config;

	assert_non_null(f);
	memset(f, 0, sizeof(*f));
	*state = f;
	f->text = malloc(TEXT_SIZE);
	f->node.loop = loop_new();
	config = &f->node.config;
	config->listen_address = (struct address)ADDRESS_IPV4(0x7f000001);
	config->membership.clear = true;
	snprintf(config->node, sizeof(config->node), "self");
	snprintf(config->membership.cluster, sizeof(config->membership.cluster), "test");
	gossip_init(&f->node.gossip, config, f->node.loop);
	members_feed_init(&f->feed, &f->node);
	for (int i = 0; i < CLIENTS; i++) {
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
		f->client[i].fd = -1;
		client_open(&f->client[i], &f->node, &f->feed, pair[0], getegid());
		f->fd[i] = pair[1];
	}
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < CLIENTS; i++) {
		client_close(&f->client[i]);
		if (f->fd[i] >= 0)
			close(f->fd[i]);
	}
	assert_int_equal(f->feed.count, 0);
	gossip_stop(&f->node.gossip);
	loop_free(f->node.loop);
	free(f->text);
	free(f);
	return 0;
}

static void turns(struct fixture *f, int count)
{
	while (count-- > 0)
		assert_int_equal(loop_turn(f->node.loop, 2), 0);
}

static void ask(struct fixture *f, int client, const char *params)
{
	char line[256];
	int size = snprintf(line, sizeof(line),
		"{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"members.watch\",\"params\":{%s}}\n",
		client, params);

	assert_int_equal(send(f->fd[client], line, (size_t)size, 0), size);
	turns(f, 3);
}

// What came until now, behind what is there already.
static char *heard_more(struct fixture *f, int client)
{
	size_t used = strlen(f->text);
	ssize_t n;

	while (used < TEXT_SIZE - 1 &&
		(n = recv(f->fd[client], f->text + used, TEXT_SIZE - 1 - used, 0)) > 0)
		used += (size_t)n;
	f->text[used] = 0;
	return f->text;
}

static char *heard(struct fixture *f, int client)
{
	f->text[0] = 0;
	return heard_more(f, client);
}

static void set(struct fixture *f, uint32_t index, const char *name, enum member_state state)
{
	struct member member = {.index = index,
		.state = (uint8_t)state,
		.port = 7701,
		.address = ADDRESS_IPV4(0x7f000000 + index),
		.meta = {.version = "1.2"}};

	snprintf(member.name, sizeof(member.name), "%s", name);
	assert_int_equal(members_set(&f->node.gossip.members, &member), 0);
}

static void publish(struct fixture *f)
{
	assert_int_equal(members_publish(&f->node.gossip.members), 0);
	turns(f, 3);
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "?";
}

static int number_of(const json_t *object, const char *name)
{
	return (int)json_integer_value(json_object_get(object, name));
}

static int rows_of(const json_t *object)
{
	return (int)json_array_size(json_object_get(object, "members"));
}

// "b none>alive 2; " for a change, "rtt a 5; ", "resync 3 lost 7; ", "answer 3; ".
static void tell(char *text, size_t size, const json_t *line)
{
	const json_t *p = json_object_get(line, "params");
	const char *event = text_of(p, "event");

	if (!p) {
		snprintf(text, size, "answer %d; ", rows_of(json_object_get(line, "result")));
		return;
	}
	assert_string_equal(text_of(line, "method"), "members.watch");
	if (strcmp(event, "change") == 0)
		snprintf(text, size, "%s %s>%s %d; ", text_of(p, "name"), text_of(p, "from"),
			text_of(p, "to"), number_of(p, "generation"));
	else if (strcmp(event, "rtt") == 0)
		snprintf(text, size, "rtt %s %d; ", text_of(p, "name"), number_of(p, "rtt_ns"));
	else
		snprintf(text, size, "%s %d lost %d; ", event, rows_of(p), number_of(p, "lost"));
}

// The lines as a story. Each is whole, and JSON.
static const char *story(const char *lines)
{
	static char text[4096];

	text[0] = 0;
	for (const char *end; (end = strchr(lines, '\n')) != NULL; lines = end + 1) {
		json_t *line = json_loadb(lines, (size_t)(end - lines), 0, NULL);
		size_t used = strlen(text);

		assert_non_null(line);
		tell(text + used, sizeof(text) - used, line);
		json_decref(line);
	}
	assert_int_equal(lines[0], 0);
	return text;
}

static void watch__the_list_then_every_change(void **state)
{
	struct fixture *f = *state;

	set(f, 1, "b", MEMBER_ALIVE);
	set(f, 2, "c", MEMBER_DEAD);
	publish(f);
	ask(f, 0, "");
	assert_string_equal(story(heard(f, 0)), "answer 2; "); // who is down, too
	set(f, 1, "b", MEMBER_SUSPECT);
	set(f, 3, "d", MEMBER_ALIVE);
	publish(f);
	set(f, 1, "b", MEMBER_DEAD);
	publish(f);
	members_forget(&f->node.gossip.members, 2);
	publish(f);
	assert_string_equal(story(heard(f, 0)), "b alive>suspect 2; d none>alive 2; "
						"b suspect>dead 3; c dead>none 4; ");
	turns(f, 20);
	assert_string_equal(heard(f, 0), ""); // nothing happens: nothing is said
}

static void watch__a_change_has_the_row_of_members(void **state)
{
	struct fixture *f = *state;
	json_t *line, *params;

	ask(f, 0, "");
	heard(f, 0);
	set(f, 7, "b\xff", MEMBER_ALIVE);
	publish(f);
	line = json_loads(heard(f, 0), 0, NULL);
	params = json_object_get(line, "params");
	assert_string_equal(json_string_value(json_object_get(params, "name")), "b?");
	assert_string_equal(
		json_string_value(json_object_get(params, "address")), "127.0.0.7:7701");
	assert_string_equal(json_string_value(json_object_get(params, "version")), "1.2");
	assert_true(json_is_true(json_object_get(params, "meta_changed")));
	assert_true(json_number_value(json_object_get(params, "time_s")) > 1600000000);
	assert_null(json_object_get(params, "state"));
	assert_null(json_object_get(line, "id"));
	json_decref(line);
}

static void watch__round_trips_for_who_asked(void **state)
{
	struct fixture *f = *state;
	char error[CONFIG_ERROR_SIZE];

	assert_int_equal(gossip_start(&f->node.gossip, 0, error, sizeof(error)), 0);
	turns(f, 3);
	ask(f, 0, "");
	ask(f, 1, "\"rtt\":true");
	heard(f, 0);
	heard(f, 1);
	f->node.gossip.on_rtt(f->node.gossip.rtt_owner, SWIM_SELF, 5000);
	f->node.gossip.on_rtt(f->node.gossip.rtt_owner, 77, 5000); // gone meanwhile
	turns(f, 3);
	assert_string_equal(story(heard(f, 1)), "rtt self 5000; ");
	assert_string_equal(heard(f, 0), "");
	client_close(&f->client[0]);
	client_close(&f->client[1]);
	assert_null(f->node.gossip.on_rtt);
}

// How many changes the lines stand for.
static uint64_t changes_of(const char *lines)
{
	static const char lost[] = "\"lost\":";
	uint64_t count = 0;

	for (const char *at = lines; (at = strstr(at, "\"event\":\"change\"")); at++)
		count++;
	for (const char *at = lines; (at = strstr(at, lost)); at++)
		count += strtoull(at + sizeof(lost) - 1, NULL, 10);
	return count;
}

static void crowd(struct fixture *f, enum member_state state)
{
	for (uint32_t i = 0; i < CROWD; i++) {
		char name[NAME_SIZE];

		snprintf(name, sizeof(name), "m%u", i);
		set(f, 1 + i, name, state);
	}
	publish(f);
}

// The rest of the last line, and the line.
static const char *last_line(struct fixture *f, int client)
{
	size_t size;

	for (int i = 0; i < 1000 && f->text[strlen(f->text) - 1] != '\n'; i++) {
		turns(f, 1);
		heard_more(f, client);
	}
	size = strlen(f->text) - 1;
	assert_int_equal(f->text[size], '\n');
	while (size && f->text[size - 1] != '\n')
		size--;
	return f->text + size;
}

static void watch__a_client_that_sleeps_loses_changes_not_memory(void **state)
{
	struct fixture *f = *state;
	const struct members_stream *sleeper = &f->client[0].watch;
	uint64_t told = 0, lively = 0;

	ask(f, 0, "");
	ask(f, 1, "");
	heard(f, 0);
	heard(f, 1);
	for (int round = 0; round < 12; round++, told += CROWD) {
		crowd(f, round % 2 ? MEMBER_DEAD : MEMBER_ALIVE);
		assert_true(sleeper->size <= MEMBERS_FEED_WAITING_MAX);
		assert_true(sleeper->room <= 2 * MEMBERS_FEED_WAITING_MAX);
		f->text[0] = 0;
		for (int i = 0; i < 20; i++, turns(f, 1))
			heard_more(f, 1);
		lively += changes_of(f->text);
	}
	assert_int_equal(lively, told); // who reads has all of it
	assert_true(sleeper->lost > CROWD);
	// What came before the gap, how long it is, and the list as it is now.
	f->text[0] = 0;
	for (int i = 0; i < 1000 && !strstr(f->text, "\"resync\""); i++, turns(f, 1))
		heard_more(f, 0);
	assert_int_equal(strncmp(story(last_line(f, 0)), "resync 1000 lost ", 17), 0);
	assert_int_equal(changes_of(f->text), told);
	assert_int_equal(sleeper->lost, 0);
	set(f, 1, "m0", MEMBER_ALIVE);
	publish(f);
	assert_string_equal(story(heard(f, 0)), "m0 dead>alive 13; ");
}

// What came then would be taken for the whole story.
static void watch__nothing_comes_between_a_gap_and_the_list(void **state)
{
	struct fixture *f = *state;

	ask(f, 0, "");
	heard(f, 0);
	f->client[0].watch.lost = 1;
	f->feed.again_ns = loop_now_ns(f->node.loop) + 1000000000000;
	set(f, 1, "b", MEMBER_ALIVE);
	publish(f);
	assert_string_equal(heard(f, 0), "");
	assert_int_equal(f->client[0].watch.lost, 2);
	f->feed.again_ns = 0;
	set(f, 1, "b", MEMBER_DEAD);
	publish(f);
	assert_string_equal(story(heard(f, 0)), "resync 1 lost 3; ");
	set(f, 1, "b", MEMBER_LEFT);
	publish(f);
	assert_string_equal(story(heard(f, 0)), "b dead>left 3; ");
}

// Whole lists that nobody asked for keep a distance that grows with their length.
static void watch__whole_lists_come_one_after_another(void **state)
{
	struct fixture *f = *state;
	uint64_t first_ns, wait_ns;
	char *text;

	ask(f, 0, "");
	ask(f, 1, "");
	crowd(f, MEMBER_ALIVE);
	heard(f, 0);
	heard(f, 1);
	turns(f, 5);
	f->client[0].watch.lost = f->client[1].watch.lost = 3;
	assert_int_equal(f->client[0].watch.size + f->client[1].watch.size, 0);
	first_ns = loop_now_ns(f->node.loop) + 1;
	text = members_feed_take(&f->feed, &f->client[0].watch, first_ns, &wait_ns);
	assert_non_null(strstr(text, "\"lost\":3"));
	free(text);
	assert_null(members_feed_take(&f->feed, &f->client[1].watch, first_ns, &wait_ns));
	assert_int_equal(wait_ns, CROWD * MEMBERS_FEED_AGAIN_US * 1000ull);
	text = members_feed_take(&f->feed, &f->client[1].watch, first_ns + wait_ns, &wait_ns);
	assert_non_null(text);
	free(text);
	assert_null(members_feed_take(&f->feed, &f->client[1].watch, first_ns, &wait_ns));
	assert_int_equal(wait_ns, 0); // nothing was lost any more
}

static void watch__so_many_at_once(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < CLIENTS; i++)
		ask(f, i, "");
	assert_non_null(strstr(heard(f, CLIENTS - 1), "-32005"));
	assert_non_null(strstr(f->text, "32 clients watch"));
	close(f->fd[3]); // a place is free when one hangs up
	f->fd[3] = -1;
	turns(f, 3);
	ask(f, CLIENTS - 1, "");
	assert_string_equal(story(heard(f, CLIENTS - 1)), "answer 0; ");
	set(f, 1, "b", MEMBER_ALIVE);
	publish(f);
	for (int i = 0; i < CLIENTS; i++)
		if (i != 3)
			assert_string_equal(story(heard(f, i)),
				i == CLIENTS - 1 ? "b none>alive 1; "
						 : "answer 0; b none>alive 1; ");
}

static void watch__wrong_parameters(void **state)
{
	struct fixture *f = *state;
	static const char *const wrong[] = {
		"\"rtt\":1", "\"rtt\":\"yes\"", "\"down\":true", "\"rtt\":null"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ask(f, 0, wrong[i]);
		assert_non_null(strstr(heard(f, 0), "-32602"));
		assert_int_equal(f->feed.count, 0);
	}
	ask(f, 0, ""); // and the client is as good as before
	assert_string_equal(story(heard(f, 0)), "answer 0; ");
	ask(f, 0, ""); // what it says now is not read
	assert_string_equal(heard(f, 0), "");
	shutdown(f->fd[0], SHUT_WR);
	set(f, 1, "b", MEMBER_ALIVE);
	publish(f);
	assert_string_equal(story(heard(f, 0)), "b none>alive 1; ");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(watch__the_list_then_every_change),
		CASE(watch__a_change_has_the_row_of_members),
		CASE(watch__round_trips_for_who_asked),
		CASE(watch__a_client_that_sleeps_loses_changes_not_memory),
		CASE(watch__nothing_comes_between_a_gap_and_the_list),
		CASE(watch__whole_lists_come_one_after_another),
		CASE(watch__so_many_at_once),
		CASE(watch__wrong_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
