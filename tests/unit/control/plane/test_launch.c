// Two readers of one configuration: what control's YAML check says good to the dataplane's command
// line takes, what the one refuses the other refuses.
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
#include "control/plane/launch.h"
#include "tests/unit/control/plane/dataplane_parse.h"

enum part { NODE, DATAPLANE, LINK };
enum { KEYS = 17, ARGUMENTS = 32 };

// Every key that both know, with a value that is good. NULL: not written.
static const struct key {
	enum part part;
	const char *key, *good;
} keys[KEYS] = {
	{NODE, "node", "a"},
	{NODE, "run_dir", "/run/sluice/a"},
	{DATAPLANE, "workers", "2"},
	{DATAPLANE, "hugepages", "auto"},
	{DATAPLANE, "memory_mb", "128"},
	{DATAPLANE, "idle", "busy"},
	{DATAPLANE, "udp_port", "7654"},
	{DATAPLANE, "cores", "0-1"},
	{LINK, "name", "ab"},
	{LINK, "driver", "memif"},
	{LINK, "role", "server"},
	{LINK, "socket", "/tmp/ab.sock"},
	{LINK, "interface", NULL},
	{LINK, "address", "10.77.1.1/30"},
	{LINK, "mtu", "1500"},
	{LINK, "vlan", NULL},
	{LINK, "mac", "02:00:00:00:00:01"},
};

#define N31 "abcdefghijklmnopqrstuvwxyz12345"
#define N63 N31 N31 "6"

enum { REFUSED, TAKEN };

// "key=value", what differs from the good ones; "key" alone: not written.
static const struct verdict {
	int taken;
	const char *differ[5];
} verdicts[] = {
	{TAKEN, {NULL}},
	{TAKEN, {"node=" N63}},
	{REFUSED, {"node=" N63 "7"}},
	{REFUSED, {"node="}},
	{REFUSED, {"node=a b"}},
	{REFUSED, {"node=.a"}},
	{REFUSED, {"node=a/b"}},
	{TAKEN, {"run_dir=/run/a-folder-whose-name-has-more-than-31-letters"}},
	{TAKEN, {"run_dir=/run/no name = of, a node@"}},
	{TAKEN, {"run_dir=/run/sluice/"}},
	{TAKEN, {"run_dir=/1234567/" N31 "/" N31 "/12345678901234567"}},    // 90
	{REFUSED, {"run_dir=/1234567/" N31 "/" N31 "/123456789012345678"}}, // 91
	{REFUSED, {"run_dir=here"}},
	{REFUSED, {"run_dir="}},
	{REFUSED, {"run_dir"}},
	{TAKEN, {"workers=16", "cores"}},
	{TAKEN, {"workers=16", "cores=0-15"}},
	{REFUSED, {"workers=17", "cores"}},
	{REFUSED, {"workers=0", "cores"}},
	{REFUSED, {"workers=2x"}},
	{REFUSED, {"workers=-2"}},
	{REFUSED, {"workers="}},
	{TAKEN, {"workers", "cores"}},
	{REFUSED, {"workers"}}, // 1, and two CPUs
	{REFUSED, {"cores=0"}},
	{REFUSED, {"cores=0-2"}},
	{TAKEN, {"cores=1023,0"}},
	{REFUSED, {"cores=0,1024"}},
	{REFUSED, {"cores=0,"}},
	{REFUSED, {"cores=1-0"}},
	{REFUSED, {"cores=0-1-2"}},
	{REFUSED, {"cores=all"}},
	{REFUSED, {"cores=0 1"}},
	{TAKEN, {"hugepages=require"}},
	{TAKEN, {"hugepages=off"}},
	{REFUSED, {"hugepages=on"}},
	{REFUSED, {"hugepages="}},
	{TAKEN, {"memory_mb=32"}},
	{REFUSED, {"memory_mb=31"}},
	{REFUSED, {"memory_mb=0"}},
	{TAKEN, {"memory_mb=1048576"}},
	{REFUSED, {"memory_mb=1048577"}},
	{REFUSED, {"memory_mb=00000000128"}},
	{TAKEN, {"idle=adaptive"}},
	{REFUSED, {"idle=lazy"}},
	{TAKEN, {"udp_port=1024"}},
	{REFUSED, {"udp_port=1023"}},
	{TAKEN, {"udp_port=65519"}},
	{REFUSED, {"udp_port=65520"}},
	{TAKEN, {"name=" N31}},
	{REFUSED, {"name=" N31 "6"}},
	{REFUSED, {"name=" N63}},
	{REFUSED, {"name=-a"}},
	{REFUSED, {"name=a b"}},
	{REFUSED, {"name="}},
	{REFUSED, {"name"}},
	{REFUSED, {"driver"}},
	{REFUSED, {"driver=tap"}},
	{TAKEN, {"driver=tap", "role", "socket", "interface=tap0"}},
	{REFUSED, {"driver=tap", "role", "socket", "interface=tap0", "mtu=1501"}},
	{REFUSED, {"driver=tap", "role", "socket"}},
	{TAKEN, {"driver=vhost", "role"}},
	{TAKEN, {"driver=virtio-user", "role"}},
	{REFUSED, {"driver=vhost"}},
	{REFUSED, {"driver=vhost", "role", "socket"}},
	{REFUSED, {"driver=virtio_user", "role"}},
	{TAKEN, {"driver=pci:0000:3b:1f.7", "role", "socket"}},
	{TAKEN, {"driver=pci:3B:00.0", "role", "socket", "mtu=9000"}},
	{REFUSED, {"driver=pci:0000:3b:20.0", "role", "socket"}},
	{REFUSED, {"driver=pci:0000:3b:00.8", "role", "socket"}},
	{REFUSED, {"driver=pci:0000:3b:00", "role", "socket"}},
	{REFUSED, {"driver=pci:00000:3b:00.0", "role", "socket"}},
	{REFUSED, {"driver=pci:", "role", "socket"}},
	{REFUSED, {"driver=pci:0000:3b:00.0", "role", "socket", "interface=eth0"}},
	{TAKEN, {"driver=vdev:net_ring0", "role", "socket"}},
	{TAKEN, {"driver=vdev:net_memif0,role=client,socket=/a/b.sock,socket-abstract=no", "role",
			"socket"}},
	{REFUSED, {"driver=vdev:net_ring0"}},
	{REFUSED, {"driver=vdev:", "role", "socket"}},
	{REFUSED, {"driver=vdev:net_", "role", "socket"}},
	{REFUSED, {"driver=vdev:crypto_null", "role", "socket"}},
	{REFUSED, {"driver=vdev:net_ring0 x", "role", "socket"}},
	{TAKEN, {"role=client"}},
	{REFUSED, {"role"}},
	{REFUSED, {"role=both"}},
	{TAKEN, {"socket=/tmp/ab+c@d_e.f-g"}},
	{REFUSED, {"socket=/tmp/a b"}},
	{REFUSED, {"socket=/tmp/a=b"}},
	{REFUSED, {"socket=/tmp/a,b"}},
	{REFUSED, {"socket=/tmp/a:b"}},
	{REFUSED, {"socket=tmp"}},
	{REFUSED, {"socket="}},
	{REFUSED, {"socket"}},
	{TAKEN, {"socket=/" N63 "/" N31 "/1234567890"}},    // 107
	{REFUSED, {"socket=/" N63 "/" N31 "/12345678901"}}, // 108
	{REFUSED, {"interface=veth0"}},
	{TAKEN, {"driver=af_packet", "role", "socket", "interface=veth0"}},
	{TAKEN, {"driver=af_xdp", "role", "socket", "interface=sixteen-bytes@0"}},
	{REFUSED, {"driver=af_xdp", "role", "socket", "interface=sixteen-bytes@01"}},
	{REFUSED, {"driver=af_xdp", "role", "socket", "interface=veth 0"}},
	{REFUSED, {"driver=af_xdp", "role", "socket", "interface=veth=0"}},
	{REFUSED, {"driver=af_xdp", "role", "socket", "interface=veth/0"}},
	{REFUSED, {"driver=af_xdp", "role", "socket", "interface="}},
	{REFUSED, {"driver=af_xdp", "role", "socket"}},
	{REFUSED, {"driver=af_xdp", "role", "interface=veth0"}},
	{REFUSED, {"driver=af_packet", "socket", "interface=veth0"}},
	{TAKEN, {"driver=af_xdp", "role", "socket", "interface=veth0", "mtu=3498"}},
	{REFUSED, {"driver=af_xdp", "role", "socket", "interface=veth0", "mtu=3499"}},
	{TAKEN, {"mtu"}},
	{TAKEN, {"mtu=9000"}},
	{REFUSED, {"mtu=9001"}},
	{REFUSED, {"mtu=1499"}},
	{TAKEN, {"address=10.0.0.1/8"}},
	{REFUSED, {"address=10.0.0.1/7"}},
	{TAKEN, {"address=10.77.1.0/31"}},
	{REFUSED, {"address=10.77.1.1/32"}},
	{REFUSED, {"address=10.77.1.0/30"}},
	{REFUSED, {"address=10.77.1.3/30"}},
	{REFUSED, {"address=127.0.0.1/8"}},
	{REFUSED, {"address=0.0.0.1/8"}},
	{REFUSED, {"address=224.0.0.1/8"}},
	{REFUSED, {"address=10.77.1.1"}},
	{REFUSED, {"address=10.77.1.1/"}},
	{REFUSED, {"address=10.77.1/24"}},
	{REFUSED, {"address=/24"}},
	{REFUSED, {"address"}},
	{TAKEN, {"vlan=1"}},
	{TAKEN, {"vlan=4094"}},
	{REFUSED, {"vlan=4095"}},
	{REFUSED, {"vlan=0"}},
	{REFUSED, {"vlan=0x5"}},
	{TAKEN, {"address=fd00::1/64"}},
	{TAKEN, {"address=fe80::1/127"}},
	{REFUSED, {"address=fd00::1/128"}},
	{REFUSED, {"address=fd00::/64"}},
	{REFUSED, {"address=::1/64"}},
	{REFUSED, {"address=ff02::1/64"}},
	{REFUSED, {"address=::ffff:10.77.1.1/30"}},
	{REFUSED, {"address=fd00::1%eth0/64"}},
	{TAKEN, {"mac"}},
	{TAKEN, {"mac=02:0a:FF:00:00:01"}},
	{REFUSED, {"mac=00:00:00:00:00:00"}},
	{REFUSED, {"mac=03:00:00:00:00:01"}},
	{REFUSED, {"mac=-1:00:00:00:00:01"}},
	{REFUSED, {"mac=02:00:00:00:00"}},
	{REFUSED, {"mac=02:00:00:00:00:01:02"}},
	{REFUSED, {"mac=02-00-00-00-00-01"}},
	{REFUSED, {"mac="}},
};

static char file[] = "/tmp/sluice-test-launch-XXXXXX";
static char said[2048];

static void values_of(const struct verdict *verdict, const char *values[KEYS])
{
	for (int k = 0; k < KEYS; k++)
		values[k] = keys[k].good;
	for (int i = 0; i < 5 && verdict->differ[i]; i++) {
		const char *differ = verdict->differ[i];
		size_t length = strcspn(differ, "=");
		int k = 0;

		while (k < KEYS && (strncmp(keys[k].key, differ, length) != 0 ||
					   strlen(keys[k].key) != length))
			k++;
		assert_true(k < KEYS);
		values[k] = differ[length] ? differ + length + 1 : NULL;
	}
}

static void yaml_part(FILE *out, enum part part, const char *const values[KEYS])
{
	const char *comma = "";

	for (int k = 0; k < KEYS; k++) {
		if (keys[k].part != part || !values[k])
			continue;
		fprintf(out, "%s%s: '%s'", comma, keys[k].key, values[k]);
		comma = part == NODE ? "\n" : ", ";
	}
}

static bool control_takes(struct config *config, const char *const values[KEYS])
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	yaml_part(out, NODE, values);
	fputs("\ncontrol: {listen: 127.0.0.1:0}\nsecurity: {cipher: 'null'}\ndataplane: {", out);
	yaml_part(out, DATAPLANE, values);
	fputs("}\nlinks:\n- {", out);
	yaml_part(out, LINK, values);
	fputs("}\n", out);
	fclose(out);
	said[0] = 0;
	return config_load(config, file, said, sizeof(said)) == 0;
}

// As somebody would write it who starts a dataplane by hand.
static bool dataplane_takes(const char *const values[KEYS])
{
	static char option[KEYS][24], value[KEYS][512], link[2048];
	char *argv[ARGUMENTS] = {(char *)(uintptr_t) "sluice-dataplane"}, *dash;
	int argc = 1;

	const char *driver = NULL;

	link[0] = 0;
	for (int k = 0; k < KEYS; k++) {
		if (!values[k])
			continue;
		if (keys[k].part == LINK && strcmp(keys[k].key, "driver") == 0)
			driver = values[k]; // the last one: it may have commas of its own
		else if (keys[k].part == LINK)
			snprintf(link + strlen(link), sizeof(link) - strlen(link), "%s%s=%s",
				link[0] ? "," : "", keys[k].key, values[k]);
		if (keys[k].part == LINK)
			continue;
		snprintf(option[k], sizeof(option[k]), "--%s", keys[k].key);
		while ((dash = strchr(option[k], '_')))
			*dash = '-';
		snprintf(value[k], sizeof(value[k]), "%s", values[k]);
		argv[argc++] = option[k];
		argv[argc++] = value[k];
	}
	if (driver)
		snprintf(link + strlen(link), sizeof(link) - strlen(link), ",driver=%s", driver);
	argv[argc++] = (char *)(uintptr_t) "--link";
	argv[argc++] = link;
	return dataplane_parse(argc, argv, said, sizeof(said));
}

static void launch__both_readers_say_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		const char *values[KEYS], *what = verdicts[i].differ[0];
		static struct config config;

		values_of(&verdicts[i], values);
		if (control_takes(&config, values) != verdicts[i].taken)
			fail_msg("control, case %zu, %s: %s", i, what, said);
		if (dataplane_takes(values) != verdicts[i].taken)
			fail_msg("dataplane, case %zu, %s: %s", i, what, said);
	}
}

// What control makes of a good file is a command line that the dataplane takes.
static void launch_words__are_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		const char *values[KEYS];
		static struct config config;
		static struct launch_words words;
		char *argv[LAUNCH_WORDS_MAX + 1];

		values_of(&verdicts[i], values);
		if (!control_takes(&config, values))
			continue;
		launch_words(&words, &config);
		for (int w = 0; w <= words.count; w++) // getopt and strtok_r write
			argv[w] = words.word[w] ? strdup(words.word[w]) : NULL;
		if (!dataplane_parse(words.count, argv, said, sizeof(said)))
			fail_msg("case %zu, %s: %s", i, verdicts[i].differ[0], said);
		for (int w = 0; w < words.count; w++)
			free(argv[w]);
	}
}

// As many of everything as a configuration may hold.
static void launch_words__of_the_largest_configuration(void **state)
{
	static struct config config = {.program = "/opt/dp",
		.run_dir = "/run/sluice/a",
		.node = "a",
		.security = {.backend = CONFIG_BACKEND_EVP},
		.dataplane = {.workers = 2, .memory_mb = 128, .udp_port = 7654, .cores = "0-1"},
		.links_count = SETUP_LINKS_MAX,
		.dictionaries_count = DICTIONARIES_MAX};
	static struct launch_words words;

	(void)state;
	for (uint32_t i = 0; i < DICTIONARIES_MAX; i++) {
		config.dictionaries[i].id = 240 + i;
		memset(config.dictionaries[i].file, 'd', SETUP_FILE_SIZE - 1);
		config.dictionaries[i].file[0] = '/';
	}
	launch_words(&words, &config);
	assert_true(words.count <= LAUNCH_WORDS_MAX);
	assert_string_equal(words.word[words.count - 2], "--dictionary");
	assert_int_equal(strlen(words.word[words.count - 1]), 4 + SETUP_FILE_SIZE - 1);
	assert_memory_equal(words.word[words.count - 1], "255=/ddd", 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(launch__both_readers_say_the_same),
		cmocka_unit_test(launch_words__are_taken),
		cmocka_unit_test(launch_words__of_the_largest_configuration),
	};
	int fd = mkstemp(file), failed;

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(file);
	return failed;
}
