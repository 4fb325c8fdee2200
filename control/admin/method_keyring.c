// keyring.*: the keys of membership's datagrams. Ids go over this socket, keys never do.
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "control/admin/method.h"
#include "control/pki/pki.h"

json_t *method_keyring_list(struct method_call *call, struct rpc_error *error)
{
	const struct gossip *gossip = &call->node->gossip;
	uint32_t now = (uint32_t)time(NULL);
	json_t *keys = json_array();
	char id[KEYS_ID_TEXT];

	(void)error;
	for (uint32_t i = 0; i < gossip->keyring.count; i++) {
		const struct keyring_use *use = &gossip->keyring.use[i];

		snprintf(id, sizeof(id), "%08" PRIx32, be32_get(use->id));
		json_array_append_new(keys,
			json_pack("{s:s, s:b, s:I, s:o}", "id", id, "seals", i == 0, "opened",
				(json_int_t)use->opened, "opened_age_s",
				use->opened_time ? json_integer((int32_t)(now - use->opened_time))
						 : json_null()));
	}
	return json_pack("{s:o, s:o, s:o}", "file",
		gossip->keyring.count ? rpc_text(call->node->config.security.keyring) : json_null(),
		"keys", keys, "reload_error",
		gossip->keys_error[0] ? rpc_text(gossip->keys_error) : json_null());
}

json_t *method_keyring_install(struct method_call *call, struct rpc_error *error)
{
	const char *from = schema_string(call->method, call->params, "from");
	char ids[KEYS_MAX][KEYS_ID_TEXT], why[PKI_ERROR_SIZE];
	json_t *installed;
	uint32_t count;

	if (from && from[0] != '/') {
		rpc_error_set(error, RPC_PARAMS, "from: '%.64s' is not an absolute path", from);
		return NULL;
	}
	if (gossip_keys_install(&call->node->gossip, from, ids, &count, why) < 0) {
		rpc_error_set(error, RPC_REFUSED, "%s", why);
		return NULL;
	}
	installed = json_array();
	for (uint32_t i = 0; i < count; i++)
		json_array_append_new(installed, json_string(ids[i]));
	return json_pack("{s:o}", "installed", installed);
}

static json_t *keyring_change(struct method_call *call, struct rpc_error *error,
	int (*change)(struct gossip *gossip, const char *id, char *error))
{
	const char *id = schema_string(call->method, call->params, "id");
	char why[PKI_ERROR_SIZE];

	if (change(&call->node->gossip, id, why) == 0)
		return json_pack("{s:s}", "id", id);
	rpc_error_set(error, RPC_REFUSED, "%s", why);
	return NULL;
}

json_t *method_keyring_use(struct method_call *call, struct rpc_error *error)
{
	return keyring_change(call, error, gossip_keys_use);
}

json_t *method_keyring_remove(struct method_call *call, struct rpc_error *error)
{
	return keyring_change(call, error, gossip_keys_remove);
}
