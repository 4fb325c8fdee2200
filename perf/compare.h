// Two runs side by side.
#pragma once

// Prints a line for each id that both have. 0; 1: a file cannot be read, or is no run of this
// harness.
int compare_files(const char *before, const char *after);
