// What the configuration may say: ranges, names, addresses, and how they fit together.
#include "control/config_raw.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum check_ranges {
	CHECK_MTU_MIN = 1500,
	CHECK_MTU_MAX = 9000,
	CHECK_MTU_XDP_MAX = 3498, // a veth with an XDP program keeps a packet in one 4 KiB page
	CHECK_MEMORY_MIN = 32,
	CHECK_MEMORY_MAX = 1024 * 1024,
	CHECK_PORT_MIN = 1024,
};

struct check {
	struct config *config;
	const struct raw_config *raw;
	char *error;
	size_t error_size;
};

static int check_fail(const struct check *check, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int check_fail(const struct check *check, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(check->error, check->error_size, format, arguments);
	va_end(arguments);
	return -1;
}

// Decimal digits only, in the range.
static int check_number(const struct check *check, const char *key, const char *text, uint32_t min,
	uint32_t max, uint32_t *value)
{
	char *end = NULL;
	unsigned long number = isdigit((unsigned char)text[0]) ? strtoul(text, &end, 10) : 0;

	if (!end || *end || strlen(text) > 10 || number < min || number > max)
		return check_fail(
			check, "%s: '%s' is not a number from %u to %u", key, text, min, max);
	*value = (uint32_t)number;
	return 0;
}

// Index of `text` in the NULL-terminated `names`.
static int check_choice(const struct check *check, const char *key, const char *text,
	const char *const *names, int *choice)
{
	char allowed[128] = "";

	for (int i = 0; names[i]; i++) {
		if (strcmp(text, names[i]) == 0) {
			*choice = i;
			return 0;
		}
		snprintf(allowed + strlen(allowed), sizeof(allowed) - strlen(allowed), "%s%s",
			i ? ", " : "", names[i]);
	}
	return check_fail(check, "%s: '%s' is not one of: %s", key, text, allowed);
}

static int check_name(
	const struct check *check, const char *key, const char *text, char name[NAME_SIZE])
{
	size_t size = text ? strlen(text) : 0;
	bool good = size > 0 && size < NAME_SIZE && isalnum((unsigned char)text[0]);

	if (!text)
		return check_fail(check,
			"%s: is missing; write a name of 1 to %d letters, digits, '.', '_' or '-'",
			key, NAME_SIZE - 1);
	for (size_t i = 0; good && i < size; i++)
		good = isalnum((unsigned char)text[i]) || strchr("._-", text[i]);
	if (!good)
		return check_fail(check,
			"%s: '%s' is not a name of 1 to %d letters, digits, '.', '_' or '-'", key,
			text, NAME_SIZE - 1);
	memcpy(name, text, size + 1);
	return 0;
}

static int check_path(
	const struct check *check, const char *key, const char *text, size_t max, char *path)
{
	if (text[0] != '/' || strlen(text) > max || strchr(text, ','))
		return check_fail(check,
			"%s: '%s' is not an absolute path of at most %zu characters without a "
			"comma",
			key, text, max);
	memcpy(path, text, strlen(text) + 1);
	return 0;
}

static bool check_ipv4(const char *text, uint32_t *address)
{
	struct in_addr parsed;

	if (inet_pton(AF_INET, text, &parsed) != 1)
		return false;
	*address = ntohl(parsed.s_addr);
	return true;
}

static bool check_host(uint32_t address)
{
	return address >> 24 != 0 &&
	       address >> 28 < 0xe; // not "this network", multicast or reserved
}

// Control traffic is not encrypted yet: it may only go where nobody else listens.
static bool check_trusted(uint32_t address)
{
	return address >> 24 == 127 || address >> 16 == (10u << 8 | 78);
}

// "address:port" of a control process.
static int check_endpoint(const struct check *check, const char *key, const char *text,
	uint32_t port_min, uint32_t *address, uint16_t *port)
{
	const char *colon = text ? strrchr(text, ':') : NULL;
	char host[64] = "";
	uint32_t number;

	if (!text)
		return check_fail(check,
			"%s: is missing; write ADDRESS:PORT, for example 127.0.0.1:7701", key);
	if (colon && (size_t)(colon - text) < sizeof(host))
		memcpy(host, text, (size_t)(colon - text));
	if (!colon || !check_ipv4(host, address))
		return check_fail(check,
			"%s: '%s' is not ADDRESS:PORT with an IPv4 address, for example "
			"127.0.0.1:7701",
			key, text);
	if (check_number(check, key, colon + 1, port_min, 65535, &number) < 0)
		return -1;
	*port = (uint16_t)number;
	if (!check_trusted(*address))
		return check_fail(check,
			"%s: %s is refused: control traffic is not encrypted yet, so only "
			"127.0.0.0/8 and 10.78.0.0/16 "
			"are allowed until TLS is built",
			key, host);
	return 0;
}

static int check_security(const struct check *check)
{
	const char *cipher = check->raw->security ? check->raw->security->cipher : NULL;

	if (!cipher || strcmp(cipher, "null") != 0)
		return check_fail(check,
			"security.cipher: %s%s%sencryption is not built yet; write cipher: "
			"\"null\" by name to run "
			"unencrypted on trusted links",
			cipher ? "'" : "",
			cipher ? cipher : "is missing: ", cipher ? "' is not available: " : "");
	return 0;
}

// Without `program`: the dataplane that was built or installed with this program.
static int check_program(const struct check *check, const char *text)
{
	char *program = check->config->dataplane.program;
	char self[CONFIG_PATH_SIZE];
	ssize_t size;

	if (text)
		return check_path(check, "dataplane.program", text, CONFIG_PATH_SIZE - 1, program);
	size = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[size > 0 ? size : 0] = 0;
	if (strrchr(self, '/'))
		*strrchr(self, '/') = 0;
	if (snprintf(program, CONFIG_PATH_SIZE, "%s/sluice-dataplane", self) >= CONFIG_PATH_SIZE ||
		size <= 0)
		return check_fail(check, "dataplane.program: is missing; write the absolute path "
					 "of sluice-dataplane");
	return 0;
}

static int check_cores(const struct check *check, const char *text)
{
	size_t size = strlen(text);
	bool good = size > 0 && size < CONFIG_CORES_SIZE && isdigit((unsigned char)text[0]) &&
		    isdigit((unsigned char)text[size - 1]);

	if (!good || strspn(text, "0123456789-,") != size)
		return check_fail(check,
			"dataplane.cores: '%s' is not a list of cores such as \"0-1\" or \"2,4\"",
			text);
	memcpy(check->config->dataplane.cores, text, size + 1);
	return 0;
}

static int check_dataplane(const struct check *check)
{
	static const char *const idles[] = {"adaptive", "busy", NULL};
	static const char *const hugepages[] = {"auto", "require", "off", NULL};
	static const struct raw_dataplane nothing;
	const struct raw_dataplane *raw = check->raw->dataplane ? check->raw->dataplane : &nothing;
	struct config *config = check->config;
	int idle = CONFIG_ADAPTIVE, huge = CONFIG_HUGE_AUTO;
	uint32_t port = 7654;

	config->dataplane.workers = 1;
	config->dataplane.memory_mb = 256;
	if (raw->workers && check_number(check, "dataplane.workers", raw->workers, 1,
				    CONFIG_WORKERS_MAX, &config->dataplane.workers) < 0)
		return -1;
	if (raw->hugepages &&
		check_choice(check, "dataplane.hugepages", raw->hugepages, hugepages, &huge) < 0)
		return -1;
	if (raw->memory_mb &&
		check_number(check, "dataplane.memory_mb", raw->memory_mb, CHECK_MEMORY_MIN,
			CHECK_MEMORY_MAX, &config->dataplane.memory_mb) < 0)
		return -1;
	if (raw->idle && check_choice(check, "dataplane.idle", raw->idle, idles, &idle) < 0)
		return -1;
	// worker w answers on udp_port + w
	if (raw->udp_port && check_number(check, "dataplane.udp_port", raw->udp_port,
				     CHECK_PORT_MIN, 65535 - CONFIG_WORKERS_MAX, &port) < 0)
		return -1;
	if (raw->cores && check_cores(check, raw->cores) < 0)
		return -1;
	config->dataplane.idle = (enum config_idle)idle;
	config->dataplane.hugepages = (enum config_hugepages)huge;
	config->dataplane.udp_port = (uint16_t)port;
	return check_program(check, raw->program);
}

static int check_link_address(
	const struct check *check, const char *key, const char *text, struct config_link *link)
{
	const char *slash = text ? strchr(text, '/') : NULL;
	char host[32] = "";
	uint32_t host_bits;

	if (slash && (size_t)(slash - text) < sizeof(host))
		memcpy(host, text, (size_t)(slash - text));
	if (!slash || !check_ipv4(host, &link->address) || !check_host(link->address))
		return check_fail(check,
			"%s: %s%s%san IPv4 address with its prefix, for example 10.77.1.1/30", key,
			text ? "'" : "is missing; write ", text ? text : "",
			text ? "' is not " : "");
	if (check_number(check, key, slash + 1, 8, 31, &link->prefix) < 0)
		return -1;
	host_bits = link->address & ~(~0u << (32 - link->prefix));
	if (link->prefix < 31 && (host_bits == 0 || host_bits == (1u << (32 - link->prefix)) - 1))
		return check_fail(check,
			"%s: '%s' is the network's own or its broadcast address, not a host's", key,
			text);
	return 0;
}

static int check_link_mac(
	const struct check *check, const char *key, const char *text, struct config_link *link)
{
	int used = 0;

	if (!text)
		return 0;
	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &link->mac[0], &link->mac[1],
		    &link->mac[2], &link->mac[3], &link->mac[4], &link->mac[5], &used) != 6 ||
		used != 17 || text[17] || link->mac[0] & 1)
		return check_fail(check,
			"%s: '%s' is not a unicast address such as 02:00:00:00:00:01", key, text);
	link->mac_set = true;
	return 0;
}

static int check_link_mtu(
	const struct check *check, const char *key, const char *text, struct config_link *link)
{
	link->mtu = CHECK_MTU_MIN;
	if (!text)
		return 0;
	if (check_number(check, key, text, CHECK_MTU_MIN, CHECK_MTU_MAX, &link->mtu) < 0)
		return -1;
	if (link->driver == CONFIG_AF_XDP && link->mtu > CHECK_MTU_XDP_MAX)
		return check_fail(check,
			"%s: %u is more than af_xdp can carry; allowed are %d to %d", key,
			link->mtu, CHECK_MTU_MIN, CHECK_MTU_XDP_MAX);
	return 0;
}

// What a driver needs, and what has no meaning for it.
static int check_link_driver(const struct check *check, const char *key, const struct raw_link *raw,
	struct config_link *link)
{
	static const char *const roles[] = {"server", "client", NULL};
	const char *driver = config_driver_name(link->driver);
	char path[64];
	int role;

	if (link->driver != CONFIG_MEMIF) {
		if (raw->role || raw->socket)
			return check_fail(check,
				"%s.%s: only a memif link has one; %s has an interface", key,
				raw->role ? "role" : "socket", driver);
		if (!raw->interface || !raw->interface[0] ||
			strlen(raw->interface) >= sizeof(link->interface) ||
			strpbrk(raw->interface, "/, "))
			return check_fail(check,
				"%s.interface: %s needs the name of a network interface of 1 to 15 "
				"characters",
				key, driver);
		memcpy(link->interface, raw->interface, strlen(raw->interface) + 1);
		return 0;
	}
	if (raw->interface)
		return check_fail(check,
			"%s.interface: a memif link has none; it has a role and a socket", key);
	if (!raw->role || !raw->socket)
		return check_fail(check,
			"%s.%s: is missing; a memif link needs role (server or client) and socket",
			key, raw->role ? "socket" : "role");
	snprintf(path, sizeof(path), "%s.role", key);
	if (check_choice(check, path, raw->role, roles, &role) < 0)
		return -1;
	link->role = (enum config_role)role;
	snprintf(path, sizeof(path), "%s.socket", key);
	return check_path(check, path, raw->socket, CONFIG_SOCKET_SIZE - 1, link->socket);
}

static bool check_overlap(const struct config_link *a, const struct config_link *b)
{
	uint32_t prefix = a->prefix < b->prefix ? a->prefix : b->prefix;
	uint32_t mask = ~0u << (32 - prefix);

	return (a->address & mask) == (b->address & mask);
}

static int check_link_alone(
	const struct check *check, const char *key, const struct config_link *link)
{
	for (const struct config_link *other = check->config->links; other != link; other++) {
		if (strcmp(other->name, link->name) == 0)
			return check_fail(
				check, "%s.name: two links are named '%s'", key, link->name);
		if (link->socket[0] && strcmp(other->socket, link->socket) == 0)
			return check_fail(check, "%s.socket: link '%s' uses %s already", key,
				other->name, link->socket);
		if (link->interface[0] && strcmp(other->interface, link->interface) == 0)
			return check_fail(check, "%s.interface: link '%s' uses %s already", key,
				other->name, link->interface);
		if (check_overlap(other, link))
			return check_fail(check,
				"%s.address: its prefix overlaps that of link '%s'", key,
				other->name);
	}
	return 0;
}

static int check_link(const struct check *check, uint32_t index)
{
	static const char *const drivers[] = {"memif", "af_packet", "af_xdp", NULL};
	const struct raw_link *raw = &check->raw->links[index];
	struct config_link *link = &check->config->links[index];
	char key[32], path[64];
	int driver;

	snprintf(key, sizeof(key), "links[%u]", index);
	snprintf(path, sizeof(path), "%s.name", key);
	if (check_name(check, path, raw->name, link->name) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s.driver", key);
	if (!raw->driver)
		return check_fail(
			check, "%s: is missing; write one of: memif, af_packet, af_xdp", path);
	if (check_choice(check, path, raw->driver, drivers, &driver) < 0)
		return -1;
	link->driver = (enum config_driver)driver;
	if (check_link_driver(check, key, raw, link) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s.address", key);
	if (check_link_address(check, path, raw->address, link) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s.mtu", key);
	if (check_link_mtu(check, path, raw->mtu, link) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s.mac", key);
	if (check_link_mac(check, path, raw->mac, link) < 0)
		return -1;
	return check_link_alone(check, key, link);
}

static int check_peer_alone(
	const struct check *check, const char *key, const struct config_peer *peer)
{
	if (strcmp(peer->name, check->config->node) == 0)
		return check_fail(check, "%s.name: '%s' is this node itself", key, peer->name);
	for (const struct config_peer *other = check->config->peers; other != peer; other++) {
		if (strcmp(other->name, peer->name) == 0)
			return check_fail(
				check, "%s.name: two peers are named '%s'", key, peer->name);
		if (other->address == peer->address)
			return check_fail(check, "%s.address: peer '%s' has this address already",
				key, other->name);
	}
	return 0;
}

static int check_peer(const struct check *check, uint32_t index)
{
	const struct raw_peer *raw = &check->raw->peers[index];
	struct config_peer *peer = &check->config->peers[index];
	char key[32], path[64];
	int link;

	snprintf(key, sizeof(key), "peers[%u]", index);
	snprintf(path, sizeof(path), "%s.name", key);
	if (check_name(check, path, raw->name, peer->name) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s.control", key);
	if (check_endpoint(
		    check, path, raw->control, 1, &peer->control_address, &peer->control_port) < 0)
		return -1;
	if (!raw->address || !check_ipv4(raw->address, &peer->address) ||
		!check_host(peer->address))
		return check_fail(check,
			"%s.address: %s%s%sthe IPv4 address of the peer's dataplane, for example "
			"10.77.1.2",
			key, raw->address ? "'" : "is missing; write ",
			raw->address ? raw->address : "", raw->address ? "' is not " : "");
	link = config_link_find(check->config, peer->address);
	if (link < 0)
		return check_fail(
			check, "%s.address: %s is inside the prefix of no link", key, raw->address);
	peer->link = (uint32_t)link;
	if (check->config->links[link].address == peer->address)
		return check_fail(check, "%s.address: %s is this node's own address on link '%s'",
			key, raw->address, check->config->links[link].name);
	return check_peer_alone(check, key, peer);
}

int config_check(
	struct config *config, const struct raw_config *raw, char *error, size_t error_size)
{
	const struct check check = {
		.config = config, .raw = raw, .error = error, .error_size = error_size};

	if (check_name(&check, "node", raw->node, config->node) < 0)
		return -1;
	if (!raw->run_dir)
		return check_fail(&check,
			"run_dir: is missing; write an absolute path, for example /run/sluice/%s",
			config->node);
	if (check_path(&check, "run_dir", raw->run_dir, CONFIG_RUN_DIR_MAX, config->run_dir) < 0)
		return -1;
	if (check_endpoint(&check, "control.listen", raw->control ? raw->control->listen : NULL, 0,
		    &config->listen_address, &config->listen_port) < 0)
		return -1;
	if (check_security(&check) < 0 || check_dataplane(&check) < 0)
		return -1;
	if (raw->links_count == 0)
		return check_fail(&check, "links: is missing; write a list with at least one link");
	for (; config->links_count < raw->links_count; config->links_count++) {
		if (check_link(&check, config->links_count) < 0)
			return -1;
	}
	for (; config->peers_count < raw->peers_count; config->peers_count++) {
		if (check_peer(&check, config->peers_count) < 0)
			return -1;
	}
	return 0;
}
