// Between the files of gossip. Private to gossip*.c.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "control/net/gossip.h"

// gossip.c: around each call of the core.
uint64_t gossip_begin(struct gossip *gossip); // the time; `out` is empty
void gossip_carry(struct gossip *gossip);
// After a leave: a core that knows nobody.
void gossip_come_back(struct gossip *gossip);

// gossip_seeds.c
void gossip_seeds_start(struct gossip *gossip);

// gossip_socket.c
int gossip_socket_open(struct gossip *gossip);
void gossip_socket_close(struct gossip *gossip);
void gossip_socket_send(struct gossip *gossip); // out->send

// gossip_frame.c: what goes over connections is sealed, too. 0: it cannot be.
size_t gossip_frame_seal(struct gossip *gossip, const uint8_t *plain, size_t size,
	uint8_t sealed[KEYRING_FRAME_MAX]);
// NULL: it is open, in gossip->plain; or a sentence.
const char *gossip_frame_open(
	struct gossip *gossip, const uint8_t *frame, size_t size, size_t *plain_size);
// gossip_socket.c: why what came was not taken; NULL: it was.
const char *gossip_stranger_sentence(enum keyring_result sealed, enum swim_result taken);

// gossip_members.c
void gossip_members_take(struct gossip *gossip, uint32_t member);
void gossip_members_changed(struct gossip *gossip, const struct swim_change *change);
void gossip_members_reset(struct gossip *gossip);
// Not more than GOSSIP_LINES_MAX lines about members in one second.
bool gossip_line_is_allowed(struct gossip *gossip);

// gossip_keys.c
int gossip_keys_start(struct gossip *gossip, char *error, size_t error_size);
void gossip_keys_stop(struct gossip *gossip);

// gossip_rtt.c: nothing when none was answered
void gossip_rtt_take(struct gossip *gossip, const struct swim_probed *probed);

// gossip_health.c
void gossip_health_start(struct gossip *gossip);
void gossip_health_stop(struct gossip *gossip);
// The loop was late by so much.
void gossip_health_lag(struct gossip *gossip, uint64_t due_ns, uint64_t now_ns);
