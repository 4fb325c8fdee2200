// The keys of a worker's sessions at work: which one a packet gets, and the next ones derived
// ahead, after a burst rather than in it.
#include "dataplane/worker.h"

static void rekey_note(struct worker *w, const struct session *s, bool wanted)
{
	uint16_t slot = conn_slot(s->conn);

	if (wanted || !s->keys->wants)
		return;
	w->rekey_slots[slot / 64] |= 1ull << slot % 64;
	w->rekey_any = true;
}

const struct seal_key *rekey_to_seal(
	struct worker *w, const struct session *s, uint64_t pn, bool *phase)
{
	bool wanted = s->keys->wants;
	const struct seal_key *key =
		keys_to_seal(s->keys, pn, conn_largest_acked(s->conn), w->now_ns, phase);

	rekey_note(w, s, wanted);
	return key;
}

void rekey_opened(
	struct worker *w, const struct session *s, const struct seal_key *key, uint64_t pn)
{
	bool wanted = s->keys->wants;

	keys_opened(s->keys, key, pn, w->now_ns);
	rekey_note(w, s, wanted);
}

static void rekey_session(struct worker *w, struct session *s, uint64_t now_ns)
{
	if (!s->conn || !s->keys->wants)
		return; // ended meanwhile
	if (s->keys->asks)
		transport_probe(w->transport, s->conn);
	// A key that has sealed all it may is not used again, whatever is lost by that.
	if (s->keys->spent || !keys_ahead(s->keys, now_ns))
		transport_abort(w->transport, s->conn, CLOSE_KEY_SPENT, now_ns);
}

void rekey_turn(struct worker *w, uint64_t now_ns)
{
	if (!w->rekey_any)
		return;
	w->rekey_any = false;
	for (uint32_t i = 0; i < CONNS_MAX / 64; i++)
		for (; w->rekey_slots[i]; w->rekey_slots[i] &= w->rekey_slots[i] - 1)
			rekey_session(w,
				&w->sessions[64 * i + (uint32_t)__builtin_ctzll(w->rekey_slots[i])],
				now_ns);
}
