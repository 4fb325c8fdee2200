// Datagrams of SWIM as bytes, big-endian.
#include "control/cluster/swim/codec.h"

#include <assert.h>
#include <string.h>

#include "lib/base/bytes.h"

uint64_t codec_cluster(const char *name)
{
	uint64_t hash = 14695981039346656037ull;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 1099511628211ull;
	return hash;
}

// Room for `size` more bytes, or NULL.
static uint8_t *take(struct writer *writer, size_t size)
{
	uint8_t *at = writer->bytes + writer->size;

	if (writer->room - writer->size < size)
		return NULL;
	writer->size += size;
	return at;
}

bool write_u8(struct writer *writer, uint8_t value)
{
	uint8_t *at = take(writer, 1);

	if (at)
		*at = value;
	return at;
}

bool write_u16(struct writer *writer, uint16_t value)
{
	uint8_t *at = take(writer, 2);

	if (at)
		be16_put(at, value);
	return at;
}

bool write_u32(struct writer *writer, uint32_t value)
{
	uint8_t *at = take(writer, 4);

	if (at)
		be32_put(at, value);
	return at;
}

bool write_u64(struct writer *writer, uint64_t value)
{
	uint8_t *at = take(writer, 8);

	if (at)
		be64_put(at, value);
	return at;
}

static bool write_bytes(struct writer *writer, const void *bytes, size_t size)
{
	uint8_t *at = take(writer, size);

	if (at && size)
		memcpy(at, bytes, size);
	return at;
}

bool write_name(struct writer *writer, const char *name)
{
	uint8_t length = 0;

	while (name[length])
		length++;
	assert(length < NAME_SIZE);
	return write_u8(writer, length) && write_bytes(writer, name, length);
}

static const uint8_t *give(struct reader *reader, size_t size)
{
	const uint8_t *at = reader->at;

	if (reader->bad || reader->left < size) {
		reader->bad = true;
		return NULL;
	}
	reader->at += size;
	reader->left -= size;
	return at;
}

uint8_t read_u8(struct reader *reader)
{
	const uint8_t *at = give(reader, 1);

	return at ? *at : 0;
}

uint16_t read_u16(struct reader *reader)
{
	const uint8_t *at = give(reader, 2);

	return at ? be16_get(at) : 0;
}

uint32_t read_u32(struct reader *reader)
{
	const uint8_t *at = give(reader, 4);

	return at ? be32_get(at) : 0;
}

uint64_t read_u64(struct reader *reader)
{
	const uint8_t *at = give(reader, 8);

	return at ? be64_get(at) : 0;
}

// It ends in logs and on terminals.
void read_name(struct reader *reader, char name[NAME_SIZE], bool may_be_empty)
{
	uint8_t length = read_u8(reader);
	const uint8_t *at;

	memset(name, 0, NAME_SIZE);
	if (length >= NAME_SIZE || (length == 0 && !may_be_empty))
		reader->bad = true;
	at = give(reader, length);
	for (uint8_t i = 0; at && i < length; i++) {
		if (at[i] <= ' ' || at[i] > '~')
			reader->bad = true;
		name[i] = (char)at[i];
	}
	if (reader->bad)
		memset(name, 0, NAME_SIZE);
}

// Version, the oldest and the newest that the sender reads, 0, cluster.
void header_write(struct writer *writer, uint64_t cluster)
{
	write_u8(writer, CODEC_VERSION);
	write_u8(writer, CODEC_VERSION_MIN);
	write_u8(writer, CODEC_VERSION);
	write_u8(writer, 0);
	write_u64(writer, cluster);
}

enum swim_result header_read(struct reader *reader, uint64_t cluster)
{
	uint8_t version = read_u8(reader);
	uint64_t theirs;

	read_u8(reader);
	read_u8(reader);
	read_u8(reader);
	theirs = read_u64(reader);
	if (reader->bad)
		return SWIM_SHORT;
	if (version < CODEC_VERSION_MIN || version > CODEC_VERSION)
		return SWIM_VERSION;
	return theirs == cluster ? SWIM_OK : SWIM_CLUSTER;
}

bool message_next(struct reader *reader, struct message *message)
{
	uint16_t length;

	if (reader->left == 0)
		return false;
	message->kind = read_u8(reader);
	length = read_u16(reader);
	message->body = (struct reader){.left = length};
	message->body.at = give(reader, length);
	return !reader->bad;
}

// The head, with a length that message_end fills in. Returns where the message begins.
static size_t message_start(struct writer *writer, enum message_kind kind)
{
	size_t start = writer->size;

	if (write_u8(writer, (uint8_t)kind))
		write_u16(writer, 0);
	return start;
}

// All or nothing.
static bool message_end(struct writer *writer, size_t start, bool whole)
{
	if (!whole) {
		writer->size = start;
		return false;
	}
	be16_put(writer->bytes + start + 1, (uint16_t)(writer->size - start - CODEC_MESSAGE_HEAD));
	return true;
}

bool control_write(struct writer *writer, const struct control *control)
{
	size_t start = message_start(writer, control->kind);
	bool whole = write_u32(writer, control->number);

	if (control->kind == SWIM_PING)
		whole = whole && write_name(writer, control->target) &&
			write_name(writer, control->from);
	if (control->kind == SWIM_PING_REQ)
		whole = whole && write_name(writer, control->target);
	return message_end(writer, start, whole);
}

bool rumour_write(struct writer *writer, enum message_kind kind, const struct rumour *rumour)
{
	size_t start = message_start(writer, kind);
	bool whole = write_u32(writer, rumour->incarnation) && write_name(writer, rumour->name) &&
		     write_name(writer, rumour->from);

	return message_end(writer, start, whole);
}

bool alive_write(struct writer *writer, const struct identity *identity, uint32_t incarnation)
{
	size_t start = message_start(writer, SWIM_SAY_ALIVE);

	return message_end(writer, start, record_write(writer, SWIM_ALIVE, identity, incarnation));
}

// Longer bodies than we know are of a later version: what is behind is not ours.
bool control_read(const struct message *message, struct control *control)
{
	struct reader body = message->body;

	memset(control, 0, sizeof(*control));
	control->kind = (enum message_kind)message->kind;
	control->number = read_u32(&body);
	if (control->kind == SWIM_PING) {
		read_name(&body, control->target, true);
		read_name(&body, control->from, false);
	} else if (control->kind == SWIM_PING_REQ) {
		read_name(&body, control->target, false);
	}
	return !body.bad;
}

bool rumour_read(const struct message *message, struct rumour *rumour)
{
	struct reader body = message->body;

	rumour->incarnation = read_u32(&body);
	read_name(&body, rumour->name, false);
	read_name(&body, rumour->from, false);
	return !body.bad;
}

bool alive_read(const struct message *message, struct record *record)
{
	struct reader body = message->body;

	return record_read(&body, record) && record->state == SWIM_ALIVE;
}

static bool write_address(struct writer *writer, struct address address)
{
	if (address_is_ipv4(address))
		return write_u8(writer, 4) && write_bytes(writer, address.bytes + 12, 4);
	return write_u8(writer, 16) && write_bytes(writer, address.bytes, 16);
}

static struct address read_address(struct reader *reader)
{
	uint8_t size = read_u8(reader);
	struct address address = {0};
	const uint8_t *at;

	if (size == 4) {
		address = address_from_ipv4(read_u32(reader));
	} else if (size == 16) {
		at = give(reader, 16);
		if (at)
			address = address_load(at);
	} else {
		reader->bad = true;
	}
	if (address_is_none(address) || address_is_multicast(address))
		reader->bad = true;
	return address;
}

bool record_write(struct writer *writer, enum swim_state state, const struct identity *identity,
	uint32_t incarnation)
{
	size_t start = writer->size;
	// nobody asks for the metadata of who is gone
	uint16_t meta_size = state == SWIM_DEAD || state == SWIM_LEFT ? 0 : identity->meta_size;
	bool whole =
		write_u8(writer, (uint8_t)state) && write_u32(writer, incarnation) &&
		write_name(writer, identity->name) && write_address(writer, identity->address) &&
		write_u16(writer, identity->port) && write_u32(writer, identity->meta_version) &&
		write_u16(writer, meta_size) && write_bytes(writer, identity->meta, meta_size);

	if (!whole)
		writer->size = start;
	return whole;
}

bool record_read(struct reader *reader, struct record *record)
{
	struct identity_want *identity = &record->identity;
	uint8_t state = read_u8(reader);

	memset(identity, 0, sizeof(*identity));
	record->incarnation = read_u32(reader);
	read_name(reader, record->name, false);
	identity->name = record->name;
	identity->address = read_address(reader);
	identity->port = read_u16(reader);
	identity->meta_version = read_u32(reader);
	identity->meta_size = read_u16(reader);
	if (state < SWIM_ALIVE || state > SWIM_LEFT || identity->port == 0 ||
		identity->meta_size > SWIM_META_MAX)
		reader->bad = true;
	record->state = reader->bad ? SWIM_ABSENT : (enum swim_state)state;
	identity->meta = give(reader, identity->meta_size);
	return !reader->bad;
}
