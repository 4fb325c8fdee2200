// Figures and texts for people.
#include "control/cli/format.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// Three significant digits: 1.23, 12.3, 123.
static void format_scaled(char text[FORMAT_SIZE], double value, const char *unit)
{
	// 9.995 would print as 10.00.
	int digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
	int n = snprintf(text, FORMAT_SIZE, "%.*f", digits, value);

	// "1.50" says no more than "1.5", "64.0" no more than "64".
	if (digits) {
		while (text[n - 1] == '0')
			n--;
		if (text[n - 1] == '.')
			n--;
	}
	snprintf(text + n, FORMAT_SIZE - (size_t)n, " %s", unit);
}

const char *format_count(char text[FORMAT_SIZE], uint64_t count)
{
	char digits[24];
	int size = snprintf(digits, sizeof(digits), "%" PRIu64, count), at = 0;

	for (int i = 0; i < size; i++) {
		if (i && (size - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return text;
}

const char *format_bytes(char text[FORMAT_SIZE], uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes;
	size_t unit = 0;

	// Sizes of packets and small files are known by their exact number.
	if (bytes < 10000) {
		size_t size = strlen(format_count(text, bytes));

		snprintf(text + size, FORMAT_SIZE - size, " B");
		return text;
	}
	// 1023.5 of a unit would print as 1024.
	while (value >= 1023.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		unit++;
	}
	format_scaled(text, value, units[unit]);
	return text;
}

const char *format_bits_rate(char text[FORMAT_SIZE], double bits_s)
{
	static const char *const units[] = {"b/s", "kb/s", "Mb/s", "Gb/s", "Tb/s"};
	size_t unit = 0;

	while (bits_s >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		bits_s /= 1000;
		unit++;
	}
	format_scaled(text, bits_s, units[unit]);
	return text;
}

const char *format_duration(char text[FORMAT_SIZE], uint64_t ns)
{
	uint64_t s = (ns + 500000000) / 1000000000;

	if (ns == 0)
		snprintf(text, FORMAT_SIZE, "0 s");
	else if (ns < 1000)
		snprintf(text, FORMAT_SIZE, "%" PRIu64 " ns", ns);
	else if (ns < 999500)
		format_scaled(text, (double)ns / 1e3, "us");
	else if (ns < 999500000)
		format_scaled(text, (double)ns / 1e6, "ms");
	else if (ns < UINT64_C(59950000000))
		format_scaled(text, (double)ns / 1e9, "s");
	else if (s < 3600)
		snprintf(text, FORMAT_SIZE, "%" PRIu64 " min %02" PRIu64 " s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(text, FORMAT_SIZE, "%" PRIu64 " h %02" PRIu64 " min", s / 3600,
			s / 60 % 60);
	else
		snprintf(text, FORMAT_SIZE, "%" PRIu64 " d %02" PRIu64 " h", s / 86400,
			s / 3600 % 24);
	return text;
}

const char *format_percent(char text[FORMAT_SIZE], double ratio)
{
	snprintf(text, FORMAT_SIZE, "%.1f %%", ratio * 100);
	return text;
}

const char *format_hex(char *text, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	text[2 * size] = '\0';
	return text;
}

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), e = strlen(end);

	return n > e && strcmp(name + n - e, end) == 0;
}

const char *format_figure(char *text, size_t size, const char *name, const json_t *value)
{
	double number = json_number_value(value);
	uint64_t whole = number > 0 ? (uint64_t)number : 0;
	char scaled[FORMAT_SIZE] = "-";

	if (json_is_string(value))
		return format_plain(text, size, json_string_value(value));
	if (json_is_boolean(value))
		snprintf(scaled, sizeof(scaled), "%s", json_is_true(value) ? "yes" : "no");
	else if (!json_is_number(value))
		;
	else if (strcmp(name, "pid") == 0 || strcmp(name, "tid") == 0)
		snprintf(scaled, sizeof(scaled), "%llu", (unsigned long long)whole);
	else if (ends_in(name, "rtt_ns") && whole == 0)
		; // not measured yet
	else if (ends_in(name, "_ns"))
		format_duration(scaled, whole);
	else if (ends_in(name, "_us"))
		format_duration(scaled, (uint64_t)(number * 1e3));
	else if (ends_in(name, "_bytes_per_s"))
		format_bits_rate(scaled, number * 8);
	else if (ends_in(name, "_s"))
		format_duration(scaled, (uint64_t)(number * 1e9));
	else if (ends_in(name, "_bytes"))
		format_bytes(scaled, whole);
	else if (ends_in(name, "_ratio"))
		format_percent(scaled, number);
	else if (json_is_real(value))
		snprintf(scaled, sizeof(scaled), "%.1f", number);
	else
		format_count(scaled, whole);
	snprintf(text, size, "%s", scaled);
	return text;
}

const char *format_label(char text[FORMAT_SIZE], const char *name)
{
	static const char *const units[] = {"_bytes_per_s", "_ns", "_us", "_bytes", "_ratio"};

	snprintf(text, FORMAT_SIZE, "%s", name);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!ends_in(text, units[i]))
			continue;
		text[strlen(text) - strlen(units[i])] = '\0';
		break;
	}
	for (char *c = text; *c; c++)
		if (*c == '_')
			*c = ' ';
	return text;
}

// Bytes of the well-formed UTF-8 character at `s` that a terminal only shows, or 0.
static size_t plain_char(const unsigned char *s)
{
	static const unsigned first[] = {0, 0x20, 0x80, 0x800, 0x10000};
	size_t size = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	uint32_t code = size == 1 ? s[0] : s[0] & (0x7fu >> size);

	if (s[0] >= 0xf8 || (s[0] >= 0x80 && s[0] < 0xc0))
		return 0;
	for (size_t i = 1; i < size; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3fu);
	}
	// Overlong forms, surrogates, C0 and C1 controls, and the marks that turn the
	// direction of a line.
	if (code < first[size] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ||
		(code >= 0x7f && code < 0xa0))
		return 0;
	if ((code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069))
		return 0;
	return size;
}

const char *format_plain(char *text, size_t size, const char *raw)
{
	const unsigned char *s = (const unsigned char *)raw;
	size_t at = 0;

	while (*s) {
		size_t n = plain_char(s);
		size_t room = n ? n : 4;

		if (at + room >= size)
			break;
		if (n)
			memcpy(text + at, s, n);
		else
			snprintf(text + at, 5, "\\x%02x", *s);
		at += room;
		s += n ? n : 1;
	}
	text[at] = '\0';
	return text;
}

size_t format_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}
