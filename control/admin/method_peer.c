// peer.list: the peers of the configuration and how their control processes answer.
#include "control/admin/method.h"

static json_t *peer_row(const struct node *node, uint32_t index)
{
	const struct config_peer *config = &node->config.peers[index];
	const struct peer *peer = &node->peers.peer[index];
	char control[CONFIG_ADDRESS_TEXT], address[CONFIG_ADDRESS_TEXT];
	json_t *row = json_pack("{s:s, s:b, s:s, s:s, s:s}", "name", config->name, "reachable",
		peer->state == PEER_UP, "control",
		config_address_text(control, config->control_address, config->control_port),
		"address", config_address_text(address, config->address, 0), "link",
		node->config.links[config->link].name);

	json_object_set_new(
		row, "rtt_ns", peer->rtt_ns ? json_integer((json_int_t)peer->rtt_ns) : json_null());
	json_object_set_new(
		row, "dataplane", json_boolean(peer->state == PEER_UP && peer->boot_id != 0));
	json_object_set_new(row, "key_exchange",
		conn_group(&peer->conn) ? json_string(conn_group(&peer->conn)) : json_null());
	json_object_set_new(row, "reason",
		peer->state != PEER_UP && peer->error[0] ? rpc_text(peer->error) : json_null());
	return row;
}

json_t *method_peers(const struct node *node)
{
	json_t *peers = json_array();

	for (uint32_t i = 0; i < node->config.peers_count; i++)
		json_array_append_new(peers, peer_row(node, i));
	return peers;
}

json_t *method_peer_list(struct method_call *call, struct rpc_error *error)
{
	(void)error;
	return json_pack("{s:o}", "peers", method_peers(call->node));
}
