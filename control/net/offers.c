// Offers of sessions on their way to peers.
#include "control/net/offers.h"

#include <stdio.h>
#include <string.h>

static void offers_on_time(void *owner);

static struct offer *offers_at(struct offers *offers, uint32_t request)
{
	return &offers->offer[request % SESSION_ATTEMPTS_MAX];
}

static void offers_arm(struct offers *offers)
{
	uint64_t next_ns = UINT64_MAX, now_ns = loop_now_ns(offers->loop);

	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++) {
		const struct offer *offer = &offers->offer[i];
		uint64_t at_ns =
			offer->state == OFFER_WAITING ? offer->until_ns : offer->deadline_ns;

		if (offer->state != OFFER_FREE && at_ns < next_ns)
			next_ns = at_ns;
	}
	if (next_ns == UINT64_MAX)
		loop_timer_stop(offers->loop, &offers->timer);
	else
		loop_timer_start(offers->loop, &offers->timer,
			next_ns > now_ns ? next_ns - now_ns : 0, offers_on_time, offers);
}

static void offer_unreachable(struct offers *offers, struct offer *offer)
{
	const struct peer *peer = &offers->peers->peer[offer->peer];
	char why[REASON_SIZE];

	if (peer->error[0])
		snprintf(why, sizeof(why), "%s", peer->error);
	else
		snprintf(why, sizeof(why), "node %.40s does not answer",
			offers->peers->config->peers[offer->peer].name);
	offer->state = OFFER_FREE;
	offers->on_unreachable(offers->owner, offer->message.request, why);
}

// The attempt has a deadline of its own: what is left of a sent offer is only forgotten.
static void offers_on_time(void *owner)
{
	struct offers *offers = owner;
	uint64_t now_ns = loop_now_ns(offers->loop);

	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++) {
		struct offer *offer = &offers->offer[i];

		if (offer->state == OFFER_WAITING && now_ns >= offer->until_ns)
			offer_unreachable(offers, offer);
		else if (offer->state == OFFER_SENT && now_ns >= offer->deadline_ns)
			offer->state = OFFER_FREE;
	}
	offers_arm(offers);
}

static void offer_send(struct offers *offers, struct offer *offer)
{
	if (peers_send(offers->peers, offer->peer, &offer->message) == 0)
		offer->state = OFFER_SENT;
}

void offers_init(struct offers *offers, struct peers *peers, struct loop *loop)
{
	memset(offers, 0, sizeof(*offers));
	offers->peers = peers;
	offers->loop = loop;
}

void offers_stop(struct offers *offers)
{
	loop_timer_stop(offers->loop, &offers->timer);
}

void offers_start(struct offers *offers, const struct session_action *action)
{
	struct offer *offer = offers_at(offers, action->request);
	int peer = config_peer_find(offers->peers->config, action->peer.name);

	*offer = (struct offer){.state = OFFER_WAITING,
		.peer = (uint32_t)peer,
		.until_ns = action->until_ns,
		.deadline_ns = action->deadline_ns,
		.message = action->message};
	offer_send(offers, offer);
	offers_arm(offers);
}

void offers_answered(struct offers *offers, uint32_t request)
{
	struct offer *offer = offers_at(offers, request);

	if (offer->message.request == request)
		offer->state = OFFER_FREE;
}

void offers_on_up(struct offers *offers, uint32_t peer)
{
	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++) {
		struct offer *offer = &offers->offer[i];

		if (offer->state == OFFER_WAITING && offer->peer == peer)
			offer_send(offers, offer);
	}
	offers_arm(offers);
}

void offers_on_down(struct offers *offers, uint32_t peer, const char *why)
{
	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++) {
		struct offer *offer = &offers->offer[i];

		if (offer->state != OFFER_SENT || offer->peer != peer)
			continue;
		offer->state = OFFER_FREE;
		offers->on_lost(offers->owner, offer->message.request, why);
	}
	offers_arm(offers);
}
