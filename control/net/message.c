// Messages between control processes as JSON. What a peer sent is bounded and typed before anybody
// sees it.
#include "control/net/message.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/bytes.h"
#include "lib/base/printable.h"

static const char *const message_names[MESSAGE_TYPE_COUNT] = {
	[MESSAGE_HELLO] = "hello",
	[MESSAGE_PING] = "ping",
	[MESSAGE_PONG] = "pong",
	[MESSAGE_SYNC] = "sync",
	[MESSAGE_OFFER] = "offer",
	[MESSAGE_ACCEPT] = "accept",
	[MESSAGE_REFUSE] = "refuse",
	[MESSAGE_RAFT] = "raft",
};

enum field_kind { FIELD_NUMBER, FIELD_TEXT, FIELD_BOOT, FIELD_BYTES, FIELD_ADDRESS };

#define FIELD_BYTES_MAX 32u

// One row per field: where it lives, how large it may be, which messages carry it.
struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;
	size_t size;    // of the member
	uint64_t max;   // of a number
	uint32_t types; // bit per enum message_type: required in these, ignored in others
};

#define ON(type) (1u << MESSAGE_##type)
#define FIELD(member, kind, max, types)                                   \
	{                                                                 \
#member, kind, offsetof(struct message, member),          \
			sizeof(((struct message *)0)->member), max, types \
	}

static const struct field message_fields[] = {
	FIELD(version, FIELD_NUMBER, UINT32_MAX, ON(HELLO)),
	FIELD(request, FIELD_NUMBER, UINT32_MAX,
		ON(PING) | ON(PONG) | ON(OFFER) | ON(ACCEPT) | ON(REFUSE)),
	FIELD(result, FIELD_NUMBER, IPC_RESULT_COUNT - 1, ON(REFUSE)),
	FIELD(cid, FIELD_NUMBER, UINT32_MAX, ON(OFFER) | ON(ACCEPT)),
	FIELD(segment_size, FIELD_NUMBER, 65535, ON(OFFER) | ON(ACCEPT)),
	FIELD(address, FIELD_ADDRESS, 0, ON(OFFER)),
	FIELD(timeout_ms, FIELD_NUMBER, UINT32_MAX, ON(OFFER)),
	FIELD(udp_port, FIELD_NUMBER, 65535, ON(OFFER) | ON(ACCEPT)),
	FIELD(codec, FIELD_NUMBER, CODEC_COUNT - 1, ON(OFFER)),
	FIELD(level, FIELD_NUMBER, 255, ON(OFFER)),
	FIELD(controller, FIELD_NUMBER, 255, ON(OFFER)),
	FIELD(cipher, FIELD_NUMBER, 255, ON(OFFER) | ON(ACCEPT)),
	FIELD(dictionary, FIELD_NUMBER, DICTIONARY_ID_MAX, ON(OFFER)),
	FIELD(dictionary_sha256, FIELD_BYTES, 0, ON(OFFER)),
	FIELD(dictionary_state, FIELD_NUMBER, DICTIONARY_STATE_COUNT - 1, ON(ACCEPT)),
	FIELD(boot_id, FIELD_BOOT, 0, ON(OFFER) | ON(ACCEPT)),
	FIELD(session_id, FIELD_BYTES, 0, ON(OFFER)),
	FIELD(node, FIELD_TEXT, 0, ON(HELLO)),
	FIELD(to, FIELD_TEXT, 0, ON(HELLO)),
	FIELD(service, FIELD_TEXT, 0, ON(OFFER)),
	FIELD(text, FIELD_TEXT, 0, ON(REFUSE)),
};

#define FIELDS (sizeof(message_fields) / sizeof(message_fields[0]))

const char *message_type_name(enum message_type type)
{
	return type > 0 && type < MESSAGE_TYPE_COUNT ? message_names[type] : "?";
}

static uint64_t number_load(const void *at, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, at, size); // little-endian machines only, like the dataplane
	return value;
}

// A sentence, cut to fit perhaps in the middle of a character: what is not UTF-8 turns into '?'.
static json_t *sentence_pack(const char *text)
{
	json_t *value = json_string(text);
	char plain[REASON_SIZE];

	if (value)
		return value;
	snprintf(plain, sizeof(plain), "%s", text);
	for (char *c = plain; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return json_string(plain);
}

static json_t *field_pack(const struct field *field, const struct message *message)
{
	const uint8_t *at = (const uint8_t *)message + field->offset;
	char hex[2 * FIELD_BYTES_MAX + 1], host[ADDRESS_TEXT_SIZE];

	switch (field->kind) {
	case FIELD_NUMBER:
		return json_integer((json_int_t)number_load(at, field->size));
	case FIELD_TEXT:
		if (field->offset == offsetof(struct message, text))
			return sentence_pack((const char *)at);
		return json_string((const char *)at); // NULL for what is not UTF-8
	case FIELD_BOOT:                              // 64 bits do not fit a JSON number everywhere
		snprintf(hex, sizeof(hex), "%016" PRIx64, number_load(at, 8));
		return json_string(hex);
	case FIELD_BYTES:
		for (size_t i = 0; i < field->size; i++)
			snprintf(hex + 2 * i, 3, "%02x", at[i]);
		return json_string(hex);
	case FIELD_ADDRESS:
		return json_string(address_text(host, address_load(at)));
	}
	return NULL;
}

static size_t json_frame(const struct message *message, uint8_t *buffer, size_t size)
{
	json_t *object = json_pack("{ss}", "type", message_type_name(message->type));
	size_t used = 0;

	for (size_t i = 0; object && i < FIELDS; i++) {
		const struct field *field = &message_fields[i];

		if (!(field->types & 1u << message->type))
			continue;
		if (json_object_set_new(object, field->name, field_pack(field, message)) != 0) {
			json_decref(object);
			return 0;
		}
	}
	if (object && size > MESSAGE_FRAME_HEAD)
		used = json_dumpb(object, (char *)buffer + MESSAGE_FRAME_HEAD,
			size - MESSAGE_FRAME_HEAD, JSON_COMPACT);
	json_decref(object);
	if (used == 0 || used > size - MESSAGE_FRAME_HEAD || used > MESSAGE_SIZE_MAX)
		return 0;
	be32_put(buffer, (uint32_t)used);
	return MESSAGE_FRAME_HEAD + used;
}

static bool hex_parse(const char *hex, size_t digits, uint8_t *bytes)
{
	if (strlen(hex) != digits || strspn(hex, "0123456789abcdef") != digits)
		return false;
	for (size_t i = 0; i < digits / 2; i++)
		sscanf(hex + 2 * i, "%2hhx", &bytes[i]);
	return true;
}

static bool text_printable(const char *text)
{
	while (*text && printable_control(text) == 0)
		text++;
	return !*text;
}

static bool field_parse(const struct field *field, const json_t *value, struct message *message)
{
	uint8_t *at = (uint8_t *)message + field->offset;
	const char *text = json_string_value(value);
	uint8_t boot[8];
	uint64_t number;

	if (field->kind == FIELD_NUMBER) {
		if (!json_is_integer(value) || json_integer_value(value) < 0 ||
			(uint64_t)json_integer_value(value) > field->max)
			return false;
		number = (uint64_t)json_integer_value(value);
		memcpy(at, &number, field->size);
		return true;
	}
	if (!text)
		return false;
	if (field->kind == FIELD_ADDRESS)
		return address_parse((struct address *)at, text);
	if (field->kind == FIELD_BYTES)
		return hex_parse(text, 2 * field->size, at);
	if (field->kind == FIELD_BOOT) {
		if (!hex_parse(text, 16, boot))
			return false;
		message->boot_id = be64_get(boot);
		return true;
	}
	if (strlen(text) >= field->size || !text_printable(text))
		return false;
	memcpy(at, text, strlen(text) + 1);
	return true;
}

static int message_fill(
	const json_t *object, struct message *message, char *error, size_t error_size)
{
	const char *type = json_string_value(json_object_get(object, "type"));

	for (int i = 1; type && i < MESSAGE_TYPE_COUNT; i++) {
		if (i != MESSAGE_SYNC && i != MESSAGE_RAFT && strcmp(type, message_names[i]) == 0)
			message->type = (enum message_type)i;
	}
	if (!message->type) {
		snprintf(error, error_size, "a message of an unknown type");
		return -1;
	}
	for (size_t i = 0; i < FIELDS; i++) {
		const struct field *field = &message_fields[i];

		if (!(field->types & 1u << message->type))
			continue;
		if (!field_parse(field, json_object_get(object, field->name), message)) {
			snprintf(error, error_size,
				"field '%s' of a message '%s' is missing or out of range",
				field->name, message_names[message->type]);
			return -1;
		}
	}
	return 0;
}

int message_parse(const uint8_t *payload, size_t size, struct message *message, char *error,
	size_t error_size)
{
	// Duplicate keys are a way to show two readers two messages. Nesting is bounded by jansson
	// (2048 levels).
	json_t *object = json_loadb((const char *)payload, size, JSON_REJECT_DUPLICATES, NULL);
	int result = -1;

	memset(message, 0, sizeof(*message));
	if (!json_is_object(object))
		snprintf(error, error_size, "a frame that is not a JSON object");
	else
		result = message_fill(object, message, error, error_size);
	json_decref(object);
	return result;
}

// ---- a SYNC: request, then bytes ----

static size_t sync_frame(const struct message *message, uint8_t *buffer, size_t size)
{
	if (message->data_size > MESSAGE_DATA_MAX ||
		size < MESSAGE_FRAME_HEAD + 4 + message->data_size)
		return 0;
	be32_put(buffer, MESSAGE_FRAME_SYNC | (4 + message->data_size));
	be32_put(buffer + MESSAGE_FRAME_HEAD, message->request);
	memcpy(buffer + MESSAGE_FRAME_HEAD + 4, message->data, message->data_size);
	return MESSAGE_FRAME_HEAD + 4 + message->data_size;
}

static void sync_parse(const uint8_t *payload, size_t size, struct message *message)
{
	*message = (struct message){.type = MESSAGE_SYNC,
		.request = be32_get(payload),
		.data = payload + 4,
		.data_size = (uint32_t)size - 4};
}

// ---- a RAFT: nothing but bytes ----

void message_raft_head(uint8_t head[MESSAGE_FRAME_HEAD], uint32_t size)
{
	be32_put(head, MESSAGE_FRAME_RAFT | size);
}

static void raft_parse(const uint8_t *payload, size_t size, struct message *message)
{
	*message = (struct message){
		.type = MESSAGE_RAFT, .data = payload, .data_size = (uint32_t)size};
}

// ---- frames ----

size_t message_frame_size(const uint8_t *head)
{
	uint32_t size = be32_get(head) & ~(MESSAGE_FRAME_SYNC | MESSAGE_FRAME_RAFT);
	uint32_t kind = be32_get(head) & (MESSAGE_FRAME_SYNC | MESSAGE_FRAME_RAFT);
	uint32_t min = 1, max = MESSAGE_SIZE_MAX;

	if (kind == MESSAGE_FRAME_SYNC) {
		min = 4;
		max = 4 + MESSAGE_DATA_MAX;
	} else if (kind == MESSAGE_FRAME_RAFT) {
		max = MESSAGE_RAFT_MAX;
	} else if (kind) {
		return 0;
	}
	return size >= min && size <= max ? MESSAGE_FRAME_HEAD + size : 0;
}

int message_parse_frame(
	const uint8_t *frame, size_t size, struct message *message, char *error, size_t error_size)
{
	const uint8_t *payload = frame + MESSAGE_FRAME_HEAD;
	uint32_t head = be32_get(frame);

	size -= MESSAGE_FRAME_HEAD;
	if (head & MESSAGE_FRAME_SYNC)
		sync_parse(payload, size, message);
	else if (head & MESSAGE_FRAME_RAFT)
		raft_parse(payload, size, message);
	else
		return message_parse(payload, size, message, error, error_size);
	return 0;
}

size_t message_frame(const struct message *message, uint8_t *buffer, size_t size)
{
	if (message->type == MESSAGE_RAFT)
		return 0;
	if (message->type == MESSAGE_SYNC)
		return sync_frame(message, buffer, size);
	return json_frame(message, buffer, size);
}
