// The window of what came (RFC 6479's idea, in one word).
#include "control/cluster/keyring/replay.h"

// The salt is random: any bits of it spread evenly.
static struct replay_sender *sender_find(struct replay *replay, uint64_t salt, bool *found)
{
	struct replay_sender *set = replay->sender[salt % REPLAY_SETS], *oldest = set;

	for (int i = 0; i < REPLAY_WAYS; i++) {
		*found = set[i].used && set[i].salt == salt;
		if (*found)
			return &set[i];
		if (set[i].used < oldest->used)
			oldest = &set[i];
	}
	return oldest;
}

bool replay_take(struct replay *replay, uint32_t now, uint64_t salt, uint32_t counter)
{
	bool found;
	struct replay_sender *sender = sender_find(replay, salt, &found);
	uint32_t behind;

	if (!found)
		*sender = (struct replay_sender){.salt = salt, .top = counter};
	sender->used = now ? now : 1;
	if (counter > sender->top) {
		uint32_t ahead = counter - sender->top;

		sender->seen = ahead < REPLAY_WINDOW ? sender->seen << ahead : 0;
		sender->top = counter;
	}
	behind = sender->top - counter;
	if (behind >= REPLAY_WINDOW || sender->seen >> behind & 1)
		return false;
	sender->seen |= 1ull << behind;
	return true;
}
