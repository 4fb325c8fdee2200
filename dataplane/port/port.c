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

#define INBOX_SIZE 64u

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

static bool mac_is_zero(const uint8_t mac[6])
{
	static const uint8_t zero[6];

	return memcmp(mac, zero, sizeof(zero)) == 0;
}

// A memif link's address is made of its IPv4 address: unique where that is, and the same after a
// restart, so that the peers' tables stay right.
static void mac_choose(struct port *p)
{
	if (!mac_is_zero(p->config.mac)) {
		memcpy(p->mac, p->config.mac, sizeof(p->mac));
		return;
	}
	p->mac[0] = 0x02;
	p->mac[1] = 0x53;
	be32_put(p->mac + 2, p->config.ipv4);
}

// af_packet, af_xdp: the interface's own, or ours with the interface listening to everything.
static void mac_settle(struct port *p)
{
	struct rte_ether_addr own;

	if (p->config.driver == PORT_MEMIF || rte_eth_macaddr_get(p->id, &own) != 0)
		return;
	if (mac_is_zero(p->config.mac))
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
		snprintf(name, sizeof(name), "arp_%08x_%u", p->config.ipv4, q);
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

static void port_free(struct port *p)
{
	for (uint16_t q = 0; p->queues && q < p->config.queues; q++)
		rte_ring_free(p->queues[q].inbox);
	if (p->ioctl_socket >= 0)
		close(p->ioctl_socket);
	free(p->queues);
	free(p);
}

static bool port_start(struct port *p, char *error, size_t size)
{
	int result;

	if (p->config.driver == PORT_MEMIF)
		return true; // memif_step starts it when it can
	result = rte_eth_dev_start(p->id);
	if (result < 0) {
		snprintf(error, size, "link %s does not start: %s", p->config.name,
			rte_strerror(-result));
		return false;
	}
	p->started = true;
	kernel_link_step(p, 0);
	port_unshut(p);
	return true;
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
	p->ioctl_socket = -1;
	if (!p->config.udp_base_port)
		p->config.udp_base_port = WIRE_UDP_PORT;
	mac_choose(p);
	if (!queues_new(p, error, size))
		goto no_queues;
	if (p->config.driver != PORT_MEMIF && !kernel_link_open(p, error, size))
		goto no_queues;
	if (!vdev_open(p, error, size))
		goto no_queues;
	mac_settle(p);
	memcpy(p->config.mac, p->mac, sizeof(p->mac));
	if (!port_start(p, error, size))
		goto no_start;
	eal_port_add(eal, p);
	return p;
no_start:
	vdev_close(p);
no_queues:
	port_free(p);
	return NULL;
}

void port_close(struct port *p)
{
	port_shut(p);
	eal_port_remove(p->eal, p);
	if (p->started)
		rte_eth_dev_stop(p->id);
	vdev_close(p);
	port_free(p);
}

const struct port_config *port_config(const struct port *p)
{
	return &p->config;
}

bool port_is_memory(const struct port *p)
{
	return p->config.driver == PORT_MEMIF;
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
