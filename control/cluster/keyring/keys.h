// The keys of a cluster's datagrams, as they are in a file: one a line, 64 hexadecimal digits, `#`
// begins a comment. The first seals what this node sends; every one of them opens.
#pragma once

#include <openssl/bio.h>
#include <stdbool.h>
#include <stdint.h>

enum keys_limits {
	KEYS_MAX = 8,
	KEYS_SIZE = 32, // bytes of a key
	KEYS_ID_SIZE = 4,
	KEYS_ID_TEXT = 2 * KEYS_ID_SIZE + 1,
	KEYS_FILE_MAX = 4096, // bytes
};

#define KEYS_FILE "cluster.keys"
// The first line of a file that we make.
#define KEYS_HEAD "# Keys of this cluster's datagrams. The first seals, all of them open."

struct keys {
	uint32_t count;
	uint8_t key[KEYS_MAX][KEYS_SIZE];
};

// Errors: PKI_ERROR_SIZE. Nothing in them is of a key.

// 0, or -1 with a sentence: nobody but this user or root may own or read the file, it has 1 to
// KEYS_MAX keys, each once.
int keys_load(struct keys *keys, const char *path, char *error);
// And its text, for keys_edit_*: OPENSSL_cleanse it.
int keys_file_read(char text[KEYS_FILE_MAX], struct keys *keys, const char *path, char *error);
// The same of the file's text; `path` is for the sentence.
int keys_parse(struct keys *keys, const char *text, const char *path, char *error);
// The file's text, appended. 0, or -1: out of memory.
int keys_text(const struct keys *keys, BIO *text);
// The file is replaced as a whole, and on the disk when this returns. 0, or -1 with a sentence.
int keys_save(const struct keys *keys, const char *path, char *error);
// The same with a text that keys_file_read takes.
int keys_file_write(const char *text, const char *path, char *error);
// A random key. 0, or -1 with a sentence.
int keys_make(uint8_t key[KEYS_SIZE], char *error);
// KEYS_FILE in `folder`, with one new key unless it is there. 0, or -1 with a sentence.
int keys_ensure(const char *folder, char *error);
// 64 hexadecimal digits and nothing else.
bool keys_from_hex(uint8_t key[KEYS_SIZE], const char *hex);
// The first bytes of the key's SHA-256: names it and tells nothing of it.
void keys_id(uint8_t id[KEYS_ID_SIZE], const uint8_t key[KEYS_SIZE]);
// As 8 hexadecimal digits. Returns `text`.
const char *keys_id_text(char text[KEYS_ID_TEXT], const uint8_t key[KEYS_SIZE]);
// Index of the key with this id as text, or -1.
int keys_find(const struct keys *keys, const char *id);
void keys_wipe(struct keys *keys);
