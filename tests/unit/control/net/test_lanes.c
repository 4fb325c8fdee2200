// Lanes: in order, whole, over one pooled connection; what a slow or absent peer cannot take is
// lost and said to be.
#include <stdio.h>
#include <string.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/bytes.h"
#include "tests/unit/control/net/net_stage.h"

#define SECOND 1000000000ull

static struct pool_counts pool_counted(const struct stage *s)
{
	struct pool_report report;

	pool_report(s->a.calls.pool, clock_ns, &report);
	return report.counts;
}

static uint32_t leased(const struct stage *s)
{
	struct pool_report report;

	pool_report(s->a.calls.pool, clock_ns, &report);
	return report.slots.leased;
}

static void lanes__what_is_said_before_there_is_a_connection_comes_first(void **state)
{
	struct stage *s = *state;

	both(s);
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(tell(s, i, 100 + i), LANE_QUEUED);
	turn_until(s, &s->b.heard, 20);
	for (uint32_t i = 20; i < 40; i++)
		assert_int_equal(tell(s, i, 4), LANE_SENT);
	turn_until(s, &s->b.heard, 40);
	assert_false(s->b.disorder);
	assert_int_equal(pool_counted(s).dials, 1);
	assert_int_equal(pool_counted(s).granted, 1);
	assert_int_equal(s->b.asked, 0);
}

static void lanes__the_largest_arrives_whole(void **state)
{
	struct stage *s = *state;

	both(s);
	assert_int_equal(tell(s, 0, MESSAGE_RAFT_MAX), LANE_QUEUED);
	turn_until(s, &s->b.heard, 1);
	assert_int_equal(tell(s, 1, MESSAGE_RAFT_MAX), LANE_SENT);
	turn_until(s, &s->b.heard, 2);
	assert_false(s->b.disorder);
	assert_int_equal(s->b.heard_bytes, 2 * MESSAGE_RAFT_MAX);
	assert_int_equal(tell(s, 2, MESSAGE_RAFT_MAX + 1), LANE_LOST);
}

static void lanes__nobody_is_there_then_somebody_is(void **state)
{
	struct stage *s = *state;
	uint32_t number = 0;

	assert_int_equal(tell(s, number++, 8), LANE_QUEUED);
	turns(s, SECOND); // nobody listens: what waited is lost
	both(s);
	for (int i = 0; i < 200 && s->b.heard == 0; i++) {
		tell(s, number++, 8);
		turn(s);
	}
	assert_true(s->b.heard > 0);
	assert_true(s->b.heard_next > 1); // the first is not among them
	assert_false(s->b.disorder);
}

// The queue of one that waits is bounded, so is what a connection keeps for a peer that does not
// read; and that peer is not dropped for it.
static void lanes__a_slow_peer_loses_messages_and_no_connection(void **state)
{
	struct stage *s = *state;
	uint32_t number = 0;
	int lost = 0, heard;

	both(s);
	for (int i = 0; i < 100; i++)
		lost += tell(s, number++, 64 * 1024) == LANE_LOST;
	assert_true(lost >= 100 - LANE_QUEUE_MAX / (64 * 1024));
	turn_until(s, &s->b.heard, 100 - lost);
	heard = s->b.heard;
	lost = 0;
	for (int i = 0; i < 1000; i++) // b reads nothing meanwhile
		lost += tell(s, number++, 64 * 1024) == LANE_LOST;
	assert_true(lost > 0);
	turn_until(s, &s->b.heard, heard + 1000 - lost);
	turns(s, SECOND / 10);
	assert_int_equal(tell(s, number, 8), LANE_SENT);
	turn_until(s, &s->b.heard, heard + 1000 - lost + 1);
	assert_false(s->b.disorder);
	assert_int_equal(pool_counted(s).dials, 1);
}

// Certificates are others now: the lane is on a new connection within seconds, and nothing is lost.
static void lanes__leave_a_connection_that_is_to_be_closed(void **state)
{
	struct stage *s = *state;
	uint32_t number = 0;

	both(s);
	for (; number < 10; number++)
		tell(s, number, 8);
	turn_until(s, &s->b.heard, 10);
	calls_renew(&s->a.calls);
	for (; clock_ns % (7 * SECOND) < 6 * SECOND || number < 400; number++) {
		assert_int_not_equal(tell(s, number, 8), LANE_LOST);
		turn(s);
	}
	turn_until(s, &s->b.heard, (int)number);
	assert_false(s->b.disorder);
	assert_int_equal(pool_counted(s).dials, 2);
	assert_int_equal(pool_counted(s).closed[POOL_GOAWAY], 1);
}

static void lanes__a_connection_that_breaks_is_dialed_anew(void **state)
{
	struct stage *s = *state;
	uint32_t number = 0;

	both(s);
	tell(s, number++, 8);
	turn_until(s, &s->b.heard, 1);
	listener_renew(&s->b.listener, "a test wants it");
	for (int i = 0; i < 100 && s->b.heard < 2; i++) {
		tell(s, number++, 8);
		turn(s);
	}
	assert_true(s->b.heard >= 2);
	assert_false(s->b.disorder);
	assert_int_equal(pool_counted(s).dials, 2);
}

static void lanes__an_unused_one_gives_its_lease_back(void **state)
{
	struct stage *s = *state;

	both(s);
	tell(s, 0, 8);
	turn_until(s, &s->b.heard, 1);
	assert_int_equal(leased(s), 1);
	turns(s, 6 * SECOND);
	assert_int_equal(leased(s), 0);
	tell(s, 1, 8);
	turn_until(s, &s->b.heard, 2);
	assert_int_equal(pool_counted(s).dials, 1); // the pool kept it
}

// Requests and what consensus says share a connection, and neither waits for the other.
static void lanes__beside_requests(void **state)
{
	struct stage *s = *state;

	both(s);
	for (uint32_t i = 0; i < 50; i++) {
		tell(s, i, 5000);
		ask(s, MESSAGE_OFFER, i);
	}
	turn_until(s, &s->a.ended, 50);
	turn_until(s, &s->b.heard, 50);
	assert_false(s->b.disorder);
	assert_int_equal(s->a.by_end[CALL_ANSWERED], 50);
}

// There are more peers over time than lanes at once.
static void lanes__peers_come_and_go(void **state)
{
	struct stage *s = *state;
	char name[NAME_SIZE];

	both(s);
	for (int i = 0; i < 3 * LANES_MAX; i++) {
		snprintf(name, sizeof(name), "stranger-%d",
			i); // no peer: no connection is to be had
		lanes_send(&s->a.calls, name, (const uint8_t *)"text", 4);
		turn(s);
	}
	turns(s, 2 * SECOND);
	assert_int_equal(tell(s, 0, 8), LANE_QUEUED);
	turn_until(s, &s->b.heard, 1);
}

// ---- hostile ones ----

static int dial(const struct stage *s)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(s->b.listener.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	connect(fd, (struct sockaddr *)&to, sizeof(to));
	return fd;
}

// Who has not greeted may not make us keep 640 KiB.
static void lanes__a_stranger_says_nothing_large(void **state)
{
	struct stage *s = *state;
	uint8_t head[MESSAGE_FRAME_HEAD];
	char answer[512] = "";
	int fd;

	both(s);
	fd = dial(s);
	turns(s, SECOND / 10);
	message_raft_head(head, MESSAGE_RAFT_MAX);
	assert_int_equal(send(fd, head, sizeof(head), 0), sizeof(head));
	turns(s, SECOND / 2);
	assert_int_equal(recv(fd, answer, sizeof(answer), 0), 0); // closed
	close(fd);
}

static void lanes__a_stranger_is_not_heard(void **state)
{
	struct stage *s = *state;
	uint8_t frame[MESSAGE_FRAME_HEAD + 4] = {0};
	int fd;

	both(s);
	fd = dial(s);
	turns(s, SECOND / 10);
	message_raft_head(frame, 4);
	assert_int_equal(send(fd, frame, sizeof(frame), 0), sizeof(frame));
	turns(s, SECOND / 2);
	assert_int_equal(s->b.heard, 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			lanes__what_is_said_before_there_is_a_connection_comes_first, setup,
			teardown),
		cmocka_unit_test_setup_teardown(lanes__the_largest_arrives_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(
			lanes__nobody_is_there_then_somebody_is, setup, teardown),
		cmocka_unit_test_setup_teardown(
			lanes__a_slow_peer_loses_messages_and_no_connection, setup, teardown),
		cmocka_unit_test_setup_teardown(
			lanes__leave_a_connection_that_is_to_be_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(
			lanes__a_connection_that_breaks_is_dialed_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(
			lanes__an_unused_one_gives_its_lease_back, setup, teardown),
		cmocka_unit_test_setup_teardown(lanes__beside_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(lanes__peers_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(
			lanes__a_stranger_says_nothing_large, setup, teardown),
		cmocka_unit_test_setup_teardown(lanes__a_stranger_is_not_heard, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
