// Opening what nobody sealed: whatever the bytes, the key phase and the places, nothing
// authenticates, nothing is written outside of the places, and the keys stay as they are. What was
// sealed opens.
#include "dataplane/transform/keys.h"
#include "dataplane/wire/wire.h"
#include "tests/fuzz/fuzz.h"

#define PIECES    3u
#define PIECE_MAX 9000u

static struct seal_engine engine;
static struct keys *ends[2];

static void ends_new(void)
{
	static const struct keys_limits limits = {.packets = 64};
	const uint8_t secrets[2][SECRET_SIZE] = {"one way", "the other way"};
	char why[96];

	FUZZ_CHECK(seal_engine_init(&engine, CIPHER_AUTO, why, sizeof(why)) == 0);
	for (uint32_t i = 0; i < 2; i++) {
		ends[i] = aligned_alloc(64, sizeof(*ends[i]));
		FUZZ_CHECK(ends[i]);
		memset(ends[i], 0, sizeof(*ends[i]));
		FUZZ_CHECK(keys_init(ends[i], &engine, cipher_by_id(&engine, CIPHER_AES_256_GCM),
			&limits, secrets[i], secrets[1 - i], 1));
	}
}

// Forged: the rest of the input behind its header, into places that the input chooses.
static void forged(struct fuzz_input input)
{
	uint8_t header[WIRE_HEADER_SIZE];
	struct wire_header view;
	struct seal_piece pieces[PIECES];
	uint32_t count = (uint32_t)fuzz_number(&input, 1) % (PIECES + 1), left;

	fuzz_bytes(&input, header, sizeof(header));
	header[0] = (uint8_t)(WIRE_VERSION << 5 | header[0] % WIRE_TYPE_COUNT);
	FUZZ_CHECK(wire_header_parse(&view, header, sizeof(header)));
	left = input.left > SEAL_TAG_SIZE ? (uint32_t)input.left - SEAL_TAG_SIZE : 0;
	for (uint32_t i = 0; i < count; i++) { // exact heap blocks: a sanitizer sees the first byte
		uint32_t size = i + 1 == count ? left : left / (count - i);

		pieces[i] = (struct seal_piece){calloc(1, size + 1), size};
		FUZZ_CHECK(pieces[i].base);
		left -= size;
	}
	const struct seal_key *key = keys_to_open(ends[1], view.pn, view.flags & WIRE_KEY_PHASE, 2);
	if (key)
		FUZZ_CHECK(!ends[1]->cipher->open(
			key, view.pn, header, input.at, (uint32_t)input.left, pieces, count));
	FUZZ_CHECK(!ends[1]->wants && ends[1]->receive.phase == 0);
	for (uint32_t i = 0; i < count; i++) {
		FUZZ_CHECK(pieces[i].base[pieces[i].size] == 0);
		free(pieces[i].base);
	}
}

// Sealed by the peer, and then one byte of the input's choice changed, or none.
static void changed(struct fuzz_input input)
{
	static uint8_t plain[PIECE_MAX], packet[PIECE_MAX + SEAL_TAG_SIZE], out[PIECE_MAX];
	uint64_t pn = fuzz_number(&input, 5) + 1;
	uint32_t at = (uint32_t)fuzz_number(&input, 2), size;
	uint8_t flip = (uint8_t)fuzz_number(&input, 1), header[WIRE_HEADER_SIZE];

	fuzz_bytes(&input, header, sizeof(header));
	size = input.left < PIECE_MAX ? (uint32_t)input.left : PIECE_MAX;
	fuzz_bytes(&input, plain, size);
	const struct seal_source source = {plain, size};
	const struct seal_piece piece = {out, size};
	uint32_t whole = ends[0]->cipher->seal(ends[0]->send.now, pn, header, &source, 1, packet);
	FUZZ_CHECK(whole == size + SEAL_TAG_SIZE);
	packet[at % whole] ^= flip;
	bool opened =
		ends[1]->cipher->open(ends[1]->receive.now, pn, header, packet, whole, &piece, 1);
	FUZZ_CHECK(opened == (flip == 0));
	FUZZ_CHECK(!opened || memcmp(plain, out, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = fuzz_copy(data, size);

	if (!ends[0])
		ends_new();
	forged((struct fuzz_input){bytes, size});
	changed((struct fuzz_input){bytes, size});
	free(bytes);
	return 0;
}
