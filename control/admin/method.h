// What each admin method does: the handler behind each row of the schema.
// One method_<noun>.c per component.
#pragma once

#include <stdint.h>

#include <jansson.h>

#include "control/admin/members_feed.h"
#include "control/admin/rpc.h"
#include "control/admin/schema.h"
#include "control/admin/trace_stream.h"
#include "control/node.h"

// Who waits for an answer that takes time. Its owner calls method_answer once, perhaps before the
// method returns; the client sets on_answer to NULL when it does not wait any more.
struct method_later {
	void (*on_answer)(void *owner, json_t *result, const struct rpc_error *error);
	void *owner;
};

struct method_call {
	struct node *node;
	const struct schema_method *method;
	const json_t *params;         // checked by the schema; NULL: none
	uint64_t now_ns;              // CLOCK_MONOTONIC
	node_opened_fn on_opened;     // for what takes time: called once with `owner`
	gossip_pong_fn on_pong;       // the same, of a ping
	struct method_later answer;   // the same, of anything else: copied by the handler
	struct method_later *pending; // set by the handler: its copy
	void *owner;
	struct trace_stream *stream; // the client's, for what answers with lines first
	struct members_feed *feed;   // whose lines follow the answer, in the client's `watch`
	struct members_stream *watch;
	bool later;       // set by the handler: on_opened answers, or has answered already
	uint32_t request; // with later: for node_session_forget, 0: on_opened was called already
};

// The result (a new reference), or NULL with `error`, or NULL with call->later.
typedef json_t *(*method_fn)(struct method_call *call, struct rpc_error *error);

method_fn method_find(const char *name); // NULL: none; never for a name of the schema

json_t *method_status(struct method_call *call, struct rpc_error *error);
json_t *method_version(struct method_call *call, struct rpc_error *error);
json_t *method_link_list(struct method_call *call, struct rpc_error *error);
json_t *method_worker_list(struct method_call *call, struct rpc_error *error);
json_t *method_session_list(struct method_call *call, struct rpc_error *error);
json_t *method_session_show(struct method_call *call, struct rpc_error *error);
json_t *method_session_open(struct method_call *call, struct rpc_error *error);
json_t *method_session_close(struct method_call *call, struct rpc_error *error);
json_t *method_session_trace(struct method_call *call, struct rpc_error *error);
json_t *method_members(struct method_call *call, struct rpc_error *error);
json_t *method_members_watch(struct method_call *call, struct rpc_error *error);
json_t *method_join(struct method_call *call, struct rpc_error *error);
json_t *method_leave(struct method_call *call, struct rpc_error *error);
json_t *method_ping(struct method_call *call, struct rpc_error *error);
json_t *method_keyring_list(struct method_call *call, struct rpc_error *error);
json_t *method_keyring_install(struct method_call *call, struct rpc_error *error);
json_t *method_keyring_use(struct method_call *call, struct rpc_error *error);
json_t *method_keyring_remove(struct method_call *call, struct rpc_error *error);
json_t *method_pool_show(struct method_call *call, struct rpc_error *error);
json_t *method_pool_drain(struct method_call *call, struct rpc_error *error);
json_t *method_pool_pause(struct method_call *call, struct rpc_error *error);
json_t *method_pool_resume(struct method_call *call, struct rpc_error *error);
json_t *method_pool_warm(struct method_call *call, struct rpc_error *error);
json_t *method_pool_explain(struct method_call *call, struct rpc_error *error);
json_t *method_kv_get(struct method_call *call, struct rpc_error *error);
json_t *method_kv_list(struct method_call *call, struct rpc_error *error);
json_t *method_kv_put(struct method_call *call, struct rpc_error *error);
json_t *method_kv_delete(struct method_call *call, struct rpc_error *error);
json_t *method_raft_show(struct method_call *call, struct rpc_error *error);
json_t *method_raft_bootstrap(struct method_call *call, struct rpc_error *error);
json_t *method_raft_transfer(struct method_call *call, struct rpc_error *error);
json_t *method_raft_member(struct method_call *call, struct rpc_error *error);
json_t *method_metrics(struct method_call *call, struct rpc_error *error);
json_t *method_help(struct method_call *call, struct rpc_error *error);

// Shared by several methods.
// Takes `result`; NULL: `error`.
void method_answer(const struct method_later *later, json_t *result, const struct rpc_error *error);
// Why the consensus did not do it.
void method_consensus_error(
	struct rpc_error *error, const struct replica_answer *answer, const char *why);
json_t *method_links(const struct node *node);
json_t *method_membership(const struct node *node);          // of status
json_t *method_consensus(const struct consensus *consensus); // the same
json_t *method_member_row(
	const struct gossip *gossip, const struct member *member, uint64_t now_ns);
// What `members` answers; `down`: with those that are dead or have left.
json_t *method_members_all(const struct node *node, bool down, uint64_t now_ns);
// What session.open answers once the session is open.
json_t *method_session_opened(const struct node *node, uint32_t cid);
// The code for an enum ipc_result that is not IPC_OK.
int method_code_of(uint32_t ipc_result);
