// The listener: strangers that send garbage, and peers that ask for more than their share.
#include <stdio.h>
#include <string.h>

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/bytes.h"
#include "tests/unit/control/net/net_stage.h"
#include "tests/unit/control/pki/folder.h"

// MESSAGE_VERSION, as text.
#define TEXT(number)  #number
#define TEXT_OF(name) TEXT(name)
#define VERSION       TEXT_OF(MESSAGE_VERSION)

static const char hello_of_b[] =
	"{\"type\":\"hello\",\"version\":" VERSION ",\"node\":\"b\",\"to\":\"a\"}";

static void strangers__are_refused(void **state)
{
	static const struct {
		const char *json, *answer;
	} cases[] = {
		{"nonsense", ""},
		{"{\"type\":\"ping\",\"request\":7}", "the first message is not a greeting"},
		{"{\"type\":\"hello\",\"version\":77,\"node\":"
		 "\"b\",\"to\":\"a\"}",
			"node a speaks protocol version " VERSION ", not 77"},
		{"{\"type\":\"hello\",\"version\":" VERSION ",\"node\":"
		 "\"b\",\"to\":\"z\"}",
			"this is node a, not z"},
		{"{\"type\":\"hello\",\"version\":" VERSION ",\"node\":"
		 "\"a\",\"to\":\"a\"}",
			"it greets as this node, a, or as nobody"},
		{"{\"type\":\"hello\",\"version\":" VERSION ",\"node\":\"\",\"to\":\"a\"}",
			"it greets as this node, a, or as nobody"},
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
	assert_int_equal(s->a.asked, 0);
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
static void strangers__hear_nothing(void **state)
{
	struct stage *s = *state;
	char *folder = certify_both(s, "b"), text[1024];
	int fd = stranger(s);

	put(fd, "{\"type\":\"hello\",\"version\":" VERSION ",\"node\":\"b\","
		"\"to\":\"a\"}");
	last_word(s, fd, text);
	assert_null(strchr(text, '{'));
	last_word(s, stranger(s), text); // says nothing, until a's patience ends
	assert_string_equal(text, "");
	assert_int_equal(s->a.asked, 0);
	folder_free(folder);
}

// However many say nothing, a peer that comes is heard.
static void strangers__too_many(void **state)
{
	struct stage *s = *state;
	int fd[LISTENER_MAX + 1];
	char text[1024];

	for (int i = 0; i <= LISTENER_MAX; i++) {
		fd[i] = stranger(s);
		loop_turn(s->loop, WAIT_MS); // in no time: none is told to greet sooner
	}
	last_word(s, fd[0], text); // the newest has its place
	assert_non_null(strstr(text, "it has not greeted, and others want its place"));
	put(fd[LISTENER_MAX], hello_of_b);
	turn_until(s, &s->a.greeted, 1);
	for (int i = 1; i <= LISTENER_MAX; i++)
		close(fd[i]);
	for (int i = 0; i < 100 && open_links(&s->a.listener); i++)
		turn(s);
	assert_int_equal(open_links(&s->a.listener), 0);
	fd[0] = stranger(s); // room again
	turn(s);
	assert_int_equal(open_links(&s->a.listener), 1);
	close(fd[0]);
}

// A real peer whose frames arrive byte by byte.
static void frames__byte_by_byte(void **state)
{
	static const uint8_t sync[] = {0x80, 0, 0, 9, 0, 0, 0, 7, 'b', 'y', 't', 'e', 's'};
	struct stage *s = *state;
	uint8_t bytes[512];
	size_t size = sizeof(hello_of_b) - 1;
	int fd = stranger(s);

	s->a.answers = false;
	be32_put(bytes, (uint32_t)size);
	memcpy(bytes + 4, hello_of_b, size);
	memcpy(bytes + 4 + size, sync, sizeof(sync));
	size += 4 + sizeof(sync);
	for (size_t i = 0; i < size; i++) {
		assert_int_equal(send(fd, bytes + i, 1, MSG_NOSIGNAL), 1);
		loop_turn(s->loop, WAIT_MS);
	}
	turn_until(s, &s->a.asked, 1);
	assert_int_equal(s->a.last.type, MESSAGE_SYNC);
	assert_int_equal(s->a.last.request, 7);
	assert_int_equal(s->a.last.data_size, 5);
	assert_int_equal(s->a.greeted, 1);
	close(fd);
	turn_until(s, &s->a.links_down, 1);
}

// Whoever asks without end is heard, a little in each turn: others have theirs.
static void frames__a_flood_takes_turns(void **state)
{
	static const uint8_t sync[] = {
		0x80, 0, 0, 12, 0, 0, 0, 7, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'};
	static uint8_t flood[128 * 1024];
	struct stage *s = *state;
	int fd = stranger(s), heard, sent;

	s->a.answers = false;
	put(fd, hello_of_b);
	turn_until(s, &s->a.greeted, 1);
	for (size_t i = 0; i < sizeof(flood); i += sizeof(sync))
		memcpy(flood + i, sync, sizeof(sync));
	sent = (int)send(fd, flood, sizeof(flood), MSG_DONTWAIT | MSG_NOSIGNAL);
	assert_true(sent > 100000);
	assert_int_equal(loop_turn(s->loop, WAIT_MS), 0);
	heard = s->a.asked;
	assert_in_range(heard, 1, 64 * 1024 / sizeof(sync));
	turn_until(s, &s->a.asked, sent / (int)sizeof(sync));
	close(fd);
}

// Out of descriptors: whoever comes waits, the loop rests meanwhile, and then they are taken.
static void accept__no_descriptor_is_left(void **state)
{
	struct stage *s = *state;
	struct rlimit before, none;
	int fd = stranger(s), free_fd = dup(fd);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)free_fd;
	close(free_fd);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(loop_turn(s->loop, WAIT_MS), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(loop_turn(s->loop, WAIT_MS), 0);
	assert_int_equal(open_links(&s->a.listener), 0); // it is not looked at: no time has passed
	turns(s, (LISTENER_DEAF_MS + LISTENER_LOOK_MS) * 1000000ull);
	assert_int_equal(open_links(&s->a.listener), 1);
	put(fd, hello_of_b);
	turn_until(s, &s->a.greeted, 1);
	close(fd);
}

// Minutes in which nothing happens.
static void minutes(struct stage *s, uint64_t ns)
{
	for (uint64_t end_ns = clock_ns + ns; clock_ns < end_ns;
		clock_ns += LISTENER_LOOK_MS * 1000000ull)
		assert_int_equal(loop_turn(s->loop, 0), 0);
}

// Nothing is heard for longer than a pool leaves a connection idle: it is dropped.
static void frames__idle(void **state)
{
	struct stage *s = *state;
	int fd = stranger(s);
	char text[1024];

	put(fd, hello_of_b);
	turns(s, 1000000000ull);
	assert_true(recv(fd, text, sizeof(text), MSG_DONTWAIT) > 0); // the greeting
	minutes(s, (LISTENER_IDLE_MS - 2000) * 1000000ull);
	assert_int_equal(open_links(&s->a.listener), 1);
	turns(s, 3000000000ull);
	assert_int_equal(open_links(&s->a.listener), 0);
	assert_int_equal(s->a.links_down, 1);
	last_word(s, fd, text);
	assert_non_null(strstr(text, "nothing was heard for too long"));
}

static void listener__port_in_use(void **state)
{
	static struct listener second;
	struct stage *s = *state;
	char error[256], wanted[128];

	listener_init(&second, &s->a.config, NULL, s->loop);
	assert_int_equal(listener_start(&second, error, sizeof(error)), -1);
	snprintf(wanted, sizeof(wanted),
		"control.listen 127.0.0.1:%u cannot be used: Address already in use",
		s->a.listener.port);
	assert_string_equal(error, wanted);
}

// One peer does not take the places of others: a newer connection ends its oldest.
static void frames__a_few_connections_of_a_peer(void **state)
{
	struct stage *s = *state;
	int fd[LISTENER_PEER_MAX + 1];
	char text[1024];

	for (int i = 0; i <= LISTENER_PEER_MAX; i++) {
		fd[i] = stranger(s);
		put(fd[i], hello_of_b);
		turn(s);
		turn(s);
		while (i == 0 && recv(fd[0], text, sizeof(text), MSG_DONTWAIT) > 0)
			; // the greeting
	}
	turn_until(s, &s->a.links_down, 1);
	assert_int_equal(open_links(&s->a.listener), LISTENER_PEER_MAX);
	last_word(s, fd[0], text);
	assert_non_null(strstr(text, "the same peer has opened newer ones"));
	for (int i = 1; i <= LISTENER_PEER_MAX; i++)
		close(fd[i]);
	turn_until(s, &s->a.links_down, 1 + LISTENER_PEER_MAX);
}

// A peer that asks and never reads: what waits for it is bounded, then it is dropped.
// Its receive buffer keeps its size: with a tiny one the kernel's two ends drop each other's
// acknowledgements, and nobody gets to ask any more.
static void frames__peer_that_does_not_read(void **state)
{
	static const char ping[] = "{\"type\":\"ping\",\"request\":7}";
	struct stage *s = *state;
	uint8_t frames[64][sizeof(ping) + 3];
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL, room = 32 * 1024, fd;
	uint64_t end_ns;
	size_t at = 0;

	// What is accepted inherits it.
	setsockopt(s->a.listener.fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	fd = stranger(s);
	put(fd, hello_of_b);
	for (int i = 0; i < 64; i++) {
		be32_put(frames[i], sizeof(ping) - 1);
		memcpy(frames[i] + 4, ping, sizeof(ping) - 1);
	}
	end_ns = clock_ns + 80000000000ull;
	// Not so many tries but so long: what fills is not only ours.
	while (!s->a.links_down && clock_ns < end_ns) {
		ssize_t sent = send(fd, &frames[0][0] + at, sizeof(frames) - at, flags);

		if (sent < 0 && errno != EAGAIN)
			break;
		if (sent > 0)
			at = (at + (size_t)sent) % sizeof(frames);
		if (sent < 0)
			turn(s);
		else
			loop_turn(s->loop, 0);
	}
	turn_until(s, &s->a.links_down, 1);
	close(fd);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN); // as sluice-control does
	const struct CMUnitTest tests[] = {
		STORY(strangers__hear_nothing),
		STORY(strangers__are_refused),
		STORY(strangers__impossible_frames),
		STORY(strangers__say_nothing),
		STORY(strangers__too_many),
		STORY(frames__byte_by_byte),
		STORY(frames__a_flood_takes_turns),
		STORY(accept__no_descriptor_is_left),
		STORY(frames__idle),
		STORY(listener__port_in_use),
		STORY(frames__a_few_connections_of_a_peer),
		STORY(frames__peer_that_does_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
