// The configuration of membership and its keys: what becomes of a good one, and every mistake's
// sentence.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/config.h"
#include "tests/unit/control/config_stage.h"

static const char good[] =
	"node: a\n"
	"run_dir: /run/sluice/a\n"
	"control: { listen: 127.0.0.1:7701 }\n"
	"security: { cipher: \"null\" }\n"
	"links:\n"
	"- { name: wire, driver: af_xdp, interface: veth0, address: 10.77.8.1/24 }\n";

static void expect(const char *piece, const char *instead, const char *sentence)
{
	config_stage_expect(good, piece, instead, sentence);
}

static void config_load__membership(void **state)
{
	char error[CONFIG_ERROR_SIZE], text[4096];
	struct config config;

	(void)state;
	assert_int_equal(config_stage_load(&config, good, error), 0);
	assert_string_equal(config.membership.cluster, "sluice");
	assert_int_equal(config.membership.preset, CONFIG_LAN);
	assert_true(config.membership.clear);
	assert_true(address_equal(config.membership.advertise, config.listen_address));
	assert_int_equal(config.membership.seeds_count, 0);
	snprintf(text, sizeof(text),
		"%smembership:\n  cluster: mars\n  preset: wan\n  advertise: 10.78.0.1\n"
		"  probe_interval_ms: 300\n  seeds: [\"127.0.0.1:7703\", \"[::1]:7704\"]\n",
		good);
	assert_int_equal(config_stage_load(&config, text, error), 0);
	assert_string_equal(config.membership.cluster, "mars");
	assert_int_equal(config.membership.preset, CONFIG_WAN);
	assert_int_equal(address_ipv4(config.membership.advertise), 0x0a4e0001);
	assert_int_equal(config.membership.probe_interval_ms, 300);
	assert_int_equal(config.membership.probe_timeout_ms, 0); // the preset's
	assert_int_equal(config.membership.seeds_count, 2);
	assert_int_equal(config.membership.seeds[1].port, 7704);
}

// A piece of `membership:` and what is said of it.
static void config_load__membership_mistakes(void **state)
{
	static const struct {
		const char *piece, *sentence;
	} bad[] = {
		{"seed: []",
			"membership.seed: there is no such key; allowed here: cluster, preset, "
			"advertise, encryption, probe_interval_ms, probe_timeout_ms, "
			"gossip_interval_ms, sync_interval_ms, suspicion_multiplier, seeds"},
		{"seeds: [b]", "membership.seeds[0]: 'b' is not ADDRESS:PORT, for example "
			       "127.0.0.1:7701 or [::1]:7701"},
		{"seeds: [{a: 1}]",
			"membership.seeds[0]: one value is allowed here, not a list or a mapping"},
		{"seeds: [\"192.0.2.1:7\"]",
			"membership.seeds[0]: 192.0.2.1 is refused: without certificates "
			"(security.ca) control traffic is plain, so only 127.0.0.0/8, ::1 and "
			"10.78.0.0/16 are allowed"},
		{"preset: slow", "membership.preset: 'slow' is not one of: lan, wan"},
		{"cluster: a b", "membership.cluster: 'a b' is not a name of 1 to 63 letters, "
				 "digits, '.', '_' or '-', with a letter or digit in front"},
		{"advertise: node", "membership.advertise: 'node' is not the address of one node, "
				    "for example 192.0.2.1"},
		{"advertise: 224.0.0.1",
			"membership.advertise: '224.0.0.1' is not the address of one node, for "
			"example 192.0.2.1"},
		{"probe_interval_ms: 1", "membership.probe_interval_ms: '1' is not a number from "
					 "50 to 60000"},
		{"probe_timeout_ms: 500",
			"membership: the probe timeout must be shorter than the probe interval"},
		{"encryption: null", "membership.encryption: null without quotes is YAML's \"no "
				     "value\"; write encryption: \"null\" when datagrams shall go "
				     "in the clear, or leave the key out"},
		{"encryption: aes-256-gcm",
			"security.keyring: is missing; nodes with certificates encrypt their "
			"membership's datagrams, and sluice pki issue a makes the file, "
			"cluster.keys (membership: {encryption: \"null\"}, by name, runs without)"},
	};
	char instead[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(instead, sizeof(instead), "membership: {%s}\nlinks:\n", bad[i].piece);
		expect("links:\n", instead, bad[i].sentence);
	}
}

static void config_load__keyring(void **state)
{
	static const char text[] =
		"node: a\nrun_dir: /tmp/a\ncontrol: {listen: %s:7701}\n"
		"security: {ca: /e/ca.crt, certificate: /e/node.crt, key: /e/node.key%s}\n"
		"membership: {%s}\n"
		"links:\n- {name: x, driver: af_packet, interface: eth9, address: 10.0.0.1/24}\n";
	static const struct {
		const char *listen, *keyring, *membership, *error; // NULL: good
	} cases[] = {
		{"192.0.2.1", "", "", "security.keyring: is missing"},
		{"192.0.2.1", "", "encryption: 'null'", NULL},
		{"192.0.2.1", ", keyring: /e/k", "encryption: 'null'", "contradict each other"},
		{"192.0.2.1", ", keyring: k", "", "security.keyring: 'k' is not an absolute path"},
		{"0.0.0.0", ", keyring: /e/k", "", "membership.advertise: is missing"},
		{"0.0.0.0", ", keyring: /e/k", "advertise: 192.0.2.1", NULL},
	};
	char error[CONFIG_ERROR_SIZE], whole[1024];
	struct config config;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(whole, sizeof(whole), text, cases[i].listen, cases[i].keyring,
			cases[i].membership);
		assert_int_equal(config_stage_load(&config, whole, error), cases[i].error ? -1 : 0);
		if (cases[i].error && !strstr(error, cases[i].error))
			fail_msg("'%s' is not about '%s'", error, cases[i].error);
		if (!cases[i].error)
			assert_int_equal(config.membership.clear, !cases[i].keyring[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_load__membership),
		cmocka_unit_test(config_load__membership_mistakes),
		cmocka_unit_test(config_load__keyring),
	};

	return cmocka_run_group_tests(tests, config_stage_begin, config_stage_end);
}
