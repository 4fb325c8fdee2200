// What the configuration may say. What goes to the dataplane is lib/ipc/setup.c's to judge, which
// the dataplane asks too; here are control's own keys, and the key's path before every sentence.
#include "control/config_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// A key of a list's entry or of a mapping: its name, and where its text is in the raw struct.
struct check_key {
	const char *key;
	size_t offset;
};

static const char *check_text(const void *raw, const struct check_key *key)
{
	return *(char *const *)((const char *)raw + key->offset);
}

int check_fail(const struct check *check, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(check->error, check->error_size, format, arguments);
	va_end(arguments);
	return -1;
}

int check_name(const struct check *check, const char *key, const char *text, char name[NAME_SIZE])
{
	char why[SETUP_WHY_SIZE];

	if (!text)
		return check_fail(check,
			"%s: is missing; write a name of 1 to %d letters, digits, '.', '_' or '-'",
			key, NAME_SIZE - 1);
	return setup_name(name, NAME_SIZE, text, why) ? 0 : check_fail(check, "%s: %s", key, why);
}

int check_path(
	const struct check *check, const char *key, const char *text, char *path, size_t size)
{
	char why[SETUP_WHY_SIZE];

	return setup_path(path, size, text, why) ? 0 : check_fail(check, "%s: %s", key, why);
}

// "address:port" of a control process.
int check_endpoint(const struct check *check, const char *key, const char *text, uint32_t port_min,
	struct address *address, uint16_t *port)
{
	char host[ADDRESS_TEXT_SIZE], why[SETUP_WHY_SIZE];
	const char *digits;
	uint32_t number;

	if (!text)
		return check_fail(check,
			"%s: is missing; write ADDRESS:PORT, for example 127.0.0.1:7701", key);
	digits = config_endpoint_split(text, address);
	if (!digits)
		return check_fail(check,
			"%s: '%s' is not ADDRESS:PORT, for example 127.0.0.1:7701 or [::1]:7701",
			key, text);
	if (!setup_number(&number, digits, port_min, 65535, why))
		return check_fail(check, "%s: %s", key, why);
	*port = (uint16_t)number;
	if (!check->config->security.ca[0] && !config_trusted(*address))
		return check_fail(check,
			"%s: %s is refused: without certificates (security.ca) control traffic is "
			"plain, so only 127.0.0.0/8, ::1 and 10.78.0.0/16 are allowed",
			key, address_text(host, *address));
	return 0;
}

// Without `program`: the dataplane that was built or installed with this program.
static int check_program(const struct check *check, const char *text)
{
	char *program = check->config->program;
	char self[CONFIG_PATH_SIZE];
	ssize_t size;

	if (text)
		return check_path(check, "dataplane.program", text, program, CONFIG_PATH_SIZE);
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

static int check_dataplane(const struct check *check)
{
	static const struct check_key keys[] = {
		{"workers", offsetof(struct raw_dataplane, workers)},
		{"hugepages", offsetof(struct raw_dataplane, hugepages)},
		{"memory_mb", offsetof(struct raw_dataplane, memory_mb)},
		{"idle", offsetof(struct raw_dataplane, idle)},
		{"udp_port", offsetof(struct raw_dataplane, udp_port)},
		{"cores", offsetof(struct raw_dataplane, cores)},
	};
	static const struct raw_dataplane nothing;
	const struct raw_dataplane *raw = check->raw->dataplane ? check->raw->dataplane : &nothing;
	struct setup_dataplane *dataplane = &check->config->dataplane;
	char why[SETUP_WHY_SIZE];
	const char *key;

	setup_dataplane_init(dataplane);
	dataplane->memory_mb = CONFIG_MEMORY_MB;
	for (size_t i = 0; i < COUNT(keys); i++) {
		const char *text = check_text(raw, &keys[i]);

		if (text && !setup_dataplane_take(dataplane, keys[i].key, text, why))
			return check_fail(check, "dataplane.%s: %s", keys[i].key, why);
	}
	if (!setup_dataplane_end(dataplane, &key, why))
		return check_fail(check, "dataplane.%s: %s", key, why);
	return check_program(check, raw->program);
}

static int check_link(const struct check *check, uint32_t index)
{
	static const struct check_key keys[] = {
		{"name", offsetof(struct raw_link, name)},
		{"driver", offsetof(struct raw_link, driver)},
		{"role", offsetof(struct raw_link, role)},
		{"socket", offsetof(struct raw_link, socket)},
		{"interface", offsetof(struct raw_link, interface)},
		{"address", offsetof(struct raw_link, address)},
		{"mtu", offsetof(struct raw_link, mtu)},
		{"vlan", offsetof(struct raw_link, vlan)},
		{"mac", offsetof(struct raw_link, mac)},
	};
	struct setup_link *links = check->config->links;
	char why[SETUP_WHY_SIZE];
	const char *key;

	for (size_t i = 0; i < COUNT(keys); i++) {
		const char *text = check_text(&check->raw->links[index], &keys[i]);

		if (text && !setup_link_take(&links[index], keys[i].key, text, why))
			return check_fail(check, "links[%u].%s: %s", index, keys[i].key, why);
	}
	if (!setup_link_end(links, index, &key, why))
		return check_fail(check, "links[%u].%s: %s", index, key, why);
	return 0;
}

// Its address, and which link leads there.
static int check_peer_address(
	const struct check *check, const char *key, const char *text, struct config_peer *peer)
{
	const struct setup_link *link;
	int found;

	if (!text || !address_parse(&peer->address, text))
		return check_fail(check,
			"%s: %s%s%sthe address of the peer's dataplane, for example 10.77.1.2", key,
			text ? "'" : "is missing; write ", text ? text : "",
			text ? "' is not " : "");
	found = config_link_find(check->config, peer->address);
	if (found < 0)
		return check_fail(check, "%s: %s is inside the prefix of no link", key, text);
	peer->link = (uint32_t)found;
	link = &check->config->links[found];
	if (!address_is_host(peer->address, link->prefix))
		return check_fail(check,
			"%s: %s is no host's address: link '%s' has the prefix /%u", key, text,
			link->name, link->prefix);
	if (address_equal(link->address, peer->address))
		return check_fail(check, "%s: %s is this node's own address on link '%s'", key,
			text, link->name);
	return 0;
}

static int check_peer_alone(
	const struct check *check, uint32_t index, const struct config_peer *peer)
{
	if (strcmp(peer->name, check->config->node) == 0)
		return check_fail(
			check, "peers[%u].name: '%s' is this node itself", index, peer->name);
	for (const struct config_peer *other = check->config->peers; other != peer; other++) {
		if (strcmp(other->name, peer->name) == 0)
			return check_fail(check, "peers[%u].name: two peers are named '%s'", index,
				peer->name);
		if (address_equal(other->address, peer->address))
			return check_fail(check,
				"peers[%u].address: peer '%s' has this address already", index,
				other->name);
	}
	return 0;
}

static int check_peer(const struct check *check, uint32_t index)
{
	const struct raw_peer *raw = &check->raw->peers[index];
	struct config_peer *peer = &check->config->peers[index];
	char name[32], control[32], address[32];

	snprintf(name, sizeof(name), "peers[%u].name", index);
	snprintf(control, sizeof(control), "peers[%u].control", index);
	snprintf(address, sizeof(address), "peers[%u].address", index);
	if (check_name(check, name, raw->name, peer->name) < 0 ||
		check_endpoint(check, control, raw->control, 1, &peer->control_address,
			&peer->control_port) < 0 ||
		check_peer_address(check, address, raw->address, peer) < 0)
		return -1;
	return check_peer_alone(check, index, peer);
}

static int check_dictionary(const struct check *check, uint32_t index)
{
	static const struct check_key keys[] = {
		{"id", offsetof(struct raw_dictionary, id)},
		{"file", offsetof(struct raw_dictionary, file)},
	};
	struct setup_dictionary *dictionaries = check->config->dictionaries;
	char why[SETUP_WHY_SIZE];
	const char *key;

	for (size_t i = 0; i < COUNT(keys); i++) {
		const char *text = check_text(&check->raw->dictionaries[index], &keys[i]);

		if (text && !setup_dictionary_take(&dictionaries[index], keys[i].key, text, why))
			return check_fail(
				check, "dictionaries[%u].%s: %s", index, keys[i].key, why);
	}
	if (!setup_dictionary_end(dictionaries, index, &key, why))
		return check_fail(check, "dictionaries[%u].%s: %s", index, key, why);
	return 0;
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
	if (check_path(&check, "run_dir", raw->run_dir, config->run_dir, sizeof(config->run_dir)) <
		0)
		return -1;
	if (check_security(&check) < 0 ||
		check_endpoint(&check, "control.listen", raw->control ? raw->control->listen : NULL,
			0, &config->listen_address, &config->listen_port) < 0 ||
		check_dataplane(&check) < 0)
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
	if (check_membership(&check) < 0 || check_consensus(&check) < 0 || check_pool(&check) < 0)
		return -1;
	for (; config->dictionaries_count < raw->dictionaries_count; config->dictionaries_count++) {
		if (check_dictionary(&check, config->dictionaries_count) < 0)
			return -1;
	}
	return 0;
}
