// Offers of sessions on their way to peers: each waits for its peer, is sent, and ends with its
// answer, or with the reason why there is none.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/cluster/session/session.h"
#include "control/net/peers.h"

enum offer_state { OFFER_FREE = 0, OFFER_WAITING, OFFER_SENT };

struct offer {
	enum offer_state state;
	uint32_t peer; // index into config.peers
	uint64_t until_ns, deadline_ns;
	struct message message;
};

struct offers {
	struct peers *peers;
	struct loop *loop;
	struct loop_timer timer;
	struct offer offer[SESSION_ATTEMPTS_MAX]; // by the low bits of its request
	void (*on_unreachable)(void *owner, uint32_t request, const char *why);
	void (*on_lost)(void *owner, uint32_t request, const char *why);
	void *owner;
};

void offers_init(struct offers *offers, struct peers *peers, struct loop *loop);
void offers_stop(struct offers *offers);
// Of SESSION_OFFER. Never calls back.
void offers_start(struct offers *offers, const struct session_action *action);
// An answer to `request` came.
void offers_answered(struct offers *offers, uint32_t request);
void offers_on_up(struct offers *offers, uint32_t peer);
void offers_on_down(struct offers *offers, uint32_t peer, const char *why);
