// Names of the ciphers.
#include "lib/ipc/cipher_names.h"

#include <stddef.h>
#include <string.h>

const char *const cipher_choices[] = {
	[CIPHER_NULL] = "null",
	[CIPHER_AES_256_GCM] = "aes-256-gcm",
	[CIPHER_AES_128_GCM] = "aes-128-gcm",
	[CIPHER_CHACHA20_POLY1305] = "chacha20-poly1305",
	[CIPHER_COUNT] = NULL,
};

const char *cipher_name(uint32_t id)
{
	return id < CIPHER_COUNT ? cipher_choices[id] : "unknown";
}

int cipher_find(const char *name)
{
	for (int id = 0; id < CIPHER_COUNT; id++)
		if (strcmp(cipher_choices[id], name) == 0)
			return id;
	return -1;
}
