// Files of one folder that belong together: all of them are written, or none.
#pragma once

#include <openssl/bio.h>

#include "control/pki/pki.h"

enum { FILES_MAX = 4 };

struct files_text {
	const char *name; // in the folder; borrowed
	BIO *text;        // in memory; stays the caller's
};

// Writes `count` (at most FILES_MAX) files, 0600, on disk when it returns. 0; or -1 with a sentence
// in `error` (PKI_ERROR_SIZE), and then the folder is as it was. A file that exists is an error
// without `replace`. After a crash in between, what was replaced lies beside as .NAME-XXXXXX.old.
int files_write(const char *folder, const struct files_text *files, size_t count, bool replace,
	char *error);
