// members, join, leave, ping: the cluster as this node sees it.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/admin/method.h"
#include "lib/ipc/setup.h"

// ---- members -----------------------------------------------------------------------------------

static json_t *member_links(const struct meta *meta)
{
	json_t *links = json_array();
	char host[ADDRESS_TEXT_SIZE];

	for (uint32_t i = 0; i < meta->links_count; i++)
		json_array_append_new(
			links, json_sprintf("%s/%u", address_text(host, meta->links[i].address),
				       meta->links[i].prefix));
	return links;
}

// The round trip time is newer than the snapshot; the index may be another's by now.
static json_t *member_rtt(const struct gossip *gossip, const struct member *member)
{
	struct swim_view view;

	if (!gossip->swim || member->self || !swim_member(gossip->swim, member->index, &view) ||
		view.rtt_ns == 0 || strcmp(view.name, member->name) != 0)
		return json_null();
	return json_integer((json_int_t)view.rtt_ns);
}

json_t *method_member_row(const struct gossip *gossip, const struct member *member, uint64_t now_ns)
{
	const struct meta *meta = &member->meta;
	char address[CONFIG_ADDRESS_TEXT], boot_id[17];
	json_t *row =
		json_pack("{s:o, s:s, s:b, s:s, s:o, s:f, s:I}", "name", rpc_text(member->name),
			"state", member_state_names[member->state], "self", member->self, "address",
			config_address_text(address, member->address, member->port), "rtt_ns",
			member_rtt(gossip, member), "state_age_s",
			now_ns > member->since_ns ? (double)(now_ns - member->since_ns) / 1e9 : 0.0,
			"incarnation", (json_int_t)member->incarnation);

	snprintf(boot_id, sizeof(boot_id), "%016" PRIx64, meta->boot_id);
	json_object_set_new(row, "boot_id", meta->boot_id ? json_string(boot_id) : json_null());
	json_object_set_new(row, "links", member_links(meta));
	json_object_set_new(row, "version", rpc_text(meta->version));
	json_object_set_new(row, "protocol_min", json_integer(meta->protocol_min));
	json_object_set_new(row, "protocol_max", json_integer(meta->protocol_max));
	return row;
}

static bool gossip_is_left(const struct gossip *gossip)
{
	return !gossip->swim || swim_left(gossip->swim);
}

static uint32_t gossip_health(const struct gossip *gossip)
{
	struct swim_report report = {0};

	if (gossip->swim)
		swim_report(gossip->swim, &report);
	return report.health;
}

json_t *method_members_all(const struct node *node, bool down, uint64_t now_ns)
{
	const struct gossip *gossip = &node->gossip;
	json_t *members = json_array();
	struct members_view view;

	members_get(gossip->members.own, &view);
	for (uint32_t i = 0; i < view.count; i++) {
		const struct member *member = &view.member[i];

		if (down || member->state == MEMBER_ALIVE || member->state == MEMBER_SUSPECT)
			json_array_append_new(members, method_member_row(gossip, member, now_ns));
	}
	return json_pack("{s:s, s:I, s:b, s:I, s:o}", "cluster", node->config.membership.cluster,
		"generation", (json_int_t)view.generation, "left", gossip_is_left(gossip), "health",
		(json_int_t)gossip_health(gossip), "members", members);
}

json_t *method_members(struct method_call *call, struct rpc_error *error)
{
	(void)error;
	return method_members_all(call->node, schema_boolean(call->params, "down"), call->now_ns);
}

json_t *method_members_watch(struct method_call *call, struct rpc_error *error)
{
	bool rtt = schema_boolean(call->params, "rtt");

	if (members_feed_add(call->feed, call->watch, rtt) == 0)
		return method_members_all(call->node, true, call->now_ns);
	rpc_error_set(error, RPC_BUSY, "%d clients watch the members already; try again later",
		MEMBERS_FEED_CLIENTS_MAX);
	return NULL;
}

json_t *method_membership(const struct node *node)
{
	const struct gossip *gossip = &node->gossip;
	uint32_t counts[MEMBER_STATE_COUNT];
	json_t *members = json_object();
	char key[KEYS_ID_TEXT] = "";
	struct members_view view;

	members_get(gossip->members.own, &view);
	members_count(&view, counts);
	for (int state = MEMBER_ALIVE; state < MEMBER_STATE_COUNT; state++)
		json_object_set_new(
			members, member_state_names[state], json_integer(counts[state]));
	if (gossip->keyring.count)
		snprintf(key, sizeof(key), "%08" PRIx32, be32_get(gossip->keyring.use[0].id));
	return json_pack("{s:s, s:b, s:o, s:I, s:o, s:o}", "cluster",
		node->config.membership.cluster, "left", gossip_is_left(gossip), "members", members,
		"health", (json_int_t)gossip_health(gossip), "key",
		key[0] ? json_string(key) : json_null(), "keys_error",
		gossip->keys_error[0] ? rpc_text(gossip->keys_error) : json_null());
}

// ---- join, leave, ping -------------------------------------------------------------------------

// True when membership can be joined now.
static bool join_possible(const struct node *node, struct rpc_error *error)
{
	if (node->stopping)
		rpc_error_set(error, RPC_REFUSED,
			"this node is stopping; join when it has started again");
	else if (!node->gossip.swim)
		rpc_error_set(error, RPC_UNREACHABLE, "membership does not run yet; try again");
	else if (gossip_is_leaving(&node->gossip))
		rpc_error_set(error, RPC_BUSY,
			"this node is saying good-bye, which takes seconds; try again");
	else
		return true;
	return false;
}

static json_t *join_known(struct node *node, struct rpc_error *error)
{
	struct gossip_seeds asked;
	json_t *addresses = json_array();
	char text[CONFIG_ADDRESS_TEXT];

	gossip_join_known(&node->gossip, &asked);
	for (uint32_t i = 0; i < asked.count; i++)
		json_array_append_new(
			addresses, json_string(config_address_text(
					   text, asked.seed[i].address, asked.seed[i].port)));
	if (asked.count)
		return json_pack("{s:o}", "addresses", addresses);
	json_decref(addresses);
	rpc_error_set(error, RPC_REFUSED,
		"there is nobody to ask: the configuration has neither seeds (membership.seeds) "
		"nor "
		"peers; give an address");
	return NULL;
}

// True when `text` is an address that may be asked.
static bool join_address(const struct config *config, const char *text, struct address *address,
	uint32_t *port, struct rpc_error *error)
{
	const char *digits = config_endpoint_split(text, address);
	char why[SETUP_WHY_SIZE];

	if (!digits || !setup_number(port, digits, 1, 65535, why))
		rpc_error_set(error, RPC_PARAMS,
			"address: '%.64s' is not ADDRESS:PORT, for example 127.0.0.1:7701 or "
			"[::1]:7701",
			text);
	else if (!config->security.ca[0] && !config_trusted(*address))
		rpc_error_set(error, RPC_REFUSED,
			"address: %.64s is refused: without certificates (security.ca) control "
			"traffic is plain, so only 127.0.0.0/8, ::1 and 10.78.0.0/16 are allowed",
			text);
	else
		return true;
	return false;
}

json_t *method_join(struct method_call *call, struct rpc_error *error)
{
	const char *text = schema_string(call->method, call->params, "address");
	struct address address;
	uint32_t port;

	if (text && !join_address(&call->node->config, text, &address, &port, error))
		return NULL;
	if (!join_possible(call->node, error))
		return NULL;
	if (!text)
		return join_known(call->node, error);
	if (gossip_join(&call->node->gossip, address, (uint16_t)port) == 0)
		return json_pack("{s:[s]}", "addresses", text);
	rpc_error_set(error, RPC_BUSY, "this node asks %d addresses already, which is all it can",
		SWIM_SEEDS_MAX);
	return NULL;
}

json_t *method_leave(struct method_call *call, struct rpc_error *error)
{
	struct gossip *gossip = &call->node->gossip;
	json_int_t told;

	if (gossip_is_left(gossip)) {
		rpc_error_set(error, RPC_REFUSED, "this node has left already");
		return NULL;
	}
	told = (json_int_t)swim_count(gossip->swim) - 1;
	gossip_leave(gossip);
	return json_pack("{s:I}", "members", told);
}

static int ping_code(int result)
{
	if (result == -ENOENT)
		return RPC_NOT_FOUND;
	return result == -EBUSY ? RPC_BUSY : RPC_REFUSED;
}

json_t *method_ping(struct method_call *call, struct rpc_error *error)
{
	const char *node = schema_string(call->method, call->params, "node");
	char why[RPC_TEXT_SIZE];
	int result = gossip_ping(
		&call->node->gossip, node, call->on_pong, call->owner, why, sizeof(why));

	if (result < 0)
		rpc_error_set(error, ping_code(result), "%s", why);
	else
		call->later = true;
	return NULL;
}
