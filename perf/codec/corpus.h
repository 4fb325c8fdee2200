// What the codecs are measured with: five kinds of data.
#pragma once

#include <stdint.h>

enum corpus {
	CORPUS_TEXT,   // words of a language with the frequencies of one (Zipf)
	CORPUS_BINARY, // this program's own file: machine code and tables
	CORPUS_JSON,   // lines of a log, their fields as such have them
	CORPUS_ZERO,
	CORPUS_RANDOM,
	CORPUS_COUNT,
};

#define CORPUS_SIZE (1u << 20)

// CORPUS_SIZE bytes, the same in every run of this program; made when they are first asked for.
// NULL: no memory, or the program's file cannot be read.
const uint8_t *corpus_bytes(enum corpus corpus);
