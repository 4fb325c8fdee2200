// The secrets of a session's packets, from the TLS connection that the session was agreed on.
#include "control/net/packet_secrets.h"

#include <string.h>

#include "lib/base/bytes.h"

#define PACKET_LABEL "EXPORTER-sluice-packet-1"

// What makes a direction of a session different from every other on the same connection.
struct packet_context {
	uint8_t session_id[16];
	uint8_t opener_cid[4], acceptor_cid[4];
	uint8_t from_acceptor;
};

_Static_assert(sizeof(struct packet_context) == 25, "packet_context has no holes");
_Static_assert(sizeof(((struct plane_command *)0)->secret_send) == TLS_SECRET_SIZE, "one size");

int packet_secrets_fill(struct conn *conn, struct plane_command *open)
{
	struct packet_context context;
	uint8_t *secrets[2] = {open->secret_send, open->secret_receive};
	int result = conn && conn_peer(conn) && open->cid && open->peer_cid ? 0 : -1;

	memcpy(context.session_id, open->session_id, sizeof(context.session_id));
	be32_put(context.opener_cid, open->initiator ? open->cid : open->peer_cid);
	be32_put(context.acceptor_cid, open->initiator ? open->peer_cid : open->cid);
	for (int receive = 0; receive < 2 && result == 0; receive++) {
		context.from_acceptor = open->initiator ? receive : !receive;
		result = tls_session_secret(conn->session, PACKET_LABEL, (const uint8_t *)&context,
			sizeof(context), secrets[receive]);
	}
	if (result < 0) { // one of them may be there
		explicit_bzero(open->secret_send, sizeof(open->secret_send));
		explicit_bzero(open->secret_receive, sizeof(open->secret_receive));
	}
	return result;
}
