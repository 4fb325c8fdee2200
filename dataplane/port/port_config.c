// What a link may be configured to be: sentences for what it may not. What a configuration can say
// is lib/ipc/setup.c's to judge; here is the rest.
#include <stdio.h>
#include <string.h>

#include "dataplane/port/port.h"
#include "dataplane/port/sizes.h"
#include "lib/ipc/setup.h"

_Static_assert(PORT_NAME_SIZE == SETUP_LINK_NAME_SIZE && PORT_SOCKET_SIZE == SETUP_SOCKET_SIZE &&
		       PORT_DEVICE_SIZE == SETUP_DEVICE_SIZE && MTU_MIN == SETUP_MTU_MIN &&
		       MTU_MAX == SETUP_MTU_MAX && PORT_AF_XDP_MTU_MAX == SETUP_MTU_XDP_MAX &&
		       NET_VLAN_SIZE == SETUP_VLAN_BYTES && (int)WORKERS_MAX == SETUP_WORKERS_MAX,
	"limits.h, port.h");
_Static_assert((int)PORT_MEMIF == SETUP_MEMIF && (int)PORT_AF_PACKET == SETUP_AF_PACKET &&
		       (int)PORT_AF_XDP == SETUP_AF_XDP && (int)PORT_VHOST == SETUP_VHOST &&
		       (int)PORT_VIRTIO_USER == SETUP_VIRTIO_USER && (int)PORT_TAP == SETUP_TAP &&
		       (int)PORT_PCI == SETUP_PCI && (int)PORT_VDEV == SETUP_VDEV &&
		       (int)PORT_DRIVER_COUNT == SETUP_DRIVER_COUNT,
	"port.h");

static const char *check_key(struct setup_link *link, const struct port_config *c, const char *key,
	const char *value, char *error, size_t size)
{
	char why[SETUP_WHY_SIZE];

	if (setup_link_take(link, key, value, why))
		return NULL;
	snprintf(error, size, "link %.*s: %s: %s", PORT_NAME_SIZE - 1, c->name, key, why);
	return error;
}

// The keys of the configuration, by its own rules.
static const char *check_setup(const struct port_config *c, char *error, size_t size)
{
	struct setup_link link = {0};
	char why[SETUP_WHY_SIZE], vlan[12], name[PORT_NAME_SIZE + 1], socket[PORT_SOCKET_SIZE + 1],
		interface[IFNAMSIZ + 1], address[ADDRESS_TEXT_SIZE + 4], mtu[12],
		driver[SETUP_DRIVER_TEXT];
	char host[ADDRESS_TEXT_SIZE];
	bool memif = c->driver == PORT_MEMIF, device = c->driver >= PORT_PCI,
	     path = memif || c->driver == PORT_VHOST || c->driver == PORT_VIRTIO_USER;
	const char *const keys[][2] = {
		{"name", name},
		{"driver", driver},
		{"role", memif ? "client" : NULL},
		{"socket", path ? socket : NULL},
		{"interface", path || device ? NULL : interface},
		{"address", address},
		{"mtu", mtu},
		{"vlan", c->vlan ? vlan : NULL},
	};
	const char *wrong = NULL, *key;

	snprintf(name, sizeof(name), "%.*s", PORT_NAME_SIZE, c->name);
	snprintf(driver, sizeof(driver), "%s%s%.*s", setup_driver_names[c->driver],
		device ? ":" : "", device ? PORT_DEVICE_SIZE : 0, c->device);
	snprintf(socket, sizeof(socket), "%.*s", PORT_SOCKET_SIZE, c->socket);
	snprintf(interface, sizeof(interface), "%.*s", IFNAMSIZ, c->iface);
	snprintf(address, sizeof(address), "%s/%u", address_text(host, c->address), c->prefix);
	snprintf(mtu, sizeof(mtu), "%u", c->mtu);
	snprintf(vlan, sizeof(vlan), "%u", c->vlan);
	for (size_t i = 0; !wrong && i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i][1])
			wrong = check_key(&link, c, keys[i][0], keys[i][1], error, size);
	if (wrong || setup_link_end(&link, 0, &key, why))
		return wrong;
	snprintf(error, size, "link %s: %s: %s", c->name, key, why);
	return error;
}

static bool gateway_is_near(const struct port_config *c)
{
	if (address_equal(c->gateway, c->address))
		return false;
	return address_same_network(c->gateway, c->address, c->prefix) ||
	       (address_is_link_local(c->gateway) && !address_is_ipv4(c->address));
}

static const char *check_addresses(const struct port_config *c, char *error, size_t size)
{
	bool v6 = !address_is_ipv4(c->address);

	if (!address_is_none(c->gateway) && !gateway_is_near(c)) {
		snprintf(error, size,
			"link %s: the gateway must be another address inside the link's prefix%s",
			c->name, v6 ? ", or a link-local one" : "");
		return error;
	}
	if (c->mac[0] & 1) {
		snprintf(error, size,
			"link %s: the mac is a multicast address; its first byte must be even",
			c->name);
		return error;
	}
	return NULL;
}

// In DPDK 22.11 a zero-copy memif client closes EAL's own descriptor of the memory when it
// connects, and would hand its peer whatever file has that number next time; and every hang-up
// loses the buffers in the rings.
static const char *check_zero_copy(const struct port_config *c, char *error, size_t size)
{
	if (!c->zero_copy || c->driver == PORT_AF_XDP)
		return NULL;
	snprintf(error, size, "link %s: %s copies; zero_copy works with af_xdp only", c->name,
		setup_driver_names[c->driver]);
	return error;
}

static const char *check_sizes(const struct port_config *c, char *error, size_t size)
{
	uint32_t ring_max = c->driver == PORT_AF_XDP ? 2048 : 16384;

	if (c->queues < 1 || c->queues > WORKERS_MAX) {
		snprintf(error, size, "link %s: %u workers is not within 1..%u", c->name, c->queues,
			WORKERS_MAX);
		return error;
	}
	if (c->ring_size && (c->ring_size < 64 || c->ring_size > ring_max ||
				    c->ring_size & (c->ring_size - 1))) {
		snprintf(error, size, "link %s: a ring has 64 to %u slots, a power of two", c->name,
			ring_max);
		return error;
	}
	if (c->mbufs && (c->mbufs < sizes_buffer_count_min(c) || c->mbufs > 1u << 20)) {
		snprintf(error, size, "link %s: these rings need %u to %u buffers", c->name,
			sizes_buffer_count_min(c), 1u << 20);
		return error;
	}
	if (c->udp_base_port > UINT16_MAX - WORKERS_MAX) {
		snprintf(error, size, "link %s: the UDP base port is at most %u", c->name,
			UINT16_MAX - WORKERS_MAX);
		return error;
	}
	return NULL;
}

const char *port_config_check(const struct port_config *c, char *error, size_t size)
{
	const char *wrong;

	if ((unsigned)c->driver >= PORT_DRIVER_COUNT) {
		snprintf(error, size, "link %.*s: there is no such driver", PORT_NAME_SIZE - 1,
			c->name);
		return error;
	}
	wrong = check_setup(c, error, size);
	if (!wrong)
		wrong = check_addresses(c, error, size);
	if (!wrong)
		wrong = check_zero_copy(c, error, size);
	return wrong ? wrong : check_sizes(c, error, size);
}

uint32_t port_config_memory_mb(const struct port_config *c)
{
	uint64_t bytes = (uint64_t)sizes_buffer_count(c) * sizes_element(c);

	return (uint32_t)(bytes >> 20) + 5; // rings, queues, and the heap's own
}
