// CRC32C by ISA-L (folded with PCLMULQDQ where the CPU has it).
#include "lib/base/crc32c.h"

#include <isa-l/crc.h>

uint32_t crc32c_more(uint32_t crc, const void *bytes, uint32_t size)
{
	// ISA-L reads only, its prototype lacks the const;
	// it leaves both inversions to the caller.
	return ~crc32_iscsi((unsigned char *)(uintptr_t)bytes, (int)size, ~crc);
}

uint32_t crc32c(const void *bytes, uint32_t size)
{
	return crc32c_more(0, bytes, size);
}
