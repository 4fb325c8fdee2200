// Five kinds of data, 1 MiB of each.
#include "perf/codec/corpus.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS = 2048, LINE_MAX_SIZE = 256 };

static uint32_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull; // Knuth's MMIX
	return (uint32_t)(*seed >> 33);
}

static uint32_t put(uint8_t *out, uint32_t at, const char *text, uint32_t size)
{
	for (uint32_t i = 0; i < size && at < CORPUS_SIZE; i++)
		out[at++] = (uint8_t)text[i];
	return at;
}

// Syllables make words, short ones first; how often each comes falls with its rank.
static uint32_t word_make(char *word, uint32_t rank)
{
	static const char *const syllables[] = {"the", "in", "er", "an", "re", "on", "at", "en",
		"ti", "es", "or", "te", "ing", "ed", "is", "it"};
	uint64_t seed = rank + 1;
	uint32_t count = 1 + (rank > 12) + (rank > 150) + next(&seed) % 2;
	char *end = word;

	while (count-- > 0)
		end = stpncpy(end, syllables[next(&seed) % 16], 4);
	return (uint32_t)(end - word);
}

static int text_make(uint8_t *out)
{
	uint64_t seed = 1;
	uint32_t words = 0;

	for (uint32_t at = 0; at < CORPUS_SIZE;) {
		// 2^(11 u): uniform in the logarithm of the rank, which is Zipf's law.
		uint32_t octave = next(&seed) % 11, rank;
		char word[32];

		rank = (1u << octave) + next(&seed) % (1u << octave) - 1;
		at = put(out, at, word, word_make(word, rank % WORDS));
		words++;
		at = words % 13 == 0 ? put(out, at, ".\n", 2) : put(out, at, " ", 1);
	}
	return 0;
}

static int json_make(uint8_t *out)
{
	static const char *const levels[] = {"info", "info", "info", "warn", "debug", "error"};
	uint64_t seed = 2;
	uint32_t line = 0;

	for (uint32_t at = 0; at < CORPUS_SIZE; line++) {
		char text[LINE_MAX_SIZE];
		int size = snprintf(text, sizeof(text),
			"{\"time\":\"2026-11-21T%02u:%02u:%02u.%03uZ\",\"level\":\"%s\","
			"\"session\":\"%08x\",\"peer\":\"node-%02u\",\"rtt_us\":%u.%u,"
			"\"bytes\":%u}\n",
			line / 36000 % 24, line / 600 % 60, line / 10 % 60, next(&seed) % 1000,
			levels[next(&seed) % 6], next(&seed) % 64 * 0x01010007u, next(&seed) % 12,
			next(&seed) % 400, next(&seed) % 10, next(&seed));

		at = put(out, at, text, (uint32_t)size);
	}
	return 0;
}

// From the start of the file on, again and again if it is small.
static int binary_make(uint8_t *out)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	uint32_t at = 0;

	while (file >= 0 && at < CORPUS_SIZE) {
		ssize_t got = read(file, out + at, CORPUS_SIZE - at);

		if (got < 0 || (got == 0 && (at == 0 || lseek(file, 0, SEEK_SET) != 0)))
			break;
		at += (uint32_t)got;
	}
	if (file >= 0)
		close(file);
	return at == CORPUS_SIZE ? 0 : -1;
}

static int random_make(uint8_t *out)
{
	uint64_t seed = 3;

	for (uint32_t i = 0; i < CORPUS_SIZE; i++)
		out[i] = (uint8_t)(next(&seed) >> 16);
	return 0;
}

static int zero_make(uint8_t *out)
{
	memset(out, 0, CORPUS_SIZE);
	return 0;
}

const uint8_t *corpus_bytes(enum corpus corpus)
{
	static int (*const make[CORPUS_COUNT])(uint8_t *) = {
		[CORPUS_TEXT] = text_make,
		[CORPUS_BINARY] = binary_make,
		[CORPUS_JSON] = json_make,
		[CORPUS_ZERO] = zero_make,
		[CORPUS_RANDOM] = random_make,
	};
	static uint8_t *made[CORPUS_COUNT];

	if (!made[corpus]) {
		made[corpus] = malloc(CORPUS_SIZE);
		if (made[corpus] && make[corpus](made[corpus]) != 0) {
			fprintf(stderr, "sluice-perf: its own file cannot be read\n");
			free(made[corpus]);
			made[corpus] = NULL;
		}
	}
	return made[corpus];
}
