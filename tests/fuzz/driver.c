// Runs a fuzz target without libFuzzer: replays the corpus, then mutates it at random for a while.
// The input that crashes is written to a file, and its replay is printed. usage: fuzz_X [--seconds
// N] [--seed N] [FILE | FOLDER]...
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tests/sim/rng.h"
#include "tests/support/crash.h"

enum { INPUT_MAX = 4096, CORPUS_MAX = 1024 };

struct input {
	size_t size;
	uint8_t bytes[INPUT_MAX];
};

static struct {
	const char *program;
	struct input *corpus[CORPUS_MAX];
	uint32_t corpus_count;
	struct input now; // what runs: a crash writes it out
} fuzz;

static void save_input(void)
{
	static const char name[] = "crash.input";
	char line[512];
	int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (file < 0 || write(file, fuzz.now.bytes, fuzz.now.size) < 0)
		_exit(3);
	int size = snprintf(line, sizeof(line), "replay: %s %s\n", fuzz.program, name);
	if (write(STDERR_FILENO, line, (size_t)size) < 0)
		_exit(3);
}

// ---- corpus -----------------------------------------------------------------------------------

static int load_file(const char *path)
{
	struct input *input = calloc(1, sizeof(*input));
	int file = open(path, O_RDONLY);
	ssize_t got = file >= 0 && input ? read(file, input->bytes, INPUT_MAX) : -1;
	if (file >= 0)
		close(file);
	if (got < 0 || fuzz.corpus_count == CORPUS_MAX) {
		fprintf(stderr, "%s: cannot be read\n", path);
		free(input);
		return -1;
	}
	input->size = (size_t)got;
	fuzz.corpus[fuzz.corpus_count++] = input;
	return 0;
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int load(const char *path)
{
	struct stat status;
	struct dirent **names;
	if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode))
		return load_file(path);
	int count = scandir(path, &names, not_hidden, alphasort);
	if (count < 0)
		fprintf(stderr, "%s: cannot be read\n", path);
	int result = count < 0 ? -1 : 0;
	for (int i = 0; i < count; i++) {
		char file[1024];
		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		result |= load_file(file);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return result;
}

// ---- mutation ---------------------------------------------------------------------------------

static void input_overwrite(struct rng *r, struct input *input)
{
	static const uint64_t interesting[] = {0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff,
		0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0xffffffffffff, ~0ull};
	uint64_t value = interesting[rng_below(r, sizeof(interesting) / sizeof(interesting[0]))];
	size_t width = 1u << rng_below(r, 4);
	if (input->size < width)
		return;
	if (rng_percent(r, 50))
		value = __builtin_bswap64(value) >> (64 - 8 * width);
	memcpy(input->bytes + rng_below(r, input->size - width + 1), &value, width);
}

static void input_move(struct rng *r, struct input *input)
{
	size_t at = rng_below(r, input->size + 1);
	size_t n = 1 + rng_below(r, 16);
	if (rng_percent(r, 50)) { // delete
		n = n < input->size - at ? n : input->size - at;
		memmove(input->bytes + at, input->bytes + at + n, input->size - at - n);
		input->size -= n;
	} else if (input->size + n <= INPUT_MAX) { // insert
		memmove(input->bytes + at + n, input->bytes + at, input->size - at);
		for (size_t i = 0; i < n; i++)
			input->bytes[at + i] = (uint8_t)rng_next(r);
		input->size += n;
	}
}

static void input_splice(struct rng *r, struct input *input)
{
	const struct input *other = fuzz.corpus[rng_below(r, fuzz.corpus_count)];
	size_t from = rng_below(r, other->size + 1), n = other->size - from;
	size_t at = rng_below(r, input->size + 1);
	n = n < INPUT_MAX - at ? n : INPUT_MAX - at;
	memcpy(input->bytes + at, other->bytes + from, n);
	input->size = at + n > input->size ? at + n : input->size;
}

static void input_mutate(struct rng *r, struct input *input)
{
	*input = (struct input){0};
	if (fuzz.corpus_count && rng_percent(r, 95)) {
		*input = *fuzz.corpus[rng_below(r, fuzz.corpus_count)];
	} else {
		input->size = rng_below(r, rng_percent(r, 50) ? 64 : 1024);
		for (size_t i = 0; i < input->size; i++)
			input->bytes[i] = (uint8_t)rng_next(r);
	}
	for (uint64_t n = rng_below(r, 8); n; n--) {
		switch (rng_below(r, 6)) {
		case 0:
			input_move(r, input);
			break;
		case 1:
			input_overwrite(r, input);
			break;
		case 2:
			if (fuzz.corpus_count)
				input_splice(r, input);
			break;
		case 3:
			input->size = rng_below(r, input->size + 1);
			break;
		default:
			if (input->size)
				input->bytes[rng_below(r, input->size)] ^=
					(uint8_t)(1u << rng_below(r, 8));
		}
	}
}

static uint64_t seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec;
}

int main(int argc, char **argv)
{
	uint64_t seconds = 0, seed = 1, runs = 0;
	fuzz.program = argv[0];
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
			seconds = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 10);
		else if (load(argv[i]) != 0)
			return 2;
	}
	crash_catch(save_input);
	for (uint32_t i = 0; i < fuzz.corpus_count; i++, runs++) {
		fuzz.now = *fuzz.corpus[i];
		LLVMFuzzerTestOneInput(fuzz.now.bytes, fuzz.now.size);
	}
	struct rng r = {rng_mix(seed)};
	for (uint64_t end = seconds_now() + seconds; seconds && seconds_now() < end; runs++) {
		input_mutate(&r, &fuzz.now);
		LLVMFuzzerTestOneInput(fuzz.now.bytes, fuzz.now.size);
	}
	for (uint32_t i = 0; i < fuzz.corpus_count; i++)
		free(fuzz.corpus[i]);
	printf("%llu inputs, %u of the corpus, seed %llu\n", (unsigned long long)runs,
		fuzz.corpus_count, (unsigned long long)seed);
	return 0;
}
