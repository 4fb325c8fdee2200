// What the kinds of links differ in, as one table.
#include "dataplane/port/port_private.h"

static const struct port_kind kinds[PORT_DRIVER_COUNT] = {
	[PORT_MEMIF] = {.driver = "net_memif", .memory = true, .gated = true, .step = memif_step},
	[PORT_AF_PACKET] = {.driver = "net_af_packet",
		.kernel = true,
		.own_mac = true,
		.step = kernel_link_step},
	[PORT_AF_XDP] = {.driver = "net_af_xdp",
		.kernel = true,
		.own_mac = true,
		.keeps_buffers = true,
		.step = kernel_link_step},
	[PORT_VHOST] = {.driver = "net_vhost",
		.memory = true,
		.takes_mtu = true,
		.step = port_link_step},
	[PORT_VIRTIO_USER] = {.driver = "net_virtio_user",
		.memory = true,
		.gated = true,
		.takes_mtu = true,
		.device_comes_and_goes = true,
		.step = virtio_step},
	[PORT_TAP] = {.driver = "net_tap", .takes_mtu = true, .step = port_link_step},
	[PORT_PCI] = {.own_mac = true,
		.names_device = true,
		.takes_mtu = true,
		.step = port_link_step},
	[PORT_VDEV] = {.own_mac = true,
		.names_device = true,
		.gated = true,
		.takes_mtu = true,
		.step = memif_step},
};

const struct port_kind *port_kind(const struct port *p)
{
	return &kinds[p->config.driver];
}
