// The handshake with a running dataplane over data.sock: our region there, its region here, a wake
// socket.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/shm/region.h"

enum attach_result {
	ATTACH_DONE,
	ATTACH_AGAIN,   // nothing there yet
	ATTACH_REFUSED, // it does not want us, or we not it; a sentence tells
	ATTACH_HANGUP,
};

// Connects to <run_dir>/data.sock without blocking. The socket and the pid of who listens, or -1
// with errno.
int attach_connect(const char *run_dir, pid_t *pid);
// Creates our region and sends HELLO_CONTROL.
enum attach_result attach_hello(int door, struct region *mine, char *error, size_t error_size);
// Takes WELCOME: maps the dataplane's region, hands over the wake socket.
enum attach_result attach_welcome(
	int door, pid_t pid, struct region *theirs, int *wake, char *error, size_t error_size);
