// Bytes as JSON has them.
#include "control/admin/bytes_json.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *base64(const uint8_t *bytes, uint32_t size)
{
	char *text = malloc(4 * ((size_t)size + 2) / 3 + 5);
	json_t *value = NULL;

	if (text) {
		EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);
		value = json_string(text);
	}
	free(text);
	return value;
}

void bytes_json_set(json_t *object, const char *name, const uint8_t *bytes, uint32_t size)
{
	bool zero = size && memchr(bytes, 0, size);
	json_t *text = zero ? NULL : json_stringn(size ? (const char *)bytes : "", size);
	char other[64];

	if (text) {
		json_object_set_new(object, name, text);
		return;
	}
	snprintf(other, sizeof(other), "%s_base64", name);
	json_object_set_new(object, other, base64(bytes, size));
}

uint8_t *bytes_json_decode(const char *text, uint32_t *size)
{
	size_t length = strlen(text), padding = 0;
	uint8_t *bytes;
	int decoded;

	if (length % 4)
		return NULL;
	while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
		padding++;
	bytes = malloc(length / 4 * 3 + 1);
	if (!bytes)
		return NULL;
	// OpenSSL would skip white space at both ends.
	decoded = strcspn(text, " \t\r\n") == length
			  ? EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length)
			  : -1;
	if (decoded < 0) {
		free(bytes);
		return NULL;
	}
	*size = (uint32_t)decoded - (uint32_t)padding;
	return bytes;
}
