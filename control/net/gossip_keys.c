// The keyring of this process: read at start, and again when its file changes.
#include <stdio.h>
#include <string.h>

#include "control/log.h"
#include "control/net/gossip_internal.h"
#include "control/pki/pki.h"

static bool stat_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_mode == b->st_mode && a->st_uid == b->st_uid;
}

static int keys_file(const struct config *config, struct keys *keys, char *error, size_t error_size)
{
	char why[PKI_ERROR_SIZE];

	if (keys_load(keys, config->security.keyring, why) == 0)
		return 0;
	snprintf(error, error_size, "security.keyring: %.*s", (int)error_size - 20, why);
	return -1;
}

int gossip_keys_check(const struct config *config, char *error, size_t error_size)
{
	struct keys keys;

	if (config->membership.clear)
		return 0;
	if (keys_file(config, &keys, error, error_size) < 0)
		return -1;
	keys_wipe(&keys);
	return 0;
}

static int keys_read(struct gossip *gossip, char *error, size_t error_size)
{
	char id[KEYS_ID_TEXT];
	struct keys keys;
	int result;

	if (stat(gossip->config->security.keyring, &gossip->keys_stat) < 0)
		memset(&gossip->keys_stat, 0, sizeof(gossip->keys_stat));
	if (keys_file(gossip->config, &keys, error, error_size) < 0)
		return -1;
	result = keyring_set(&gossip->keyring, &keys);
	if (result < 0)
		snprintf(error, error_size, "security.keyring: OpenSSL refuses the keys");
	else
		log_info("Membership's datagrams are sealed with key %s; %u key%s open%s.",
			keys_id_text(id, keys.key[0]), keys.count, keys.count == 1 ? "" : "s",
			keys.count == 1 ? "s" : "");
	keys_wipe(&keys);
	return result;
}

void gossip_keys_reload(struct gossip *gossip)
{
	if (!gossip->keyring.replay)
		return;
	gossip->keys_error[0] = 0;
	if (keys_read(gossip, gossip->keys_error, sizeof(gossip->keys_error)) < 0)
		log_warning(
			"The keys were not taken, the former ones stay: %s.", gossip->keys_error);
}

static void keys_on_look(void *owner)
{
	struct gossip *gossip = owner;
	struct stat now = {0};

	if (stat(gossip->config->security.keyring, &now) < 0)
		memset(&now, 0, sizeof(now));
	if (!stat_same(&now, &gossip->keys_stat))
		gossip_keys_reload(gossip);
	loop_timer_start(
		gossip->loop, &gossip->look, GOSSIP_LOOK_MS * 1000000ull, keys_on_look, gossip);
}

int gossip_keys_start(struct gossip *gossip, char *error, size_t error_size)
{
	if (gossip->config->membership.clear) {
		log_warning("Membership's datagrams go in the clear: whoever reaches UDP port %u "
			    "can say who is a member.",
			gossip->port);
		return 0;
	}
	if (keyring_init(&gossip->keyring) < 0) {
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	if (keys_read(gossip, error, error_size) < 0)
		return -1;
	loop_timer_start(
		gossip->loop, &gossip->look, GOSSIP_LOOK_MS * 1000000ull, keys_on_look, gossip);
	return 0;
}

void gossip_keys_stop(struct gossip *gossip)
{
	loop_timer_stop(gossip->loop, &gossip->look);
	keyring_fini(&gossip->keyring);
}
