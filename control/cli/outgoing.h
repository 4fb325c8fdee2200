// A file that is being sent:
// read once in order, hashed on the way, watched for changes. Knows no network.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <openssl/evp.h>

#include "control/cli/transfer_proto.h"

#define OUTGOING_TEXT_SIZE 512

struct outgoing {
	int fd;           // -1: closed
	const char *path; // borrowed
	const char *name; // the part of it after the last slash
	struct stat before;
	uint64_t size, offset;
	EVP_MD_CTX *sha;
	char text[OUTGOING_TEXT_SIZE]; // what went wrong
};

// Regular files only. 0, or -1 with out->text.
int outgoing_open(struct outgoing *out, const char *path);
void outgoing_offer(const struct outgoing *out, struct transfer_message *offer);
// Reads the next block to `data` (room for TRANSFER_BLOCK bytes).
// 1 a block, 0 the end, -1 with out->text.
int outgoing_read(struct outgoing *out, uint8_t *data, struct transfer_block *block);
// After the last block: 0 with the hash, or -1 with out->text when the file is not what it
// was when it was opened.
int outgoing_finish(struct outgoing *out, uint8_t sha256[32]);
void outgoing_close(struct outgoing *out); // legal when closed
