// How large buffers and rings of a port are.
#include "dataplane/port/sizes.h"

#include "dataplane/port/steer.h"

// memif: the driver walks every slot round and round, so ring x slot is its cache footprint: many
// small or few large. A slot smaller than a frame would chain buffers; a pool whose buffers have
// less room than a slot does too, and in later DPDK a copy bounded by the pool's room instead of
// the slot's overruns it. So both are the same size.
//
// af_packet: slots are laid out back to back over blocks of whole pages, so a jumbo slot is 3 pages
// and a block is one slot. A buffer has the whole slot's room: the driver copies what the kernel
// says without looking at the buffer.
//
// af_xdp: a buffer with all its headers is a chunk of the kernel's and must not exceed a page; the
// kernel keeps 256 bytes of it for XDP.
//
// The others: cards write in steps of 1024 bytes and count the checksum and VLAN tags.
uint32_t sizes_frame(const struct port_config *c)
{
	uint32_t frame = c->mtu + NET_ETH_SIZE + (c->vlan ? NET_VLAN_SIZE : 0);

	switch (c->driver) {
	case PORT_MEMIF:
		return (frame + 1023) / 1024 * 1024;
	case PORT_AF_PACKET:
		return frame + 128 <= 2048
			       ? 2048
			       : (frame + 128 + 4095) / 4096 * 4096; // 128: the kernel's header
	case PORT_AF_XDP:
		return frame + 256 <= 2048 ? 2048
					   : 4096 - SIZES_OBJECT - SIZES_MBUF - SIZES_HEADROOM;
	case PORT_VHOST:
	case PORT_VIRTIO_USER:
	case PORT_TAP:
	case PORT_PCI:
	case PORT_VDEV:
		return (frame + 12 + 1023) / 1024 * 1024;
	case PORT_DRIVER_COUNT:
		break;
	}
	return 0;
}

uint32_t sizes_ring(const struct port_config *c)
{
	if (c->ring_size)
		return c->ring_size;
	if (c->driver == PORT_AF_XDP)
		return 2048; // fixed in the driver for the fill ring; the others follow
	return sizes_frame(c) <= 2048 ? 1024 : 256;
}

// Buffers that can be away at once: in rings where the driver keeps them there, waiting for the
// port, being built, in the workers' caches, and on their way to the worker that owns them.
uint32_t sizes_buffer_count_min(const struct port_config *c)
{
	uint32_t rings = 0, steered = (c->queues - 1u) * steer_room(c->queues);

	if (c->driver == PORT_AF_XDP)
		rings = 2 * 2048 + 2 * sizes_ring(c); // fill, completion, receive, transmit
	if (c->driver == PORT_VIRTIO_USER || c->driver == PORT_PCI || c->driver == PORT_VDEV)
		rings = 2 * sizes_ring(c);
	return (uint32_t)c->queues *
	       (rings + steered + TX_BACKLOG_MAX + 2 * SIZES_POOL_CACHE + 4 * BURST);
}

uint32_t sizes_buffer_count(const struct port_config *c)
{
	uint32_t least = sizes_buffer_count_min(c), wanted = 2048u * c->queues;

	if (c->mbufs)
		return c->mbufs;
	return least > wanted ? least : wanted;
}

uint32_t sizes_element(const struct port_config *c)
{
	return SIZES_OBJECT + SIZES_MBUF + SIZES_HEADROOM + sizes_frame(c);
}
