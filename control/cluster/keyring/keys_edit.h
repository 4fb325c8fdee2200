// Changes to the text of a file of keys that leave what people wrote into it where it belongs.
// Pure.
//
// A comment in a key's line, and lines of comments directly above it, belong to that key and go
// with it. All else stays in its place: blank lines, comments above one, and the line that we begin
// a file with (KEYS_HEAD).
#pragma once

#include "control/cluster/keyring/keys.h"

// `text` is one that keys_parse takes, with its zero; `index` is of a key in it. 0, or -1: it would
// have KEYS_FILE_MAX bytes, and is as it was.

// Behind the last one.
int keys_edit_add(char text[KEYS_FILE_MAX], const uint8_t key[KEYS_SIZE]);
// The first one, in front of what was.
int keys_edit_first(char text[KEYS_FILE_MAX], uint32_t index);
void keys_edit_remove(char text[KEYS_FILE_MAX], uint32_t index);
