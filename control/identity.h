// The certificates of this node while it runs: read at start, read again when their files change
// (or on SIGHUP), and their end told in time.
#pragma once

#include <stddef.h>

#include "control/loop.h"
#include "control/net/tls.h"

enum identity_times { IDENTITY_LOOK_MS = 5000 }; // how often the files are looked at

struct own_identity {
	struct tls tls; // tls.context NULL: this node has no certificates
	struct loop *loop;
	struct loop_timer timer;
	enum pki_age told;                // what was logged of the certificate's age
	void (*on_reloaded)(void *owner); // set after identity_start: other files are used now
	void *owner;
	char error[CONFIG_ERROR_SIZE]; // why the files as they are now were not taken, or empty
};

// What a start would say of the certificates, and nothing else: 0, or -1 with a sentence. Tells
// of their end.
int identity_check(
	const struct config_security *config, const char *node, char *error, size_t error_size);
// `config` and `node` are borrowed. 0, or -1 with a sentence: then it need not be stopped.
int identity_start(struct own_identity *identity, const struct config_security *config,
	const char *node, struct loop *loop, char *error, size_t error_size);
// Reads the files now.
void identity_reload(struct own_identity *identity);
void identity_stop(struct own_identity *identity);
