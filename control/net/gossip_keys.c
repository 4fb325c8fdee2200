// The keyring of this process: read at start, and again when its file changes.
#include <stdio.h>
#include <string.h>

#include "control/cluster/keyring/keys_edit.h"
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

// ---- changes by hand ----

// The file as it is, and as it shall be.
struct change {
	struct keys keys; // of the file as it is
	char text[KEYS_FILE_MAX];
};

// 0, or -1 with a sentence; then there is nothing to end.
static int change_begin(struct gossip *gossip, struct change *change, char *error)
{
	if (gossip->config->membership.clear) {
		snprintf(error, PKI_ERROR_SIZE,
			"this node's datagrams go in the clear: it has no security.keyring");
		return -1;
	}
	return keys_file_read(change->text, &change->keys, gossip->config->security.keyring, error);
}

// Writes the text and takes the keys, unless `result` (of the edits) says that it is wrong.
static int change_end(struct gossip *gossip, struct change *change, int result, char *error)
{
	if (result == 0)
		result = keys_file_write(change->text, gossip->config->security.keyring, error);
	explicit_bzero(change, sizeof(*change));
	if (result == 0)
		gossip_keys_reload(gossip);
	return result;
}

static int too_long(char *error)
{
	snprintf(error, PKI_ERROR_SIZE,
		"the file of keys would have more than %d bytes; shorten its comments",
		KEYS_FILE_MAX - 1);
	return -1;
}

// Those of `more` that are not in the file, behind them.
static int change_add(struct change *change, const struct keys *more,
	char ids[KEYS_MAX][KEYS_ID_TEXT], uint32_t *count, char *error)
{
	*count = 0;
	for (uint32_t i = 0; i < more->count; i++) {
		if (keys_find(&change->keys, keys_id_text(ids[*count], more->key[i])) >= 0)
			continue;
		if (change->keys.count + *count == KEYS_MAX) {
			snprintf(error, PKI_ERROR_SIZE,
				"a node has at most %d keys; remove one first", KEYS_MAX);
			return -1;
		}
		if (keys_edit_add(change->text, more->key[i]) < 0)
			return too_long(error);
		++*count;
	}
	return 0;
}

int gossip_keys_install(struct gossip *gossip, const char *from, char ids[KEYS_MAX][KEYS_ID_TEXT],
	uint32_t *count, char *error)
{
	struct keys more = {.count = 1};
	struct change change;
	int result;

	if (change_begin(gossip, &change, error) < 0)
		return -1;
	result = from ? keys_load(&more, from, error) : keys_make(more.key[0], error);
	if (result == 0)
		result = change_add(&change, &more, ids, count, error);
	keys_wipe(&more);
	return change_end(gossip, &change, result, error);
}

static int key_find(const struct keys *keys, const char *id, char *error)
{
	int index = keys_find(keys, id);

	if (index < 0)
		snprintf(error, PKI_ERROR_SIZE,
			"this node has no key %.8s; sluice keyring list has them all", id);
	return index;
}

int gossip_keys_use(struct gossip *gossip, const char *id, char *error)
{
	struct change change;
	int index, result = -1;

	if (change_begin(gossip, &change, error) < 0)
		return -1;
	index = key_find(&change.keys, id, error);
	if (index >= 0)
		result = keys_edit_first(change.text, (uint32_t)index) < 0 ? too_long(error) : 0;
	return change_end(gossip, &change, result, error);
}

int gossip_keys_remove(struct gossip *gossip, const char *id, char *error)
{
	struct change change;
	int index;

	if (change_begin(gossip, &change, error) < 0)
		return -1;
	index = key_find(&change.keys, id, error);
	if (index == 0)
		snprintf(error, PKI_ERROR_SIZE,
			"this node seals with key %.8s; sluice keyring use another one first", id);
	if (index > 0)
		keys_edit_remove(change.text, (uint32_t)index);
	return change_end(gossip, &change, index > 0 ? 0 : -1, error);
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
