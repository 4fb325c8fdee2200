// Whether a folder has a store, before it is opened.
#include <stdlib.h>
#include <string.h>

#include "control/store/internal.h"

static void on_name(void *owner, const char *name)
{
	if (strcmp(name, "meta") == 0)
		*(bool *)owner = true;
}

// What cannot be read is there all the same: store_open says what is wrong with it.
static bool meta_there(const uint8_t *slots, uint8_t cluster[STORE_IDENTITY_SIZE])
{
	enum meta_state state = META_ZERO;
	bool there = false;
	struct meta meta;

	for (int i = 0; i < META_SLOTS; i++) {
		state = meta_parse(&meta, slots + i * META_SLOT_SIZE);
		there |= state != META_ZERO;
		if (state == META_WHOLE)
			memcpy(cluster, meta.cluster, STORE_IDENTITY_SIZE);
	}
	return there;
}

bool store_peek(struct disk *disk, uint8_t cluster[STORE_IDENTITY_SIZE])
{
	uint8_t *slots = store_blocks(META_SLOTS * META_SLOT_SIZE);
	bool listed = false, there = true;
	uint64_t size;
	int file;

	memset(cluster, 0, STORE_IDENTITY_SIZE);
	if (disk->ops->list(disk, on_name, &listed) < 0 || !slots) {
		free(slots);
		return true;
	}
	file = listed ? disk->ops->open(disk, "meta", false, &size) : -1;
	if (file >= 0) {
		memset(slots, 0, META_SLOTS * META_SLOT_SIZE);
		if (disk->ops->read_now(disk, file, 0, slots, META_SLOTS * META_SLOT_SIZE) >= 0)
			there = meta_there(slots, cluster);
		disk->ops->close(disk, file);
	}
	free(slots);
	return listed && there;
}
