// What is told of a pool, what operators do with it, and tickets.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/control/pool/fixture.h"

static void leaks__are_listed_oldest_first(void **state)
{
	struct pool_config config = config_of();
	struct pool_request request = {.cookie = 7, .site = "here"};
	struct pool_answer first, second;
	struct pool_leak leaks[4];

	(void)state;
	start_ready(&config, 1);
	request.node = w.nodes[0].name;
	pool_acquire(w.pool, w.now_ns, &request, &first);
	w.now_ns += 30 * SEC;
	request.cookie = 8;
	pool_acquire(w.pool, w.now_ns, &request, &second);
	assert_int_equal(pool_leaks(w.pool, w.now_ns + 29 * SEC, leaks, 4), 0);
	assert_int_equal(pool_leaks(w.pool, w.now_ns + 30 * SEC, leaks, 4), 1);
	assert_int_equal(leaks[0].cookie, 7);
	assert_string_equal(leaks[0].site, "here");
	assert_int_equal(leaks[0].lease, first.lease.lease);
	assert_int_equal(pool_leaks(w.pool, w.now_ns + 60 * SEC, leaks, 1), 1);
	assert_int_equal(pool_leaks(w.pool, w.now_ns + 60 * SEC, leaks, 4), 2);
	assert_int_equal(leaks[1].cookie, 8);
	assert_true(pool_release(w.pool, w.now_ns, first.lease.lease, POOL_DONE, 0));
	assert_false(pool_release(w.pool, w.now_ns, first.lease.lease, POOL_DONE, 0));
	assert_false(pool_release(w.pool, w.now_ns, POOL_NONE, POOL_DONE, 0));
	assert_int_equal(pool_leaks(w.pool, w.now_ns + 60 * SEC, leaks, 4), 1);
	// The youngest has the lease that the oldest had: it is listed last all the same.
	w.now_ns += SEC;
	request.cookie = 9;
	pool_acquire(w.pool, w.now_ns, &request, &first);
	assert_int_equal(pool_leaks(w.pool, w.now_ns + 60 * SEC, leaks, 4), 2);
	assert_int_equal(leaks[0].cookie, 8);
	assert_int_equal(leaks[1].cookie, 9);
	assert_int_equal(pool_leaks(w.pool, w.now_ns + 60 * SEC, leaks, 1), 1);
	assert_int_equal(leaks[0].cookie, 8);
}

static void report__percentiles_of_waits(void **state)
{
	struct pool_config config = config_of();
	struct pool_report r;

	(void)state;
	config.node_max = 2;
	start_ready(&config, 1);
	for (uint32_t i = 0; i < 98; i++) {
		world_ask(&w, 0, MS, 0);
		run(2 * MS);
	}
	world_ask(&w, 0, 100 * MS, 0);
	world_ask(&w, 0, 100 * MS, 0);
	world_ask(&w, 0, MS, 0);
	world_ask(&w, 0, MS, 0);
	run(SEC);
	pool_report(w.pool, w.now_ns, &r);
	assert_int_equal(r.counts.granted, 102);
	assert_int_equal(r.acquire_p50_ns, 0);
	assert_int_equal(r.acquire_p90_ns, 0);
	assert_in_range(r.acquire_p99_ns, 80 * MS, 120 * MS);
	assert_int_equal(r.acquire_max_ns, 100 * MS);
	assert_int_equal(r.counts.reused, 100);
}

static void explain__says_why_in_words(void **state)
{
	struct pool_config config = config_of();
	struct pool_explanation e;
	char text[POOL_TEXT_SIZE];

	(void)state;
	config.node_max = 2;
	start_ready(&config, 2);
	assert_true(pool_explain(w.pool, w.now_ns, w.nodes[0].name, 0, &e));
	assert_int_equal(e.result, POOL_GRANTED);
	assert_non_null(strstr(pool_explanation_text(&e, w.now_ns, text), "was used last:"));
	world_ask(&w, 0, 10 * SEC, 0);
	world_ask(&w, 0, 10 * SEC, 0);
	world_ask(&w, 0, 10 * SEC, 0);
	pool_explain(w.pool, w.now_ns, w.nodes[0].name, 0, &e);
	assert_int_equal(e.result, POOL_WAITING);
	assert_int_equal(e.why, POOL_NODE_LIMIT);
	assert_int_equal(e.ahead, 1);
	pool_explanation_text(&e, w.now_ns, text);
	assert_non_null(strstr(text, "Waits behind 1: the node's limit"));
	pool_pause(w.pool, w.now_ns, w.nodes[1].name);
	pool_explain(w.pool, w.now_ns, w.nodes[1].name, 0, &e);
	assert_int_equal(e.why, POOL_PAUSED);
	pool_drain(w.pool, w.now_ns, w.nodes[1].name, 0);
	pool_explain(w.pool, w.now_ns, w.nodes[1].name, 0, &e);
	assert_non_null(strstr(pool_explanation_text(&e, w.now_ns, text), "Refused: it is being"));
	assert_false(pool_explain(w.pool, w.now_ns, POOL_NONE, 0, &e));
	assert_non_null(strstr(pool_explanation_text(&e, w.now_ns, text), "knows no such node"));
	for (uint32_t why = 0; why < POOL_WHY_COUNT; why++)
		assert_true(*pool_why_name(why) && *pool_why_text(why));
}

// The connection that acquire would give, by kind: not always the one that was used last.
static void explain__follows_hints(void **state)
{
	struct pool_config config = config_of();
	struct pool_explanation e;
	struct pool_lease first, second;
	char text[POOL_TEXT_SIZE];

	(void)state;
	config.validate_on_acquire = true;
	start_ready(&config, 1);
	first = hold(0, 1);
	second = hold(0, 2);
	give(0, first, POOL_DONE);
	give(0, second, POOL_DONE);
	pool_explain(w.pool, w.now_ns, w.nodes[0].name, 1, &e);
	assert_int_equal(e.connection, first.connection);
	assert_true(e.is_hinted);
	assert_non_null(strstr(pool_explanation_text(&e, w.now_ns, text), "its kind of request"));
	pool_explain(w.pool, w.now_ns, w.nodes[0].name, 3, &e);
	assert_int_equal(e.connection, second.connection);
	assert_false(e.is_hinted);
	run(600 * MS); // only the hinted one is proven since
	pool_on_pong(w.pool, w.now_ns, first.connection, true, MS);
	pool_explain(w.pool, w.now_ns, w.nodes[0].name, 1, &e);
	assert_int_equal(e.result, POOL_GRANTED);
	pool_explain(w.pool, w.now_ns, w.nodes[0].name, 3, &e);
	assert_int_equal(e.result, POOL_WAITING);
	assert_int_equal(e.why, POOL_CHECKING);
	assert_int_equal(e.connection, POOL_NONE);
}

static void pause__holds_and_resume_serves_in_order(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	start_ready(&config, 1);
	assert_true(pool_pause(w.pool, w.now_ns, POOL_ALL));
	for (uint32_t i = 0; i < 5; i++)
		world_ask(&w, 0, MS, 0);
	assert_int_equal(w.last_why, POOL_PAUSED);
	run(10 * SEC);
	assert_int_equal(world_waiting(&w), 5);
	pool_resume(w.pool, w.now_ns, POOL_ALL);
	world_take(&w); // the world checks who is first
	run(SEC);
	assert_int_equal(w.served, 5);
	assert_false(pool_pause(w.pool, w.now_ns, 12345));
}

static void warm__once(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	start_ready(&config, 2);
	assert_true(pool_warm(w.pool, w.now_ns, w.nodes[0].name, 15));
	world_take(&w);
	run(SEC);
	assert_int_equal(report(0).connections, 15);
	assert_int_equal(report(1).connections, 2);
	run(320 * SEC);
	assert_int_equal(report(0).connections, 2);
}

static void cancel__ends_a_ticket(void **state)
{
	struct pool_config config = config_of();
	uint32_t waiting;

	(void)state;
	config.node_max = 2;
	start_ready(&config, 1);
	world_ask(&w, 0, SEC, 0);
	world_ask(&w, 0, SEC, 0);
	waiting = world_ask(&w, 0, SEC, 0);
	world_cancel(&w, waiting);
	assert_false(pool_cancel(w.pool, w.now_ns, w.clients[waiting].ticket));
	run(5 * SEC);
	assert_int_equal(w.served, 2);
	assert_int_equal(report(0).counts.cancelled, 1);
}

// Between GRANT and its taking: the lease goes back, and nobody hears of it.
static void cancel__gives_back_what_was_not_taken(void **state)
{
	struct pool_config config = config_of();
	struct pool_request request = {0};
	struct pool_answer answer[3];
	struct pool_action action;

	(void)state;
	config.node_max = 2;
	start_ready(&config, 1);
	request.node = w.nodes[0].name;
	for (uint32_t i = 0; i < 3; i++)
		pool_acquire(w.pool, w.now_ns, &request, &answer[i]);
	pool_release(w.pool, w.now_ns, answer[0].lease.lease, POOL_DONE, 0);
	assert_int_equal(w.pool->leased, 2);
	assert_true(pool_cancel(w.pool, w.now_ns, answer[2].ticket));
	assert_int_equal(w.pool->leased, 1);
	assert_false(pool_take(w.pool, w.now_ns, &action));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(leaks__are_listed_oldest_first),
		CASE(report__percentiles_of_waits),
		CASE(explain__says_why_in_words),
		CASE(explain__follows_hints),
		CASE(pause__holds_and_resume_serves_in_order),
		CASE(warm__once),
		CASE(cancel__ends_a_ticket),
		CASE(cancel__gives_back_what_was_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
