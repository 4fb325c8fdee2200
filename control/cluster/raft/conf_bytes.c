// Configurations and changes of them as bytes.
#include <assert.h>
#include <string.h>

#include "control/cluster/raft/conf.h"
#include "control/cluster/raft/cursor.h"

enum { CONF_VERSION = 1 };

static uint8_t *put_u64(uint8_t *at, uint64_t value)
{
	be64_put(at, value);
	return at + 8;
}

static uint8_t *put_name(uint8_t *at, const char *name)
{
	uint8_t length = (uint8_t)strnlen(name, NAME_SIZE - 1);

	*at++ = length;
	memcpy(at, name, length);
	return at + length;
}

// What it may contain is for the checks to say; here it only has to fit.
static void take_name(struct cursor *cursor, char name[NAME_SIZE])
{
	uint8_t length = cursor_u8(cursor);
	const uint8_t *at = cursor_take(cursor, length);

	memset(name, 0, NAME_SIZE);
	if (length >= NAME_SIZE || (at && memchr(at, 0, length)))
		cursor->bad = true;
	if (at && !cursor->bad)
		memcpy(name, at, length);
}

uint32_t conf_write(const struct raft_conf *conf, uint8_t bytes[RAFT_CONF_MAX])
{
	uint8_t *at = bytes;

	_Static_assert(10 + RAFT_MEMBERS_MAX * (18 + NAME_SIZE - 1) <= RAFT_CONF_MAX,
		"a configuration fits");
	assert(!conf_check(conf));
	*at++ = CONF_VERSION;
	*at++ = (uint8_t)conf->members;
	at = put_u64(at, conf->index);
	for (uint32_t i = 0; i < conf->members; i++) {
		at = put_u64(at, conf->member[i].id);
		at = put_u64(at, conf->member[i].session);
		*at++ = conf->member[i].roles;
		at = put_name(at, conf->member[i].name);
	}
	return (uint32_t)(at - bytes);
}

bool conf_read(struct raft_conf *conf, const uint8_t *bytes, uint32_t size)
{
	struct cursor cursor = {.at = bytes, .left = size};
	uint8_t version = cursor_u8(&cursor);
	uint8_t members = cursor_u8(&cursor);

	memset(conf, 0, sizeof(*conf));
	if (version != CONF_VERSION || members > RAFT_MEMBERS_MAX)
		return false;
	conf->index = cursor_u64(&cursor);
	for (; conf->members < members && !cursor.bad; conf->members++) {
		struct raft_member *member = &conf->member[conf->members];

		member->id = cursor_u64(&cursor);
		member->session = cursor_u64(&cursor);
		member->roles = cursor_u8(&cursor);
		take_name(&cursor, member->name);
	}
	return !cursor.bad && cursor.left == 0 && !conf_check(conf);
}

uint32_t changes_write(
	const struct raft_change *changes, uint32_t count, uint8_t bytes[CONF_CHANGES_MAX])
{
	uint8_t *at = bytes;

	assert(count <= RAFT_CHANGES_MAX);
	*at++ = CONF_VERSION;
	*at++ = (uint8_t)count;
	for (uint32_t i = 0; i < count; i++) {
		*at++ = (uint8_t)changes[i].kind;
		at = put_u64(at, changes[i].id);
		at = put_name(at, changes[i].name);
	}
	return (uint32_t)(at - bytes);
}

uint32_t changes_read(
	struct raft_change changes[RAFT_CHANGES_MAX], const uint8_t *bytes, uint32_t size)
{
	struct cursor cursor = {.at = bytes, .left = size};
	uint8_t version = cursor_u8(&cursor);
	uint8_t count = cursor_u8(&cursor);

	if (version != CONF_VERSION || count > RAFT_CHANGES_MAX)
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		uint8_t kind = cursor_u8(&cursor);

		if (kind > RAFT_REMOVE)
			return 0;
		changes[i].kind = (enum raft_change_kind)kind;
		changes[i].id = cursor_u64(&cursor);
		take_name(&cursor, changes[i].name);
	}
	return cursor.bad || cursor.left ? 0 : count;
}
