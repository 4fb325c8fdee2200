// What a node may be told at start: numbers, names, addresses, and how the keys of a link go
// together.
#include "lib/ipc/setup.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINK_ADDRESS "an IP address with its prefix, for example 10.77.1.1/30 or fd00::1/64"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *const setup_driver_names[] = {
	"memif", "af_packet", "af_xdp", "vhost", "virtio-user", "tap", "pci", "vdev", NULL};
const char *const setup_role_names[] = {"server", "client", NULL};
const char *const setup_idle_names[] = {"adaptive", "busy", NULL};
const char *const setup_hugepages_names[] = {"auto", "require", "off", NULL};

static bool refuse(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(char *why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, SETUP_WHY_SIZE, format, arguments);
	va_end(arguments);
	return false;
}

// Letters and digits of ASCII, and those of `more`.
static bool text_is_plain(const char *text, const char *more)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(more, *text))
			return false;
	return true;
}

// ---- single values

bool setup_number(uint32_t *value, const char *text, uint32_t min, uint32_t max, char *why)
{
	char *end = NULL;
	unsigned long number = isdigit((unsigned char)text[0]) ? strtoul(text, &end, 10) : 0;

	if (!end || *end || strlen(text) > 10 || number < min || number > max)
		return refuse(why, "'%s' is not a number from %u to %u", text, min, max);
	*value = (uint32_t)number;
	return true;
}

bool setup_choice(int *choice, const char *text, const char *const *names, char *why)
{
	char allowed[160] = "";

	for (int i = 0; names[i]; i++) {
		if (strcmp(text, names[i]) == 0) {
			*choice = i;
			return true;
		}
		snprintf(allowed + strlen(allowed), sizeof(allowed) - strlen(allowed), "%s%s",
			i ? ", " : "", names[i]);
	}
	return refuse(why, "'%s' is not one of: %s", text, allowed);
}

bool setup_name(char *name, size_t size, const char *text, char *why)
{
	size_t length = strlen(text);

	if (length >= size || !isalnum((unsigned char)text[0]) || !text_is_plain(text, "._-"))
		return refuse(why,
			"'%s' is not a name of 1 to %zu letters, digits, '.', '_' or '-', with a "
			"letter or digit in front",
			text, size - 1);
	memcpy(name, text, length + 1);
	return true;
}

bool setup_path(char *path, size_t size, const char *text, char *why)
{
	size_t length = strlen(text);

	if (text[0] != '/' || length >= size)
		return refuse(why, "'%s' is not an absolute path of at most %zu characters", text,
			size - 1);
	memcpy(path, text, length + 1);
	return true;
}

// ---- the keys of a link

static bool link_name(struct setup_link *link, const char *text, char *why)
{
	return setup_name(link->name, sizeof(link->name), text, why);
}

// "0000:03:00.0", with the domain or without: domain, bus, device, function, all but the last two
// digits wide in hexadecimal.
static bool pci_is_address(const char *text)
{
	static const char shape[] = "xxxx:xx:xx.x";

	if (strlen(text) != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != shape[i])
			return false;
	return text[8] <= '1' && text[11] <= '7'; // 32 devices of a bus, 8 functions of a device
}

static bool link_pci(struct setup_link *link, const char *text, char *why)
{
	char address[32];

	snprintf(address, sizeof(address), "%s%.16s", strlen(text) == 7 ? "0000:" : "", text);
	if (!pci_is_address(address))
		return refuse(why,
			"'pci:%s' does not name a PCI device such as pci:0000:03:00.0 (lspci -D "
			"lists them)",
			text);
	for (size_t i = 0; address[i]; i++)
		link->device[i] = (char)tolower((unsigned char)address[i]);
	return true;
}

static bool link_vdev(struct setup_link *link, const char *text, char *why)
{
	if (strncmp(text, "net_", 4) != 0 || !isalnum((unsigned char)text[4]) ||
		strlen(text) >= sizeof(link->device) || !text_is_plain(text, "-_.:/@=,+"))
		return refuse(why,
			"'vdev:%s' is not a device string of DPDK such as vdev:net_ring0: net_, "
			"and in all at most %zu letters, digits and -_.:/@=,+",
			text, sizeof(link->device) - 1);
	memcpy(link->device, text, strlen(text) + 1);
	return true;
}

static bool link_driver(struct setup_link *link, const char *text, char *why)
{
	static const char *const written[] = {"memif", "af_packet", "af_xdp", "vhost",
		"virtio-user", "tap", "pci:ADDRESS", "vdev:DEVICE", NULL};
	int choice = SETUP_DRIVER_COUNT;

	memset(link->device, 0, sizeof(link->device));
	if (strncmp(text, "pci:", 4) == 0)
		choice = link_pci(link, text + 4, why) ? SETUP_PCI : SETUP_DRIVER_COUNT;
	else if (strncmp(text, "vdev:", 5) == 0)
		choice = link_vdev(link, text + 5, why) ? SETUP_VDEV : SETUP_DRIVER_COUNT;
	else if (!setup_choice(&choice, text, written, why))
		choice = SETUP_DRIVER_COUNT;
	if (choice == SETUP_DRIVER_COUNT)
		return false;
	link->driver = (enum setup_driver)choice;
	return true;
}

const char *setup_driver_text(char text[SETUP_DRIVER_TEXT], const struct setup_link *link)
{
	snprintf(text, SETUP_DRIVER_TEXT, "%s%s%s", setup_driver_names[link->driver],
		link->device[0] ? ":" : "", link->device);
	return text;
}

static bool link_role(struct setup_link *link, const char *text, char *why)
{
	int choice;

	if (!setup_choice(&choice, text, setup_role_names, why))
		return false;
	link->role = (enum setup_role)choice;
	return true;
}

// Paths and interfaces go into DPDK's device strings, where ',' and '=' mean something.
static bool link_socket(struct setup_link *link, const char *text, char *why)
{
	if (strlen(text) >= sizeof(link->socket) || text[0] != '/' ||
		!text_is_plain(text, "/-_.+@"))
		return refuse(why,
			"'%s' is not an absolute path of at most %zu letters, digits and /-_.+@",
			text, sizeof(link->socket) - 1);
	memcpy(link->socket, text, strlen(text) + 1);
	return true;
}

static bool link_interface(struct setup_link *link, const char *text, char *why)
{
	if (!text[0] || strlen(text) >= sizeof(link->interface) || !text_is_plain(text, "-_.@:"))
		return refuse(why,
			"'%s' is not the name of a network interface: 1 to %zu letters, digits and "
			"-_.@:",
			text, sizeof(link->interface) - 1);
	memcpy(link->interface, text, strlen(text) + 1);
	return true;
}

static bool link_address(struct setup_link *link, const char *text, char *why)
{
	const char *slash = strchr(text, '/');
	char host[ADDRESS_TEXT_SIZE] = "";
	bool v4;

	if (slash && (size_t)(slash - text) < sizeof(host))
		memcpy(host, text, (size_t)(slash - text));
	if (!slash || !address_parse(&link->address, host))
		return refuse(why, "'%s' is not " LINK_ADDRESS, text);
	v4 = address_is_ipv4(link->address);
	if (!setup_number(&link->prefix, slash + 1, SETUP_PREFIX_MIN,
		    v4 ? SETUP_PREFIX_MAX : SETUP_PREFIX_MAX6, why))
		return false;
	return address_is_host(link->address, link->prefix) ||
	       refuse(why, "'%s' is not a host's address: not %s", text,
		       v4 ? "0.x, 127.x, multicast, the network's own or its broadcast"
			  : "::, ::1, multicast or the network's own (a host part of 0)");
}

static bool link_mtu(struct setup_link *link, const char *text, char *why)
{
	return setup_number(&link->mtu, text, SETUP_MTU_MIN, SETUP_MTU_MAX, why);
}

static bool link_vlan(struct setup_link *link, const char *text, char *why)
{
	return setup_number(&link->vlan, text, 1, SETUP_VLAN_MAX, why);
}

static bool link_mac(struct setup_link *link, const char *text, char *why)
{
	static const uint8_t zero[6];
	size_t length = strlen(text);

	for (size_t i = 0; i < length && length == 17; i++)
		if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
			length = 0;
	for (size_t i = 0; i < 6 && length == 17; i++)
		link->mac[i] = (uint8_t)strtoul(text + 3 * i, NULL, 16);
	if (length != 17 || link->mac[0] & 1 || memcmp(link->mac, zero, sizeof(zero)) == 0)
		return refuse(why, "'%s' is not a unicast address such as 02:00:00:00:00:01", text);
	link->mac_set = true;
	return true;
}

#define MEMIF     (1u << SETUP_MEMIF)
#define SOCKET    (MEMIF | 1u << SETUP_VHOST | 1u << SETUP_VIRTIO_USER)
#define INTERFACE (1u << SETUP_AF_PACKET | 1u << SETUP_AF_XDP | 1u << SETUP_TAP)
#define EVERY     ((1u << SETUP_DRIVER_COUNT) - 1)

// Walked once per link, in this order.
static const struct {
	const char *key;
	bool (*take)(struct setup_link *link, const char *text, char *why);
	uint32_t drivers;   // that have it
	const char *wanted; // what to write when it is missing; NULL: it may be
} link_keys[] = {
	{"name", link_name, EVERY, "a name of letters, digits, '.', '_' or '-'"},
	{"driver", link_driver, EVERY,
		"one of: memif, af_packet, af_xdp, vhost, virtio-user, tap, pci:ADDRESS, "
		"vdev:DEVICE"},
	{"role", link_role, MEMIF, "one of: server, client"},
	{"socket", link_socket, SOCKET, "the absolute path of a socket"},
	{"interface", link_interface, INTERFACE, "the name of a network interface"},
	{"address", link_address, EVERY, LINK_ADDRESS},
	{"mtu", link_mtu, EVERY, NULL},
	{"vlan", link_vlan, EVERY, NULL},
	{"mac", link_mac, EVERY, NULL},
};

bool setup_link_take(struct setup_link *link, const char *key, const char *text, char *why)
{
	for (size_t i = 0; i < COUNT(link_keys); i++)
		if (strcmp(key, link_keys[i].key) == 0) {
			link->given |= 1u << i;
			return link_keys[i].take(link, text, why);
		}
	return refuse(why, "there is no such key");
}

static bool link_complete(const struct setup_link *link, const char **key, char *why)
{
	static const char *const about[SETUP_DRIVER_COUNT] = {
		"a memif link has none; it has a role and a socket",
		"an af_packet link has none; it has an interface",
		"an af_xdp link has none; it has an interface",
		"a vhost link has none; it has a socket, at which it listens",
		"a virtio-user link has none; it has a socket, to which it connects",
		"a tap link has none; it has an interface",
		"a pci link has none; its address says which device it is",
		"a vdev link has none; its device string says it all"};

	for (size_t i = 0; i < COUNT(link_keys); i++) {
		bool given = link->given & 1u << i;
		bool has = link_keys[i].drivers & 1u << link->driver;

		*key = link_keys[i].key;
		if (given && !has)
			return refuse(why, "%s", about[link->driver]);
		if (!given && has && link_keys[i].wanted)
			return refuse(why, "is missing; write %s", link_keys[i].wanted);
	}
	return true;
}

static bool link_overlap(const struct setup_link *a, const struct setup_link *b)
{
	uint32_t prefix = a->prefix < b->prefix ? a->prefix : b->prefix;

	return address_same_network(a->address, b->address, prefix);
}

// A device string begins with the device's name; what follows are its arguments.
static bool device_name_equal(const char *a, const char *b)
{
	size_t length = strcspn(a, ",");

	return length == strcspn(b, ",") && strncmp(a, b, length) == 0;
}

static bool link_alone(
	const struct setup_link *link, const struct setup_link *other, const char **key, char *why)
{
	*key = "name";
	if (strcmp(other->name, link->name) == 0)
		return refuse(why, "two links are named '%s'", link->name);
	*key = "socket";
	if (link->socket[0] && strcmp(other->socket, link->socket) == 0)
		return refuse(why, "link '%s' uses %s already", other->name, link->socket);
	*key = "interface";
	if (link->interface[0] && strcmp(other->interface, link->interface) == 0)
		return refuse(why, "link '%s' uses %s already", other->name, link->interface);
	*key = "driver";
	if (link->device[0] && device_name_equal(link->device, other->device))
		return refuse(why, "link '%s' uses %.*s already", other->name,
			(int)strcspn(link->device, ","), link->device);
	*key = "address";
	return !link_overlap(link, other) ||
	       refuse(why, "its prefix overlaps that of link '%s'", other->name);
}

bool setup_link_end(struct setup_link *links, uint32_t index, const char **key, char *why)
{
	struct setup_link *link = &links[index];
	uint32_t xdp_max = SETUP_MTU_XDP_MAX - (link->vlan ? SETUP_VLAN_BYTES : 0);

	if (!link_complete(link, key, why))
		return false;
	if (link->mtu == 0)
		link->mtu = SETUP_MTU_MIN;
	*key = "mtu";
	if (link->driver == SETUP_AF_XDP && link->mtu > xdp_max)
		return refuse(why,
			"%u is more than af_xdp can carry%s, %d to %u; af_packet and memif carry "
			"more",
			link->mtu, link->vlan ? " with a VLAN tag" : "", SETUP_MTU_MIN, xdp_max);
	if (link->driver == SETUP_TAP && link->mtu > SETUP_MTU_TAP_MAX)
		return refuse(why,
			"%u is more than DPDK's tap can carry, %d; memif, vhost and af_packet "
			"carry "
			"more",
			link->mtu, SETUP_MTU_TAP_MAX);
	for (uint32_t i = 0; i < index; i++)
		if (!link_alone(link, &links[i], key, why))
			return false;
	return true;
}

// ---- the keys of a dictionary

bool setup_dictionary_take(
	struct setup_dictionary *dictionary, const char *key, const char *text, char *why)
{
	if (strcmp(key, "id") == 0)
		return setup_number(&dictionary->id, text, 1, DICTIONARY_ID_MAX, why);
	if (strcmp(key, "file") == 0)
		return setup_path(dictionary->file, sizeof(dictionary->file), text, why);
	return refuse(why, "there is no such key");
}

bool setup_dictionary_end(
	const struct setup_dictionary *dictionaries, uint32_t index, const char **key, char *why)
{
	const struct setup_dictionary *d = &dictionaries[index];

	*key = "id";
	if (d->id == 0)
		return refuse(why,
			"is missing; write a number from 1 to %d, the same on every node",
			DICTIONARY_ID_MAX);
	for (uint32_t i = 0; i < index; i++)
		if (dictionaries[i].id == d->id)
			return refuse(why, "two dictionaries have the id %u", d->id);
	*key = "file";
	return d->file[0] ||
	       refuse(why, "is missing; write the absolute path of a file that sluice dict train "
			   "made");
}

// ---- the keys of the dataplane

static bool dataplane_workers(struct setup_dataplane *d, const char *text, char *why)
{
	return setup_number(&d->workers, text, 1, SETUP_WORKERS_MAX, why);
}

static bool dataplane_hugepages(struct setup_dataplane *d, const char *text, char *why)
{
	int choice;

	if (!setup_choice(&choice, text, setup_hugepages_names, why))
		return false;
	d->hugepages = (enum setup_hugepages)choice;
	return true;
}

static bool dataplane_memory(struct setup_dataplane *d, const char *text, char *why)
{
	return setup_number(&d->memory_mb, text, SETUP_MEMORY_MIN, SETUP_MEMORY_MAX, why);
}

static bool dataplane_idle(struct setup_dataplane *d, const char *text, char *why)
{
	int choice;

	if (!setup_choice(&choice, text, setup_idle_names, why))
		return false;
	d->idle = (enum setup_idle)choice;
	return true;
}

static bool dataplane_udp_port(struct setup_dataplane *d, const char *text, char *why)
{
	uint32_t port;

	if (!setup_number(&port, text, SETUP_UDP_PORT_MIN, SETUP_UDP_PORT_MAX, why))
		return false;
	d->udp_port = (uint16_t)port;
	return true;
}

// "2" or "2-5" of a list: adds to core[]. NULL: no such thing; else what follows it.
static bool cores_has(const struct setup_dataplane *d, unsigned long cpu)
{
	for (uint16_t i = 0; i < d->cores_count; i++)
		if (d->core[i] == cpu)
			return true;
	return false;
}

static const char *cores_range(struct setup_dataplane *d, const char *text)
{
	unsigned long first, last;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return NULL;
	first = last = strtoul(text, &end, 10);
	if (*end == '-' && isdigit((unsigned char)end[1]))
		last = strtoul(end + 1, &end, 10);
	if (last < first || last > SETUP_CPU_MAX ||
		last - first >= (unsigned)(SETUP_WORKERS_MAX - d->cores_count))
		return NULL;
	for (; first <= last; first++) {
		if (cores_has(d, first))
			return NULL;
		d->core[d->cores_count++] = (uint16_t)first;
	}
	return end;
}

static bool dataplane_cores(struct setup_dataplane *d, const char *text, char *why)
{
	const char *at = strlen(text) < sizeof(d->cores) ? text : NULL;

	d->cores_count = 0;
	while (at) {
		at = cores_range(d, at);
		if (!at || *at != ',')
			break;
		at++;
	}
	if (!at || *at)
		return refuse(why,
			"'%s' is not a list of at most %d different CPUs from 0 to %d, such as "
			"\"0-1\" or "
			"\"2,4\"",
			text, SETUP_WORKERS_MAX, SETUP_CPU_MAX);
	memcpy(d->cores, text, strlen(text) + 1);
	return true;
}

static const struct {
	const char *key;
	bool (*take)(struct setup_dataplane *dataplane, const char *text, char *why);
} dataplane_keys[] = {
	{"workers", dataplane_workers},
	{"cores", dataplane_cores},
	{"idle", dataplane_idle},
	{"hugepages", dataplane_hugepages},
	{"memory_mb", dataplane_memory},
	{"udp_port", dataplane_udp_port},
};

void setup_dataplane_init(struct setup_dataplane *dataplane)
{
	*dataplane = (struct setup_dataplane){.workers = 1, .udp_port = SETUP_UDP_PORT};
}

bool setup_dataplane_take(
	struct setup_dataplane *dataplane, const char *key, const char *text, char *why)
{
	for (size_t i = 0; i < COUNT(dataplane_keys); i++)
		if (strcmp(key, dataplane_keys[i].key) == 0)
			return dataplane_keys[i].take(dataplane, text, why);
	return refuse(why, "there is no such key");
}

bool setup_dataplane_end(const struct setup_dataplane *dataplane, const char **key, char *why)
{
	*key = "cores";
	if (dataplane->cores_count == 0 || dataplane->cores_count == dataplane->workers)
		return true;
	return refuse(why, "'%s' names %u CPU%s for %u worker%s; name one for each",
		dataplane->cores, dataplane->cores_count, dataplane->cores_count == 1 ? "" : "s",
		dataplane->workers, dataplane->workers == 1 ? "" : "s");
}
