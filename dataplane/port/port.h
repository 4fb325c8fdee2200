// One link of this node: packets in, packets out,
// addresses, neighbours. The only door to rte_ethdev.
//
// Threads: open, close and eal_step on the main thread; everything that
// takes a `queue` only by that queue's worker. Queue w of every port
// belongs to worker w, and worker w's UDP port is udp_base_port + w.
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/drop.h"
#include "dataplane/limits.h"
#include "dataplane/wire/net.h"

struct eal;
struct port;
struct rte_mbuf;

enum port_driver {
	PORT_MEMIF,       // shared memory with another node of this machine
	PORT_AF_PACKET,   // kernel interface through a packet socket: any interface, any MTU
	PORT_AF_XDP,      // kernel interface through XDP: faster, MTU up to PORT_AF_XDP_MTU_MAX
	PORT_VHOST,       // one end of a vhost-user socket: listens, and copies for both
	PORT_VIRTIO_USER, // the other end: connects
	PORT_TAP,         // an interface that the kernel sees, made by DPDK; MTU 1500
	PORT_PCI,         // a network card that is bound to a driver for DPDK
	PORT_VDEV,        // any virtual device, by DPDK's own device string
	PORT_DRIVER_COUNT,
};

#define PORT_NAME_SIZE   32
#define PORT_SOCKET_SIZE 108 // sun_path
#define PORT_DEVICE_SIZE 192
// A page less the headroom and the sk_buff's tail: what the kernel's XDP (veth's native mode) takes
// at most. DPDK's own limit lies a little higher.
#define PORT_AF_XDP_MTU_MAX 3498u // less a VLAN's tag

struct port_config {
	char name[PORT_NAME_SIZE]; // letters, digits, '-', '_'
	enum port_driver driver;
	bool memif_server; // one side of a memif link listens, the other connects (and reconnects)
	char socket[PORT_SOCKET_SIZE]; // memif, vhost, virtio-user: path in a directory only the
				       // owner may enter (0700)
	uint32_t memif_id;             // equal on both sides
	// af_packet, af_xdp: the kernel's, without an address of its own; tap: made unless it is
	// there
	char iface[IFNAMSIZ];
	char device[PORT_DEVICE_SIZE]; // pci: address; vdev: "net_ring0,..."
	uint32_t mtu;                  // IP MTU, MTU_MIN..MTU_MAX
	uint16_t vlan;                 // 1..4094; 0: frames have no tag
	struct address address;        // IPv4 or IPv6: then the peers' are, too
	uint8_t prefix;
	struct address gateway; // none: only peers inside the prefix
	uint8_t mac[6]; // all zero: the interface's or device's own, or 02:53 and the address
	uint16_t udp_base_port; // 0: WIRE_UDP_PORT
	uint16_t queues;        // = workers
	uint32_t ring_size; // slots per queue and direction, power of two; 0: the driver's best for
			    // the MTU
	uint32_t mbufs; // buffers of the port's pool; 0: what rings and backlog can hold, and some
	bool zero_copy; // af_xdp, where the interface's driver can
};

// NULL when the configuration can work, else a sentence
// in `error` (returned) that says what is allowed.
const char *port_config_check(const struct port_config *config, char *error, size_t error_size);
// Memory that all buffers of such a port take, MiB, rounded
// up: the sum over ports (+ 32) is eal_config.memory_mb.
uint32_t port_config_memory_mb(const struct port_config *config);

// NULL with a sentence. A memif client or virtio-user link whose
// server is not there yet opens well: the link comes up later.
struct port *port_open(
	struct eal *eal, const struct port_config *config, char *error, size_t error_size);
// Takes `port`. Its workers have stopped; mbufs still held by anybody are lost with it. Only when
// the process ends: a closed memif server cannot be opened again (gate.h). Returns how many mbufs
// somebody still held.
uint32_t port_close(struct port *port);

const struct port_config *port_config(const struct port *port); // defaults filled in
bool port_link_up(const struct port *port);                     // any thread

// The link is memory that two processes of one machine share: nothing on it flips a bit, so neither
// datagrams nor blocks need a checksum.
bool port_is_memory(const struct port *port);

// What the link's device does for us, as it said when it was opened.
enum port_offload {
	PORT_OFFLOAD_TX_IPV4 = 1, // writes the checksum of the IPv4 header
	PORT_OFFLOAD_TX_UDP = 2,  // ... of UDP
	PORT_OFFLOAD_TX_VLAN = 4, // puts the tag in
	PORT_OFFLOAD_RX_IPV4 = 8, // looks at the checksum, and says so where it is right
	PORT_OFFLOAD_RX_UDP = 16,
	PORT_OFFLOAD_RX_VLAN = 32, // takes the tag off
};
uint32_t port_offloads(const struct port *port);

// ---- receive

// A UDP datagram for one of our workers' ports, checked: addresses, lengths, both checksums.
struct port_packet {
	struct rte_mbuf *mbuf; // the caller's from here: one segment
	uint8_t *payload;      // UDP payload, where the Sluice header begins
	uint32_t size;         // of the UDP payload, all of it in the mbuf
	struct address src;
	uint16_t src_port;
	uint16_t dst_port; // udp_base_port + w; not always this queue's w (see steer.h)
};

// Up to `max` (<= BURST) packets. ARP and neighbour discovery are answered and learnt from inside,
// pings are answered; what does not pass dies here, counted.
uint16_t port_rx(
	struct port *port, uint16_t queue, struct port_packet *out, uint16_t max, uint64_t now_ns);

// ---- transmit

// Where packets of one connection go: kept by the
// caller, one per connection, its fields are the port's.
struct port_route {
	struct net_template template; // headers with everything but lengths and checksums
	uint64_t checked_ns;          // the neighbour was last looked up then: keeps it in use
	struct address next_hop;
	uint32_t version; // of the neighbour table at that time; 0: no address yet
};

// False: dst is neither inside the prefix nor reachable by a gateway, or it is our own address.
bool port_route_init(struct port *port, uint16_t queue, struct port_route *route,
	struct address dst, uint16_t dst_port);
// Once per connection and burst, before port_frame: VERDICT_ACCEPT, or DROP_NEIGHBOUR: nothing is
// lost, the next hop is being asked for; keep what there is to send and ask again after the next
// receive (asking is cheap and keeps the request alive; an entry nobody asks for ages out).
enum verdict port_route_ready(
	struct port *port, uint16_t queue, struct port_route *route, uint64_t now_ns);

// A buffer of this port's pool, or NULL (counted DROP_NO_MBUF). Write the Sluice header at
// mbuf_header() and the payload at mbuf_payload() (port/mbuf.h): the latter is cache aligned.
struct rte_mbuf *port_mbuf_get(struct port *port, uint16_t queue);
void port_mbuf_put(struct rte_mbuf *mbuf);

// Headers and checksums in front of `size` bytes of UDP
// payload that are there already. size <= port_payload_max().
void port_frame(
	struct port *port, const struct port_route *route, struct rte_mbuf *mbuf, uint32_t size);
uint32_t port_payload_max(const struct port *port); // MTU less IP and UDP headers

// Packets taken, in order, from the front; the rest stays the caller's (back-pressure, not loss). 0
// while the link is down. Never spins.
uint16_t port_tx(struct port *port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t n);

// ---- counters

// Written by the queue's worker alone, read by anybody
// (each word is whole; a set is not a snapshot).
struct port_counters {
	uint64_t rx_packets, rx_bytes; // frames that came, with Ethernet header; drops included
	uint64_t tx_packets, tx_bytes; // frames the port took, those of this folder included
	uint64_t tx_refused;           // packets offered that the port did not take this time
	uint64_t neighbour_requests_sent, neighbour_replies_sent, neighbour_received; // ARP, ND
	uint64_t echo_replies_sent;                                                   // to pings
	uint64_t chained, chained_bytes; // frames of several segments, made one; what that copied
	uint64_t drops[DROP_COUNT];      // by verdict; [VERDICT_ACCEPT]: handed to the worker
};

const struct port_counters *port_counters(const struct port *port, uint16_t queue);
uint64_t port_link_changes(const struct port *port); // times the link came up or went down
