// Between the files of gossip. Private to gossip*.c.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "control/net/gossip.h"

// gossip.c: around each call of the core.
uint64_t gossip_begin(struct gossip *gossip); // the time; `out` is empty
void gossip_carry(struct gossip *gossip);

// gossip_socket.c
int gossip_socket_open(struct gossip *gossip);
void gossip_socket_close(struct gossip *gossip);
void gossip_socket_send(struct gossip *gossip); // out->send

// gossip_members.c
void gossip_members_take(struct gossip *gossip, uint32_t member);
void gossip_members_changed(struct gossip *gossip, const struct swim_change *change);
void gossip_members_reset(struct gossip *gossip);
// Not more than GOSSIP_LINES_MAX lines about members in one second.
bool gossip_line_is_allowed(struct gossip *gossip);

// gossip_keys.c
int gossip_keys_start(struct gossip *gossip, char *error, size_t error_size);
void gossip_keys_stop(struct gossip *gossip);

// gossip_health.c
void gossip_health_start(struct gossip *gossip);
void gossip_health_stop(struct gossip *gossip);
// The loop was late by so much.
void gossip_health_lag(struct gossip *gossip, uint64_t due_ns, uint64_t now_ns);
