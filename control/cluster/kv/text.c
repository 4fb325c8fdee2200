// How a request ended, as a sentence.
#include "control/cluster/kv/kv.h"

const char *kv_status_text(enum kv_status status)
{
	static const char *const texts[KV_STATUS_COUNT] = {
		[KV_OK] = "it was done",
		[KV_FULL] =
			"it would need more than the quota: delete what nobody needs, or raise the "
			"quota",
		[KV_TOO_LARGE] =
			"the value is larger than the limit: store less in one key, or raise "
			"the limit",
		[KV_REPEATED] = "it was done before: this is a repetition of the same request",
		[KV_EXPIRED] =
			"it is so old that nobody knows whether it was done: read, then decide",
		[KV_MALFORMED] =
			"it cannot be so: keys have 1 to 512 bytes, and a request 1 to 128 "
			"operations",
		[KV_TOO_NEW] = "it was made by a newer version: upgrade this node",
	};

	return (unsigned int)status < KV_STATUS_COUNT ? texts[status] : "unknown";
}
