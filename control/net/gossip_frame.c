// What membership says over connections: sealed like its datagrams, so that whoever has no key of
// the cluster is not in it, whatever its certificate says.
#include <string.h>
#include <time.h>

#include "control/net/gossip_internal.h"

_Static_assert((int)KEYRING_FRAME_PLAIN_MAX >= (int)SWIM_FRAME_MAX, "a frame can be sealed");

size_t gossip_frame_seal(
	struct gossip *gossip, const uint8_t *plain, size_t size, uint8_t sealed[KEYRING_FRAME_MAX])
{
	if (!gossip->config->membership.clear)
		return keyring_seal_frame(
			&gossip->keyring, (uint32_t)time(NULL), plain, size, sealed);
	memcpy(sealed, plain, size);
	return size;
}

static enum keyring_result frame_open(
	struct gossip *gossip, const uint8_t *frame, size_t size, size_t *plain_size)
{
	if (!gossip->config->membership.clear)
		return keyring_open_frame(&gossip->keyring, (uint32_t)time(NULL), frame, size,
			gossip->plain, plain_size);
	if (size > sizeof(gossip->plain))
		return KEYRING_SHORT;
	if (size >= 2 && memcmp(frame, "SG", 2) == 0)
		return KEYRING_KEY; // sealed, and we have no key at all
	if (size)
		memcpy(gossip->plain, frame, size);
	*plain_size = size;
	return KEYRING_OK;
}

const char *gossip_frame_open(
	struct gossip *gossip, const uint8_t *frame, size_t size, size_t *plain_size)
{
	enum keyring_result result = frame_open(gossip, frame, size, plain_size);

	return result == KEYRING_OK ? NULL : gossip_stranger_sentence(result, SWIM_OK);
}

bool gossip_is_stream_pong(
	struct gossip *gossip, uint32_t member, const uint8_t *frame, size_t size)
{
	size_t plain_size;

	return gossip->swim && !gossip_frame_open(gossip, frame, size, &plain_size) &&
	       swim_is_stream_pong(gossip->swim, member, gossip->plain, plain_size);
}
