// Pings outside of the rounds of probes: by hand, to seeds, to the dead.
#include "control/cluster/swim/core.h"

struct pending *pending_add(struct swim *swim, enum pending_kind kind, uint32_t target)
{
	uint64_t patience = SWIM_MS(swim->config.probe_timeout_ms) * 4;

	for (uint32_t i = 0; i < PENDING_MAX; i++) {
		struct pending *pending = &swim->pending[i];

		if (pending->kind != PENDING_FREE)
			continue;
		*pending = (struct pending){.kind = kind,
			.target = (uint16_t)target,
			.number = swim_number(swim),
			.sent_ns = swim->now_ns,
			.end_ns = swim->now_ns + patience};
		swim->pending_used++;
		return pending;
	}
	return NULL;
}

struct pending *pending_find(struct swim *swim, uint32_t number)
{
	for (uint32_t i = 0; swim->pending_used && i < PENDING_MAX; i++)
		if (swim->pending[i].kind != PENDING_FREE && swim->pending[i].number == number)
			return &swim->pending[i];
	return NULL;
}

void pending_free(struct swim *swim, struct pending *pending)
{
	pending->kind = PENDING_FREE;
	swim->pending_used--;
}

static void pong(struct swim *swim, struct pending *pending, bool ok, struct swim_output *out)
{
	out->pong[out->pongs++] = (struct swim_pong){.member = pending->target,
		.cookie = pending->cookie,
		.ok = ok,
		.rtt_ns = ok ? swim->now_ns - pending->sent_ns : 0};
	pending_free(swim, pending);
}

void pending_answered(struct swim *swim, struct pending *pending, struct swim_output *out)
{
	const struct seed *seed = &swim->seeds[pending->target];

	if (pending->kind == PENDING_USER) {
		if (out->pongs < SWIM_PONGS_MAX)
			pong(swim, pending, true, out);
		return;
	}
	if (pending->kind == PENDING_SEED) {
		swim->seeds[pending->target].answered = true;
		sync_soon(swim, seed->address, seed->port);
	} else {
		rejoin_answered(swim, pending);
	}
	pending_free(swim, pending);
}

void pending_tick(struct swim *swim, struct swim_output *out)
{
	for (uint32_t i = 0; swim->pending_used && i < PENDING_MAX; i++) {
		struct pending *pending = &swim->pending[i];

		if (pending->kind == PENDING_FREE || swim->now_ns < pending->end_ns)
			continue;
		if (pending->kind != PENDING_USER)
			pending_free(swim, pending);
		else if (out->pongs < SWIM_PONGS_MAX)
			pong(swim, pending, false, out);
	}
}

uint64_t pending_next_ns(const struct swim *swim)
{
	uint64_t next = NEVER;

	for (uint32_t i = 0; swim->pending_used && i < PENDING_MAX; i++)
		if (swim->pending[i].kind != PENDING_FREE && swim->pending[i].end_ns < next)
			next = swim->pending[i].end_ns;
	return next;
}

bool swim_ping(struct swim *swim, uint64_t now_ns, uint32_t member, uint32_t cookie,
	struct swim_output *out)
{
	struct pending *pending;
	uint32_t users = 0;

	swim_wake(swim, now_ns);
	for (uint32_t i = 0; i < PENDING_MAX; i++)
		users += swim->pending[i].kind == PENDING_USER;
	if (swim->left || users == PENDING_USER_MAX || member == SWIM_SELF || member >= swim->end ||
		swim->members[member].identity == IDENTITIES_NONE)
		return false;
	pending = pending_add(swim, PENDING_USER, member);
	if (!pending)
		return false;
	pending->cookie = cookie;
	ping_send(swim, member, pending->number, out);
	return true;
}
