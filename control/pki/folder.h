// The folder of private keys, which is 0700, and the paths in it.
#pragma once

#include "control/pki/pki.h"

// Each: 0, or -1 with a sentence in `error` (PKI_ERROR_SIZE).
// The folder, made unless it is there; one that others may enter, or own, is refused.
int folder_make(const char *folder, char *error);
// Is there a file already, and may it be replaced?
int folder_may_write(const char *folder, const char *name, bool replace, char *error);

// folder/name. -1 with a sentence when it is too long.
int folder_path(char path[PKI_PATH_SIZE], const char *folder, const char *name, char *error);
