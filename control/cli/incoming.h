// A file that is being received:
// temporary name, blocks in any order, hash, flush, rename. Knows no network.
//
// Until incoming_settle says 0 nothing bears the final name;
// when anything fails the temporary file is gone.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "control/cli/transfer_proto.h"

enum incoming_limits {
	INCOMING_WINDOW = 4096, // blocks that may arrive ahead of the first missing one
	// Bytes after which writing to the disk is started, so that the end is short.
	INCOMING_FLUSH = 8 * 1024 * 1024,
	INCOMING_TEMP_SIZE = 256,
};

// Why something was refused, ready for TRANSFER_REFUSE or TRANSFER_ERROR.
struct incoming_error {
	enum transfer_reason reason;
	char text[TRANSFER_TEXT_MAX + 1];
};

struct incoming {
	int dir; // borrowed
	int fd;  // -1: no file is being received
	bool overwrite;
	char name[TRANSFER_NAME_MAX + 1];
	char temp[INCOMING_TEMP_SIZE];
	uint64_t size;
	uint32_t mode;
	int64_t mtime_ns;
	uint64_t hashed;   // bytes from the start that are there and hashed
	uint64_t received; // bytes of all blocks
	uint64_t flushed;  // bytes from the start whose writing to the disk was started
	// Blocks past `hashed` that are there, by number modulo the window.
	uint64_t ahead[INCOMING_WINDOW / 64];
	EVP_MD_CTX *sha;
	uint8_t *bounce; // to read back what came out of order; NULL until then
};

// Folder to receive into. Descriptor, or -1 with errno.
int incoming_dir_open(const char *path);
// Somebody removed the folder: nothing can be put into it any more.
bool incoming_dir_gone(int dir);
// Removes what dead receivers left behind. Returns how many.
int incoming_sweep(int dir);

// `offer` is of type OFFER. 0, or -1 with `error`.
int incoming_open(struct incoming *in, int dir, const struct transfer_message *offer,
	bool overwrite, struct incoming_error *error);
int incoming_write(struct incoming *in, const struct transfer_block *block, const uint8_t *data,
	struct incoming_error *error);
// Every byte is there and hashed.
bool incoming_complete(const struct incoming *in);
// Compares with what the sender hashed. `sha256` receives what we hashed. 0, or -1 with `error`.
int incoming_check(struct incoming *in, const struct transfer_message *end, uint8_t sha256[32],
	struct incoming_error *error);
// After incoming_check: flushes, renames, flushes the folder; takes as long as the disk does, and
// may run on another thread. The file is closed in any case. 0, or -1 with `error`.
int incoming_settle(struct incoming *in, struct incoming_error *error);
// Nothing stays behind. Legal when no file is being received.
void incoming_abandon(struct incoming *in);
