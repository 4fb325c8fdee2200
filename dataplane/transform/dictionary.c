// Digests a dictionary of zstd, for every level that may be used with it and for decoding.
#define ZSTD_STATIC_LINKING_ONLY // static dictionaries
#include "dataplane/transform/dictionary.h"

#include <openssl/sha.h>
#include <string.h>
#include <zstd.h>

#define ALIGNMENT 64u

static size_t aligned(size_t size)
{
	return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

// Of small records, which a dictionary is for; ZSTD_createCDict thinks of the same size.
static ZSTD_compressionParameters parameters(int level, uint32_t size)
{
	return ZSTD_getCParams(level, 513, size);
}

static size_t encoder_size(int level, uint32_t size)
{
	return ZSTD_estimateCDictSize_advanced(size, parameters(level, size), ZSTD_dlm_byRef);
}

size_t dictionary_memory(uint32_t size)
{
	size_t memory = aligned(sizeof(struct dictionary)) + aligned(size) +
			aligned(ZSTD_estimateDDictSize(size, ZSTD_dlm_byRef));

	for (int level = 1; level <= DICTIONARY_LEVEL_MAX; level++)
		memory += aligned(encoder_size(level, size));
	return memory;
}

const struct dictionary *dictionary_init(
	void *memory, uint8_t id, const uint8_t *bytes, uint32_t size)
{
	struct dictionary *d = memory;
	uint8_t *copy = (uint8_t *)memory + aligned(sizeof(*d)), *at = copy + aligned(size);
	size_t decoder = ZSTD_estimateDDictSize(size, ZSTD_dlm_byRef);

	memcpy(copy, bytes, size);
	*d = (struct dictionary){
		.id = id, .zstd_id = ZSTD_getDictID_fromDict(copy, size), .size = size};
	SHA256(copy, size, d->sha256);
	d->decoder =
		ZSTD_initStaticDDict(at, decoder, copy, size, ZSTD_dlm_byRef, ZSTD_dct_fullDict);
	if (!d->decoder)
		return NULL;
	at += aligned(decoder);
	for (int level = 1; level <= DICTIONARY_LEVEL_MAX; level++) {
		size_t encoder = encoder_size(level, size);

		d->encoder[level - 1] = ZSTD_initStaticCDict(at, encoder, copy, size,
			ZSTD_dlm_byRef, ZSTD_dct_fullDict, parameters(level, size));
		if (!d->encoder[level - 1])
			return NULL;
		at += aligned(encoder);
	}
	return d;
}
