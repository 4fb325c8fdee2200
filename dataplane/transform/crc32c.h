// CRC32C (Castagnoli, RFC 3720 appendix B.4), as the block header carries it.
#pragma once

#include <stdint.h>

uint32_t crc32c(const void *bytes, uint32_t size);
