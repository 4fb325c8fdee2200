// Strangers that send garbage, and peers that ask for more than their share.
#include <string.h>

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/bytes.h"
#include "tests/unit/control/net/peers_stage.h"
#include "tests/unit/control/pki/folder.h"

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

static const char hello_of_b[] =
	"{\"type\":\"hello\",\"version\":5,\"boot_id\":\"00000000000000cc\",\"node\":\"b\","
	"\"to\":\"a\"}";

// What a peer says of its dataplane makes us look at every session: not as often as it likes, on
// however many connections.
static void frames__of_its_dataplane_now_and_then(void **state)
{
	struct stage *s = *state;
	int fd[2] = {stranger(s), stranger(s)};

	for (int i = 0; i < 2; i++)
		put(fd[i], hello_of_b);
	turn(s);
	for (int i = 0; i < 200; i++) {
		put(fd[i % 2], "{\"type\":\"ping\",\"boot_id\":\"00000000000000cc\"}");
		put(fd[i % 2], "{\"type\":\"gone\",\"boot_id\":\"00000000000000cc\"}");
		if (i % 10 == 0)
			turn(s);
	}
	turn(s); // 0.44 s have passed
	assert_int_equal(s->a.boots, 1);
	assert_int_equal(s->a.messages, 1);
	for (int i = 0; i < 30; i++)
		turn(s);
	put(fd[0], "{\"type\":\"ping\",\"boot_id\":\"00000000000000dd\"}");
	put(fd[0], "{\"type\":\"gone\",\"boot_id\":\"00000000000000cc\"}");
	turn_until(s, &s->a.messages, 2);
	assert_int_equal(s->a.boots, 2);
	assert_true(s->a.boot_id == 0xdd);
	close(fd[0]);
	close(fd[1]);
	turn_until(s, &s->a.links_down, 2);
}

// One peer does not take the places of others: a newer connection ends its oldest.
static void frames__a_few_connections_of_a_peer(void **state)
{
	struct stage *s = *state;
	int fd[PEERS_LINKS_MAX + 1];
	char text[1024];

	for (int i = 0; i <= PEERS_LINKS_MAX; i++) {
		fd[i] = stranger(s);
		put(fd[i], hello_of_b);
		turn(s);
		turn(s);
		while (i == 0 && recv(fd[0], text, sizeof(text), MSG_DONTWAIT) > 0)
			; // the greeting
	}
	turn_until(s, &s->a.links_down, 1);
	assert_int_equal(incoming_count(&s->a.peers), PEERS_LINKS_MAX);
	last_word(s, fd[0], text);
	assert_non_null(strstr(text, "the same peer has opened newer ones"));
	for (int i = 1; i <= PEERS_LINKS_MAX; i++)
		close(fd[i]);
	turn_until(s, &s->a.links_down, 1 + PEERS_LINKS_MAX);
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

int main(void)
{
	signal(SIGPIPE, SIG_IGN); // as sluice-control does
	const struct CMUnitTest tests[] = {
		STORY(peers__stranger_hears_nothing),
		STORY(strangers__are_refused),
		STORY(strangers__impossible_frames),
		STORY(strangers__say_nothing),
		STORY(strangers__too_many),
		STORY(frames__byte_by_byte),
		STORY(frames__of_its_dataplane_now_and_then),
		STORY(frames__a_few_connections_of_a_peer),
		STORY(frames__peer_that_does_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
