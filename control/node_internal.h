// Shared by node.c (the dataplane, the session core) and node_peers.c (other nodes).
#pragma once

#include "control/node.h"

// What the core may look at, now.
struct session_turn node_turn(const struct node *node);
// Carries out what the core decided. After each session_*.
void node_carry(struct node *node);

// Calls, listener and membership: prepared, started in this order, stopped in reverse. 0 or -1.
int node_peers_init(struct node *node);
int node_peers_start(struct node *node, char *error, size_t error_size);
void node_peers_stop(struct node *node);
// Our certificates are others now.
void node_peers_renew(struct node *node);
// SESSION_OFFER.
void node_offer(struct node *node, const struct session_action *action);
// The connection of that name, whoever dialled it; NULL when it is gone.
struct conn *node_conn(struct node *node, uint64_t link);
