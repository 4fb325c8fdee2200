// Figures and texts for people: scaled units, and nothing that could steer a terminal.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#define FORMAT_SIZE 40

// All return `text`.
const char *format_bytes(char text[FORMAT_SIZE], uint64_t bytes);    // "512 B", "64 KiB", "1.5 GiB"
const char *format_bits_rate(char text[FORMAT_SIZE], double bits_s); // "12.3 Gb/s"
const char *format_duration(
	char text[FORMAT_SIZE], uint64_t ns); // "850 ns", "1.2 ms", "2 min 05 s"
const char *format_count(char text[FORMAT_SIZE], uint64_t count);      // "12,345"
const char *format_percent(char text[FORMAT_SIZE], double ratio);      // "12.3 %"
const char *format_hex(char *text, const uint8_t *bytes, size_t size); // 2 * size + 1 bytes

// A value by the unit that its name ends in (_ns, _us, _s, _bytes, _bytes_per_s, _ratio);
// text as format_plain.
const char *format_figure(char *text, size_t size, const char *name, const json_t *value);
// The name without its unit, and with spaces.
const char *format_label(char text[FORMAT_SIZE], const char *name);

// Control characters and bytes that are no UTF-8 become \xNN; cut to fit.
const char *format_plain(char *text, size_t size, const char *raw);
// Columns that a UTF-8 text takes: one for each character.
size_t format_width(const char *text);
