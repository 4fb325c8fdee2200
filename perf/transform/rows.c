// The rows transform/*: a record's whole way through codec and cipher, against the libraries in
// series.
#include "lib/ipc/names.h"
#include "perf/transform/pass.h"

enum { RECORD = 65536 };

#define ROW(NAME, LIMIT, CORPUS, MTU, TASK, WHERE)                                        \
	{                                                                                 \
		.id = "transform/" NAME, .unit = "B/s", .limit = LIMIT, .amount = RECORD, \
		.bytes = 1, .param = PASS(CODEC_LZ4, CIPHER_AES_256_GCM, CORPUS),         \
		.argument = PASS_TASK(TASK, MTU), .location = WHERE, .open = pass_open,   \
		.sample = pass_sample, .close = pass_close                                \
	}
#define PAIR(NAME, CORPUS, MTU, TASK, WHERE)                          \
	ROW(NAME, "transform/limit/" NAME, CORPUS, MTU, TASK, WHERE), \
		ROW("limit/" NAME, NULL, CORPUS, MTU, (TASK) | PASS_LIMIT, NULL)
#define WAYS(NAME, CORPUS, MTU)                                                              \
	PAIR(NAME "/out", CORPUS, MTU, 0, "dataplane/transform/compress.c:compress_record"), \
		PAIR(NAME "/in", CORPUS, MTU, PASS_IN,                                       \
			"dataplane/transform/compress.c:expand_record")
#define CORPORA(NAME, MTU)                                                                  \
	WAYS(NAME "/text", CORPUS_TEXT, MTU), WAYS(NAME "/binary", CORPUS_BINARY, MTU),     \
		WAYS(NAME "/json", CORPUS_JSON, MTU), WAYS(NAME "/zero", CORPUS_ZERO, MTU), \
		WAYS(NAME "/random", CORPUS_RANDOM, MTU)

const struct bench transform_benches[] = {
	CORPORA("lz4/aes-256-gcm/1500", 1500),
	CORPORA("lz4/aes-256-gcm/9000", 9000),
};
const size_t transform_benches_count = sizeof(transform_benches) / sizeof(transform_benches[0]);
