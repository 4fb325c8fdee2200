// Counts every allocation of the process, those of shared libraries too: the malloc family of an
// executable stands before that of the C library, which it calls.
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "perf/count.h"

// The names under which the C library exports its own.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size);

static _Atomic int64_t total;

static void count_one(void)
{
	atomic_fetch_add_explicit(&total, 1, memory_order_relaxed);
}

void *malloc(size_t size)
{
	count_one();
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	count_one();
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	count_one();
	return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
	count_one();
	return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	count_one();
	return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0)
		return EINVAL;
	count_one();
	*out = __libc_memalign(alignment, size);
	return *out ? 0 : ENOMEM;
}

int64_t allocs_total(void)
{
	return atomic_load_explicit(&total, memory_order_relaxed);
}
