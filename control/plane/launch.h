// Starts sluice-dataplane in a session of its own, so that nothing that happens to control happens
// to it.
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "control/config.h"

enum launch_limits {
	LAUNCH_WORDS_MAX = 100,
	LAUNCH_LINK_SIZE = 512,
	LAUNCH_DICTIONARY_SIZE = SETUP_FILE_SIZE + 4, // "255=FILE"
};

struct launch_words {
	int count;
	const char *word[LAUNCH_WORDS_MAX +
			 1]; // NULL at the end; points into this struct or the configuration
	char workers[12], memory[12], port[8];
	char links[SETUP_LINKS_MAX][LAUNCH_LINK_SIZE];
	char dictionaries[DICTIONARIES_MAX][LAUNCH_DICTIONARY_SIZE];
};

// The command line of the dataplane.
void launch_words(struct launch_words *words, const struct config *config);

// On success the child's pid, and a pidfd that the caller owns. -1 with a sentence.
pid_t launch_start(const struct config *config, int *pidfd, char *error, size_t error_size);
#define LAUNCH_STATUS_USAGE 2 // with which the dataplane ends when its command line is wrong

// How a child ended, "exited with status 1", and its last words in dataplane.log. Reaps it. Returns
// its exit status, or -1 when it has none.
int launch_reap(int pidfd, char *text, size_t size);
void launch_last_words(const struct config *config, char *text, size_t size);
