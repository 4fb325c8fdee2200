// Shared by peers.c (start, stop, sending), peers_outgoing.c and peers_incoming.c.
#pragma once

#include "control/net/peers.h"

#define PEERS_MS(n) ((uint64_t)(n)*1000000u)

// Our half of the greeting.
void peers_hello(const struct peers *peers, const char *to, struct message *hello);

// `peer` tells of its dataplane: now and then on_boot hears of it. Each time, every session is
// looked at.
void peers_heard_boot(struct peers *peers, uint32_t peer, uint64_t boot_id);
// Whether it is time to listen to it once more; `heeded_ns` is when it was the last time.
bool peers_heeds(const struct peers *peers, uint64_t *heeded_ns);

void outgoing_init(struct peers *peers, uint32_t index);
void outgoing_dial(struct peer *peer);
// Dials anew; does nothing to a peer that is down.
void outgoing_renew(struct peer *peer, const char *why);
void outgoing_stop(struct peer *peer);

void incoming_init(struct peers *peers);
void incoming_on_listener(void *owner, short events);
// Ends it, so that the peer dials anew.
void incoming_renew(struct incoming *incoming, const char *why);
void incoming_stop(struct incoming *incoming);
