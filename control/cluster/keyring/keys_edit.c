// Lines of a file of keys: which are whose, and moving them.
#include "control/cluster/keyring/keys_edit.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

enum line_kind { LINE_BLANK, LINE_COMMENT, LINE_KEY };

// From offset to offset in the text.
struct span {
	size_t begin, end;
};

static size_t line_end(const char *text, size_t begin)
{
	size_t end = begin + strcspn(text + begin, "\n");

	return end + (text[end] == '\n');
}

static enum line_kind line_kind(const char *text, size_t begin)
{
	size_t at = begin + strspn(text + begin, " \t\r");

	if (text[at] == '#')
		return LINE_COMMENT;
	return text[at] == '\n' || !text[at] ? LINE_BLANK : LINE_KEY;
}

static bool is_head(const char *text, size_t begin)
{
	return begin == 0 && strncmp(text, KEYS_HEAD, strlen(KEYS_HEAD)) == 0;
}

// The key's line and its comments above.
static struct span key_find(const char *text, uint32_t index)
{
	struct span span = {0};

	while (text[span.end]) {
		size_t line = span.end;
		enum line_kind kind = line_kind(text, line);

		span.end = line_end(text, line);
		if (kind == LINE_KEY && index-- == 0)
			return span;
		if (kind != LINE_COMMENT || is_head(text, line))
			span.begin = span.end;
	}
	assert(!"a key of the text");
	return span;
}

// The last line has its end, too.
static int text_complete(char text[KEYS_FILE_MAX])
{
	size_t size = strlen(text);

	if (size == 0 || text[size - 1] == '\n')
		return 0;
	if (size + 2 > KEYS_FILE_MAX)
		return -1;
	memcpy(text + size, "\n", 2);
	return 0;
}

int keys_edit_add(char text[KEYS_FILE_MAX], const uint8_t key[KEYS_SIZE])
{
	size_t size = strlen(text);

	if (size + 1 + 2 * KEYS_SIZE + 2 > KEYS_FILE_MAX)
		return -1;
	(void)text_complete(text); // there is room
	size = strlen(text);
	for (size_t i = 0; i < KEYS_SIZE; i++)
		snprintf(text + size + 2 * i, 3, "%02x", key[i]);
	memcpy(text + size + 2 * KEYS_SIZE, "\n", 2);
	return 0;
}

int keys_edit_first(char text[KEYS_FILE_MAX], uint32_t index)
{
	char moved[KEYS_FILE_MAX];
	struct span first, span;

	if (text_complete(text) < 0)
		return -1;
	first = key_find(text, 0);
	span = key_find(text, index);
	memcpy(moved, text + span.begin, span.end - span.begin);
	memmove(text + first.begin + (span.end - span.begin), text + first.begin,
		span.begin - first.begin);
	memcpy(text + first.begin, moved, span.end - span.begin);
	OPENSSL_cleanse(moved, sizeof(moved));
	return 0;
}

// Of the blank lines on both sides one is enough.
static size_t with_blank_above(const char *text, struct span span)
{
	size_t line = span.begin;

	if (line == 0 || line_kind(text, span.end) != LINE_BLANK)
		return span.begin;
	for (line--; line > 0 && text[line - 1] != '\n'; line--)
		;
	return line_kind(text, line) == LINE_BLANK ? line : span.begin;
}

void keys_edit_remove(char text[KEYS_FILE_MAX], uint32_t index)
{
	struct span span = key_find(text, index);
	size_t size = strlen(text), begin = with_blank_above(text, span);

	memmove(text + begin, text + span.end, size - span.end + 1);
	// What is left of a key must not stay behind the end.
	OPENSSL_cleanse(text + begin + (size - span.end) + 1, span.end - begin);
}
