// The section `consensus:` of the configuration: standards, and every mistake's sentence.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/control/config_stage.h"

static const char good[] =
	"node: a\n"
	"run_dir: /run/sluice/a\n"
	"control: { listen: 127.0.0.1:7701 }\n"
	"security: { cipher: \"null\" }\n"
	"links:\n"
	"- { name: wire, driver: af_xdp, interface: veth0, address: 10.77.8.1/24 }\n";

static int load(struct config *config, const char *section, char error[CONFIG_ERROR_SIZE])
{
	char text[2048];

	snprintf(text, sizeof(text), "%s%s", good, section);
	return config_stage_load(config, text, error);
}

static void config_load__without_consensus(void **state)
{
	char error[CONFIG_ERROR_SIZE];
	struct config config;

	(void)state;
	assert_int_equal(load(&config, "", error), 0);
	assert_string_equal(config.consensus.folder, "");
}

static void config_load__consensus_standards(void **state)
{
	char error[CONFIG_ERROR_SIZE];
	struct config config;

	(void)state;
	assert_int_equal(load(&config, "consensus: {folder: /var/lib/sluice/a}\n", error), 0);
	assert_string_equal(config.consensus.folder, "/var/lib/sluice/a");
	assert_true(config.consensus.join);
	assert_false(config.consensus.lease);
	assert_int_equal(config.consensus.election_ms, 1000);
	assert_int_equal(config.consensus.heartbeat_ms, 100);
	assert_int_equal(config.consensus.segment_mb, 16);
}

static void config_load__consensus_as_written(void **state)
{
	char error[CONFIG_ERROR_SIZE];
	struct config config;

	(void)state;
	assert_int_equal(load(&config,
				 "consensus: {folder: /a, join: off, lease: on, election_ms: 300, "
				 "heartbeat_ms: 50, segment_mb: 4}\n",
				 error),
		0);
	assert_false(config.consensus.join);
	assert_true(config.consensus.lease);
	assert_int_equal(config.consensus.election_ms, 300);
	assert_int_equal(config.consensus.heartbeat_ms, 50);
}

static void config_load__consensus_mistakes(void **state)
{
	static const struct {
		const char *section, *why;
	} cases[] = {
		{"consensus: {join: off}\n", "consensus.folder: is missing"},
		{"consensus: {folder: var}\n", "consensus.folder: "},
		{"consensus: {folder: /a, join: perhaps}\n", "consensus.join: "},
		{"consensus: {folder: /a, lease: 1}\n", "consensus.lease: "},
		{"consensus: {folder: /a, election_ms: 99}\n", "consensus.election_ms: "},
		{"consensus: {folder: /a, election_ms: 60001}\n", "consensus.election_ms: "},
		{"consensus: {folder: /a, heartbeat_ms: 9}\n", "consensus.heartbeat_ms: "},
		{"consensus: {folder: /a, heartbeat_ms: 334}\n",
			"consensus.heartbeat_ms: 334 is too long for an election_ms of 1000"},
		{"consensus: {folder: /a, election_ms: 200}\n",
			"consensus.heartbeat_ms: 100 is too long for an election_ms of 200"},
		{"consensus: {folder: /a, segment_mb: 3}\n", "consensus.segment_mb: "},
		{"consensus: {folders: /a}\n", "folders"},
	};
	char error[CONFIG_ERROR_SIZE];
	struct config config;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(load(&config, cases[i].section, error), -1);
		if (!strstr(error, cases[i].why))
			fail_msg("%s: %s", cases[i].section, error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_load__without_consensus),
		cmocka_unit_test(config_load__consensus_standards),
		cmocka_unit_test(config_load__consensus_as_written),
		cmocka_unit_test(config_load__consensus_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
