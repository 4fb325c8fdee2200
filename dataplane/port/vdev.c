// DPDK's device strings: which virtual device stands behind a link, and its arguments.
#include <stdio.h>
#include <string.h>

#include "dataplane/port/port_private.h"
#include "dataplane/port/sizes.h"

void vdev_name(const struct port *p, char name[RTE_ETH_NAME_MAX_LEN])
{
	const struct port_config *c = &p->config;

	if (port_kind(p)->driver)
		snprintf(name, RTE_ETH_NAME_MAX_LEN, "%s_%s", port_kind(p)->driver, c->name);
	else
		snprintf(name, RTE_ETH_NAME_MAX_LEN, "%.*s", (int)strcspn(c->device, ","),
			c->device);
}

static uint32_t log2_of(uint32_t power)
{
	return (uint32_t)__builtin_ctz(power);
}

static void memif_args(const struct port *p, char *args, size_t size)
{
	const struct port_config *c = &p->config;

	// socket-abstract defaults to yes: a name that any
	// process of the network namespace could bind first.
	snprintf(args, size,
		"role=%s,id=%u,socket=%s,socket-abstract=no,bsize=%u,rsize=%u,zero-copy=no,"
		"mac=%02x:%02x:%02x:%02x:%02x:%02x",
		c->memif_server ? "server" : "client", c->memif_id, c->socket, sizes_frame(c),
		log2_of(sizes_ring(c)), p->mac[0], p->mac[1], p->mac[2], p->mac[3], p->mac[4],
		p->mac[5]);
}

static void af_packet_args(const struct port *p, char *args, size_t size)
{
	const struct port_config *c = &p->config;
	uint32_t frame = sizes_frame(c), block = frame < 4096 ? 4096 : frame;

	snprintf(args, size, "iface=%s,qpairs=%u,blocksz=%u,framesz=%u,framecnt=%u,qdisc_bypass=1",
		c->iface, c->queues, block, frame, sizes_ring(c));
}

void vdev_args(const struct port *p, char *args, size_t size)
{
	const struct port_config *c = &p->config;
	const char *comma = strchr(c->device, ',');

	switch (c->driver) {
	case PORT_MEMIF:
		memif_args(p, args, size);
		return;
	case PORT_AF_PACKET:
		af_packet_args(p, args, size);
		return;
	case PORT_AF_XDP:
		// busy_budget=0: the kernel's preferred busy polling wants settings of the
		// interface that are not ours to make, and starves a second socket on the same
		// queue's NAPI without them.
		snprintf(args, size,
			"iface=%s,start_queue=0,queue_count=%u,busy_budget=0,force_copy=%d",
			c->iface, c->queues, !c->zero_copy);
		return;
	case PORT_VHOST:
		// Without legacy-ol-flags=0 what a peer left uncomputed would come in with the
		// flags of a packet to send (DPDK 22.11).
		snprintf(args, size, "iface=%s,queues=%u,client=0,legacy-ol-flags=0", c->socket,
			c->queues);
		return;
	case PORT_VIRTIO_USER:
		snprintf(args, size,
			"path=%s,queues=%u,queue_size=%u,mac=%02x:%02x:%02x:%02x:%02x:%02x",
			c->socket, c->queues, sizes_ring(c), p->mac[0], p->mac[1], p->mac[2],
			p->mac[3], p->mac[4], p->mac[5]);
		return;
	case PORT_TAP:
		snprintf(args, size, "iface=%s", c->iface);
		return;
	case PORT_VDEV:
		snprintf(args, size, "%s", comma ? comma + 1 : "");
		return;
	case PORT_PCI:
	case PORT_DRIVER_COUNT:
		break;
	}
	args[0] = 0;
}
