// What the files of the consensus share.
#pragma once

#include "control/consensus/consensus.h"

#define CONSENSUS_MS(n) ((uint64_t)(n)*1000000u)

// After every call of the replica: its timer, and what is new is logged.
void consensus_settle(struct consensus *consensus);
// A replica of that cluster, on the open disk. -1: state and why say why not.
int consensus_open(struct consensus *consensus, const uint8_t cluster[CONSENSUS_CLUSTER_SIZE]);
void consensus_fail(struct consensus *consensus, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// wire.c
void consensus_on_send(void *owner, uint64_t to, const uint8_t *bytes, size_t size);
// requests.c
void consensus_requests_end(struct consensus *consensus); // nobody knows what became of them
void consensus_on_answer(void *owner, uint64_t cookie, const struct replica_answer *answer);
// names.c: of who speaks to us.
void consensus_peer_note(struct consensus *consensus, uint64_t id, const char *node);
// suggest.c
void consensus_on_look(void *owner);
