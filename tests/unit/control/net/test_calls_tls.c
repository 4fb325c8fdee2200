// Pooled connections with certificates: who is believed, and what renews them.
#include <stdio.h>
#include <string.h>

#include <signal.h>
#include <time.h>

#include "control/net/packet_secrets.h"
#include "control/pki/pki.h"
#include "tests/unit/control/net/net_stage.h"
#include "tests/unit/control/pki/folder.h"

static void tls__both_ends_have_the_same_secrets(void **state)
{
	struct plane_command opener = {
		.initiator = 1, .cid = 0x01000101, .peer_cid = 0x00000501, .session_id = {1}};
	struct plane_command acceptor = {
		.cid = 0x00000501, .peer_cid = 0x01000101, .session_id = {1}};
	struct stage *s = *state;
	char *folder = certify_both(s, "b");

	both(s);
	ask(s, MESSAGE_OFFER, 9);
	turn_until(s, &s->a.by_end[CALL_ANSWERED], 1);
	assert_string_equal(conn_peer(calls_conn(&s->a.calls, s->a.answer_link)), "b");
	assert_string_equal(conn_peer(listener_conn(&s->b.listener, s->b.link)), "a");
	assert_string_equal(calls_group(&s->a.calls, calls_peer(&s->a.calls, "b")),
		conn_group(calls_conn(&s->a.calls, s->a.answer_link)));
	assert_int_equal(
		packet_secrets_fill(calls_conn(&s->a.calls, s->a.answer_link), &opener), 0);
	assert_int_equal(
		packet_secrets_fill(listener_conn(&s->b.listener, s->b.link), &acceptor), 0);
	assert_memory_equal(opener.secret_send, acceptor.secret_receive, TLS_SECRET_SIZE);
	assert_memory_equal(opener.secret_receive, acceptor.secret_send, TLS_SECRET_SIZE);
	folder_free(folder);
}

// A node that looks for its cluster knows no name; but a certificate of its authority it wants.
static void tls__a_seed(void **state)
{
	struct stage *s = *state;
	char *folder = certify_both(s, "b");

	both(s);
	ask_seed(s, "digest", 6);
	turn_until(s, &s->a.by_end[CALL_ANSWERED], 1);
	folder_free(folder);
}

static void tls__another_name(void **state)
{
	struct stage *s = *state;
	char *folder = certify_both(s, "c");

	both(s);
	ask(s, MESSAGE_OFFER, 9);
	turn_until(s, &s->a.by_end[CALL_UNREACHABLE], 1);
	assert_non_null(strstr(s->a.why, "its certificate is for node 'c', not for node 'b'"));
	folder_free(folder);
}

// Who dials renews in time, and the other end never has to end it.
static void tls__age_renews(void **state)
{
	struct stage *s = *state;
	char *folder = certify_both(s, "b");

	both(s);
	for (int i = 1; i <= 400; i++) { // 20 s each
		ask(s, MESSAGE_OFFER, 9);
		turn_until(s, &s->a.ended, i);
		clock_ns += 20000000000ull;
		turn(s);
	}
	assert_int_equal(s->a.by_end[CALL_ANSWERED], 400);
	assert_in_range(counts(s).closed[POOL_LIFETIME], 2, 3);
	assert_int_equal(counts(s).dials, counts(s).closed[POOL_LIFETIME] + 1);
	folder_free(folder);
}

// One that keeps its connection open is not heard any more.
static void tls__age_ends_incoming(void **state)
{
	struct stage *s = *state;
	char *folder = certify_both(s, "b");

	both(s);
	s->b.listener.age_ms = 1000; // a's stays an hour
	ask(s, MESSAGE_OFFER, 9);
	turn_until(s, &s->a.ended, 1);
	turns(s, 1100000000);
	ask(s, MESSAGE_OFFER, 9);
	turn_until(s, &s->a.ended, 2);
	assert_int_equal(s->a.by_end[CALL_LOST], 1);
	assert_string_equal(s->a.why, "it is older than a control connection may be");
	assert_int_equal(s->b.asked, 1);
	ask(s, MESSAGE_OFFER, 9);
	turn_until(s, &s->a.by_end[CALL_ANSWERED], 2);
	folder_free(folder);
}

// The thief of a certificate: it ends, and so does what it opened.
static void tls__expiry_ends_a_connection(void **state)
{
	struct stage *s = *state;
	char *folder = certify_both(s, "b");

	both(s);
	ask(s, MESSAGE_OFFER, 9);
	turn_until(s, &s->a.ended, 1);
	later_s = 3590;
	turns(s, 2000000000);
	assert_int_equal(open_channels(&s->a.calls), 1);
	later_s = 3700;
	turns(s, 2000000000);
	assert_int_equal(open_channels(&s->a.calls), 0); // a's own end of it
	assert_int_equal(counts(s).closed[POOL_GOAWAY], 1);
	folder_free(folder);
}

static void tls__expiry_ends_incoming(void **state)
{
	struct stage *s = *state;
	char *folder = certify_both(s, "b");

	both(s);
	ask(s, MESSAGE_OFFER, 9);
	turn_until(s, &s->a.ended, 1);
	later_s = 3700;
	ask(s, MESSAGE_OFFER, 10); // at once: a has not looked yet
	turn_until(s, &s->b.links_down, 1);
	assert_int_equal(s->b.asked, 1);
	folder_free(folder);
}

// What was open ends with its last request, what is dialed afterwards uses the new files.
static void tls__renewal_drains(void **state)
{
	struct stage *s = *state;
	char *folder = certify_both(s, "b");
	struct message answer = {.type = MESSAGE_REFUSE, .text = "late"};

	both(s);
	s->b.answers = false;
	ask(s, MESSAGE_OFFER, 1);
	turn_until(s, &s->b.asked, 1);
	answer.request = s->b.last.request;
	calls_renew(&s->a.calls);
	assert_int_equal(open_channels(&s->a.calls), 1);
	listener_answer(&s->b.listener, s->b.link, &answer);
	s->b.answers = true;
	turn_until(s, &s->a.by_end[CALL_ANSWERED], 1);
	assert_string_equal(s->a.answer.text, "late");
	assert_int_equal(open_channels(&s->a.calls), 0);
	ask(s, MESSAGE_OFFER, 2);
	turn_until(s, &s->a.by_end[CALL_ANSWERED], 2);
	assert_int_equal(counts(s).dials, 2);
	folder_free(folder);
}

// A dial under way used the files of before: it serves who waits for it, and is not kept.
static void tls__renewal_during_a_dial(void **state)
{
	struct stage *s = *state;
	char *folder = certify_both(s, "b");

	both(s);
	ask(s, MESSAGE_OFFER, 1);
	calls_renew(&s->a.calls);
	turn_until(s, &s->a.by_end[CALL_ANSWERED], 1);
	ask(s, MESSAGE_OFFER, 2);
	turn_until(s, &s->a.by_end[CALL_ANSWERED], 2);
	assert_true(counts(s).dials >= 2);
	assert_int_equal(open_channels(&s->a.calls), 1);
	folder_free(folder);
}

// Every node was given another authority: who has none of its certificates is out, at once.
static void tls__another_authority_ends_connections(void **state)
{
	struct stage *s = *state;
	char *ours = certify_both(s, "b"), *theirs = folder_new(), error[PKI_ERROR_SIZE];
	struct pki_want want = {.folder = theirs,
		.name = "new",
		.not_before = time(NULL) - 60,
		.not_after = time(NULL) + 3600};
	struct pki_certificate made;

	both(s);
	ask(s, MESSAGE_OFFER, 1);
	turn_until(s, &s->a.ended, 1);
	assert_int_equal(pki_init(&want, &made, error), 0);
	tls_fini(&s->b.tls);
	side_certify(&s->b, theirs, "b");
	listener_renew(&s->b.listener, "another authority");
	assert_int_equal(s->b.links_down, 1);
	turns(s, 100000000);
	assert_int_equal(open_channels(&s->a.calls), 0);
	ask(s, MESSAGE_OFFER, 2);
	turn_until(s, &s->a.by_end[CALL_UNREACHABLE], 1);
	assert_non_null(strstr(s->a.why, "of another authority"));
	tls_fini(&s->a.tls);
	side_certify(&s->a, theirs, "a");
	calls_renew(&s->a.calls);
	for (int i = 0; i < 8 && s->a.by_end[CALL_ANSWERED] < 2; i++) {
		ask(s, MESSAGE_OFFER, 3);
		turns(s, 1600000000);
	}
	assert_true(s->a.by_end[CALL_ANSWERED] >= 2);
	folder_free(ours);
	folder_free(theirs);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN); // as sluice-control does
	const struct CMUnitTest tests[] = {
		STORY(tls__both_ends_have_the_same_secrets),
		STORY(tls__a_seed),
		STORY(tls__another_name),
		STORY(tls__age_renews),
		STORY(tls__age_ends_incoming),
		STORY(tls__expiry_ends_a_connection),
		STORY(tls__expiry_ends_incoming),
		STORY(tls__renewal_drains),
		STORY(tls__renewal_during_a_dial),
		STORY(tls__another_authority_ends_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
