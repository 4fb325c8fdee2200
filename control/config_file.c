// The bytes of the configuration: a bounded regular file of text that holds one YAML document.
#include "control/config_raw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_FILE_MAX (1024 * 1024)

// All of it, or what there is up to `size`. -1: errno.
static ssize_t file_fill(int fd, char *text, size_t size)
{
	size_t used = 0;
	ssize_t got = 1;

	while (got > 0 && used < size) {
		got = read(fd, text + used, size - used);
		used += got > 0 ? (size_t)got : 0;
	}
	return got < 0 ? -1 : (ssize_t)used;
}

// libyaml would say so too, but not where.
static int file_check_text(const char *text, size_t size, char *error, size_t error_size)
{
	unsigned line = 1;

	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];

		line += byte == '\n';
		if ((byte >= ' ' && byte != 0x7f) || byte == '\t' || byte == '\n' || byte == '\r')
			continue;
		snprintf(error, error_size,
			"this is not a text file (UTF-8): there is a byte 0x%02x in line %u", byte,
			line);
		return -1;
	}
	return 0;
}

static bool line_is(const char *line, size_t size, const char *marker)
{
	return size >= 3 && memcmp(line, marker, 3) == 0 && (size == 3 || strchr(" \t\r", line[3]));
}

// libcyaml reads the first document and is silent about others. "---" and "..." at the left margin
// are always what they seem, even inside of quotes.
static int file_check_one(const char *text, size_t size, char *error, size_t error_size)
{
	bool begun = false, ended = false;
	unsigned number = 1;

	size_t mark = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; // byte order

	for (size_t at = mark, length; at < size; at += length + 1, number++) {
		const char *line = text + at, *end = memchr(line, '\n', size - at);
		size_t blank = 0;

		length = end ? (size_t)(end - line) : size - at;
		while (blank < length && strchr(" \t\r", line[blank]))
			blank++;
		if (blank == length || line[blank] == '#' || (!begun && line[0] == '%'))
			continue;
		if (line_is(line, length, "...")) {
			ended = begun;
			continue;
		}
		if (ended || (begun && line_is(line, length, "---"))) {
			snprintf(error, error_size,
				"a second YAML document begins in line %u; one is allowed", number);
			return -1;
		}
		begun = true;
	}
	return 0;
}

char *config_file_read(const char *file, size_t *size, char *error, size_t error_size)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	char *text = NULL;
	ssize_t got = -1;

	if (fd < 0 || fstat(fd, &status) < 0) {
		snprintf(error, error_size, "cannot be read: %s", strerror(errno));
		goto out;
	}
	if (!S_ISREG(status.st_mode) || status.st_size > CONFIG_FILE_MAX) {
		snprintf(error, error_size, "must be a regular file of at most %d bytes",
			CONFIG_FILE_MAX);
		goto out;
	}
	text = malloc(CONFIG_FILE_MAX);
	got = text ? file_fill(fd, text, CONFIG_FILE_MAX) : -1;
	if (got < 0) {
		snprintf(error, error_size, "cannot be read: %s", strerror(errno));
		goto out;
	}
	*size = (size_t)got;
	if (file_check_text(text, *size, error, error_size) < 0 ||
		file_check_one(text, *size, error, error_size) < 0)
		got = -1;
out:
	if (fd >= 0)
		close(fd);
	if (got >= 0)
		return text;
	free(text);
	return NULL;
}
