// CRC32C (Castagnoli, RFC 3720 appendix B.4): block headers on the wire, everything on the disk.
#pragma once

#include <stdint.h>

uint32_t crc32c(const void *bytes, uint32_t size);
// Of what came before, whose CRC is `crc`, and these bytes behind it.
uint32_t crc32c_more(uint32_t crc, const void *bytes, uint32_t size);
