// argv -> struct config. Every refusal is a sentence that says what is allowed.
#include "dataplane/config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"sluice-dataplane - the process of Sluice that touches packets (started by "
	"sluice-control)\n"
	"\n"
	"  --run-dir DIR        data.sock and the lock file live here (must exist)\n"
	"  --node NAME          name in logs; default: last part of DIR\n"
	"  --workers N          poll-mode workers, 1..16; default 1\n"
	"  --cores LIST         one CPU for each worker, for example 2,3 or 0-1; default: they "
	"float\n"
	"  --idle POLICY        adaptive (default): sleep when idle; busy: never sleep\n"
	"  --hugepages MODE     auto (default), require, off\n"
	"  --memory-mb N        packet memory, at least; default: what the links need\n"
	"  --udp-port PORT      of worker 0; worker w listens on PORT + w; default 7654\n"
	"  --link KEY=VALUE,... one link, repeatable: name, driver (memif, af_packet, af_xdp), "
	"address (A.B.C.D/PREFIX),\n"
	"                       mtu (1500..9000), memif: role (server, client), socket, id, "
	"zero_copy (0, 1);\n"
	"                       af_*: interface; optional: mac, gateway\n"
	"  --version, --help\n";

#define CORE_MAX 1023u

static bool fail(const char *sentence, const char *value)
{
	fprintf(stderr, "sluice-dataplane: %s: '%s'\n", sentence, value ? value : "");
	return false;
}

static bool number_parse(uint32_t *out, const char *text, uint32_t min, uint32_t max)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || v < min || v > max)
		return false;
	*out = (uint32_t)v;
	return true;
}

static bool text_copy(char *out, size_t size, const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n >= size)
		return false;
	memcpy(out, text, n + 1);
	return true;
}

static bool ipv4_parse(uint32_t *out, const char *text)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1)
		return false;
	*out = ntohl(a.s_addr);
	return true;
}

static bool address_parse(struct port_config *link, char *text)
{
	char *slash = strchr(text, '/');
	uint32_t prefix;

	if (!slash)
		return false;
	*slash = '\0';
	if (!ipv4_parse(&link->ipv4, text) || !number_parse(&prefix, slash + 1, 1, 31))
		return false;
	link->prefix = (uint8_t)prefix;
	return true;
}

static bool driver_parse(struct port_config *link, const char *text)
{
	static const char *const names[PORT_DRIVER_COUNT] = {"memif", "af_packet", "af_xdp"};

	for (int i = 0; i < PORT_DRIVER_COUNT; i++)
		if (strcmp(text, names[i]) == 0) {
			link->driver = (enum port_driver)i;
			return true;
		}
	return false;
}

static bool mac_parse(uint8_t mac[6], const char *text)
{
	for (int i = 0; i < 6; i++, text += 3) {
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
			text[2] != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = (uint8_t)strtoul(text, NULL, 16);
	}
	return true;
}

// One KEY=VALUE of --link. NULL: taken; else what is wrong.
static const char *link_key(struct port_config *link, const char *key, char *value)
{
	uint32_t n;

	if (strcmp(key, "name") == 0)
		return text_copy(link->name, sizeof(link->name), value)
			       ? NULL
			       : "link name: 1 to 31 characters";
	if (strcmp(key, "driver") == 0)
		return driver_parse(link, value) ? NULL : "link driver: memif, af_packet or af_xdp";
	if (strcmp(key, "role") == 0) {
		link->memif_server = strcmp(value, "server") == 0;
		return link->memif_server || strcmp(value, "client") == 0
			       ? NULL
			       : "link role: server or client";
	}
	if (strcmp(key, "socket") == 0)
		return text_copy(link->socket, sizeof(link->socket), value)
			       ? NULL
			       : "link socket: a path under 108 bytes";
	if (strcmp(key, "interface") == 0)
		return text_copy(link->iface, sizeof(link->iface), value)
			       ? NULL
			       : "link interface: a name under 16 bytes";
	if (strcmp(key, "address") == 0)
		return address_parse(link, value)
			       ? NULL
			       : "link address: IPv4 with prefix, for example 10.77.1.1/30";
	if (strcmp(key, "gateway") == 0)
		return ipv4_parse(&link->gateway, value) ? NULL : "link gateway: an IPv4 address";
	if (strcmp(key, "mac") == 0)
		return mac_parse(link->mac, value)
			       ? NULL
			       : "link mac: six bytes, for example 02:00:00:00:00:01";
	if (strcmp(key, "mtu") == 0)
		return number_parse(&link->mtu, value, MTU_MIN, MTU_MAX) ? NULL
									 : "link mtu: 1500..9000";
	if (strcmp(key, "id") == 0)
		return number_parse(&link->memif_id, value, 0, 65535) ? NULL : "link id: 0..65535";
	if (strcmp(key, "zero_copy") == 0) {
		if (!number_parse(&n, value, 0, 1))
			return "link zero_copy: 0 or 1";
		link->zero_copy = n == 1;
		return NULL;
	}
	return "link key: name, driver, role, socket, id, interface, address, gateway, mac, mtu or "
	       "zero_copy";
}

static bool link_parse(struct config *config, char *text)
{
	struct port_config *link = &config->link[config->links];
	char *save = NULL;

	if (config->links == PORTS_MAX)
		return fail("at most 16 links", text);
	*link = (struct port_config){.mtu = MTU_MIN};
	for (char *part = strtok_r(text, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		char *value = strchr(part, '=');
		const char *wrong;

		if (!value)
			return fail("--link wants KEY=VALUE,...", part);
		*value++ = '\0';
		wrong = link_key(link, part, value);
		if (wrong)
			return fail(wrong, value);
	}
	config->links++;
	return true;
}

// "2", or "2-5".
static bool core_range_parse(uint32_t *first, uint32_t *last, char *text)
{
	char *dash = strchr(text, '-');

	if (dash)
		*dash = '\0';
	if (!number_parse(first, text, 0, CORE_MAX))
		return false;
	*last = *first;
	return !dash || number_parse(last, dash + 1, *first, CORE_MAX);
}

static bool cores_parse(struct config *config, char *text)
{
	char whole[64], *save = NULL;
	uint32_t core, last;

	snprintf(whole, sizeof(whole), "%s", text);
	config->cores_count = 0;
	for (char *part = strtok_r(text, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		if (!core_range_parse(&core, &last, part))
			return fail("--cores wants CPU numbers, for example 2,3 or 0-1", whole);
		for (; core <= last; core++) {
			if (config->cores_count == WORKERS_MAX)
				return fail("--cores names at most 16 CPUs", whole);
			config->cores[config->cores_count++] = (int)core;
		}
	}
	return config->cores_count > 0 ||
	       fail("--cores wants CPU numbers, for example 2,3 or 0-1", whole);
}

static bool choice_parse(int *out, const char *text, const char *a, const char *b, const char *c)
{
	const char *const names[] = {a, b, c};

	for (int i = 0; i < 3; i++)
		if (names[i] && strcmp(text, names[i]) == 0) {
			*out = i;
			return true;
		}
	return false;
}

static bool option_take(struct config *config, int option, char *value)
{
	uint32_t n;
	int choice;

	switch (option) {
	case 'r':
		return text_copy(config->run_dir, sizeof(config->run_dir), value) ||
		       fail("--run-dir wants a path under 98 bytes", value);
	case 'n':
		return text_copy(config->node, sizeof(config->node), value) ||
		       fail("--node wants a name under 32 bytes", value);
	case 'w':
		if (!number_parse(&n, value, 1, WORKERS_MAX))
			return fail("--workers wants 1..16", value);
		config->workers = (uint16_t)n;
		return true;
	case 'c':
		return cores_parse(config, value);
	case 'i':
		if (!choice_parse(&choice, value, "adaptive", "busy", NULL))
			return fail("--idle wants adaptive or busy", value);
		config->idle = (enum idle_policy)choice;
		return true;
	case 'h':
		if (!choice_parse(&choice, value, "require", "off", "auto"))
			return fail("--hugepages wants auto, require or off", value);
		config->memory = (enum eal_memory)choice;
		return true;
	case 'm':
		return number_parse(&config->memory_mb, value, 0, 1u << 20) ||
		       fail("--memory-mb wants megabytes, 0..1048576", value);
	case 'l':
		return link_parse(config, value);
	default:
		return false; // getopt said why
	}
}

static bool config_complete_node(struct config *config)
{
	const char *slash = strrchr(config->run_dir, '/');

	if (config->node[0] != '\0' ||
		text_copy(config->node, sizeof(config->node), slash ? slash + 1 : config->run_dir))
		return true;
	return fail("--node is needed: the last part of --run-dir is no name", config->run_dir);
}

// Two links of one name would be one device to DPDK; of one address, nobody could tell which is
// meant.
static bool config_complete_unique(const struct config *config, int i)
{
	const struct port_config *link = &config->link[i];

	for (int k = 0; k < i; k++) {
		if (strcmp(config->link[k].name, link->name) == 0)
			return fail("two links have this name", link->name);
		if (config->link[k].ipv4 == link->ipv4)
			return fail("an earlier link has the same address as", link->name);
	}
	return true;
}

// What the options mean together. The port number may have come before or after the links.
static bool config_complete(struct config *config, uint16_t udp_port)
{
	char why[256];

	if (config->run_dir[0] == '\0')
		return fail("--run-dir is needed", "");
	if (!config_complete_node(config))
		return false;
	if (config->cores_count != 0 && config->cores_count != config->workers) {
		snprintf(why, sizeof(why), "%u for %u workers", config->cores_count,
			config->workers);
		return fail("--cores names one CPU for each worker", why);
	}
	for (int i = 0; i < config->links; i++) {
		config->link[i].udp_base_port = udp_port;
		config->link[i].queues = config->workers;
		if (port_config_check(&config->link[i], why, sizeof(why)))
			return fail(why, config->link[i].name);
		if (!config_complete_unique(config, i))
			return false;
	}
	return true;
}

enum config_result config_parse(struct config *config, int argc, char **argv)
{
	static const struct option options[] = {
		{"run-dir", required_argument, NULL, 'r'},
		{"node", required_argument, NULL, 'n'},
		{"workers", required_argument, NULL, 'w'},
		{"cores", required_argument, NULL, 'c'},
		{"idle", required_argument, NULL, 'i'},
		{"hugepages", required_argument, NULL, 'h'},
		{"memory-mb", required_argument, NULL, 'm'},
		{"udp-port", required_argument, NULL, 'u'},
		{"link", required_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'H'},
		{"version", no_argument, NULL, 'V'},
		{0},
	};
	uint32_t udp_port = 7654;
	int option;

	*config = (struct config){.workers = 1, .memory = EAL_AUTO};
	for (int i = 0; i < WORKERS_MAX; i++)
		config->cores[i] = -1;
	optind = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'H') {
			fputs(usage, stdout);
			return CONFIG_HELP;
		}
		if (option == 'V') {
			puts("sluice-dataplane " SLUICE_VERSION);
			return CONFIG_HELP;
		}
		if (option == 'u') {
			if (!number_parse(&udp_port, optarg, 1, 65535 - WORKERS_MAX)) {
				fail("--udp-port wants 1..65519", optarg);
				return CONFIG_INVALID;
			}
			continue;
		}
		if (!option_take(config, option, optarg))
			return CONFIG_INVALID;
	}
	if (optind < argc) {
		fail("unexpected argument; see --help", argv[optind]);
		return CONFIG_INVALID;
	}
	return config_complete(config, (uint16_t)udp_port) ? CONFIG_OK : CONFIG_INVALID;
}
