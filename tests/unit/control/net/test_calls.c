// Requests over pooled connections: one connection serves many, a peer that restarts costs nobody a
// request, and what has no answer ends with a sentence.
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/pool/core.h"
#include "tests/unit/control/net/net_stage.h"

static void calls__one_connection_serves_many(void **state)
{
	struct stage *s = *state;

	both(s);
	for (int i = 0; i < 10; i++) {
		ask(s, MESSAGE_OFFER, 100 + (uint32_t)i);
		turn_until(s, &s->a.ended, i + 1);
		assert_int_equal(s->a.answer.type, MESSAGE_REFUSE);
		assert_int_equal(s->a.answer.request, 100 + i); // ours, not the wire's
		assert_string_equal(s->a.answer.text, "no");
	}
	assert_int_equal(s->a.by_end[CALL_ANSWERED], 10);
	assert_int_equal(s->b.asked, 10);
	assert_int_equal(s->b.greeted, 1);
	assert_int_equal(counts(s).dials, 1);
	assert_int_equal(counts(s).reused, 9);
	assert_int_equal(open_channels(&s->a.calls), 1);
	assert_non_null(calls_conn(&s->a.calls, s->a.answer_link));
	assert_null(calls_conn(&s->a.calls, s->b.link)); // that is b's name of it
	assert_non_null(listener_conn(&s->b.listener, s->b.link));
}

static void calls__at_the_same_time(void **state)
{
	struct stage *s = *state;

	both(s);
	for (uint32_t i = 0; i < 200; i++)
		ask(s, MESSAGE_OFFER, i);
	turn_until(s, &s->a.ended, 200);
	assert_int_equal(s->a.by_end[CALL_ANSWERED], 200);
	assert_true(counts(s).dials <= CALLS_NODE_SLOTS / CALLS_SLOTS);
	assert_true(counts(s).reused >= 160);
}

static void calls__ping(void **state)
{
	struct stage *s = *state;

	both(s);
	ask(s, MESSAGE_PING, 77);
	turn_until(s, &s->a.ended, 1);
	assert_int_equal(s->a.answer.type, MESSAGE_PONG);
	assert_int_equal(s->a.answer.request, 77);
	assert_int_equal(s->b.asked, 0); // the listener answers
}

static void calls__sync_goes_on(void **state)
{
	struct stage *s = *state;

	both(s);
	s->a.go_on = 3;
	ask(s, MESSAGE_SYNC, 5);
	turn_until(s, &s->a.ended, 1);
	assert_int_equal(s->a.by_end[CALL_ANSWERED], 4);
	assert_int_equal(s->b.asked, 4);
	assert_int_equal(s->a.answer.type, MESSAGE_SYNC);
	assert_memory_equal(s->a.data, "bytes", 5);
	assert_int_equal(counts(s).granted, 1); // one lease for all of it
}

// Who hears the answer asks something else, over the same connection, and so finds out that it
// broke.
static void calls__sync_loses_its_connection_while_it_is_heard(void **state)
{
	struct stage *s = *state;

	both(s);
	s->a.go_on = 1;
	s->a.loses = true;
	ask(s, MESSAGE_SYNC, 5);
	turn_until(s, &s->a.ended, 1);
	turns(s, 100000000);
	assert_int_equal(s->a.by_end[CALL_ANSWERED], 1);
	assert_int_equal(s->a.by_end[CALL_LOST], 1); // what was asked; the SYNC has been told
	assert_int_equal(s->a.ended, 1);
	assert_int_equal(s->b.asked, 1);
	assert_int_equal(open_channels(&s->a.calls), 0);
}

// A seed is an address: whoever is there answers.
static void calls__a_seed(void **state)
{
	static uint8_t large[MESSAGE_DATA_MAX];
	struct stage *s = *state;

	both(s);
	s->a.config.peers_count = 0; // nobody is known by name
	ask_seed(s, large, sizeof(large));
	turn_until(s, &s->a.ended, 1);
	assert_int_equal(s->a.by_end[CALL_ANSWERED], 1);
	assert_int_equal(s->a.answer.data_size, sizeof(large));
	ask(s, MESSAGE_PING, 1);
	turns(s, 2000000000);
	assert_int_equal(s->a.by_end[CALL_UNREACHABLE], 1);
	assert_non_null(strstr(s->a.why, "it is no peer any more"));
}

// ---- peers that are not there ----

static void calls__nobody_is_there(void **state)
{
	struct stage *s = *state;

	ask(s, MESSAGE_OFFER, 9);
	turn_until(s, &s->a.by_end[CALL_UNREACHABLE], 1);
	assert_string_equal(s->a.why, "node b does not answer at 127.0.0.1:1: Connection refused");
	assert_int_equal(s->a.ended, 1);
	assert_int_equal(open_channels(&s->a.calls), 0);
}

// However long it was away: who is patient gets its answer.
static void calls__appears_in_time(void **state)
{
	struct stage *s = *state;

	for (int i = 0; i < 20; i++)
		ask(s, MESSAGE_OFFER, 9);
	turns(s, 20000000000ull);
	assert_int_equal(s->a.by_end[CALL_UNREACHABLE], 20);
	ask(s, MESSAGE_OFFER, 10);
	turns(s, 200000000);
	both(s);
	turn_until(s, &s->a.by_end[CALL_ANSWERED], 1);
}

static void calls__does_not_greet(void **state)
{
	struct stage *s = *state;
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	s->a.config.peers[0].control_port = ntohs(at.sin_port);
	for (int i = 0; i < 4 && !strstr(s->a.why, "greet"); i++) {
		ask(s, MESSAGE_OFFER, 9);
		turns(s, 2000000000);
	}
	assert_non_null(strstr(s->a.why, "it accepts the connection but does not greet"));
	close(fd);
}

static void calls__another_node_answers(void **state)
{
	struct stage *s = *state;

	side_begin(s, &s->b, "c", "a");
	s->a.config.peers[0].control_port = s->b.listener.port;
	ask(s, MESSAGE_OFFER, 9);
	turn_until(s, &s->a.by_end[CALL_UNREACHABLE], 1);
	assert_non_null(strstr(s->a.why, "this is node c, not b"));
	assert_int_equal(s->b.asked, 0);
}

static void calls__no_answer(void **state)
{
	struct stage *s = *state;

	both(s);
	s->b.answers = false;
	ask(s, MESSAGE_OFFER, 9);
	turns(s, 4800000000ull);
	assert_int_equal(s->a.ended, 0);
	turns(s, 300000000);
	assert_int_equal(s->a.by_end[CALL_LATE], 1);
	assert_string_equal(s->a.why, "the control process of node b did not answer in time");
	assert_int_equal(open_channels(&s->a.calls), 1); // one that is late is not dead
	s->b.answers = true;
	ask(s, MESSAGE_OFFER, 10);
	turn_until(s, &s->a.by_end[CALL_ANSWERED], 1);
}

// Too late, never asked, of another kind: nobody hears it.
static void calls__answers_to_nobody(void **state)
{
	struct stage *s = *state;
	struct message answer = {.type = MESSAGE_REFUSE, .text = "x"};
	uint32_t real;

	both(s);
	s->b.answers = false;
	ask(s, MESSAGE_OFFER, 9);
	turn_until(s, &s->b.asked, 1);
	real = s->b.last.request;
	answer.request = real + 512; // the same slot, another time
	listener_answer(&s->b.listener, s->b.link, &answer);
	answer.request = 511; // no slot at all
	listener_answer(&s->b.listener, s->b.link, &answer);
	answer = (struct message){.type = MESSAGE_PONG, .request = real};
	listener_answer(&s->b.listener, s->b.link, &answer);
	turns(s, 100000000);
	assert_int_equal(s->a.ended, 0);
	answer = (struct message){.type = MESSAGE_REFUSE, .request = real, .text = "x"};
	listener_answer(&s->b.listener, s->b.link, &answer);
	listener_answer(&s->b.listener, s->b.link, &answer); // once is enough
	turn_until(s, &s->a.ended, 1);
	turns(s, 100000000);
	assert_int_equal(s->a.ended, 1);
}

// ---- peers that restart ----

// What was on its way is lost once, what comes after it is not.
static void calls__restart(void **state)
{
	struct stage *s = *state;
	uint16_t port;

	both(s);
	s->b.answers = false;
	for (uint32_t i = 0; i < 20; i++)
		ask(s, MESSAGE_OFFER, i);
	turn_until(s, &s->b.asked, 20);
	assert_true(open_channels(&s->a.calls) >= 2);
	port = s->b.listener.port;
	listener_stop(&s->b.listener);
	turn_until(s, &s->a.by_end[CALL_LOST], 20);
	s->b.config.listen_port = port;
	calls_fini(&s->b.calls);
	both(s);
	for (uint32_t i = 0; i < 20; i++) {
		ask(s, MESSAGE_OFFER, i);
		turn_until(s, &s->a.by_end[CALL_ANSWERED], 1 + (int)i);
	}
	assert_int_equal(s->a.by_end[CALL_LOST], 20);
	assert_int_equal(s->a.by_end[CALL_UNREACHABLE], 0);
}

// It restarted while nothing was asked: not even one request fails.
static void calls__restart_while_idle(void **state)
{
	struct stage *s = *state;

	both(s);
	for (uint32_t i = 0; i < 20; i++)
		ask(s, MESSAGE_OFFER, i);
	turn_until(s, &s->a.ended, 20);
	listener_stop(&s->b.listener);
	calls_fini(&s->b.calls);
	s->b.config.listen_port = s->b.listener.port;
	turns(s, 200000000);
	assert_int_equal(open_channels(&s->a.calls), 0);
	both(s);
	ask(s, MESSAGE_OFFER, 77);
	turn_until(s, &s->a.by_end[CALL_ANSWERED], 21);
}

// ---- time ----

// Idle connections are pinged every 30 s, so that the listener keeps them, and closed later.
static void calls__idle(void **state)
{
	struct stage *s = *state;
	uint64_t pings = 0;

	both(s);
	ask(s, MESSAGE_OFFER, 1);
	turn_until(s, &s->a.ended, 1);
	for (int i = 0; i < 500 && open_channels(&s->a.calls); i++) {
		pings = counts(s).pings;
		turn(s);
		clock_ns += 400000000;
	}
	assert_int_equal(open_channels(&s->a.calls), 0);
	turns(s, 100000000);
	assert_int_equal(open_links(&s->b.listener), 0);
	assert_true(pings >= 1);
	assert_int_equal(counts(s).pings_failed, 0);
	assert_int_equal(counts(s).closed[POOL_IDLE_TIMEOUT], 1);
}

// A peer whose machine hangs: the health pass finds out.
static void calls__ping_is_not_answered(void **state)
{
	struct stage *s = *state;

	both(s);
	ask(s, MESSAGE_OFFER, 1);
	turn_until(s, &s->a.ended, 1);
	for (int i = 0; i < LISTENER_MAX; i++)
		if (s->b.listener.incoming[i].link)
			loop_watch_events(s->loop, &s->b.listener.incoming[i].conn.watch, 0);
	for (int i = 0; i < 500 && open_channels(&s->a.calls); i++) {
		turn(s);
		clock_ns += 100000000;
	}
	assert_int_equal(open_channels(&s->a.calls), 0);
	assert_int_equal(counts(s).pings_failed, 1);
}

// ---- who is called back calls again, and breaks things ----

struct breaker {
	struct stage *s;
	int by_end[4];
	bool shut; // the connection, and asks once more, when it is answered
};

static void breaker_on_end(void *owner, const struct call_answer *answer);

static void breaker_ask(struct breaker *breaker)
{
	const struct message offer = {.type = MESSAGE_OFFER, .service = "files"};
	const struct call_order order = {.node = "b",
		.message = &offer,
		.until_ns = clock_ns + 1500000000,
		.deadline_ns = clock_ns + 5000000000,
		.site = "test",
		.on_end = breaker_on_end,
		.owner = breaker};

	calls_start(&breaker->s->a.calls, &order);
}

static void breaker_on_end(void *owner, const struct call_answer *answer)
{
	struct breaker *breaker = owner;

	breaker->by_end[answer->end]++;
	if (!breaker->shut)
		return;
	breaker->shut = false;
	shutdown(calls_conn(&breaker->s->a.calls, answer->link)->fd, SHUT_RDWR);
	breaker_ask(breaker);
}

// It was answered: that its connection breaks while it hears so is nothing to it.
static void calls__ends_once(void **state)
{
	struct stage *s = *state;
	struct breaker breaker = {.s = s, .shut = true};

	both(s);
	breaker_ask(&breaker);
	turn_until(s, &breaker.by_end[CALL_ANSWERED], 1);
	turns(s, 6000000000);
	assert_int_equal(breaker.by_end[CALL_ANSWERED], 1);
	assert_int_equal(breaker.by_end[CALL_LOST], 1); // the other one
	assert_int_equal(s->a.calls.pool->leased, 0);
}

// A request that cannot be written costs the others on its connection nothing.
static void calls__a_name_that_is_no_text(void **state)
{
	const struct message offer = {.type = MESSAGE_OFFER, .request = 4, .service = "\xff"};
	struct stage *s = *state;

	both(s);
	s->b.answers = false;
	ask(s, MESSAGE_OFFER, 3);
	turn_until(s, &s->b.asked, 1);
	ask_with(s, &offer);
	assert_int_equal(s->a.by_end[CALL_UNREACHABLE], 1);
	assert_non_null(strstr(s->a.why, "no text"));
	assert_int_equal(s->a.by_end[CALL_LOST], 0);
	assert_int_equal(open_channels(&s->a.calls), 1);
	assert_int_equal(s->a.calls.pool->leased, 1);
}

// ---- more nodes than the pool knows ----

static void few_nodes(struct stage *s, uint32_t nodes)
{
	calls_fini(&s->a.calls);
	s->a.config.pool.nodes_max = nodes;
	assert_int_equal(
		calls_init(&s->a.calls, &s->a.config, &s->a.directory, &s->a.tls, s->loop), 0);
}

static bool retries(const struct calls *calls)
{
	for (int i = 0; i < CALLS_MAX; i++)
		if (calls->call[i].state == CALL_RETRYING)
			return true;
	return false;
}

// A node whose breaker is open and that somebody is patient with is not forgotten for another.
static void nodes__in_use_stay(void **state)
{
	struct stage *s = *state;
	uint32_t node;

	both(s);
	few_nodes(s, 2);
	ask_seed(s, "x", 1); // so that b is not the last usable one
	turn_until(s, &s->a.ended, 1);
	s->a.config.peers[0].control_port = 1; // nobody
	for (uint32_t i = 0; i < 200 && !retries(&s->a.calls); i++) {
		ask(s, MESSAGE_OFFER, i);
		turns(s, 100000000);
	}
	assert_true(retries(&s->a.calls));
	node = pool_node_find(s->a.calls.pool, "b");
	s->b.listener.port++; // another seed: it takes the place of the first, or none
	ask_seed(s, "x", 1);
	assert_int_equal(pool_node_find(s->a.calls.pool, "b"), node);
	turns(s, 10000000000);
	assert_non_null(strstr(s->a.why, "node b does not answer"));
	s->b.listener.port--;
}

// Several are patient with a node whose breaker is open: while one probes, the others wait on.
static void breaker__who_is_patient_waits(void **state)
{
	struct stage *s = *state;

	both(s);
	ask_seed(s, "x", 1); // so that b is not the last usable one
	turn_until(s, &s->a.ended, 1);
	s->a.config.peers[0].control_port = 1; // nobody
	for (uint32_t i = 0; i < 200 && !retries(&s->a.calls); i++) {
		ask(s, MESSAGE_OFFER, i);
		turns(s, 100000000);
	}
	for (uint32_t i = 0; i < 5; i++)
		ask(s, MESSAGE_OFFER, 300 + i);
	turns(s, 20000000);
	memset(s->a.by_end, 0, sizeof(s->a.by_end));
	s->a.config.peers[0].control_port = s->b.listener.port;
	turn_until(s, &s->a.by_end[CALL_ANSWERED], 5);
	assert_int_equal(s->a.by_end[CALL_UNREACHABLE], 0);
}

// An operator's word is not forgotten either.
static void nodes__drained_stay(void **state)
{
	struct stage *s = *state;

	both(s);
	few_nodes(s, 1);
	assert_true(calls_drain(&s->a.calls, "b"));
	ask_seed(s, "x", 1);
	assert_int_equal(s->a.by_end[CALL_UNREACHABLE], 1);
	assert_string_equal(s->a.why, "connections to as many nodes as possible are open");
	assert_true(calls_resume(&s->a.calls, "b"));
	ask_seed(s, "x", 1);
	turn_until(s, &s->a.by_end[CALL_ANSWERED], 1);
	assert_int_equal(pool_node_find(s->a.calls.pool, "b"), POOL_NONE);
}

// ---- an operator ----

static void calls__drain_pause_resume_warm(void **state)
{
	struct stage *s = *state;

	both(s);
	assert_true(calls_warm(&s->a.calls, "b", 2));
	turns(s, 200000000);
	assert_int_equal(open_channels(&s->a.calls), 2);
	assert_true(calls_drain(&s->a.calls, "b"));
	assert_int_equal(open_channels(&s->a.calls), 0);
	ask(s, MESSAGE_OFFER, 1);
	assert_int_equal(s->a.by_end[CALL_UNREACHABLE], 1);
	assert_non_null(strstr(s->a.why, "no control connection to node b: "));
	assert_true(calls_resume(&s->a.calls, "b"));
	assert_true(calls_pause(&s->a.calls, NULL));
	ask(s, MESSAGE_OFFER, 2);
	turns(s, 500000000);
	assert_int_equal(s->a.ended, 1);
	assert_true(calls_resume(&s->a.calls, NULL));
	turn_until(s, &s->a.by_end[CALL_ANSWERED], 1);
	assert_false(calls_drain(&s->a.calls, "zebra"));
	assert_false(calls_warm(&s->a.calls, "zebra", 1));
	assert_int_equal(calls_peer(&s->a.calls, "zebra"), POOL_NONE);
}

// Membership says that it is dead: nobody waits for it. It is back: nobody is refused.
static void calls__liveness(void **state)
{
	struct stage *s = *state;

	both(s);
	ask(s, MESSAGE_OFFER, 1);
	turn_until(s, &s->a.ended, 1);
	calls_liveness(&s->a.calls, "b", POOL_GONE);
	assert_int_equal(open_channels(&s->a.calls), 0);
	ask(s, MESSAGE_OFFER, 2);
	assert_int_equal(s->a.by_end[CALL_UNREACHABLE], 1);
	calls_liveness(&s->a.calls, "b", POOL_ALIVE);
	ask(s, MESSAGE_OFFER, 3);
	turn_until(s, &s->a.by_end[CALL_ANSWERED], 2);
	calls_liveness(&s->a.calls, "zebra", POOL_GONE); // not called: nothing to say
}

static void calls__too_many(void **state)
{
	struct stage *s = *state;

	both(s);
	s->b.answers = false;
	for (uint32_t i = 0; i < CALLS_MAX; i++)
		ask(s, MESSAGE_OFFER, i);
	assert_int_equal(s->a.ended, 0);
	ask(s, MESSAGE_OFFER, 1);
	assert_int_equal(s->a.by_end[CALL_UNREACHABLE], 1);
	assert_non_null(strstr(s->a.why, "too many requests"));
}

// What idle connections cost of ours: the goal is 300 bytes with the pool's own record (<= 80).
static void channel__is_small(void **state)
{
	(void)state;
	assert_true(sizeof(struct channel) + TLS_SESSION_SIZE + 80 <= 300);
	assert_true(sizeof(struct incoming) + TLS_SESSION_SIZE <= 300);
}

// Buffers are there only while something waits in them.
static void conn__idle_has_no_buffers(void **state)
{
	struct stage *s = *state;
	const struct conn *conn;

	both(s);
	ask(s, MESSAGE_SYNC, 1);
	turn_until(s, &s->a.ended, 1);
	conn = calls_conn(&s->a.calls, s->a.answer_link);
	assert_null(conn->in);
	assert_null(conn->out);
	conn = listener_conn(&s->b.listener, s->b.link);
	assert_null(conn->in);
	assert_null(conn->out);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN); // as sluice-control does
	const struct CMUnitTest tests[] = {
		STORY(calls__one_connection_serves_many),
		STORY(calls__at_the_same_time),
		STORY(calls__ping),
		STORY(calls__sync_goes_on),
		STORY(calls__sync_loses_its_connection_while_it_is_heard),
		STORY(calls__a_seed),
		STORY(calls__nobody_is_there),
		STORY(calls__appears_in_time),
		STORY(calls__does_not_greet),
		STORY(calls__another_node_answers),
		STORY(calls__no_answer),
		STORY(calls__answers_to_nobody),
		STORY(calls__restart),
		STORY(calls__restart_while_idle),
		STORY(calls__idle),
		STORY(calls__ping_is_not_answered),
		STORY(calls__ends_once),
		STORY(calls__a_name_that_is_no_text),
		STORY(nodes__in_use_stay),
		STORY(breaker__who_is_patient_waits),
		STORY(nodes__drained_stay),
		STORY(calls__drain_pause_resume_warm),
		STORY(calls__liveness),
		STORY(calls__too_many),
		STORY(channel__is_small),
		STORY(conn__idle_has_no_buffers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
