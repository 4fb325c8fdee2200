// CRC32C by ISA-L (folded with PCLMULQDQ where the CPU has it).
#include "dataplane/transform/crc32c.h"

#include <isa-l/crc.h>

uint32_t crc32c(const void *bytes, uint32_t size)
{
	// ISA-L reads only, its prototype lacks the const;
	// it leaves the final inversion to the caller.
	return ~crc32_iscsi((unsigned char *)(uintptr_t)bytes, (int)size, 0xffffffffu);
}
