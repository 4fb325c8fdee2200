// One link: open, close, link state, counters, buffers.
#include "dataplane/port/port.h"

#include <rte_errno.h>
#include <rte_pause.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/port/port_private.h"
#include "dataplane/wire/wire.h"
#include "lib/base/bytes.h"

#define INBOX_SIZE   64u
#define LINK_STEP_NS 100000000ull

void port_shut(struct port *p)
{
	atomic_store(&p->open, false); // full barrier: pairs with port_enter
	for (uint16_t q = 0; q < p->config.queues; q++)
		while (atomic_load_explicit(&p->queues[q].inside, memory_order_acquire))
			sched_yield(); // its worker may wait for this very CPU
}

void port_unshut(struct port *p)
{
	atomic_store_explicit(&p->open, true, memory_order_release);
}

void port_link_set(struct port *p, bool up)
{
	if (atomic_exchange(&p->link_up, up) != up)
		atomic_fetch_add(&p->link_changes, 1);
}

bool port_device_up(const struct port *p)
{
	struct rte_eth_link link = {0};

	return rte_eth_link_get_nowait(p->id, &link) == 0 && link.link_status;
}

void port_link_step(struct port *p, uint64_t now_ns)
{
	if (now_ns < p->link_ns)
		return;
	p->link_ns = now_ns + LINK_STEP_NS;
	port_link_set(p, port_device_up(p));
}

static bool mac_is_zero(const uint8_t mac[6])
{
	static const uint8_t zero[6];

	return memcmp(mac, zero, sizeof(zero)) == 0;
}

// Where the device has no address of its own it is made of the IP address: unique where that is,
// and the same after a restart, so that the peers' tables stay right. A tap has one, but that is
// the kernel's end: a bridge takes frames to it for its own host.
static void mac_choose(struct port *p)
{
	if (!mac_is_zero(p->config.mac)) {
		memcpy(p->mac, p->config.mac, sizeof(p->mac));
		return;
	}
	p->mac[0] = 0x02;
	p->mac[1] = 0x53;
	be32_put(p->mac + 2, address_tag(p->config.address));
}

// Neighbours ask for an IPv6 address by multicast, which a card drops unless it is told. For an
// interface of the kernel's kernel_link.c does it; the others have no filter.
static void groups_settle(struct port *p)
{
	if (port_kind(p)->own_mac && !port_kind(p)->kernel && !address_is_ipv4(p->config.address))
		rte_eth_allmulticast_enable(p->id);
}

// The device's own, or ours with the device listening to everything.
static void mac_settle(struct port *p)
{
	struct rte_ether_addr own;

	if (!port_kind(p)->own_mac || rte_eth_macaddr_get(p->id, &own) != 0)
		return;
	if (mac_is_zero(p->config.mac) && rte_is_valid_assigned_ether_addr(&own))
		memcpy(p->mac, own.addr_bytes, sizeof(p->mac));
	else if (memcmp(p->mac, own.addr_bytes, sizeof(p->mac)) != 0)
		rte_eth_promiscuous_enable(p->id);
}

static bool queues_new(struct port *p, char *error, size_t size)
{
	uint16_t count = p->config.queues;

	p->queues = aligned_alloc(RTE_CACHE_LINE_SIZE, count * sizeof(*p->queues));
	if (!p->queues)
		goto no_memory;
	memset(p->queues, 0, count * sizeof(*p->queues));
	for (uint16_t q = 0; q < count; q++) {
		char name[RTE_RING_NAMESIZE];

		neighbour_init(&p->queues[q].neighbours);
		if (count == 1)
			continue;
		snprintf(name, sizeof(name), "arp_%08x_%u", address_tag(p->config.address), q);
		p->queues[q].inbox = rte_ring_create_elem(
			name, sizeof(struct port_heard), INBOX_SIZE, SOCKET_ID_ANY, RING_F_SC_DEQ);
		if (!p->queues[q].inbox)
			goto no_memory;
	}
	return true;
no_memory:
	snprintf(error, size, "link %s: no memory for %u queues", p->config.name, count);
	return false;
}

// Returns the packet buffers that did not come back; with nobody using the port, none.
static uint32_t port_free(struct port *p)
{
	bool told = p->pool && !port_kind(p)->keeps_buffers;
	uint32_t away = told ? rte_mempool_in_use_count(p->pool) : 0;

	for (uint16_t q = 0; p->queues && q < p->config.queues; q++)
		rte_ring_free(p->queues[q].inbox);
	if (p->ioctl_socket >= 0)
		close(p->ioctl_socket);
	if (p->group_socket >= 0)
		close(p->group_socket);
	rte_mempool_free(p->pool);
	free(p->queues);
	free(p);
	return away;
}

static bool port_start(struct port *p, char *error, size_t size)
{
	int result;

	if (port_kind(p)->gated)
		return true; // its step starts it when it can
	result = device_start(p);
	if (result < 0) {
		snprintf(error, size, "link %s does not start: %s", p->config.name,
			rte_strerror(-result));
		return false;
	}
	p->started = true;
	port_kind(p)->step(p, 0);
	port_unshut(p);
	return true;
}

static bool port_prepare(struct port *p, char *error, size_t size)
{
	// The client of a memif wants to be started again when its server hangs up: memif.c.
	if (p->config.driver == PORT_VDEV)
		p->config.memif_server = strstr(p->config.device, "role=server") != NULL;
	return queues_new(p, error, size) && socket_prepare(p, error, size) &&
	       (!port_kind(p)->kernel || kernel_link_open(p, error, size)) &&
	       pool_new(p, error, size);
}

struct port *port_open(struct eal *eal, const struct port_config *config, char *error, size_t size)
{
	struct port *p;

	if (port_config_check(config, error, size))
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p) {
		snprintf(error, size, "no memory for link %s", config->name);
		return NULL;
	}
	p->config = *config;
	p->eal = eal;
	p->ioctl_socket = p->group_socket = -1;
	if (!p->config.udp_base_port)
		p->config.udp_base_port = WIRE_UDP_PORT;
	mac_choose(p);
	if (!port_prepare(p, error, size))
		goto no_device;
	if (!port_kind(p)->device_comes_and_goes && !device_open(p, error, size))
		goto no_device;
	mac_settle(p);
	groups_settle(p);
	memcpy(p->config.mac, p->mac, sizeof(p->mac));
	if (!port_start(p, error, size))
		goto no_start;
	eal_port_add(eal, p);
	return p;
no_start:
	device_close(p);
no_device:
	port_free(p);
	return NULL;
}

uint32_t port_close(struct port *p)
{
	port_shut(p);
	eal_port_remove(p->eal, p);
	if (p->started)
		rte_eth_dev_stop(p->id);
	device_close(p);
	return port_free(p);
}

const struct port_config *port_config(const struct port *p)
{
	return &p->config;
}

bool port_is_memory(const struct port *p)
{
	return port_kind(p)->memory;
}

uint32_t port_offloads(const struct port *p)
{
	return offload_bits(&p->offload);
}

bool port_link_up(const struct port *p)
{
	return atomic_load_explicit(&p->link_up, memory_order_relaxed);
}

const struct port_counters *port_counters(const struct port *p, uint16_t queue)
{
	return &p->queues[queue].counters;
}

uint64_t port_link_changes(const struct port *p)
{
	return atomic_load_explicit(&p->link_changes, memory_order_relaxed);
}

struct rte_mbuf *port_mbuf_get(struct port *p, uint16_t queue)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(p->pool);

	if (unlikely(!mbuf))
		p->queues[queue].counters.drops[DROP_NO_MBUF]++;
	return mbuf;
}

void port_mbuf_put(struct rte_mbuf *mbuf)
{
	rte_pktmbuf_free(mbuf);
}
