// raft.*: the consensus behind kv.*, and who is in it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/admin/method.h"

static json_t *name_or_null(const char *name)
{
	return name ? rpc_text(name) : json_null();
}

static const char *member_role(const struct raft_member *member)
{
	if (member->roles & RAFT_VOTER)
		return "voter";
	if (member->roles & RAFT_PROMOTE)
		return "joining";
	return member->roles & RAFT_LEARNER ? "learner" : "leaving";
}

// ---- in a line ---------------------------------------------------------------------------------

json_t *method_consensus(const struct consensus *consensus)
{
	json_t *row = json_pack("{s:s, s:o}", "state", consensus_state_name(consensus->state),
		"why", consensus->why[0] ? rpc_text(consensus->why) : json_null());
	const struct raft_member *self;
	struct raft_status status;
	const char *leader;

	if (!consensus->replica)
		return row;
	raft_status(replica_raft(consensus->replica), &status);
	self = consensus_member(consensus, consensus->config->node);
	leader = consensus_name(consensus, status.now.leader);
	json_object_set_new(row, "leader", name_or_null(leader));
	json_object_set_new(row, "member", self ? json_string(member_role(self)) : json_null());
	json_object_set_new(row, "term", json_integer((json_int_t)status.now.term));
	json_object_set_new(
		row, "members", json_integer(raft_conf(replica_raft(consensus->replica))->members));
	return row;
}

// ---- show --------------------------------------------------------------------------------------

static const char *progress_name(enum raft_progress_state state)
{
	static const char *const names[] = {[RAFT_PROBE] = "probe",
		[RAFT_REPLICATE] = "replicate",
		[RAFT_SNAPSHOT] = "snapshot"};

	return names[state];
}

// What the leader alone knows of the others.
static void member_progress(json_t *row, const struct raft_peer *peer)
{
	json_object_set_new(row, "match", json_integer((json_int_t)peer->match));
	json_object_set_new(row, "progress", json_string(progress_name(peer->state)));
	json_object_set_new(row, "active", json_boolean(peer->active));
	json_object_set_new(row, "quarantined", json_boolean(peer->quarantined));
	json_object_set_new(row, "in_flight", json_integer(peer->inflight_messages));
}

static int by_name(const void *a, const void *b)
{
	const struct raft_member *const *one = a, *const *other = b;

	return strcmp((*one)->name, (*other)->name);
}

static json_t *members_rows(const struct consensus *consensus, uint64_t leader)
{
	const struct raft *raft = replica_raft(consensus->replica);
	const struct raft_conf *conf = raft_conf(raft);
	const struct raft_member *order[RAFT_MEMBERS_MAX];
	json_t *rows = json_array();
	struct raft_peer peer;

	for (uint32_t i = 0; i < conf->members; i++)
		order[i] = &conf->member[i];
	qsort(order, conf->members, sizeof(order[0]), by_name);
	for (uint32_t i = 0; i < conf->members; i++) {
		const struct raft_member *member = order[i];
		json_t *row = json_pack("{s:o, s:s, s:b, s:b}", "name", rpc_text(member->name),
			"role", member_role(member), "self", member->id == consensus->id, "leader",
			member->id == leader);

		if (raft_peer(raft, (uint32_t)(member - conf->member), &peer))
			member_progress(row, &peer);
		json_array_append_new(rows, row);
	}
	return rows;
}

static json_t *store_row(const struct store_status *store)
{
	return json_pack("{s:s, s:o, s:b, s:I, s:I, s:I, s:I, s:I, s:I}", "backend", store->backend,
		"error", store->failed ? json_string(strerror(-store->failed)) : json_null(),
		"full", (int)store->full, "durable", (json_int_t)store->durable, "first",
		(json_int_t)store->first, "bytes", (json_int_t)store->bytes, "writes",
		(json_int_t)store->writes, "flushes", (json_int_t)store->flushes, "snapshot",
		(json_int_t)store->snapshot_index);
}

static json_t *kv_row(const struct kv_state *kv)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "revision", (json_int_t)kv->revision, "keys",
		(json_int_t)kv->keys, "used_bytes", (json_int_t)kv->used, "quota_bytes",
		(json_int_t)kv->quota, "value_max", (json_int_t)kv->value_max);
}

static void cluster_text(char text[2 * CONSENSUS_CLUSTER_SIZE + 1], const uint8_t *cluster)
{
	for (int i = 0; i < CONSENSUS_CLUSTER_SIZE; i++)
		snprintf(text + (size_t)(2 * i), 3, "%02x", cluster[i]);
}

static void show_member(const struct consensus *consensus, json_t *row)
{
	char cluster[2 * CONSENSUS_CLUSTER_SIZE + 1];
	struct replica_status status;

	replica_status(consensus->replica, &status);
	cluster_text(cluster, consensus->cluster);
	json_object_set_new(row, "cluster", json_string(cluster));
	json_object_set_new(
		row, "leader", name_or_null(consensus_name(consensus, status.raft.now.leader)));
	json_object_set_new(row, "role", json_string(raft_role_name(status.raft.now.role)));
	json_object_set_new(row, "term", json_integer((json_int_t)status.raft.now.term));
	json_object_set_new(row, "commit", json_integer((json_int_t)status.raft.now.commit));
	json_object_set_new(row, "applied", json_integer((json_int_t)status.raft.now.applied));
	json_object_set_new(row, "first", json_integer((json_int_t)status.raft.first));
	json_object_set_new(row, "last", json_integer((json_int_t)status.raft.last));
	json_object_set_new(row, "durable", json_integer((json_int_t)status.raft.durable));
	json_object_set_new(row, "quarantined", json_boolean(status.raft.quarantined));
	json_object_set_new(row, "members", members_rows(consensus, status.raft.now.leader));
	json_object_set_new(row, "store", store_row(&status.store));
	json_object_set_new(row, "kv", kv_row(&status.kv));
}

json_t *method_raft_show(struct method_call *call, struct rpc_error *error)
{
	const struct consensus *consensus = &call->node->consensus;
	json_t *row = json_pack("{s:s, s:o, s:s}", "node", call->node->config.node, "why",
		consensus->why[0] ? rpc_text(consensus->why) : json_null(), "state",
		consensus_state_name(consensus->state));

	(void)error;
	if (consensus->replica)
		show_member(consensus, row);
	else
		json_object_update_new(row, json_pack("{s:n, s:[]}", "leader", "members"));
	return row;
}

// ---- changes -----------------------------------------------------------------------------------

json_t *method_raft_bootstrap(struct method_call *call, struct rpc_error *error)
{
	char why[CONSENSUS_WHY_SIZE], cluster[2 * CONSENSUS_CLUSTER_SIZE + 1];
	struct consensus *consensus = &call->node->consensus;

	if (consensus_bootstrap(
		    consensus, schema_boolean(call->params, "force"), why, sizeof(why)) < 0) {
		rpc_error_set(error, RPC_REFUSED, "%s", why);
		return NULL;
	}
	cluster_text(cluster, consensus->cluster);
	return json_pack("{s:s}", "cluster", cluster);
}

json_t *method_raft_transfer(struct method_call *call, struct rpc_error *error)
{
	const char *node = schema_string(call->method, call->params, "node");
	char why[CONSENSUS_WHY_SIZE];

	if (consensus_transfer(&call->node->consensus, node, why, sizeof(why)) == 0)
		return json_pack("{s:s}", "node", node);
	rpc_error_set(error, RPC_REFUSED, "%s", why);
	return NULL;
}

struct raft_call {
	struct method_later later;
	char node[NAME_SIZE], action[16];
};

static void on_changed(void *owner, const struct replica_answer *answer, const char *why)
{
	struct raft_call *call = owner;
	struct rpc_error error;
	json_t *result = NULL;

	if (answer->outcome == REPLICA_DONE)
		result = json_pack("{s:s, s:s}", "node", call->node, "action", call->action);
	else
		method_consensus_error(&error, answer, why);
	method_answer(&call->later, result, &error);
	free(call);
}

static enum raft_change_kind change_of(const char *action)
{
	if (strcmp(action, "add") == 0)
		return RAFT_ADD_VOTER;
	if (strcmp(action, "learner") == 0)
		return RAFT_ADD_LEARNER;
	if (strcmp(action, "promote") == 0)
		return RAFT_MAKE_VOTER;
	return strcmp(action, "demote") == 0 ? RAFT_MAKE_LEARNER : RAFT_REMOVE;
}

json_t *method_raft_member(struct method_call *call, struct rpc_error *error)
{
	const char *action = schema_string(call->method, call->params, "action");
	const char *node = schema_string(call->method, call->params, "node");
	struct raft_change change = {.kind = change_of(action), .id = consensus_id(node)};
	struct raft_call *of = calloc(1, sizeof(*of));

	if (!of) {
		rpc_error_set(error, RPC_INTERNAL, "out of memory");
		return NULL;
	}
	of->later = call->answer;
	snprintf(of->node, sizeof(of->node), "%s", node);
	snprintf(of->action, sizeof(of->action), "%s", action);
	snprintf(change.name, sizeof(change.name), "%s", node);
	call->later = true;
	call->pending = &of->later;
	consensus_change(&call->node->consensus, &change, on_changed, of);
	return NULL;
}
