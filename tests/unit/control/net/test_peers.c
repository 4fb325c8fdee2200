// Two nodes find each other, speak, lose each other, and dial anew.
#include <stdio.h>
#include <string.h>

#include <signal.h>
#include <sys/socket.h>
#include <time.h>

#include "control/pki/pki.h"
#include "tests/unit/control/net/peers_stage.h"
#include "tests/unit/control/pki/folder.h"

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
	assert_int_equal(s->a.link, s->a.peers.peer[0].link);
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
	assert_string_equal(conn_peer(peers_conn(&s->b.peers, s->b.link)), "a");
	assert_null(peers_conn(&s->b.peers, s->b.link + 100));
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
