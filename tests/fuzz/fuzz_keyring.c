// What membership says, in datagrams and in frames. What nobody sealed does not open, whatever it
// says of itself, and leaves no trace. A datagram that was sealed opens once, unless a byte or its
// time was changed.
#include "control/cluster/keyring/keyring.h"
#include "tests/fuzz/fuzz.h"

enum { NOW = 1800000000 };

static struct keyring ours, theirs;

static void rings_new(void)
{
	struct keys keys = {.count = 2};

	memset(keys.key[1], 7, KEYS_SIZE);
	FUZZ_CHECK(keyring_init(&ours) == 0 && keyring_init(&theirs) == 0);
	FUZZ_CHECK(keyring_set(&ours, &keys) == 0 && keyring_set(&theirs, &keys) == 0);
}

// As it is, or behind a header that is right up to its key, so that the cipher sees it.
static void forged(struct fuzz_input input)
{
	uint8_t plain[KEYRING_PLAIN_MAX], *bytes;
	uint64_t opened = ours.use[0].opened + ours.use[1].opened;
	size_t size = input.left, got = 0;

	bytes = fuzz_copy(input.at, size);
	FUZZ_CHECK(keyring_open(&ours, NOW, bytes, size, plain, &got) != KEYRING_OK);
	if (size >= 8) {
		memcpy(bytes, "SG\1", 4);
		memcpy(bytes + 4, ours.use[size % 2].id, KEYS_ID_SIZE);
		FUZZ_CHECK(keyring_open(&ours, NOW, bytes, size, plain, &got) != KEYRING_OK);
	}
	FUZZ_CHECK(got == 0 && opened == ours.use[0].opened + ours.use[1].opened);
	free(bytes);
}

static void changed(struct fuzz_input input)
{
	uint8_t datagram[KEYRING_DATAGRAM_MAX], plain[KEYRING_PLAIN_MAX], back[KEYRING_PLAIN_MAX];
	uint32_t at = (uint32_t)fuzz_number(&input, 2);
	uint8_t flip = (uint8_t)fuzz_number(&input, 1);
	uint32_t skew = (uint32_t)fuzz_number(&input, 2) % 700;
	size_t size = input.left < sizeof(plain) ? input.left : sizeof(plain), whole, got = 0;
	enum keyring_result result;

	fuzz_bytes(&input, plain, size);
	whole = keyring_seal(&theirs, NOW, plain, size, datagram);
	FUZZ_CHECK(whole == size + KEYRING_OVERHEAD);
	datagram[at % whole] ^= flip;
	result = keyring_open(&ours, NOW - 350 + skew, datagram, whole, back, &got);
	if (flip)
		FUZZ_CHECK(result != KEYRING_OK);
	else if (skew < 350 - KEYRING_SKEW_S || skew > 350 + KEYRING_SKEW_S)
		FUZZ_CHECK(result == KEYRING_CLOCK);
	else
		FUZZ_CHECK(result == KEYRING_OK && got == size && memcmp(back, plain, size) == 0);
	if (result == KEYRING_OK)
		FUZZ_CHECK(
			keyring_open(&ours, NOW, datagram, whole, back, &got) == KEYRING_REPLAYED);
}

// A frame over a connection: the same, but no window says what came.
static void frames(struct fuzz_input input)
{
	static uint8_t plain[KEYRING_FRAME_PLAIN_MAX], sealed[KEYRING_FRAME_MAX];
	uint32_t at = (uint32_t)fuzz_number(&input, 2);
	uint8_t flip = (uint8_t)fuzz_number(&input, 1);
	uint8_t *bytes = fuzz_copy(input.at, input.left);
	size_t whole, got = 0;

	FUZZ_CHECK(keyring_open_frame(&ours, NOW, bytes, input.left, plain, &got) != KEYRING_OK);
	if (input.left <= sizeof(plain)) {
		whole = keyring_seal_frame(&theirs, NOW, bytes, input.left, sealed);
		sealed[at % whole] ^= flip;
		FUZZ_CHECK((keyring_open_frame(&ours, NOW, sealed, whole, plain, &got) ==
				   KEYRING_OK) == !flip);
		FUZZ_CHECK(flip || (got == input.left && memcmp(plain, bytes, got) == 0));
	}
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!ours.replay)
		rings_new();
	forged((struct fuzz_input){data, size});
	changed((struct fuzz_input){data, size});
	frames((struct fuzz_input){data, size});
	return 0;
}
