// Bytes in JSON: text where they are text, else base64 under another name. For the server and the
// command line.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

// `name`: text, or "name_base64" when the bytes are no UTF-8 or have a zero.
void bytes_json_set(json_t *object, const char *name, const uint8_t *bytes, uint32_t size);
// Bytes of base64, for free(); NULL: it is none.
uint8_t *bytes_json_decode(const char *base64, uint32_t *size);
