// A program that runs, and the text that it prints.
#pragma once

#include <stddef.h>

// Runs argv[0], found in PATH, with standard error closed to the terminal. What it prints (NULL:
// memory, or it cannot be run) ends with a zero byte; the caller frees it. *status: its exit code;
// 127 when there is no such program.
char *child_read(const char *const *argv, int *status);
