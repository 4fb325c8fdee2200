// What a link may be configured to be: sentences for what it may not.
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/port/port.h"
#include "dataplane/port/sizes.h"

// Names and paths go into DPDK's device strings, where ',' and '=' mean something.
static bool text_is_plain(const char *text, const char *more)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(more, *text))
			return false;
	return true;
}

static const char *check_name(const struct port_config *c, char *error, size_t size)
{
	if (memchr(c->name, 0, sizeof(c->name)) && c->name[0] && text_is_plain(c->name, "-_."))
		return NULL;
	snprintf(error, size, "a link's name has 1 to %d letters, digits, '-', '_' or '.'",
		PORT_NAME_SIZE - 1);
	return error;
}

static const char *check_mtu(const struct port_config *c, char *error, size_t size)
{
	if (c->mtu < MTU_MIN || c->mtu > MTU_MAX) {
		snprintf(error, size, "link %s: mtu %u is not within %u..%u", c->name, c->mtu,
			MTU_MIN, MTU_MAX);
		return error;
	}
	if (c->driver == PORT_AF_XDP && c->mtu > PORT_AF_XDP_MTU_MAX) {
		snprintf(error, size,
			"link %s: mtu %u is more than af_xdp can carry (%u: a frame must fit one "
			"memory page); use driver "
			"af_packet or memif for larger ones",
			c->name, c->mtu, PORT_AF_XDP_MTU_MAX);
		return error;
	}
	return NULL;
}

static const char *check_address(const struct port_config *c, char *error, size_t size)
{
	uint32_t host_mask;

	if (c->prefix < 1 || c->prefix > 31) {
		snprintf(error, size, "link %s: the address needs a prefix length within 1..31",
			c->name);
		return error;
	}
	host_mask = UINT32_MAX >> c->prefix;
	if (c->ipv4 >> 24 == 0 || c->ipv4 >> 24 == 127 || c->ipv4 >= 0xe0000000u ||
		(c->prefix < 31 &&
			((c->ipv4 & host_mask) == 0 || (c->ipv4 & host_mask) == host_mask))) {
		snprintf(error, size,
			"link %s: the address must be a host's (not 0.x, 127.x, multicast, the "
			"network or its broadcast)",
			c->name);
		return error;
	}
	if (c->gateway && ((c->gateway ^ c->ipv4) & ~host_mask || c->gateway == c->ipv4)) {
		snprintf(error, size,
			"link %s: the gateway must be another address inside the link's prefix",
			c->name);
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

static const char *check_memif(const struct port_config *c, char *error, size_t size)
{
	if (!memchr(c->socket, 0, sizeof(c->socket)) || c->socket[0] != '/' ||
		!text_is_plain(c->socket, "/-_.+@")) {
		snprintf(error, size,
			"link %s: a memif socket is an absolute path of at most %d letters, digits "
			"and /-_.+@",
			c->name, PORT_SOCKET_SIZE - 1);
		return error;
	}
	// In DPDK 22.11 a zero-copy client closes EAL's own descriptor of the memory when it
	// connects, and would hand its peer whatever file has that number next time; and every
	// hang-up loses the buffers in the rings.
	if (c->zero_copy) {
		snprintf(error, size, "link %s: memif copies; zero_copy works with af_xdp only",
			c->name);
		return error;
	}
	return NULL;
}

static const char *check_kernel(const struct port_config *c, char *error, size_t size)
{
	if (!memchr(c->iface, 0, sizeof(c->iface)) || !c->iface[0] ||
		!text_is_plain(c->iface, "-_.@:")) {
		snprintf(error, size,
			"link %s: iface must name a kernel interface (1 to %d characters)", c->name,
			IFNAMSIZ - 1);
		return error;
	}
	if (c->zero_copy && c->driver == PORT_AF_PACKET) {
		snprintf(error, size, "link %s: af_packet copies; zero_copy works with af_xdp only",
			c->name);
		return error;
	}
	return NULL;
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
	const char *wrong = check_name(c, error, size);

	if (!wrong && (unsigned)c->driver >= PORT_DRIVER_COUNT) {
		snprintf(
			error, size, "link %s: driver must be memif, af_packet or af_xdp", c->name);
		wrong = error;
	}
	if (!wrong)
		wrong = check_mtu(c, error, size);
	if (!wrong)
		wrong = check_address(c, error, size);
	if (!wrong)
		wrong = c->driver == PORT_MEMIF ? check_memif(c, error, size)
						: check_kernel(c, error, size);
	return wrong ? wrong : check_sizes(c, error, size);
}

uint32_t port_config_memory_mb(const struct port_config *c)
{
	uint64_t bytes = (uint64_t)sizes_buffer_count(c) * sizes_element(c);

	return (uint32_t)(bytes >> 20) + 5; // rings, queues, and the heap's own
}
