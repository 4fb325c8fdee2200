// We are alive, whatever they say: an incarnation above theirs.
#include "control/cluster/swim/core.h"

void refute(struct swim *swim, uint32_t incarnation)
{
	struct member *self = &swim->members[SWIM_SELF];

	if (swim->leaving || incarnation == UINT32_MAX)
		return;
	if (incarnation >= self->incarnation)
		self->incarnation = incarnation + 1;
	updates_add(swim, SWIM_SELF);
}

// Being suspected may mean that we are slow (Lifeguard, section IV.A). Who says what we have
// contradicted already did not hear it, and hears it in the answer.
void refute_rumour(struct swim *swim, uint32_t incarnation)
{
	if (swim->leaving)
		return;
	swim->accused_now = true;
	if (incarnation < swim->members[SWIM_SELF].incarnation)
		return;
	swim->report.refuted++;
	health_add(swim, 1);
	refute(swim, incarnation);
}

// Versions go on where they were before a restart.
void refute_meta(struct swim *swim, uint32_t version)
{
	const struct identity *old = member_identity(swim, &swim->members[SWIM_SELF]);
	struct identity_want want = {.name = swim->config.name,
		.address = old->address,
		.port = old->port,
		.meta_version = version + 1,
		.meta_size = old->meta_size,
		.meta = old->meta};

	if (version >= old->meta_version && version < UINT32_MAX)
		member_identify(swim, SWIM_SELF, &want);
}
