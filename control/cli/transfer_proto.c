// Messages and blocks of a file transfer to bytes and back.
// Everything that comes in is checked against its bounds.
#include "control/cli/transfer_proto.h"

#include <string.h>

#include "lib/base/bytes.h"

#define HEAD_SIZE  12u
#define FIELD_HEAD 4u
#define MUST_KNOW  0x8000u // a field that must be understood

enum field {
	FIELD_NAME = 1,
	FIELD_SIZE,
	FIELD_MODE,
	FIELD_MTIME,
	FIELD_RESUME,
	FIELD_SHA256,
	FIELD_REASON,
	FIELD_TEXT,
	FIELD_STRIPES,
	FIELD_TOKEN,
	FIELD_COUNT,
};

#define BIT(field) (1u << (field))

// What a message of each type has, no less and no more of the fields known here.
static const uint32_t fields_of[TRANSFER_TYPE_COUNT] = {
	[TRANSFER_OFFER] = BIT(FIELD_NAME) | BIT(FIELD_SIZE) | BIT(FIELD_MODE) | BIT(FIELD_MTIME) |
			   BIT(FIELD_RESUME),
	[TRANSFER_ACCEPT] = BIT(FIELD_RESUME) | BIT(FIELD_STRIPES) | BIT(FIELD_TOKEN),
	[TRANSFER_REFUSE] = BIT(FIELD_REASON) | BIT(FIELD_TEXT),
	[TRANSFER_END] = BIT(FIELD_SIZE) | BIT(FIELD_SHA256),
	[TRANSFER_DONE] = BIT(FIELD_SHA256),
	[TRANSFER_ERROR] = BIT(FIELD_REASON) | BIT(FIELD_TEXT),
	[TRANSFER_JOIN] = BIT(FIELD_TOKEN),
};

static size_t field_put(uint8_t *at, enum field field, const void *value, size_t size)
{
	be16_put(at, (uint16_t)field);
	be16_put(at + 2, (uint16_t)size);
	memcpy(at + FIELD_HEAD, value, size);
	return FIELD_HEAD + size;
}

static size_t field_put_number(uint8_t *at, enum field field, uint64_t number)
{
	uint8_t value[8];

	be64_put(value, number);
	return field_put(at, field, value, sizeof(value));
}

static size_t field_frame(uint8_t *at, enum field field, const struct transfer_message *m)
{
	switch (field) {
	case FIELD_NAME:
		return field_put(at, field, m->name, strnlen(m->name, TRANSFER_NAME_MAX));
	case FIELD_SIZE:
		return field_put_number(at, field, m->size);
	case FIELD_MODE:
		return field_put_number(at, field, m->mode);
	case FIELD_MTIME:
		return field_put_number(at, field, (uint64_t)m->mtime_ns);
	case FIELD_RESUME:
		return field_put_number(at, field, m->resume);
	case FIELD_SHA256:
		return field_put(at, field, m->sha256, sizeof(m->sha256));
	case FIELD_REASON:
		return field_put_number(at, field, m->reason);
	case FIELD_TEXT:
		return field_put(at, field, m->text, strnlen(m->text, TRANSFER_TEXT_MAX));
	case FIELD_STRIPES:
		return field_put_number(at, field, m->stripes);
	case FIELD_TOKEN:
		return field_put(at, field, m->token, sizeof(m->token));
	case FIELD_COUNT:
		break;
	}
	return 0;
}

size_t transfer_frame(uint8_t *bytes, const struct transfer_message *message)
{
	uint8_t *at = bytes + HEAD_SIZE;

	memcpy(bytes, "SLF", 3);
	bytes[3] = TRANSFER_VERSION;
	be16_put(bytes + 4, (uint16_t)message->type);
	be16_put(bytes + 6, 0);
	be32_put(bytes + 8, message->transfer);
	for (enum field f = FIELD_NAME; f < FIELD_COUNT; f++)
		if (fields_of[message->type] & BIT(f))
			at += field_frame(at, f, message);
	return (size_t)(at - bytes);
}

// A zero inside would end the string early and hide the rest from every later check.
static bool text_take(char *text, size_t max, const uint8_t *value, size_t size)
{
	if (size > max || memchr(value, 0, size))
		return false;
	memcpy(text, value, size);
	text[size] = '\0';
	return true;
}

static bool number_take(uint64_t *number, uint64_t max, const uint8_t *value, size_t size)
{
	if (size != 8)
		return false;
	*number = be64_get(value);
	return *number <= max;
}

static bool number32_take(uint32_t *number, uint32_t max, const uint8_t *value, size_t size)
{
	uint64_t wide;

	if (!number_take(&wide, max, value, size))
		return false;
	*number = (uint32_t)wide;
	return true;
}

static bool mtime_take(int64_t *mtime, const uint8_t *value, size_t size)
{
	if (size != 8)
		return false;
	*mtime = (int64_t)be64_get(value);
	return true;
}

static bool bytes_take(uint8_t *bytes, size_t wanted, const uint8_t *value, size_t size)
{
	if (size != wanted)
		return false;
	memcpy(bytes, value, wanted);
	return true;
}

static bool field_parse(
	struct transfer_message *m, enum field field, const uint8_t *value, size_t size)
{
	switch (field) {
	case FIELD_NAME:
		return text_take(m->name, TRANSFER_NAME_MAX, value, size);
	case FIELD_SIZE:
		return number_take(&m->size, INT64_MAX, value, size);
	case FIELD_MODE:
		return number32_take(&m->mode, 0777, value, size);
	case FIELD_MTIME:
		return mtime_take(&m->mtime_ns, value, size);
	case FIELD_RESUME:
		return number_take(&m->resume, INT64_MAX, value, size);
	case FIELD_SHA256:
		return bytes_take(m->sha256, sizeof(m->sha256), value, size);
	case FIELD_REASON:
		return number32_take(&m->reason, UINT32_MAX, value, size);
	case FIELD_TEXT:
		return text_take(m->text, TRANSFER_TEXT_MAX, value, size);
	case FIELD_STRIPES:
		return number32_take(&m->stripes, TRANSFER_STRIPES_MAX, value, size) &&
		       m->stripes > 0;
	case FIELD_TOKEN:
		return bytes_take(m->token, sizeof(m->token), value, size);
	case FIELD_COUNT:
		break;
	}
	return false;
}

static const char *fields_parse(struct transfer_message *m, const uint8_t *at, size_t left)
{
	uint32_t seen = 0;

	while (left > 0) {
		if (left < FIELD_HEAD || be16_get(at + 2) > left - FIELD_HEAD)
			return "a field goes past the end of the message";

		uint16_t tag = be16_get(at), size = be16_get(at + 2);

		if (tag > 0 && tag < FIELD_COUNT) {
			if (!(fields_of[m->type] & BIT(tag)) || seen & BIT(tag))
				return "a field does not belong to this message, or is there twice";
			if (!field_parse(m, (enum field)tag, at + FIELD_HEAD, size))
				return "a field has a value out of range";
			seen |= BIT(tag);
		} else if (tag & MUST_KNOW) {
			return "a field must be understood and is not: the peer is of a newer "
			       "version";
		}
		at += FIELD_HEAD + size;
		left -= FIELD_HEAD + size;
	}
	return seen == fields_of[m->type] ? NULL : "a field is missing";
}

const char *transfer_parse(struct transfer_message *message, const uint8_t *bytes, size_t size)
{
	memset(message, 0, sizeof(*message));
	if (size < HEAD_SIZE || size > TRANSFER_MESSAGE_MAX || memcmp(bytes, "SLF", 3) != 0)
		return "not a message of the file transfer";
	if (bytes[3] != TRANSFER_VERSION)
		return "another version of the file transfer";

	uint16_t type = be16_get(bytes + 4);

	if (type == 0 || type >= TRANSFER_TYPE_COUNT)
		return "a message of an unknown type";
	message->type = (enum transfer_type)type;
	message->transfer = be32_get(bytes + 8);
	if (message->transfer == 0)
		return "transfer number 0";
	return fields_parse(message, bytes + HEAD_SIZE, size - HEAD_SIZE);
}

void transfer_block_frame(uint8_t bytes[TRANSFER_PREFIX], const struct transfer_block *block)
{
	be64_put(bytes, block->offset);
	be32_put(bytes + 8, block->size);
	be32_put(bytes + 12, block->transfer);
}

const char *transfer_block_parse(struct transfer_block *block, const uint8_t *bytes, size_t size)
{
	if (size <= TRANSFER_PREFIX || size > TRANSFER_PREFIX + TRANSFER_BLOCK)
		return "a block of an impossible size";
	block->offset = be64_get(bytes);
	block->size = be32_get(bytes + 8);
	block->transfer = be32_get(bytes + 12);
	if (block->size != size - TRANSFER_PREFIX)
		return "a block of another length than it says";
	if (block->offset % TRANSFER_BLOCK != 0 || block->offset > INT64_MAX - TRANSFER_BLOCK)
		return "a block at an impossible offset";
	if (block->transfer == 0)
		return "a block of transfer number 0";
	return NULL;
}

bool transfer_name_is_temp(const char *name, size_t size)
{
	size_t mark = strlen(TRANSFER_TEMP_MARK), end = strlen(TRANSFER_TEMP_END),
	       tail = mark + 6 + end;

	// ".N" + mark + six characters + end
	return size >= 2 + tail && name[0] == '.' &&
	       memcmp(name + size - end, TRANSFER_TEMP_END, end) == 0 &&
	       memcmp(name + size - tail, TRANSFER_TEMP_MARK, mark) == 0;
}

const char *transfer_name_refuse(const char *name, size_t size)
{
	if (size == 0)
		return "the name is empty";
	if (size > TRANSFER_NAME_MAX)
		return "the name is longer than 255 bytes";
	if (memchr(name, 0, size))
		return "the name has a zero byte in it";
	if (memchr(name, '/', size))
		return "the name has a slash in it";
	if ((size == 1 && name[0] == '.') || (size == 2 && memcmp(name, "..", 2) == 0))
		return "the name is that of a folder";
	if (transfer_name_is_temp(name, size))
		return "the name is one of those that incomplete files bear";
	return NULL;
}
