// Values out of a JSON tree that somebody else wrote: what is missing or of another type is the
// fallback.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct json_t;

// Keys and array indices with slashes between: "ratio/ci95/0". NULL: there is no such. Borrowed.
struct json_t *pick(const struct json_t *root, const char *path);
double pick_number(const struct json_t *root, const char *path, double fallback);
const char *pick_text(const struct json_t *root, const char *path, const char *fallback);
// The row of that id among "results", or NULL. Borrowed.
struct json_t *pick_row(const struct json_t *root, const char *id);
// Loads a file of schema sluice-perf/1. NULL, with a sentence on the standard error.
struct json_t *pick_load(const char *path);

// "37.7 GB/s", "62.1 M/s", "2.31 us": a figure as people read it.
void figure_print(char *text, size_t size, double value, const char *unit);
