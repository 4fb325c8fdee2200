// raft-scenario: runs files of commands and what is expected of them. Each block is commands, a
// line ----, and the output, up to an empty line. # begins a comment.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/scenario/raft/command.h"
#include "tests/support/crash.h"

enum { FILE_MAX = 1024 * 1024 };

static struct world world;
static char content[FILE_MAX], rewritten[FILE_MAX + OUTPUT_MAX];
static size_t rewritten_size;
static char where[512]; // the command that runs

// An assert of the core.
static void print_where(void)
{
	if (write(STDERR_FILENO, where, strlen(where)) < 0 || write(STDERR_FILENO, "\n", 1) < 0)
		_exit(3);
}

static void keep(const char *text, size_t size)
{
	if (rewritten_size + size > sizeof(rewritten)) {
		fprintf(stderr, "too large a file\n");
		exit(2);
	}
	memcpy(rewritten + rewritten_size, text, size);
	rewritten_size += size;
}

static void load(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t size;

	if (!file) {
		perror(path);
		exit(2);
	}
	size = fread(content, 1, sizeof(content) - 1, file);
	if (!feof(file)) {
		fprintf(stderr, "%s: larger than 1 MiB\n", path);
		exit(2);
	}
	content[size] = 0;
	fclose(file);
}

// Without its end; the rest of the text begins behind it. NULL: there is none.
static char *next_line(char **rest)
{
	return *rest && **rest ? strsep(rest, "\n") : NULL;
}

static bool is_output(const char *rest)
{
	return rest && *rest && *rest != '\n';
}

// What is expected, and where it ends.
static size_t expected_size(const char *rest)
{
	const char *end = rest;

	while (is_output(end)) {
		const char *line = strchr(end, '\n');

		end = line ? line + 1 : end + strlen(end);
	}
	return (size_t)(end - rest);
}

static bool is_same(const char *expected, size_t size)
{
	if (world.written == 0)
		say(&world, "ok");
	if (size == world.written && memcmp(expected, world.output, size) == 0)
		return true;
	fprintf(stderr, "%s: expected\n%.*s%s: but\n%s", where, (int)size, expected, where,
		world.output);
	return false;
}

static void run_line(const char *path, unsigned number, const char *line)
{
	struct command command;

	snprintf(where, sizeof(where), "%s:%u", path, number);
	command_read(&command, where, line);
	command_run(&world, &command);
}

static unsigned lines_in(const char *text, size_t size)
{
	unsigned lines = 0;

	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	return lines;
}

// Whether all is as expected; rewritten has what is.
static bool run_file(const char *path)
{
	char *rest = content, *line;
	unsigned number = 0;
	bool same = true;

	load(path);
	world_init(&world);
	rewritten_size = 0;
	while ((line = next_line(&rest))) {
		size_t size;

		number++;
		keep(line, strlen(line));
		keep("\n", 1);
		if (*line == '#' || !*line)
			continue;
		if (strcmp(line, "----") != 0) {
			run_line(path, number, line);
			continue;
		}
		size = rest ? expected_size(rest) : 0;
		same &= is_same(rest ? rest : "", size);
		keep(world.output, world.written);
		world.written = 0;
		number += lines_in(rest ? rest : "", size);
		rest = rest ? rest + size : NULL;
	}
	world_fini(&world);
	return same;
}

static void save(const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file || fwrite(rewritten, 1, rewritten_size, file) != rewritten_size || fclose(file)) {
		perror(path);
		exit(2);
	}
}

static void help(void)
{
	printf("raft-scenario [--rewrite] FILE...\n\n"
	       "Runs scenarios: commands, a line ----, and what they say, up to an empty line.\n"
	       "--rewrite  writes what they say into the files: read it before you keep it\n\n"
	       "Behind a command: \"quiet\": it says nothing; \"brief\": only what a caller "
	       "sees.\n\n");
	for (uint32_t i = 0; i < VERBS_COUNT; i++)
		printf("  %-11s %s\n", VERBS[i].name, VERBS[i].help);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"rewrite", no_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	bool rewrite = false, same = true;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h') {
			help();
			return 0;
		}
		if (option != 'r')
			return 2;
		rewrite = true;
	}
	crash_catch(print_where);
	for (int i = optind; i < argc; i++) {
		bool is = run_file(argv[i]);

		if (!is && rewrite)
			save(argv[i]);
		same &= is || rewrite;
	}
	return same && optind < argc ? 0 : 1;
}
