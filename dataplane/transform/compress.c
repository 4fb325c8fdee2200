// Compression policy and bounds: when a record goes
// raw, and what a hostile block header may not say.
#include "dataplane/transform/compress.h"

#include <string.h>

#include "lib/base/crc32c.h"

static uint32_t encode(const struct codec *codec, const struct codec_workspace *workspace,
	uint8_t level, const struct dictionary *dictionary, const uint8_t *raw, uint32_t raw_size,
	uint8_t *slab)
{
	void *part = codec_workspace_of(workspace, codec);

	if (dictionary)
		return codec->encode_with(
			part, dictionary, level, raw, raw_size, slab, compress_room(raw_size));
	return codec->encode(part, level, raw, raw_size, slab, compress_room(raw_size));
}

void compress_record(struct compressed *out, const struct codec *codec,
	const struct codec_workspace *workspace, uint8_t level, const struct dictionary *dictionary,
	const uint8_t *raw, uint32_t raw_size, uint8_t *slab, bool checksum)
{
	uint32_t stored = 0;

	*out = (struct compressed){.stored = raw};
	if (codec && codec->encode && slab && raw_size > 0)
		stored = encode(codec, workspace, level, dictionary, raw, raw_size, slab);
	if (stored > 0) {
		out->compressed = true;
		out->stored = slab;
		out->header.codec = (uint8_t)codec->id;
		out->header.level = level;
		out->header.dictionary = dictionary ? dictionary->id : 0;
	}
	out->header.raw_size = raw_size;
	out->header.stored_size = stored > 0 ? stored : raw_size;
	if (checksum)
		out->header.crc32c = crc32c(out->stored, out->header.stored_size);
}

static bool decode(const struct codec *codec, const struct codec_workspace *workspace,
	const struct dictionary *dictionary, const struct block_header *header,
	const uint8_t *stored, uint8_t *out)
{
	void *part = codec_workspace_of(workspace, codec);

	if (header->dictionary)
		return codec->decode_with(
			part, dictionary, stored, header->stored_size, out, header->raw_size);
	return codec->decode(part, stored, header->stored_size, out, header->raw_size);
}

enum verdict expand_record(const struct block_header *header, bool compressed,
	const uint8_t *stored, const struct codec_workspace *workspace,
	const struct dictionary *dictionary, uint8_t *out, bool checksum)
{
	const struct codec *codec = codec_by_id(header->codec);

	// The packets' flag and the record's header must tell the same story.
	if (!codec || compressed != (header->codec != CODEC_NONE))
		return DROP_BLOCK_HEADER;
	if (header->raw_size > RECORD_RAW_MAX || header->stored_size > RECORD_RAW_MAX)
		return DROP_BLOCK_HEADER;
	if (header->dictionary && !codec->decode_with)
		return DROP_BLOCK_HEADER;
	if (header->dictionary && (!dictionary || header->dictionary != dictionary->id))
		return DROP_BLOCK_DICTIONARY;
	if (!compressed && header->stored_size != header->raw_size)
		return DROP_BLOCK_HEADER;
	if (compressed && (header->raw_size == 0 || header->stored_size == 0))
		return DROP_BLOCK_HEADER; // nobody compresses nothing
	if (checksum && crc32c(stored, header->stored_size) != header->crc32c)
		return DROP_BLOCK_CRC;
	if (compressed && !decode(codec, workspace, dictionary, header, stored, out))
		return DROP_BLOCK_DECODE;
	return VERDICT_ACCEPT;
}
