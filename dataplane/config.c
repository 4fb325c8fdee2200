// argv -> struct config. Every refusal is a sentence that says what is allowed; the rules are those
// of lib/ipc/setup.c, which control has asked already when it is the one that starts us.
#include "dataplane/config.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert((int)PORTS_MAX == SETUP_LINKS_MAX, "limits.h");

static const char usage[] =
	"sluice-dataplane - the process of Sluice that touches packets (started by "
	"sluice-control)\n"
	"\n"
	"  --run-dir DIR        absolute; data.sock and the lock file live here (must exist)\n"
	"  --node NAME          name in logs; default: last part of DIR\n"
	"  --workers N          poll-mode workers, 1..16; default 1\n"
	"  --cores LIST         one CPU for each worker, for example 2,3 or 0-1; default: they "
	"float\n"
	"  --idle POLICY        adaptive (default): sleep when idle; busy: never sleep\n"
	"  --hugepages MODE     auto (default), require, off\n"
	"  --memory-mb N        packet memory, at least; default: what the links need\n"
	"  --udp-port PORT      of worker 0; worker w listens on PORT + w; default 7654\n"
	"  --cipher-backend B   auto (default), imb (libipsec-mb), evp (OpenSSL)\n"
	"  --rekey-packets N    a new key after N packets, 1000..4194304, and a round trip; "
	"default "
	"4194304\n"
	"  --dictionary ID=FILE a dictionary of zstd, repeatable; ID 1..255\n"
	"  --link KEY=VALUE,... one link, repeatable: name, address (IP/PREFIX), mtu "
	"(1500..9000),\n"
	"                       optional: vlan (1..4094), mac, gateway; last: driver:\n"
	"                       memif: role (server, client), socket, id\n"
	"                       vhost (listens), virtio-user (connects): socket\n"
	"                       af_packet, af_xdp, tap: interface; af_xdp: zero_copy (0, 1)\n"
	"                       pci:ADDRESS, bound to a driver that DPDK can use\n"
	"                       vdev:DEVICE, a device string of DPDK; its commas are its own, so "
	"it must be last\n"
	"  --version, --help\n";

// What the options say, before it is all there.
struct options {
	char node[NAME_SIZE];
	char run_dir[SETUP_RUN_DIR_MAX + 1];
	struct setup_dataplane dataplane;
	uint32_t links;
	struct setup_link link[SETUP_LINKS_MAX];
};

static bool fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static bool fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("sluice-dataplane: ", stderr);
	vfprintf(stderr, format, arguments);
	fputs("\n", stderr);
	va_end(arguments);
	return false;
}

// What only the command line has: the configuration file knows no such keys.
static bool port_take(struct port_config *port, const char *key, const char *text, char *why)
{
	uint32_t number;

	if (strcmp(key, "id") == 0)
		return setup_number(&port->memif_id, text, 0, 65535, why);
	if (strcmp(key, "zero_copy") == 0) {
		if (!setup_number(&number, text, 0, 1, why))
			return false;
		port->zero_copy = number == 1;
		return true;
	}
	if (address_parse(&port->gateway, text)) // the only other one
		return true;
	snprintf(why, SETUP_WHY_SIZE, "'%s' is not an IP address", text);
	return false;
}

static bool link_take(struct setup_link *link, struct port_config *port, const char *key,
	const char *text, char *why)
{
	static const char *const ours[] = {"id", "zero_copy", "gateway"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(key, ours[i]) == 0)
			return port_take(port, key, text, why);
	return setup_link_take(link, key, text, why);
}

// For sentences: the link's name, or as long as that is not known its number.
static const char *link_called(const struct options *options, uint32_t i, char name[12])
{
	snprintf(name, 12, "%u", i + 1);
	return options->link[i].name[0] ? options->link[i].name : name;
}

// One KEY=VALUE; that of a vdev is the rest of the text.
static char *link_part(char *text, char **save)
{
	static const char vdev[] = "driver=vdev:";
	char *part = text ? text : *save;

	if (!part)
		return NULL;
	part += strspn(part, ",");
	if (strncmp(part, vdev, sizeof(vdev) - 1) != 0)
		return strtok_r(part, ",", save);
	*save = NULL;
	return part;
}

static bool link_parse(struct options *options, struct config *config, char *text)
{
	uint32_t i = options->links;
	char number[12], why[SETUP_WHY_SIZE], *save = NULL;

	if (i == SETUP_LINKS_MAX)
		return fail("--link: at most %d links", SETUP_LINKS_MAX);
	for (char *part = link_part(text, &save); part; part = link_part(NULL, &save)) {
		char *value = strchr(part, '=');

		if (!value)
			return fail("--link %s: '%s' is not KEY=VALUE",
				link_called(options, i, number), part);
		*value++ = '\0';
		if (!link_take(&options->link[i], &config->link[i], part, value, why))
			return fail(
				"--link %s: %s: %s", link_called(options, i, number), part, why);
	}
	options->links++;
	return true;
}

static bool dataplane_take(struct options *options, const char *option, const char *text)
{
	char key[16], why[SETUP_WHY_SIZE], *dash;

	snprintf(key, sizeof(key), "%s", option);
	while ((dash = strchr(key, '-')))
		*dash = '_';
	return setup_dataplane_take(&options->dataplane, key, text, why) ||
	       fail("--%s: %s", option, why);
}

static bool backend_take(struct config *config, const char *value)
{
	int backend = cipher_backend_find(value);

	if (backend < 0)
		return fail("--cipher-backend: '%s' is none of auto, imb, evp", value);
	config->cipher_backend = (enum cipher_backend)backend;
	return true;
}

static bool rekey_take(struct config *config, const char *value)
{
	char why[SETUP_WHY_SIZE];
	uint32_t packets;

	if (!setup_number(&packets, value, 1000, KEYS_PACKETS, why))
		return fail("--rekey-packets: %s", why);
	config->rekey_packets = packets;
	return true;
}

static bool dictionary_take(struct config *config, char *value)
{
	char why[SETUP_WHY_SIZE], *file = strchr(value, '=');
	struct setup_dictionary *d = &config->dictionary[config->dictionaries];
	const char *key;

	if (config->dictionaries == DICTIONARIES_MAX)
		return fail("--dictionary: at most %d dictionaries", DICTIONARIES_MAX);
	if (!file)
		return fail("--dictionary: '%s' is not ID=FILE", value);
	*file++ = '\0';
	return (setup_dictionary_take(d, "id", value, why) &&
		       setup_dictionary_take(d, "file", file, why) &&
		       setup_dictionary_end(
			       config->dictionary, config->dictionaries++, &key, why)) ||
	       fail("--dictionary: %s", why);
}

static bool option_take(
	struct options *options, struct config *config, int option, const char *name, char *value)
{
	char why[SETUP_WHY_SIZE];

	switch (option) {
	case 'r':
		return setup_path(options->run_dir, sizeof(options->run_dir), value, why) ||
		       fail("--run-dir: %s", why);
	case 'n':
		return setup_name(options->node, sizeof(options->node), value, why) ||
		       fail("--node: %s", why);
	case 'd':
		return dataplane_take(options, name, value);
	case 'b':
		return backend_take(config, value);
	case 'k':
		return rekey_take(config, value);
	case 'D':
		return dictionary_take(config, value);
	case 'l':
		return link_parse(options, config, value);
	default:
		return false; // getopt said why
	}
}

static bool complete_node(struct options *options)
{
	const char *slash = strrchr(options->run_dir, '/');
	char why[SETUP_WHY_SIZE];

	if (!slash)
		return fail("--run-dir: is missing; write an absolute path");
	return options->node[0] ||
	       setup_name(options->node, sizeof(options->node), slash + 1, why) ||
	       fail("--node: is missing, and the last part of --run-dir will not do: %s", why);
}

static void port_fill(struct port_config *port, const struct setup_link *link,
	const struct setup_dataplane *dataplane)
{
	memcpy(port->name, link->name, sizeof(port->name));
	port->driver = (enum port_driver)link->driver;
	port->memif_server = link->driver == SETUP_MEMIF && link->role == SETUP_SERVER;
	memcpy(port->socket, link->socket, sizeof(port->socket));
	memcpy(port->device, link->device, sizeof(port->device));
	memcpy(port->iface, link->interface, sizeof(port->iface));
	port->mtu = link->mtu;
	port->vlan = (uint16_t)link->vlan;
	port->address = link->address;
	port->prefix = (uint8_t)link->prefix;
	memcpy(port->mac, link->mac, sizeof(port->mac));
	port->udp_base_port = dataplane->udp_port;
	port->queues = (uint16_t)dataplane->workers;
}

static void config_fill(struct config *config, const struct options *options)
{
	static const enum eal_memory memory[] = {EAL_AUTO, EAL_HUGEPAGES, EAL_NO_HUGE};
	const struct setup_dataplane *dataplane = &options->dataplane;

	memcpy(config->node, options->node, sizeof(config->node));
	memcpy(config->run_dir, options->run_dir, sizeof(options->run_dir));
	config->workers = (uint16_t)dataplane->workers;
	config->idle = dataplane->idle == SETUP_BUSY ? IDLE_BUSY : IDLE_ADAPTIVE;
	config->memory = memory[dataplane->hugepages];
	config->memory_mb = dataplane->memory_mb;
	config->cores_count = dataplane->cores_count;
	for (uint16_t w = 0; w < WORKERS_MAX; w++)
		config->cores[w] = w < dataplane->cores_count ? dataplane->core[w] : -1;
	config->links = (uint16_t)options->links;
	for (uint32_t i = 0; i < options->links; i++)
		port_fill(&config->link[i], &options->link[i], dataplane);
}

// What the options mean together: the port number may have come before or after the links.
static bool config_complete(struct config *config, struct options *options)
{
	char number[12], why[SETUP_WHY_SIZE];
	const char *key;

	if (!complete_node(options))
		return false;
	if (!setup_dataplane_end(&options->dataplane, &key, why))
		return fail("--%s: %s", key, why);
	for (uint32_t i = 0; i < options->links; i++)
		if (!setup_link_end(options->link, i, &key, why))
			return fail("--link %s: %s: %s", link_called(options, i, number), key, why);
	config_fill(config, options);
	for (uint32_t i = 0; i < options->links; i++)
		if (port_config_check(&config->link[i], why, sizeof(why)))
			return fail("%s", why);
	return true;
}

enum config_result config_parse(struct config *config, int argc, char **argv)
{
	static const struct option table[] = {
		{"run-dir", required_argument, NULL, 'r'},
		{"node", required_argument, NULL, 'n'},
		{"workers", required_argument, NULL, 'd'},
		{"cores", required_argument, NULL, 'd'},
		{"idle", required_argument, NULL, 'd'},
		{"hugepages", required_argument, NULL, 'd'},
		{"memory-mb", required_argument, NULL, 'd'},
		{"udp-port", required_argument, NULL, 'd'},
		{"cipher-backend", required_argument, NULL, 'b'},
		{"rekey-packets", required_argument, NULL, 'k'},
		{"dictionary", required_argument, NULL, 'D'},
		{"link", required_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'H'},
		{"version", no_argument, NULL, 'V'},
		{0},
	};
	struct options options = {0};
	int option, index = 0;

	*config = (struct config){0};
	setup_dataplane_init(&options.dataplane);
	optind = 1;
	while ((option = getopt_long(argc, argv, "", table, &index)) != -1) {
		if (option == 'H') {
			fputs(usage, stdout);
			return CONFIG_HELP;
		}
		if (option == 'V') {
			puts("sluice-dataplane " SLUICE_VERSION);
			return CONFIG_HELP;
		}
		if (!option_take(&options, config, option, table[index].name, optarg))
			return CONFIG_INVALID;
	}
	if (optind < argc) {
		fail("'%s': unexpected argument; see --help", argv[optind]);
		return CONFIG_INVALID;
	}
	return config_complete(config, &options) ? CONFIG_OK : CONFIG_INVALID;
}
