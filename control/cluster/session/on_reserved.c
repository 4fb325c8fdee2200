// A worker has a connection id for us: offer it to the peer, or answer the peer's offer with it.
#include <string.h>

#include "control/cluster/session/core.h"

static void offer_fill(const struct session_core *core, const struct session_turn *turn,
	const struct attempt *attempt, const struct plane_port *port, struct message *offer)
{
	struct tables_info info;

	tables_info(turn->tables, &info);
	*offer = (struct message){
		.type = MESSAGE_OFFER,
		.request = attempt->request,
		.cid = attempt->cid,
		.segment_size = port->segment_size,
		.address = core->config->links[attempt->peer.link].address,
		.timeout_ms = (uint32_t)((attempt->deadline_ns - turn->now_ns) / 1000000),
		.udp_port = (uint16_t)(port->udp_port + attempt->worker),
		.codec = attempt->codec,
		.level = attempt->level,
		.controller = attempt->controller,
		.cipher = attempt->cipher,
		.dictionary = attempt->dictionary,
		.boot_id = info.boot_id,
	};
	memcpy(offer->dictionary_sha256, attempt->dictionary_sha256,
		sizeof(offer->dictionary_sha256));
	memcpy(offer->session_id, attempt->session_id, sizeof(offer->session_id));
	memcpy(offer->service, attempt->service, sizeof(offer->service));
}

void attempt_offer(struct session_core *core, const struct session_turn *turn,
	struct attempt *attempt, struct session_output *out)
{
	struct session_action *action;
	struct plane_port port;

	if (turn->now_ns >= attempt->deadline_ns)
		return; // the tick ends it
	if (!core_port(core, turn, attempt->peer.link, &attempt->port, &port)) {
		attempt_fail(core, attempt, IPC_UNREACHABLE,
			"the dataplane does not have the link to this peer", out);
		return;
	}
	action = out_add(out, SESSION_OFFER);
	if (!action) {
		attempt->step = ATTEMPT_WAITING; // the tick finds room
		return;
	}
	attempt->segment_size = port.segment_size;
	attempt->step = ATTEMPT_OFFERED;
	attempt->offers++;
	action->request = attempt->request;
	action->peer = attempt->peer;
	action->until_ns = turn->now_ns + SESSION_MS(SESSION_PEER_PATIENCE_MS);
	if (action->until_ns > attempt->deadline_ns)
		action->until_ns = attempt->deadline_ns;
	action->deadline_ns = attempt->deadline_ns;
	offer_fill(core, turn, attempt, &port, &action->message);
}

// The accepting end is there: what the opener needs to reach it. The attempt is over; if the opener
// dies now, the transport's HELLO timeout ends our end.
void attempt_answer(
	const struct session_turn *turn, struct attempt *attempt, struct session_output *out)
{
	struct session_action *answer = out_add(out, SESSION_ANSWER);
	struct tables_info info;
	struct plane_port port;

	if (!answer)
		return; // the deadline ends it
	tables_info(turn->tables, &info);
	tables_port(turn->tables, attempt->port, &port);
	answer->link = attempt->link;
	answer->message = (struct message){
		.type = MESSAGE_ACCEPT,
		.request = attempt->asked,
		.cid = attempt->cid,
		.segment_size = attempt->segment_size,
		.udp_port = (uint16_t)(port.udp_port + attempt->worker),
		.cipher = attempt->cipher,
		.dictionary_state = attempt->dictionary_state,
		.boot_id = info.boot_id,
	};
	attempt_free(attempt);
}

void attempt_reserved(struct session_core *core, const struct session_turn *turn,
	struct attempt *attempt, uint32_t cid, struct session_output *out)
{
	attempt->cid = cid;
	if (attempt->step != ATTEMPT_ACCEPTING)
		attempt_offer(core, turn, attempt, out);
	else if (attempt->cipher == CIPHER_NULL)
		attempt_answer(turn, attempt, out);
	else
		attempt_open(attempt, false, out);
}

// Its attempt gave up meanwhile. One that is open is not touched: it may have been found in the
// table and answered before this event came. If not, the transport's HELLO timeout ends it.
static void reserved_late(const struct session_turn *turn, uint32_t cid, struct session_output *out)
{
	struct session_stats row;

	if (!tables_session(turn->tables, cid, &row) || row.state == SESSION_RESERVED)
		out_close(out, cid);
}

void session_on_reserved(struct session_core *core, const struct session_turn *turn,
	const struct plane_event *event, struct session_output *out)
{
	struct attempt *attempt = attempt_find(core, event->request);
	bool accepting = attempt && attempt->step == ATTEMPT_ACCEPTING;

	if (attempt && attempt->cid == 0 && (accepting || attempt->step == ATTEMPT_RESERVING))
		attempt_reserved(core, turn, attempt, event->cid, out);
	else if (accepting && attempt->cid == event->cid && attempt->cipher != CIPHER_NULL)
		attempt_answer(turn, attempt, out); // the second time: it is open with its keys
	else if (!attempt_by_cid(core, event->cid))
		reserved_late(turn, event->cid, out);
}
