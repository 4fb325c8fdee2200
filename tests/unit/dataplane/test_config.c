// The command line: what it means, and the sentence of every refusal.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dataplane/config.h"

#define WORDS_MAX 48

#define MEMIF   "name=east,driver=memif,role=server,socket=/run/s/m.sock,address=10.77.1.1/30"
#define PACKET  "name=west,driver=af_packet,interface=veth0,address=10.78.1.1/24"
#define MINIMUM "--run-dir /run/sluice/a "

static char said[1024]; // on standard error by the last config_parse

// `line` is cut at its blanks, as a shell would.
static enum config_result parse(struct config *config, const char *line)
{
	static char words[4096];
	char *argv[WORDS_MAX + 2] = {(char *)(uintptr_t) "sluice-dataplane"}, *save = NULL;
	int argc = 1, file = memfd_create("stderr", MFD_CLOEXEC), before = dup(STDERR_FILENO);
	enum config_result result;
	ssize_t size;

	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		assert_true(argc <= WORDS_MAX);
		argv[argc++] = w;
	}
	dup2(file, STDERR_FILENO);
	result = config_parse(config, argc, argv);
	dup2(before, STDERR_FILENO);
	size = pread(file, said, sizeof(said) - 1, 0);
	said[size > 0 ? size : 0] = '\0';
	close(before);
	close(file);
	return result;
}

static void refused(const char *line, const char *part)
{
	struct config config;

	assert_int_equal(parse(&config, line), CONFIG_INVALID);
	if (strstr(said, part) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", line, said, part);
}

static void accepted(struct config *config, const char *line)
{
	if (parse(config, line) != CONFIG_OK)
		fail_msg("%s: refused: %s", line, said);
	assert_string_equal(said, "");
}

static void config_parse__defaults(void **state)
{
	struct config config;

	(void)state;
	accepted(&config, MINIMUM);
	assert_string_equal(config.run_dir, "/run/sluice/a");
	assert_string_equal(config.node, "a"); // the last part of the folder
	assert_int_equal(config.workers, 1);
	assert_int_equal(config.idle, IDLE_ADAPTIVE);
	assert_int_equal(config.memory, EAL_AUTO);
	assert_int_equal(config.memory_mb, 0);
	assert_int_equal(config.links, 0);
	assert_int_equal(config.cipher_backend, CIPHER_AUTO);
	assert_int_equal(config.rekey_packets, 0);
	for (int w = 0; w < WORKERS_MAX; w++)
		assert_int_equal(config.cores[w], -1);
}

static void config_parse__everything(void **state)
{
	struct config config;

	(void)state;
	accepted(&config, MINIMUM
		"--cipher-backend evp --rekey-packets 1000 "
		"--node n1 --workers 3 --cores 2,5-6 --idle busy --hugepages off --memory-mb 512 "
		"--link " MEMIF ",mtu=9000,id=65535,mac=02:0a:FF:00:00:01 --udp-port 9000 "
		"--link " PACKET ",gateway=10.78.1.254");
	assert_string_equal(config.node, "n1");
	assert_int_equal(config.cipher_backend, CIPHER_EVP);
	assert_int_equal(config.rekey_packets, 1000);
	assert_int_equal(config.workers, 3);
	assert_int_equal(config.cores[0], 2);
	assert_int_equal(config.cores[1], 5);
	assert_int_equal(config.cores[2], 6);
	assert_int_equal(config.idle, IDLE_BUSY);
	assert_int_equal(config.memory, EAL_NO_HUGE);
	assert_int_equal(config.memory_mb, 512);
	assert_int_equal(config.links, 2);

	const struct port_config *east = &config.link[0], *west = &config.link[1];
	const uint8_t mac[6] = {2, 10, 255, 0, 0, 1};
	assert_string_equal(east->name, "east");
	assert_int_equal(east->driver, PORT_MEMIF);
	assert_true(east->memif_server);
	assert_string_equal(east->socket, "/run/s/m.sock");
	assert_int_equal(address_ipv4(east->address), 0x0a4d0101);
	assert_int_equal(east->prefix, 30);
	assert_int_equal(east->mtu, 9000);
	assert_int_equal(east->memif_id, 65535);
	assert_memory_equal(east->mac, mac, 6);
	assert_int_equal(west->driver, PORT_AF_PACKET);
	assert_string_equal(west->iface, "veth0");
	assert_int_equal(west->mtu, 1500);
	assert_int_equal(address_ipv4(west->gateway), 0x0a4e01fe);
	for (int i = 0; i < 2; i++) { // the port number came after the one and before the other
		assert_int_equal(config.link[i].udp_base_port, 9000);
		assert_int_equal(config.link[i].queues, 3);
	}
}

static void config_parse__the_last_of_an_option_counts(void **state)
{
	struct config config;

	(void)state;
	accepted(&config, MINIMUM "--workers 2 --cores 0-1 --workers 1 --cores 7");
	assert_int_equal(config.workers, 1);
	assert_int_equal(config.cores[0], 7);
}

static void config_parse__refuses_numbers_out_of_range(void **state)
{
	(void)state;
	refused(MINIMUM "--workers 0", "--workers: '0' is not a number from 1 to 16");
	refused(MINIMUM "--workers 17", "from 1 to 16");
	refused(MINIMUM "--workers 2x", "from 1 to 16");
	refused(MINIMUM "--workers -1", "from 1 to 16");
	refused(MINIMUM "--workers 18446744073709551617", "from 1 to 16");
	refused(MINIMUM "--cipher-backend qat", "'qat' is none of auto, imb, evp");
	refused(MINIMUM "--rekey-packets 999", "from 1000 to 4194304");
	refused(MINIMUM "--rekey-packets 4194305", "from 1000 to 4194304");
	refused(MINIMUM "--memory-mb 31", "--memory-mb: '31' is not a number from 32 to 1048576");
	refused(MINIMUM "--memory-mb 1048577", "from 32 to 1048576");
	refused(MINIMUM "--udp-port 1023", "from 1024 to 65519");
	refused(MINIMUM "--udp-port 65520", "from 1024 to 65519");
	refused(MINIMUM "--idle lazy", "--idle: 'lazy' is not one of: adaptive, busy");
	refused(MINIMUM "--hugepages maybe", "one of: auto, require, off");
}

static void config_parse__extremes(void **state)
{
	struct config config;
	char line[4096] = MINIMUM "--workers 16 --cores 0-15 --udp-port 65519";

	(void)state;
	for (int i = 0; i < PORTS_MAX; i++) {
		char link[128];

		snprintf(link, sizeof(link),
			" --link name=l%d,driver=memif,role=client,socket=/m/%d,address=10.1.%d.1/"
			"31",
			i, i, i);
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s", link);
	}
	accepted(&config, line);
	assert_int_equal(config.links, PORTS_MAX);
	assert_int_equal(config.cores[15], 15);
	snprintf(line + strlen(line), sizeof(line) - strlen(line), " --link " PACKET);
	refused(line, "at most 16 links");
}

static void config_parse__cores_are_one_for_each_worker(void **state)
{
	(void)state;
	refused(MINIMUM "--cores 0,1",
		"--cores: '0,1' names 2 CPUs for 1 worker; name one for each");
	refused(MINIMUM "--workers 3 --cores 0-1", "'0-1' names 2 CPUs for 3 workers");
	refused(MINIMUM "--workers 2 --cores 0-", "a list of at most 16 different CPUs");
	refused(MINIMUM "--workers 2 --cores 3-2", "a list of at most 16 different CPUs");
	refused(MINIMUM "--cores x", "a list of at most 16 different CPUs");
	refused(MINIMUM "--cores ,", "a list of at most 16 different CPUs");
	refused(MINIMUM "--cores 1024", "a list of at most 16 different CPUs");
	refused(MINIMUM "--workers 16 --cores 0-16", "'0-16' is not a list of at most 16");
}

static void config_parse__refuses_long_paths_and_names(void **state)
{
	struct config config;
	char line[256] = "--node n --run-dir /";

	(void)state;
	memset(line + strlen(line), 'x', 89);
	accepted(&config, line);
	assert_int_equal(strlen(config.run_dir), SETUP_RUN_DIR_MAX);
	line[strlen(line)] = 'x';
	refused(line, "is not an absolute path of at most 90 characters");
	refused("", "--run-dir: is missing");
	refused("--run-dir here", "'here' is not an absolute path");
	accepted(&config, "--run-dir /run/a-folder-whose-name-has-more-than-31-letters");
	refused("--run-dir /run/@",
		"--node: is missing, and the last part of --run-dir will not do");
	refused("--run-dir /run/", "--node: is missing");
	snprintf(line, sizeof(line), "%s--node %064d", MINIMUM, 0);
	refused(line, "is not a name of 1 to 63 letters");
	line[strlen(line) - 1] = 0;
	accepted(&config, line);
	assert_int_equal(strlen(config.node), 63);
}

static void config_parse__refuses_bad_links(void **state)
{
	(void)state;
	refused(MINIMUM "--link nonsense", "--link 1: 'nonsense' is not KEY=VALUE");
	refused(MINIMUM "--link " MEMIF ",colour=red", "--link east: colour: there is no such key");
	refused(MINIMUM "--link driver=pci", "--link 1: driver: 'pci' is not one of: memif,");
	refused(MINIMUM "--link driver=pci:eth0", "'pci:eth0' does not name a PCI device");
	refused(MINIMUM "--link driver=vdev:eth0,name=x",
		"'vdev:eth0,name=x' is not a device string");
	refused(MINIMUM "--link name=x,driver=vdev:net_ring0,address=10.0.0.1/24",
		"--link x: address: is missing"); // it is the device's
	refused(MINIMUM "--link role=both", "'both' is not one of: server, client");
	refused(MINIMUM "--link name=a-name-that-is-too-long-for-a-link", "1 to 31 letters");
	refused(MINIMUM "--link interface=sixteen-bytes-it", "1 to 15 letters");
	refused(MINIMUM "--link address=10.1.1.1", "IP address with its prefix");
	refused(MINIMUM "--link address=10.1.1.1/", "from 8 to 31");
	refused(MINIMUM "--link address=10.1.1.1/32", "from 8 to 31");
	refused(MINIMUM "--link address=10.1.1/24", "IP address with its prefix");
	refused(MINIMUM "--link gateway=here", "is not an IP address");
	refused(MINIMUM "--link mtu=1499", "from 1500 to 9000");
	refused(MINIMUM "--link mtu=9001", "from 1500 to 9000");
	refused(MINIMUM "--link id=65536", "from 0 to 65535");
	refused(MINIMUM "--link zero_copy=2", "from 0 to 1");
	refused(MINIMUM "--link " MEMIF ",gateway=10.9.9.9", "gateway"); // port_config_check's
}

// The sentence says which link once, and what is wrong with what.
static void config_parse__names_a_link_once(void **state)
{
	(void)state;
	refused(MINIMUM "--link name=ab,driver=memif,role=server,socket=/a=b,address=10.77.1.1/30",
		"sluice-dataplane: --link ab: socket: '/a=b' is not an absolute path of at most "
		"107 letters, digits and /-_.+@\n");
	refused(MINIMUM "--link " MEMIF ",zero_copy=1",
		"sluice-dataplane: link east: memif copies; zero_copy works with af_xdp only\n");
	assert_null(strstr(said, "'east'"));
}

static void config_parse__refuses_bad_macs(void **state)
{
	static const char *const macs[] = {"02:00:00:00:00", "02:00:00:00:00:01:02",
		"02-00-00-00-00-01", "-1:00:00:00:00:01", "2:0:0:0:0:1", "02:00:00:00:00:0g", "",
		"00:00:00:00:00:00", "03:00:00:00:00:01"};

	(void)state;
	for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++) {
		char line[256];

		snprintf(line, sizeof(line), MINIMUM "--link " MEMIF ",mac=%s", macs[i]);
		refused(line, "is not a unicast address");
	}
}

static void config_parse__refuses_links_that_are_the_same(void **state)
{
	static const struct {
		const char *link, *part;
	} cases[] = {
		{"east,driver=memif,role=client,socket=/m,address=10.9.9.1/30",
			"--link east: name: two links are named 'east'"},
		{"two,driver=memif,role=client,socket=/m,address=10.77.1.2/24",
			"--link two: address: its prefix overlaps that of link 'east'"},
		{"two,driver=memif,role=client,socket=/run/s/m.sock,address=10.9.9.1/30",
			"--link two: socket: link 'east' uses /run/s/m.sock already"},
		{"two,driver=af_packet,interface=veth0,address=10.9.9.1/30",
			"--link two: interface: link 'west' uses veth0 already"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[512];

		snprintf(line, sizeof(line), "%s --link %s --link %s --link name=%s", MINIMUM,
			MEMIF, PACKET, cases[i].link);
		refused(line, cases[i].part);
	}
}

static void config_parse__dictionaries(void **state)
{
	static const struct {
		const char *options, *part;
	} cases[] = {
		{"--dictionary 3", "--dictionary: '3' is not ID=FILE"},
		{"--dictionary 0=/d", "'0' is not a number from 1 to 255"},
		{"--dictionary 256=/d", "'256' is not a number from 1 to 255"},
		{"--dictionary 1=d", "'d' is not an absolute path"},
		{"--dictionary 1=/d --dictionary 1=/e", "two dictionaries have the id 1"},
	};
	char line[2048];
	struct config config;
	int used;

	(void)state;
	accepted(&config, MINIMUM "--dictionary 1=/d --dictionary 255=/e=f,g");
	assert_int_equal(config.dictionaries, 2);
	assert_int_equal(config.dictionary[1].id, 255);
	assert_string_equal(config.dictionary[1].file, "/e=f,g");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), MINIMUM "%s", cases[i].options);
		refused(line, cases[i].part);
	}
	used = snprintf(line, sizeof(line), MINIMUM);
	for (int i = 1; i <= DICTIONARIES_MAX + 1; i++)
		used += snprintf(
			line + used, sizeof(line) - (size_t)used, "--dictionary %d=/d ", i);
	refused(line, "at most 16 dictionaries");
}

static void config_parse__refuses_what_is_no_option(void **state)
{
	struct config config;

	(void)state;
	refused(MINIMUM "extra", "unexpected argument");
	assert_int_equal(parse(&config, MINIMUM "--nonsense"), CONFIG_INVALID);
	assert_int_equal(parse(&config, MINIMUM "--workers"), CONFIG_INVALID); // getopt says why
	assert_true(said[0] != '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_parse__defaults),
		cmocka_unit_test(config_parse__everything),
		cmocka_unit_test(config_parse__the_last_of_an_option_counts),
		cmocka_unit_test(config_parse__refuses_numbers_out_of_range),
		cmocka_unit_test(config_parse__extremes),
		cmocka_unit_test(config_parse__cores_are_one_for_each_worker),
		cmocka_unit_test(config_parse__refuses_long_paths_and_names),
		cmocka_unit_test(config_parse__refuses_bad_links),
		cmocka_unit_test(config_parse__names_a_link_once),
		cmocka_unit_test(config_parse__refuses_bad_macs),
		cmocka_unit_test(config_parse__refuses_links_that_are_the_same),
		cmocka_unit_test(config_parse__dictionaries),
		cmocka_unit_test(config_parse__refuses_what_is_no_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
