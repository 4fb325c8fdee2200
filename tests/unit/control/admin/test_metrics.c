// Metrics of a node made by hand, and their text. With --print: only that, which openmetrics.py
// reads and compares with metrics.txt.
#include "control/admin/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/admin/openmetrics.h"
#include "control/node.h"

#define NOW_NS UINT64_C(100000000000)
#define NOW_S  1800000000.0
#define DAY_S  86400
#define SECOND UINT64_C(1000000000)
#define LIFE_S (365 * DAY_S)

static struct node node;
static struct loop *loop;
static struct plane_dataplane *tables;

static void fill_certificate(struct pki_certificate *to, const char *subject, int64_t ends)
{
	snprintf(to->subject, sizeof(to->subject), "%s", subject);
	snprintf(to->issuer, sizeof(to->issuer), "the \"cluster\"");
	snprintf(to->serial, sizeof(to->serial), "0a1b");
	to->not_after = ends;
	to->not_before = ends - LIFE_S;
}

static void fill_session(uint32_t slot, const char *service)
{
	struct session_stats *s = &tables->session[0][slot].stats;

	s->session = slot << 8 | 1;
	s->session_id[0] = 0xaa;
	s->state = SESSION_OPEN;
	s->cipher = CIPHER_AES_256_GCM;
	s->raw_bytes_sent = UINT64_C(1) << 40;
	s->blocks_raw = s->blocks_raw_by[RAW_LITTLE] = 3;
	s->retransmits = 7;
	s->rekeys = 2;
	s->srtt_ns = 123456;
	s->cwnd_milli = 10500;
	snprintf(s->peer, sizeof(s->peer), "b");
	snprintf(s->service, sizeof(s->service), "%s", service);
}

static void fill_tables(void)
{
	tables->magic = PLANE_DATAPLANE_MAGIC;
	tables->version = PLANE_VERSION;
	tables->pid = 4242;
	tables->started_ns = NOW_NS - 50 * SECOND;
	tables->workers = tables->ports = 1;
	snprintf(tables->program_version, sizeof(tables->program_version), "9.9");
	snprintf(tables->drop_names[0], sizeof(tables->drop_names[0]), "accepted");
	snprintf(tables->drop_names[1], sizeof(tables->drop_names[1]), "not_ipv4");
	snprintf(tables->drop_names[2], sizeof(tables->drop_names[2]), "bad_tag");
	snprintf(tables->port[0].name, sizeof(tables->port[0].name), "ab");
	snprintf(tables->port[0].driver, sizeof(tables->port[0].driver), "memif");
	tables->port[0].up = 1;
	tables->port[0].mtu = 1500;
	tables->port[0].rx_bytes = 1234;
	tables->worker[0].heartbeat_ns = NOW_NS - 1500000;
	tables->worker[0].drops[1] = 5;
	fill_session(3, "echo \"one\"\\two\nthree");
	fill_session(4, "bad\xff"); // an application chose it
}

static int setup(void **state)
{
	(void)state;
	memset(&node, 0, sizeof(node));
	tables = aligned_alloc(64, (sizeof(*tables) + 63) / 64 * 64);
	memset(tables, 0, sizeof(*tables));
	fill_tables();
	node.plane.tables.shared = tables;
	node.plane.restarts = 2;
	node.started_ns = NOW_NS - 60 * SECOND;
	snprintf(node.config.node, sizeof(node.config.node), "a");
	node.config.peers_count = 1;
	node.gossip.rtt_count[0] = 4;
	node.gossip.rtt_count[3] = 2;
	node.gossip.rtt_count[GOSSIP_RTT_BOUNDS] = 1;
	node.gossip.rtt_sum_ns = 3 * SECOND / 2;
	node.config.security.cipher = CIPHER_AES_256_GCM;
	snprintf(node.config.peers[0].name, sizeof(node.config.peers[0].name), "b");
	loop = loop_new();
	node.directory.config = &node.config;
	calls_pool_preset(&node.config.pool, POOL_LAN);
	assert_int_equal(calls_init(&node.calls, &node.config, &node.directory, NULL, loop), 0);
	assert_int_not_equal(calls_peer(&node.calls, "b"), POOL_NONE);
	node.identity.tls.context = (struct ssl_ctx_st *)&node; // only whether there is one counts
	fill_certificate(&node.identity.tls.certificate, "a", (int64_t)NOW_S + 10 * DAY_S);
	fill_certificate(
		&node.identity.tls.authority[0], "the \"cluster\"", (int64_t)NOW_S + 300 * DAY_S);
	node.identity.tls.authorities = 1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	calls_fini(&node.calls);
	loop_free(loop);
	free(tables);
	return 0;
}

static char *text_now(double unix_s)
{
	json_t *families = metrics_gather(&node, NOW_NS, unix_s, false);
	char *text = openmetrics_text(families);

	json_decref(families);
	assert_non_null(text);
	return text;
}

static void says(double unix_s, const char *line)
{
	char *text = text_now(unix_s);

	if (!strstr(text, line))
		fail_msg("no line '%s' in\n%s", line, text);
	free(text);
}

static uint32_t lines_with(const char *begin)
{
	char *text = text_now(NOW_S);
	uint32_t count = 0;

	for (const char *at = text; (at = strstr(at, begin)) != NULL; at++)
		count++;
	free(text);
	return count;
}

#define OWN "{role=\"node\",subject=\"a\",issuer=\"the \\\"cluster\\\"\",serial=\"0a1b\""

static void metrics__a_certificate_ages(void **state)
{
	double end = NOW_S + 10 * DAY_S;

	(void)state;
	says(NOW_S, "\nsluice_certificate_not_after_timestamp_seconds" OWN "} 1800864000\n");
	says(end - 40 * DAY_S,
		"\nsluice_certificate_state" OWN ",sluice_certificate_state=\"good\"} 1\n");
	says(NOW_S, "\nsluice_certificate_state" OWN ",sluice_certificate_state=\"good\"} 0\n");
	says(NOW_S, "\nsluice_certificate_state" OWN ",sluice_certificate_state=\"expiring\"} 1\n");
	says(end + 1,
		"\nsluice_certificate_state" OWN ",sluice_certificate_state=\"expired\"} 1\n");
	node.identity.tls.context = NULL;
	assert_int_equal(lines_with("sluice_certificate"), 0);
}

static void metrics__without_a_dataplane(void **state)
{
	(void)state;
	node.plane.tables.shared = NULL;
	says(NOW_S, "\nsluice_dataplane_up 0\n");
	says(NOW_S, "\nsluice_sessions{state=\"open\"} 0\n");
	assert_int_equal(lines_with("\nsluice_worker"), 0);
	assert_int_equal(lines_with("\nsluice_link"), 0);
	assert_int_equal(lines_with("process=\"dataplane\""), 0);
}

static void metrics__no_more_series_than_that(void **state)
{
	(void)state;
	for (uint32_t slot = 0; slot < METRICS_SESSIONS_MAX + 10; slot++)
		fill_session(slot, "many");
	assert_int_equal(lines_with("\nsluice_session_srtt_seconds{"), METRICS_SESSIONS_MAX);
	says(NOW_S, "\nsluice_sessions{state=\"open\"} 266\n");
	says(NOW_S, "\nsluice_sessions_left_out 10\n");
}

// The command line gets it from a socket.
static void openmetrics_text__what_is_no_family(void **state)
{
	static const char *const hostile[] = {"null", "{}", "[1]", "[null, [], {}]",
		"[{\"name\": 1, \"samples\": [{\"value\": 1}]}]",
		"[{\"name\": \"x\", \"samples\": {\"value\": 1}}]",
		"[{\"name\": \"x\", \"samples\": []}]"};

	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		json_t *families = json_loads(hostile[i], JSON_DECODE_ANY, NULL);
		char *text = openmetrics_text(families);

		assert_non_null(families);
		assert_string_equal(text, "# EOF\n");
		free(text);
		json_decref(families);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(metrics__a_certificate_ages),
		CASE(metrics__without_a_dataplane),
		CASE(metrics__no_more_series_than_that),
		CASE(openmetrics_text__what_is_no_family),
	};

	if (argc == 2 && strcmp(argv[1], "--print") == 0) {
		void *none = NULL;
		char *text;

		setup(&none);
		text = text_now(NOW_S);
		fputs(text, stdout);
		free(text);
		return teardown(&none);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
