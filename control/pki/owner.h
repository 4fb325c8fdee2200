// Whose a file or a folder is that this process believes.
#pragma once

#include "control/pki/pki.h"

// Whoever owns what lies at `path`, or the link that leads there, can exchange it: that may be this
// process's user or root. 0 (also when nothing lies there: who opens it says so), or -1 with a
// sentence in `error` (PKI_ERROR_SIZE).
int owner_check(const char *path, char *error);
// The same of a file and of the folder that it is in.
int owner_check_file(const char *path, char *error);
