// perf record, perf script, nm and addr2line, one after the other. Virtual machines have no
// hardware counters, so the samples are those of the CPU clock: shares of time, not of cycles.
#include "perf/profile.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "perf/child.h"

#define START_MS "800" // until `spin` has set up what it measures

enum { FUNCTIONS_MAX = 1024, LIBRARY_MAX = 256, PATH_SIZE = 256 };

struct hot {
	char function[PROFILE_NAME_MAX];
	char library[LIBRARY_MAX]; // path of the object that it is in
	uint64_t samples;
	uint64_t offset, votes; // from the function's start: where most of its samples are
};

static int profile_error(struct profile *p, const char *what)
{
	snprintf(p->error, sizeof(p->error), "%s", what);
	return -1;
}

static int record(const char *id, const char *file, struct profile *p)
{
	char self[PATH_SIZE];
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *const argv[] = {"perf", "record", "-q", "-e", "cpu-clock", "-F", "1999", "-D",
		START_MS, "-o", file, "--", self, "spin", id, NULL};
	int status = 127;
	char *text;

	if (size < 0)
		return profile_error(p, "/proc is not there");
	self[size] = 0;
	text = child_read(argv, &status);
	free(text);
	if (status == 127)
		return profile_error(p, "perf is not installed (scripts/setup --perf)");
	if (status != 0)
		return profile_error(p, "perf record failed: the kernel refuses samples to this "
					"user, or the benchmark failed");
	return 0;
}

static struct hot *hot_find(struct hot *all, size_t *count, const char *name, const char *library)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(all[i].function, name) == 0 && strcmp(all[i].library, library) == 0)
			return &all[i];
	if (*count == FUNCTIONS_MAX)
		return NULL;
	snprintf(all[*count].function, sizeof(all[*count].function), "%s", name);
	snprintf(all[*count].library, sizeof(all[*count].library), "%s", library);
	return &all[(*count)++];
}

// The address that has more samples than all others together, if one has (Boyer and Moore, 1981);
// otherwise one of the frequent ones.
static void hot_vote(struct hot *h, uint64_t offset)
{
	if (h->votes == 0)
		h->offset = offset;
	h->votes += offset == h->offset ? 1 : -1ull;
}

// "  symbol+0x12 (/path/object)". Names of C have no blanks.
static void script_line(char *line, struct hot *all, size_t *count, struct profile *p)
{
	char name[PROFILE_NAME_MAX], library[LIBRARY_MAX], *plus;
	struct hot *h;

	if (sscanf(line, " %95s (%255[^)])", name, library) != 2)
		return;
	plus = strrchr(name, '+');
	if (plus)
		*plus = 0;
	p->samples++;
	h = hot_find(all, count, name, library);
	if (!h)
		return;
	h->samples++;
	hot_vote(h, plus ? strtoull(plus + 1, NULL, 16) : 0);
}

static size_t script(const char *file, struct hot *all, struct profile *p)
{
	const char *const argv[] = {"perf", "script", "-i", file, "-F", "ip,sym,symoff,dso", NULL};
	int status;
	char *text = child_read(argv, &status), *save = NULL;
	size_t count = 0;

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
		line = strtok_r(NULL, "\n", &save)) {
		char *address = line + strspn(line, " ");

		script_line(address + strcspn(address, " "), all, &count, p);
	}
	free(text);
	return count;
}

// The address of a function in its object, by the table of symbols; 0: it is not there.
static uint64_t symbol_address(const char *library, const char *function)
{
	const char *const argv[] = {"nm", "--defined-only", library, NULL};
	int status;
	char *text = child_read(argv, &status), *save = NULL, name[PROFILE_NAME_MAX];
	uint64_t address = 0, at;

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line && !address;
		line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%lx %*c %95s", &at, name) == 2 && strcmp(name, function) == 0)
			address = at;
	free(text);
	return address;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

// "folder/file.c:12": two folders of the path at most, as the tree has them.
static const char *tail_of(const char *path)
{
	const char *at = path + strlen(path);

	for (int slashes = 0; at > path; at--)
		if (at[-1] == '/' && ++slashes == 3)
			break;
	return at;
}

static void locate(const struct hot *h, struct profile_line *line)
{
	uint64_t address = symbol_address(h->library, h->function);
	char number[24], *text = NULL;
	const char *const argv[] = {"addr2line", "-e", h->library, number, NULL};
	int status = 1;

	snprintf(number, sizeof(number), "0x%lx", address + h->offset);
	if (address)
		text = child_read(argv, &status);
	if (text)
		text[strcspn(text, " \n")] = 0;
	if (text && status == 0 && text[0] && text[0] != '?')
		snprintf(line->where, sizeof(line->where), "%.95s", tail_of(text));
	else
		snprintf(line->where, sizeof(line->where), "%.95s", base_name(h->library));
	free(text);
}

static int by_samples(const void *a, const void *b)
{
	uint64_t x = ((const struct hot *)a)->samples, y = ((const struct hot *)b)->samples;

	return (x < y) - (x > y);
}

int profile_take(const char *id, struct profile *p)
{
	char file[] = "/tmp/sluice-perf-XXXXXX";
	int fd = mkstemp(file);
	struct hot *all = calloc(FUNCTIONS_MAX, sizeof(*all));
	size_t count = 0;

	memset(p, 0, sizeof(*p));
	if (fd < 0 || !all)
		profile_error(p, "no memory, or no room in /tmp");
	else if (record(id, file, p) == 0)
		count = script(file, all, p);
	if (!p->error[0] && count == 0)
		profile_error(p, "perf took no samples");
	if (count > 0)
		qsort(all, count, sizeof(*all), by_samples);
	for (; p->lines < count && p->lines < PROFILE_TOP; p->lines++) {
		struct profile_line *line = &p->line[p->lines];

		snprintf(line->function, sizeof(line->function), "%s", all[p->lines].function);
		line->share = (double)all[p->lines].samples / (double)p->samples;
		locate(&all[p->lines], line);
	}
	if (fd >= 0) {
		close(fd);
		unlink(file);
	}
	free(all);
	return count > 0 ? 0 : -1;
}
