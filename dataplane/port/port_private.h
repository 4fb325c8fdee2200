// What the files of this folder share about a port; nobody else includes it.
#pragma once

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>
#include <stdatomic.h>

#include "dataplane/port/neighbour.h"
#include "dataplane/port/offload.h"
#include "dataplane/port/port.h"
#include "dataplane/port/rss.h"

// Everything of one worker on one port; written by that worker alone but for `inbox`.
struct port_queue {
	atomic_bool inside; // the worker is in the driver: port_shut waits for it
	struct port_counters counters;
	struct neighbour_table neighbours;
	uint64_t echo_since_ns; // icmp.c: echo requests are counted since then
	uint32_t echo_count;
	struct rte_ring
		*inbox; // struct port_heard: what arrived on other queues; NULL with one queue
} __rte_cache_aligned;

// ARP or neighbour discovery addressed to us, as the other queues' tables want it.
struct port_heard {
	struct address ip;
	uint8_t mac[6];
	bool request; // it asks for us; else it answers
	uint8_t reserved;
};
_Static_assert(sizeof(struct port_heard) % 4 == 0, "an element of a ring is a multiple of 4 bytes");

// What the kinds of links differ in (kind.c).
struct port_kind {
	const char *driver; // of DPDK's virtual devices; NULL: the configuration names the device
	bool kernel;        // an interface of the kernel's that must be there: kernel_link.c
	bool memory;        // its frames never see a cable: they may come without a UDP checksum
	bool own_mac;       // the device's address is ours, unless one is configured
	bool gated;     // its step runs in a window, with the port shut and DPDK's interrupt thread
			// held (gate.h), and opens it
	bool takes_mtu; // what the device says of itself counts, and it is told the MTU
	bool names_device;  // the configuration does: it may be a card, with RSS
	bool keeps_buffers; // the driver does not give back at its end what the kernel had then
	bool device_comes_and_goes; // opened and closed by its step, not by port_open
	void (*step)(struct port *p, uint64_t now_ns);
};

struct port {
	// read by workers
	struct port_config config;
	uint16_t id; // of rte_ethdev
	struct offload offload;
	uint8_t mac[6];
	atomic_bool open;    // written by the main thread: workers may enter the driver
	atomic_bool link_up; // written by the main thread
	struct rte_mempool *pool;
	struct port_queue *queues;

	// the main thread's
	struct eal *eal;
	struct port *next;     // of eal's list
	bool device;           // there is one: `id` is valid
	bool started;          // rte_eth_dev_start succeeded
	uint64_t retry_ns;     // memif client, virtio-user: when to try again
	uint64_t link_ns;      // when to ask for the link's state again
	uint32_t windows_left; // virtio-user: until the device is closed; 0: it is not to be
	atomic_uint_fast64_t link_changes;
	int ioctl_socket; // af_packet, af_xdp
	int group_socket; // ... while it is open the interface hears our multicast group and VLAN
	struct rss rss;
};

// The worker may enter the driver between these two. The exchange is a full barrier: either
// port_shut sees `inside`, or we see `open` gone.
static inline bool port_enter(struct port *p, struct port_queue *q)
{
	atomic_exchange(&q->inside, true);
	if (likely(atomic_load_explicit(&p->open, memory_order_relaxed)))
		return true;
	atomic_store_explicit(&q->inside, false, memory_order_release);
	return false;
}

static inline void port_leave(struct port_queue *q)
{
	atomic_store_explicit(
		&q->inside, false, memory_order_release); // pairs with the load in port_shut
}

// port.c, main thread: no worker is in the driver when
// port_shut returns, none enters until port_unshut.
void port_shut(struct port *p);
void port_unshut(struct port *p);
void port_link_set(struct port *p, bool up);
bool port_device_up(const struct port *p); // what the driver says of the link
// Asks the driver for the link's state, now and then.
void port_link_step(struct port *p, uint64_t now_ns);

const struct port_kind *port_kind(const struct port *p);
bool pool_new(struct port *p, char *error, size_t error_size);
bool socket_prepare(const struct port *p, char *error, size_t error_size);

// device.c: the DPDK device behind a port, made and configured but not started.
bool device_open(struct port *p, char *error, size_t error_size);
int device_start(struct port *p); // 0, or what rte_eth_dev_start says
void device_close(struct port *p);

// vdev.c: DPDK's strings for it.
void vdev_name(const struct port *p, char name[RTE_ETH_NAME_MAX_LEN]);
void vdev_args(const struct port *p, char *args, size_t size);

// memif.c, virtio.c, ports shut: connect, reconnect. kernel_link.c: state of a kernel interface.
void memif_step(struct port *p, uint64_t now_ns);
void virtio_step(struct port *p, uint64_t now_ns);
bool kernel_link_open(struct port *p, char *error, size_t error_size);
void kernel_link_step(struct port *p, uint64_t now_ns);

// resolve.c, worker: an answer or a question was heard; a frame of `size` bytes goes out (false: it
// did not, and its buffer is back); what other queues heard, requests that are due.
void resolve_heard(struct port *p, uint16_t queue, const struct port_heard *heard, uint64_t now_ns);
bool resolve_send(struct port *p, uint16_t queue, struct rte_mbuf *mbuf, uint32_t size);
void resolve_step(struct port *p, uint16_t queue, uint64_t now_ns);

// vlan.c, worker: of links in a VLAN. The frame comes out without its tag; the tag goes in.
enum verdict vlan_check(const struct port *p, struct rte_mbuf *mbuf);
void vlan_tag(const struct port *p, struct rte_mbuf *mbuf);

// arp.c, nd.c, icmp.c, worker
void arp_receive(
	struct port *p, uint16_t queue, const uint8_t *frame, uint32_t size, uint64_t now_ns);
void arp_request(struct port *p, uint16_t queue, struct address ip);
enum verdict nd_receive(struct port *p, uint16_t queue, const struct net_icmp *icmp,
	const uint8_t *frame, uint64_t now_ns);
void nd_request(struct port *p, uint16_t queue, struct address ip);
void icmp_receive(
	struct port *p, uint16_t queue, const uint8_t *frame, uint32_t size, uint64_t now_ns);

// eal.c
void eal_port_add(struct eal *eal, struct port *p);
void eal_port_remove(struct eal *eal, struct port *p);
