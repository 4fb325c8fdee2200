// The secrets of a session's packets, from the TLS connection that the session was agreed on.
#pragma once

#include "control/net/conn.h"
#include "lib/ipc/plane.h"

// Fills open->secret_send and secret_receive; open->session_id, cid, peer_cid and initiator say for
// which session. Both ends come to the same two, the other way round. 0, or -1: the connection is
// gone or plain. The caller wipes them.
int packet_secrets_fill(struct conn *conn, struct plane_command *open);
