// What a node says of itself: whatever the bytes, every bound holds, and what is taken is written
// and read again as the same. And the file of keys, which people write.
#include "control/cluster/keyring/keys.h"
#include "control/cluster/members/meta.h"
#include "control/pki/pki.h"
#include "tests/fuzz/fuzz.h"

static void meta_check(const struct meta *meta)
{
	struct meta again;
	uint8_t bytes[META_SIZE_MAX];

	FUZZ_CHECK(meta->links_count <= META_LINKS_MAX);
	FUZZ_CHECK(meta->protocol_min <= meta->protocol_max);
	FUZZ_CHECK(memchr(meta->version, 0, sizeof(meta->version)));
	for (uint32_t i = 0; i < meta->links_count; i++)
		FUZZ_CHECK(address_is_host(meta->links[i].address, meta->links[i].prefix));
	FUZZ_CHECK(meta_decode(&again, bytes, meta_encode(meta, bytes)) == 0);
	FUZZ_CHECK(memcmp(&again, meta, sizeof(again)) == 0);
}

static void keys_check(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1), error[PKI_ERROR_SIZE] = "";
	struct keys keys;

	FUZZ_CHECK(text);
	if (size)
		memcpy(text, data, size);
	if (keys_parse(&keys, text, "file", error) == 0)
		FUZZ_CHECK(keys.count >= 1 && keys.count <= KEYS_MAX);
	else
		FUZZ_CHECK(error[0] && keys.count == 0);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = fuzz_copy(data, size);
	struct meta meta;

	if (meta_decode(&meta, bytes, size) == 0)
		meta_check(&meta);
	else
		FUZZ_CHECK(meta.boot_id == 0 && meta.links_count == 0 && meta.version[0] == 0);
	free(bytes);
	keys_check(data, size);
	return 0;
}
