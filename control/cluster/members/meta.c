// Metadata of a node as type, length, value; lengths are one byte, numbers big-endian.
#include "control/cluster/members/meta.h"

#include <assert.h>
#include <string.h>

#include "lib/base/bytes.h"

enum meta_type {
	META_BOOT_ID = 1,   // 8 bytes
	META_PROTOCOL = 2,  // lowest and highest, 2 bytes each
	META_VERSION = 3,   // text without its zero
	META_LINK = 4,      // 16 bytes of address, 1 of prefix; once a link
	META_GONE_ID = 5,   // 8 bytes
	META_CONSENSUS = 6, // 1 byte; not written: none
	META_TYPE_END,
};

enum { META_LINK_SIZE = 17 };

static uint8_t *field_put(uint8_t *at, enum meta_type type, size_t size)
{
	at[0] = (uint8_t)type;
	at[1] = (uint8_t)size;
	return at + 2;
}

size_t meta_encode(const struct meta *meta, uint8_t bytes[META_SIZE_MAX])
{
	size_t version = strnlen(meta->version, META_VERSION_SIZE - 1);
	uint8_t *at = bytes;

	assert(meta->links_count <= META_LINKS_MAX);
	at = field_put(at, META_BOOT_ID, 8);
	be64_put(at, meta->boot_id);
	at = field_put(at + 8, META_GONE_ID, 8);
	be64_put(at, meta->gone_id);
	at = field_put(at + 8, META_PROTOCOL, 4);
	be16_put(at, meta->protocol_min);
	be16_put(at + 2, meta->protocol_max);
	at = field_put(at + 4, META_VERSION, version);
	memcpy(at, meta->version, version);
	at += version;
	if (meta->consensus) {
		at = field_put(at, META_CONSENSUS, 1);
		*at++ = (uint8_t)meta->consensus;
	}
	for (uint32_t i = 0; i < meta->links_count; i++) {
		at = field_put(at, META_LINK, META_LINK_SIZE);
		memcpy(at, meta->links[i].address.bytes, 16);
		at[16] = meta->links[i].prefix;
		at += META_LINK_SIZE;
	}
	return (size_t)(at - bytes);
}

static int version_take(struct meta *meta, const uint8_t *value, size_t size)
{
	if (size >= META_VERSION_SIZE)
		return -1;
	memcpy(meta->version, value, size);
	meta->version[size] = 0;
	if (strlen(meta->version) != size)
		return -1; // a zero inside
	for (const char *at = meta->version; *at; at++) {
		if (*at <= ' ' || *at > '~')
			return -1;
	}
	return 0;
}

static int link_take(struct meta *meta, const uint8_t *value, size_t size)
{
	struct meta_link link;

	if (size != META_LINK_SIZE || meta->links_count == META_LINKS_MAX)
		return -1;
	link = (struct meta_link){.address = address_load(value), .prefix = value[16]};
	if (link.prefix == 0 || link.prefix > (address_is_ipv4(link.address) ? 32 : 128) ||
		!address_is_host(link.address, link.prefix))
		return -1;
	meta->links[meta->links_count++] = link;
	return 0;
}

static int field_take(struct meta *meta, uint32_t type, const uint8_t *value, size_t size)
{
	switch (type) {
	case META_BOOT_ID:
		meta->boot_id = size == 8 ? be64_get(value) : 0;
		return size == 8 ? 0 : -1;
	case META_GONE_ID:
		meta->gone_id = size == 8 ? be64_get(value) : 0;
		return size == 8 ? 0 : -1;
	case META_PROTOCOL:
		if (size != 4)
			return -1;
		meta->protocol_min = be16_get(value);
		meta->protocol_max = be16_get(value + 2);
		return meta->protocol_min <= meta->protocol_max ? 0 : -1;
	case META_VERSION:
		return version_take(meta, value, size);
	case META_LINK:
		return link_take(meta, value, size);
	case META_CONSENSUS: // a newer node may know more of them
		meta->consensus = size && value[0] < META_CONSENSUS_COUNT ? value[0] : 0;
		return size ? 0 : -1;
	default:
		return 0; // of a newer node
	}
}

int meta_decode(struct meta *meta, const uint8_t *bytes, size_t size)
{
	uint32_t seen = 0;

	memset(meta, 0, sizeof(*meta));
	for (size_t at = 0; at < size;) {
		uint32_t type = bytes[at], length = size - at >= 2 ? bytes[at + 1] : 0;

		if (size - at < 2 || size - at - 2 < length)
			goto malformed;
		if (type < META_TYPE_END && type != META_LINK && seen & 1u << type)
			goto malformed;
		seen |= type < META_TYPE_END ? 1u << type : 0;
		if (field_take(meta, type, bytes + at + 2, length) < 0)
			goto malformed;
		at += 2 + length;
	}
	return 0;
malformed:
	memset(meta, 0, sizeof(*meta));
	return -1;
}
