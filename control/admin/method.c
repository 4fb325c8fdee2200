// Names to handlers, and results of the dataplane to codes of JSON-RPC.
#include "control/admin/method.h"

#include <string.h>

static const struct {
	const char *name;
	method_fn fn;
} handlers[] = {
	{"status", method_status},
	{"version", method_version},
	{"link.list", method_link_list},
	{"worker.list", method_worker_list},
	{"session.list", method_session_list},
	{"session.show", method_session_show},
	{"session.open", method_session_open},
	{"session.close", method_session_close},
	{"session.trace", method_session_trace},
	{"members", method_members},
	{"members.watch", method_members_watch},
	{"join", method_join},
	{"leave", method_leave},
	{"ping", method_ping},
	{"keyring.list", method_keyring_list},
	{"keyring.install", method_keyring_install},
	{"keyring.use", method_keyring_use},
	{"keyring.remove", method_keyring_remove},
	{"pool.show", method_pool_show},
	{"pool.drain", method_pool_drain},
	{"pool.pause", method_pool_pause},
	{"pool.resume", method_pool_resume},
	{"pool.warm", method_pool_warm},
	{"pool.explain", method_pool_explain},
	{"kv.get", method_kv_get},
	{"kv.list", method_kv_list},
	{"kv.put", method_kv_put},
	{"kv.delete", method_kv_delete},
	{"raft.show", method_raft_show},
	{"raft.bootstrap", method_raft_bootstrap},
	{"raft.transfer", method_raft_transfer},
	{"raft.member", method_raft_member},
	{"metrics", method_metrics},
	{"help", method_help},
};

method_fn method_find(const char *name)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (strcmp(handlers[i].name, name) == 0)
			return handlers[i].fn;
	return NULL;
}

void method_answer(const struct method_later *later, json_t *result, const struct rpc_error *error)
{
	if (later->on_answer)
		later->on_answer(later->owner, result, error);
	else
		json_decref(result);
}

int method_code_of(uint32_t ipc_result)
{
	switch (ipc_result) {
	case IPC_UNREACHABLE:
	case IPC_NO_CONTROL:
		return RPC_UNREACHABLE;
	case IPC_TIMEOUT:
		return RPC_TIMEOUT;
	case IPC_REFUSED_NODE:
		return RPC_NOT_FOUND;
	case IPC_REFUSED_FULL:
		return RPC_BUSY;
	case IPC_REFUSED_PERMISSION:
		return RPC_PERMISSION;
	default:
		return RPC_REFUSED;
	}
}
