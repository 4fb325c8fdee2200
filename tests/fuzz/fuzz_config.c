// The YAML configuration: whatever is in the file, a sentence comes back or every bound holds.
#include <sys/mman.h>
#include <unistd.h>

#include "control/config.h"
#include "tests/fuzz/fuzz.h"

#define SOCKETS (1u << SETUP_MEMIF | 1u << SETUP_VHOST | 1u << SETUP_VIRTIO_USER)
#define DEVICES (1u << SETUP_PCI | 1u << SETUP_VDEV)

static int file = -1;
static char path[64];

static void text_check(const char *text, size_t size)
{
	FUZZ_CHECK(memchr(text, 0, size));
}

static void link_check(const struct setup_link *link)
{
	text_check(link->name, sizeof(link->name));
	text_check(link->socket, sizeof(link->socket));
	text_check(link->interface, sizeof(link->interface));
	FUZZ_CHECK(link->name[0] && link->prefix >= SETUP_PREFIX_MIN);
	FUZZ_CHECK(link->prefix <= (address_is_ipv4(link->address) ? (uint32_t)SETUP_PREFIX_MAX
								   : SETUP_PREFIX_MAX6));
	FUZZ_CHECK(link->mtu >= SETUP_MTU_MIN && link->mtu <= SETUP_MTU_MAX);
	text_check(link->device, sizeof(link->device));
	FUZZ_CHECK(!link->socket[0] == !(SOCKETS & 1u << link->driver));
	FUZZ_CHECK(!link->device[0] == !(DEVICES & 1u << link->driver));
	FUZZ_CHECK(!link->interface[0] == !!((SOCKETS | DEVICES) & 1u << link->driver));
}

static void config_check(const struct config *config)
{
	char error[POOL_ERROR_SIZE];

	text_check(config->node, sizeof(config->node));
	text_check(config->run_dir, sizeof(config->run_dir));
	FUZZ_CHECK(config->node[0] && config->run_dir[0] == '/');
	FUZZ_CHECK(strlen(config->run_dir) <= SETUP_RUN_DIR_MAX);
	FUZZ_CHECK(config->dataplane.workers >= 1);
	FUZZ_CHECK(config->dataplane.workers <= SETUP_WORKERS_MAX);
	FUZZ_CHECK(config->links_count <= SETUP_LINKS_MAX);
	FUZZ_CHECK(config->peers_count <= CONFIG_PEERS_MAX);
	text_check(config->membership.cluster, sizeof(config->membership.cluster));
	FUZZ_CHECK(config->membership.seeds_count <= CONFIG_SEEDS_MAX);
	FUZZ_CHECK(!address_is_none(config->membership.advertise));
	FUZZ_CHECK(pool_config_check(&config->pool, error) == 0);
	FUZZ_CHECK(config->membership.clear == !config->security.keyring[0]);
	for (uint32_t i = 0; i < config->membership.seeds_count; i++)
		FUZZ_CHECK(config->membership.seeds[i].port);
	for (uint32_t i = 0; i < config->links_count; i++)
		link_check(&config->links[i]);
	for (uint32_t i = 0; i < config->peers_count; i++) {
		FUZZ_CHECK(config->peers[i].link < config->links_count);
		text_check(config->peers[i].name, sizeof(config->peers[i].name));
		FUZZ_CHECK(config_peer_find(config, config->peers[i].name) == (int)i);
	}
}

static void file_put(const uint8_t *data, size_t size)
{
	if (file < 0) {
		file = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	}
	FUZZ_CHECK(file >= 0 && ftruncate(file, 0) == 0);
	FUZZ_CHECK(pwrite(file, data, size, 0) == (ssize_t)size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	char error[CONFIG_ERROR_SIZE] = "";

	file_put(data, size);
	if (config_load(&config, path, error, sizeof(error)) == 0)
		config_check(&config);
	else
		FUZZ_CHECK(error[0] && memchr(error, 0, sizeof(error)));
	return 0;
}
