// The peer has opened its end: now ours opens, and the first HELLO goes out.
#include <string.h>

#include "control/cluster/session/core.h"

void session_on_accept(struct session_core *core, const struct session_turn *turn, const char *node,
	uint64_t link, const struct message *accept, struct session_output *out)
{
	struct attempt *attempt = attempt_find(core, accept->request);

	(void)turn;
	// Too late, or not asked for: the peer's end dies of its HELLO timeout.
	if (!attempt || attempt->step != ATTEMPT_OFFERED || strcmp(attempt->peer.name, node) != 0)
		return;
	if (accept->cid == 0 || accept->udp_port == 0 || accept->segment_size == 0 ||
		accept->segment_size > attempt->segment_size || accept->cipher != attempt->cipher ||
		(accept->dictionary_state == DICTIONARY_NONE) != (attempt->dictionary == 0)) {
		attempt_fail(
			core, attempt, IPC_REFUSED_PEER, "the peer's answer makes no sense", out);
		return;
	}
	attempt->step = ATTEMPT_OPENING;
	attempt->peer_cid = accept->cid;
	attempt->peer_boot_id = accept->boot_id;
	attempt->peer_address = attempt->peer.address;
	attempt->link = link;
	attempt->peer_port = accept->udp_port;
	attempt->segment_size = accept->segment_size;
	attempt->dictionary_state = accept->dictionary_state;
	attempt_open(attempt, true, out);
}
