// The bytes of a snapshot, big-endian: head, origins, entries in any order, the state's hash.
// Field by field: docs/wire.md, "KV".
#pragma once

enum {
	FORMAT_MAGIC = 0x534c4b56, // "SLKV"
	FORMAT_VERSION = 1,
	// magic 4, version 4, revision 8, applied 8, keys 8, quota 8, value_max 4, origins 4
	FORMAT_HEAD = 48,
	// origin 8, boot 8, highest 8, applied 8, seen
	FORMAT_ORIGIN = 32 + 1024 / 8,
	// key size 2, value size 4, create, mod, version 8 each; then key and value
	FORMAT_ENTRY = 30,
	FORMAT_TAIL = 8,
};
