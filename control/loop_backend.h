// What the loop needs from the kernel: two backends behind one table.
#pragma once

#include <stdint.h>

struct loop_ready {
	uint64_t key;
	short events;
};

#define LOOP_READY_MAX 64 // per turn

struct loop_backend_ops {
	const char *name;
	void *(*new)(void); // NULL and errno
	void (*free)(void *backend);
	// Watches `fd` once; a ready descriptor is not reported again before it is armed again. 0
	// or negative errno.
	int (*arm)(void *backend, int fd, short events, uint64_t key);
	// Forgets it. A report of this key may still be under way: the loop knows it by the key's
	// generation.
	void (*disarm)(void *backend, int fd, uint64_t key);
	// Waits up to timeout_ns (UINT64_MAX: for ever). Number of entries, or negative errno.
	int (*wait)(void *backend, uint64_t timeout_ns, struct loop_ready ready[LOOP_READY_MAX]);
};

extern const struct loop_backend_ops loop_uring, loop_epoll;
