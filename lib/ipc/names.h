// Sizes of names and codes that both processes and applications share.
#pragma once

#include <stdint.h>

#include "lib/base/controller.h" // enum controller_id

#define NAME_SIZE   64 // node, link and service names, zero-terminated
#define REASON_SIZE 160

// Codec ids, the same on the wire, on disk and in ipc.
enum codec_id {
	CODEC_NONE = 0,
	CODEC_LZ4 = 1,
	CODEC_ZSTD = 2,
	CODEC_DEFLATE = 3,
	CODEC_BROTLI = 4,
	CODEC_SNAPPY = 5,
	CODEC_AUTO = 6, // of sessions only, never of a record: whichever the worker finds best
	CODEC_COUNT,
};

// Dictionaries of zstd.
enum dictionary_limits {
	DICTIONARY_ID_MAX = 255,          // a byte of the block header; 0: none
	DICTIONARIES_MAX = 16,            // of a node
	DICTIONARY_LEVEL_MAX = 4,         // levels 1 to 4 can be used with one
	DICTIONARY_SIZE_MIN = 256,        // bytes of a file
	DICTIONARY_SIZE_MAX = 112 * 1024, // bytes of a file; what zstd makes by default is less
	DICTIONARY_SHA256_SIZE = 32,
};

// What became of the dictionary that a session asked for.
enum dictionary_state {
	DICTIONARY_NONE = 0,    // none was asked for
	DICTIONARY_AGREED = 1,  // both ends have the same: records are packed with it
	DICTIONARY_MISSING = 2, // the other end has none of that id: without
	DICTIONARY_DIFFERS = 3, // the other end has another one under that id: without
	DICTIONARY_STATE_COUNT,
};

// Why a record of a session with a codec went raw.
enum raw_reason {
	RAW_LITTLE,  // it was tried, and would have saved less than an eighth
	RAW_URGENT,  // it was urgent, and the codec had no room or no time this turn
	RAW_NO_ROOM, // the application's arena has no room for what a codec packs
	// Only with auto:
	RAW_FAST,    // packing gains nothing: the flow does not wait for its path
	RAW_SMALL,   // under 256 bytes
	RAW_RANDOM,  // it looks as if it were packed already
	RAW_SKIPPED, // those before it did not pack; one is tried again now and then
	RAW_BUSY,    // the flow waits for its path, but the worker has no time to pack
	RAW_HELD,    // the flow waits for its path: not in a row yet, or soon after a step down
	RAW_REASONS,
};

// Cipher ids, the same in ipc and between the control processes of two nodes.
enum cipher_id {
	CIPHER_NULL = 0, // by name only: tests and links that are trusted memory
	CIPHER_AES_256_GCM = 1,
	CIPHER_AES_128_GCM = 2,
	CIPHER_CHACHA20_POLY1305 = 3,
	CIPHER_COUNT,
};

// Why a session request was refused; the sentence travels beside it.
enum ipc_result {
	IPC_OK = 0,
	IPC_REFUSED_VERSION, // another ABI version
	IPC_REFUSED_FULL,    // a named maximum is reached
	IPC_REFUSED_REGION,  // seals, size or header of the region
	IPC_REFUSED_PERMISSION,
	IPC_REFUSED_SERVICE, // somebody else listens for it / nobody listens for it
	IPC_REFUSED_NODE,    // no such peer
	IPC_REFUSED_PEER,    // the peer refused; the sentence is the peer's
	IPC_UNREACHABLE,     // control process or peer does not answer
	IPC_TIMEOUT,
	IPC_INVALID,    // malformed request
	IPC_NO_CONTROL, // no control process is attached to the dataplane
	IPC_RESULT_COUNT,
};
