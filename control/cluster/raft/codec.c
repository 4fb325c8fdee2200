// Messages of Raft as bytes.
#include "control/cluster/raft/codec.h"

#include <string.h>

#include "control/cluster/raft/conf.h"
#include "control/cluster/raft/cursor.h"

enum flags { REJECT = 1, FORCE = 2, QUARANTINED = 4, FLAGS = 7 };
enum carried { CONF = 1, ENTRIES = 2, DATA = 4 };

// Where the fields of the header stand.
enum at {
	AT_VERSION = 0,
	AT_VERSION_MIN = 1, // a reader of this version or newer understands it
	AT_TYPE = 2,
	AT_FLAGS = 3,
	AT_RESULT = 4,
	AT_KIND = 5,
	AT_HEADER = 6, // bytes of the header; what is behind ours is of a newer version
	AT_NUMBERS = 8,
	AT_ENTRIES = 104,
	AT_CONF = 106,
	AT_SIZE = 108,
};

static const uint8_t CARRIED[RAFT_MSG_COUNT] = {
	[RAFT_MSG_APPEND] = ENTRIES,
	[RAFT_MSG_INSTALL] = CONF | DATA,
	[RAFT_MSG_PROPOSE] = DATA,
};

size_t raft_message_max(const struct raft_config *config)
{
	size_t entries =
		RAFT_ENTRIES_MAX * RAFT_CODEC_ENTRY +
		(config->batch_bytes > RAFT_ENTRY_MAX ? config->batch_bytes : RAFT_ENTRY_MAX);
	size_t chunk = RAFT_CONF_MAX + (size_t)config->chunk_bytes;

	return RAFT_CODEC_HEADER + (entries > chunk ? entries : chunk);
}

static size_t entries_size(const struct raft_message *message)
{
	size_t size = 0;

	for (uint32_t i = 0; i < message->entries; i++)
		size += RAFT_CODEC_ENTRY + message->entry[i].size;
	return size;
}

// As conf_write writes it.
static size_t conf_size(const struct raft_conf *conf)
{
	size_t size = 10;

	for (uint32_t i = 0; i < conf->members; i++)
		size += 18 + strnlen(conf->member[i].name, NAME_SIZE - 1);
	return size;
}

size_t raft_message_size(const struct raft_message *message)
{
	return RAFT_CODEC_HEADER + (message->conf ? conf_size(message->conf) : 0) +
	       entries_size(message) + message->size;
}

static void header_write(const struct raft_message *message, uint8_t *bytes, uint32_t conf)
{
	const uint64_t numbers[] = {message->from, message->to, message->term, message->session,
		message->index, message->log_term, message->commit, message->hint,
		message->hint_term, message->context, message->offset, message->total};

	_Static_assert(AT_NUMBERS + sizeof(numbers) == AT_ENTRIES, "the table is right");
	bytes[AT_VERSION] = RAFT_CODEC_VERSION;
	bytes[AT_VERSION_MIN] = RAFT_CODEC_VERSION;
	bytes[AT_TYPE] = (uint8_t)message->type;
	bytes[AT_FLAGS] = (uint8_t)((message->reject ? REJECT : 0) | (message->force ? FORCE : 0) |
				    (message->quarantined ? QUARANTINED : 0));
	bytes[AT_RESULT] = message->result;
	bytes[AT_KIND] = message->kind;
	be16_put(bytes + AT_HEADER, RAFT_CODEC_HEADER);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		be64_put(bytes + AT_NUMBERS + 8 * i, numbers[i]);
	be16_put(bytes + AT_ENTRIES, (uint16_t)message->entries);
	be16_put(bytes + AT_CONF, (uint16_t)conf);
	be32_put(bytes + AT_SIZE, message->size);
}

// Their indexes follow the message's.
static uint8_t *entry_write(const struct raft_entry *entry, uint8_t *at)
{
	memset(at, 0, RAFT_CODEC_ENTRY);
	be64_put(at, entry->term);
	at[8] = (uint8_t)entry->kind;
	be32_put(at + 12, entry->size);
	at += RAFT_CODEC_ENTRY;
	if (entry->size)
		memcpy(at, entry->data, entry->size);
	return at + entry->size;
}

size_t raft_message_write(const struct raft_message *message, uint8_t *bytes, size_t room)
{
	size_t size = raft_message_size(message);
	uint8_t *at = bytes + RAFT_CODEC_HEADER;
	uint8_t conf[RAFT_CONF_MAX];
	uint32_t conf_bytes = 0;

	if (size > room)
		return 0;
	if (message->conf)
		conf_bytes = conf_write(message->conf, conf);
	header_write(message, bytes, conf_bytes);
	memcpy(at, conf, conf_bytes);
	at += conf_bytes;
	for (uint32_t i = 0; i < message->entries; i++)
		at = entry_write(&message->entry[i], at);
	if (message->size)
		memcpy(at, message->data, message->size);
	return size;
}

// Room to count on from any of them without going around.
static bool is_number(uint64_t value)
{
	return value <= INT64_MAX;
}

static void numbers_read(struct raft_message *message, const uint8_t *bytes)
{
	uint64_t *const numbers[] = {&message->from, &message->to, &message->term,
		&message->session, &message->index, &message->log_term, &message->commit,
		&message->hint, &message->hint_term, &message->context, &message->offset,
		&message->total};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*numbers[i] = be64_get(bytes + AT_NUMBERS + 8 * i);
}

static enum raft_result version_read(const uint8_t *bytes)
{
	uint8_t version = bytes[AT_VERSION], min = bytes[AT_VERSION_MIN];

	if (min == 0 || min > version)
		return RAFT_MALFORMED;
	if (min > RAFT_CODEC_VERSION)
		return RAFT_VERSION;
	// a flag that this version does not know
	if (version == RAFT_CODEC_VERSION && (bytes[AT_FLAGS] & ~FLAGS))
		return RAFT_MALFORMED;
	return RAFT_OK;
}

static bool header_read(struct raft_message *message, const uint8_t *bytes)
{
	uint8_t type = bytes[AT_TYPE];

	numbers_read(message, bytes);
	if (type == 0 || type >= RAFT_MSG_COUNT || message->from == RAFT_NOBODY ||
		message->to == RAFT_NOBODY || message->from == message->to)
		return false;
	message->type = (enum raft_message_type)type;
	message->reject = bytes[AT_FLAGS] & REJECT;
	message->force = bytes[AT_FLAGS] & FORCE;
	message->quarantined = bytes[AT_FLAGS] & QUARANTINED;
	message->result = bytes[AT_RESULT];
	message->kind = bytes[AT_KIND];
	message->entries = be16_get(bytes + AT_ENTRIES);
	message->size = be32_get(bytes + AT_SIZE);
	return message->result < RAFT_RESULT_COUNT && message->entries <= RAFT_ENTRIES_MAX &&
	       is_number(message->term) && is_number(message->session) &&
	       is_number(message->index) && is_number(message->log_term) &&
	       is_number(message->commit) && is_number(message->hint) &&
	       is_number(message->hint_term) && is_number(message->offset) &&
	       is_number(message->total);
}

// Whether `conf` bytes of a configuration, entries and data are what this type has.
static bool carries_right(const struct raft_message *message, uint32_t conf)
{
	uint8_t carried = CARRIED[message->type];
	bool wants_kind = message->type == RAFT_MSG_PROPOSE;

	if (message->entries && !(carried & ENTRIES))
		return false;
	if (message->size && !(carried & DATA))
		return false;
	if ((conf > 0) != ((carried & CONF) != 0))
		return false;
	return wants_kind ? message->kind == RAFT_DATA || message->kind == RAFT_CONF
			  : message->kind == 0;
}

static bool entry_read(struct raft_entry *entry, struct cursor *cursor)
{
	const uint8_t *head = cursor_take(cursor, RAFT_CODEC_ENTRY);
	uint8_t kind = head ? head[8] : 0;

	if (kind < RAFT_NOOP || kind > RAFT_CONF)
		return false;
	entry->term = be64_get(head);
	entry->kind = (enum raft_entry_kind)kind;
	entry->size = be32_get(head + 12);
	entry->data = cursor_take(cursor, entry->size);
	return entry->data && entry->size <= RAFT_ENTRY_MAX;
}

static bool conf_entry_is_right(const struct raft_entry *entry)
{
	struct raft_conf conf;

	return conf_read(&conf, entry->data, entry->size) && conf.index == entry->index;
}

static bool entries_read(
	struct raft_message *message, struct raft_entry *entry, struct cursor *cursor)
{
	uint64_t term = message->log_term ? message->log_term : 1;

	for (uint32_t i = 0; i < message->entries; i++) {
		entry[i].index = message->index + 1 + i;
		if (!entry_read(&entry[i], cursor))
			return false;
		if (entry[i].term < term || entry[i].term > message->term)
			return false;
		if (entry[i].kind == RAFT_NOOP && entry[i].size)
			return false;
		if (entry[i].kind == RAFT_CONF && !conf_entry_is_right(&entry[i]))
			return false;
		term = entry[i].term;
	}
	message->entry = message->entries ? entry : NULL;
	return true;
}

static bool data_is_right(const struct raft_message *message)
{
	struct raft_change changes[RAFT_CHANGES_MAX];

	if (message->type == RAFT_MSG_INSTALL)
		return message->offset <= message->total &&
		       message->size <= message->total - message->offset &&
		       message->conf->index <= message->index && message->log_term <= message->term;
	if (message->type == RAFT_MSG_PROPOSE && message->kind == RAFT_CONF)
		return changes_read(changes, message->data, message->size) > 0;
	return message->size <= RAFT_ENTRY_MAX;
}

enum raft_result raft_message_read(struct raft_message *message, struct raft_scratch *scratch,
	const uint8_t *bytes, size_t size)
{
	struct cursor cursor = {.at = bytes, .left = size};
	const uint8_t *head = cursor_take(&cursor, RAFT_CODEC_HEADER);
	enum raft_result result = head ? version_read(head) : RAFT_MALFORMED;
	const uint8_t *conf_at;
	uint16_t conf, header;

	memset(message, 0, sizeof(*message));
	if (result != RAFT_OK)
		return result;
	conf = be16_get(head + AT_CONF);
	header = be16_get(head + AT_HEADER);
	if (header < RAFT_CODEC_HEADER || !header_read(message, head) ||
		!carries_right(message, conf))
		return RAFT_MALFORMED;
	cursor_take(&cursor, header - RAFT_CODEC_HEADER); // of a newer version
	conf_at = cursor_take(&cursor, conf);
	if (conf) {
		if (!conf_at || !conf_read(&scratch->conf, conf_at, conf))
			return RAFT_MALFORMED;
		message->conf = &scratch->conf;
	}
	if (!entries_read(message, scratch->entry, &cursor))
		return RAFT_MALFORMED;
	message->data = cursor_take(&cursor, message->size);
	if (cursor.bad || cursor.left || !data_is_right(message))
		return RAFT_MALFORMED;
	if (message->size == 0)
		message->data = NULL;
	return RAFT_OK;
}
