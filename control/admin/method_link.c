// link.list: the dataplane's ports.
#include "control/admin/method.h"

#include <stdio.h>

static json_t *link_offloads(const struct plane_port *port)
{
	static const char *const names[PLANE_OFFLOAD_COUNT] = {
		[PLANE_OFFLOAD_TX_IPV4] = "tx_ipv4",
		[PLANE_OFFLOAD_TX_UDP] = "tx_udp",
		[PLANE_OFFLOAD_TX_VLAN] = "tx_vlan",
		[PLANE_OFFLOAD_RX_IPV4] = "rx_ipv4",
		[PLANE_OFFLOAD_RX_UDP] = "rx_udp",
		[PLANE_OFFLOAD_RX_VLAN] = "rx_vlan",
	};
	json_t *list = json_array();

	for (uint32_t i = 0; i < PLANE_OFFLOAD_COUNT; i++)
		if (port->offloads & 1u << i)
			json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *link_row(const struct plane_port *port)
{
	char address[CONFIG_ADDRESS_TEXT], with_prefix[CONFIG_ADDRESS_TEXT + 16], mac[18];

	snprintf(with_prefix, sizeof(with_prefix), "%s/%u",
		config_address_text(address, port->address, 0), port->prefix);
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", port->mac[0], port->mac[1],
		port->mac[2], port->mac[3], port->mac[4], port->mac[5]);
	return json_pack("{s:o, s:o, s:s, s:I, s:I, s:s, s:i, s:s, s:o, s:i, s:I, s:I, s:I, s:I, "
			 "s:I, s:I}", //
		"name", rpc_text(port->name), "driver", rpc_text(port->driver), "state",
		port->up ? "up" : "down",                                                      //
		"mtu", (json_int_t)port->mtu, "segment_bytes", (json_int_t)port->segment_size, //
		"address", with_prefix, "vlan", (int)port->vlan, "mac", mac, "offloads",
		link_offloads(port), "udp_port",
		(int)port->udp_port, //
		"rx_packets", (json_int_t)port->rx_packets, "tx_packets",
		(json_int_t)port->tx_packets,                                                   //
		"rx_bytes", (json_int_t)port->rx_bytes, "tx_bytes", (json_int_t)port->tx_bytes, //
		"rx_missed", (json_int_t)port->rx_missed, "tx_refused",
		(json_int_t)port->tx_refused);
}

json_t *method_links(const struct node *node)
{
	json_t *links = json_array();
	struct plane_port port;

	for (uint32_t i = 0; i < PLANE_PORTS_MAX; i++)
		if (tables_port(&node->plane.tables, i, &port))
			json_array_append_new(links, link_row(&port));
	return links;
}

json_t *method_link_list(struct method_call *call, struct rpc_error *error)
{
	(void)error;
	return json_pack("{s:o}", "links", method_links(call->node));
}
