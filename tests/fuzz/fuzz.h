// What a fuzz target is made of. With clang, libFuzzer
// drives it; with other compilers, driver.c does.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Stays on whatever NDEBUG says, and says what does not hold.
#define FUZZ_CHECK(condition)                                                           \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

// The input, taken from the front; zeroes when it is used up.
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

static inline void fuzz_bytes(struct fuzz_input *input, void *to, size_t size)
{
	size_t n = size < input->left ? size : input->left;
	memset(to, 0, size);
	if (n)
		memcpy(to, input->at, n);
	input->at += n;
	input->left -= n;
}

static inline uint64_t fuzz_number(struct fuzz_input *input, size_t bytes)
{
	uint64_t value = 0;
	fuzz_bytes(input, &value, bytes);
	return value;
}

// A heap copy of the exact size, so that a sanitizer sees the first byte read beyond it.
static inline uint8_t *fuzz_copy(const uint8_t *data, size_t size)
{
	uint8_t *copy = calloc(1, size);
	if (!copy && size)
		abort();
	if (size)
		memcpy(copy, data, size);
	return copy;
}
