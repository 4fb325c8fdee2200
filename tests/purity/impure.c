// Not pure, on purpose: what the checker must find. Never linked into anything.
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

extern unsigned int rte_lcore_count(void);
int impure(void *bytes, const void *from);

int impure(void *bytes, const void *from)
{
	struct timespec now;
	memcpy(bytes, from, 4096);
	clock_gettime(CLOCK_MONOTONIC, &now);
	void *memory = malloc((size_t)now.tv_nsec);
	int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
	ssize_t got = read(descriptor, memory, 1);
	return (int)got + (int)random() + (int)rte_lcore_count();
}
