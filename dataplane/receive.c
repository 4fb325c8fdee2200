// THE WALK IN: link -> application. Read this first.
//
// port_rx             Ethernet, IP, UDP, their checksums; ARP, ND are answered     port/rx.c
// wire_header_parse   our header                                                   wire/parse.c
// transport_find, conn_check_pn    whose is it, was it here before                 transport/
// opened_place        where its pieces belong: bounds, window, credit              opened.c
// keys_to_open        which key it says it is sealed with                          transform/keys.c
// cipher->open        from the packet buffer into its place: the one pass          transform/seal.c
//                     ---- nothing is believed before this line ----
// conn_on_packet      acknowledgements, segments, records                          transport/on_*.c
// expand_record       the codec, straight into the application's arena             transform/
// session_deliver     published to the application                                 app/deliver.c
#include <rte_prefetch.h>

#include "dataplane/opened.h"
#include "dataplane/transform/compress.h"
#include "dataplane/worker.h"

// The right queue is a matter of speed, not of truth: the connection id names the owner. The
// packet is his from here.
static enum verdict receive_steer(
	struct worker *w, uint16_t port, struct port_packet *in, uint16_t owner)
{
	if (owner >= w->config->workers)
		return DROP_CID_WORKER;
	w->counters.drops[DROP_STEER_FULL] +=
		steer_give(w->steer, w->index, owner, (uint8_t)port, in);
	in->mbuf = NULL;
	w->counters.steered++;
	return VERDICT_ACCEPT;
}

// Its sender does not know a connection that we believe to have with it. It names no connection id
// of ours, but came back to the UDP port of the worker that had sent.
static enum verdict receive_hint(
	struct worker *w, uint16_t port, struct port_packet *in, uint64_t now_ns)
{
	uint16_t owner = (uint16_t)(in->dst_port - port_config(w->port[port])->udp_base_port);
	uint32_t cid;

	if (owner != w->index)
		return receive_steer(w, port, in, owner);
	if (!wire_hint_parse(&cid, in->payload + WIRE_HEADER_SIZE, in->size - WIRE_HEADER_SIZE))
		return DROP_HEADER;
	transport_on_reset_hint(w->transport, cid, now_ns);
	return VERDICT_ACCEPT;
}

static enum verdict receive_open(struct worker *w, struct session *s,
	const struct wire_header *header, const struct port_packet *in, struct opened *opened)
{
	uint32_t size = in->size - WIRE_HEADER_SIZE;
	const struct seal_key *key;
	enum verdict verdict;

	if (size < s->cipher->tag_size)
		return DROP_HEADER;
	verdict = opened_place(w, s, header, size - s->cipher->tag_size, opened);
	if (verdict != VERDICT_ACCEPT)
		return verdict;
	key = keys_to_open(s->keys, header->pn, header->flags & WIRE_KEY_PHASE, w->now_ns);
	if (!key)
		return DROP_KEY;
	if (!s->cipher->open(key, header->pn, in->payload, in->payload + WIRE_HEADER_SIZE, size,
		    opened->pieces, opened->count))
		return DROP_AUTH;
	rekey_opened(w, s, key, header->pn);
	if (s->cipher->copies)
		w->counters.bytes_memcpy_opened += opened->data_size;
	return opened_parse(opened, header);
}

static enum verdict receive_packet(
	struct worker *w, uint16_t port, struct port_packet *in, uint64_t now_ns)
{
	struct wire_header header;
	struct opened opened;
	struct session *s;
	struct conn *c;
	enum verdict verdict;

	if (!wire_header_parse(&header, in->payload, in->size))
		return DROP_HEADER;
	if (header.type == WIRE_RESET && header.cid == 0)
		return receive_hint(w, port, in, now_ns);
	if (wire_cid_worker(header.cid) != w->index)
		return receive_steer(w, port, in, wire_cid_worker(header.cid));
	c = transport_find(w->transport, header.cid);
	if (!c) {
		hint_send(w, port, in, header.cid, now_ns);
		return DROP_CID_UNKNOWN;
	}
	s = conn_owner(c);
	if (!s)
		return DROP_STATE; // reserved: its session is still being agreed on
	verdict = conn_check_pn(c, header.pn);
	if (verdict != VERDICT_ACCEPT)
		return verdict;
	verdict = receive_open(w, s, &header, in, &opened);
	if (verdict != VERDICT_ACCEPT)
		return verdict;
	s->wire_bytes_received += in->size;
	return conn_on_packet(w->transport, c, &header, opened.payload, opened.payload_size,
		opened.has_ack ? &opened.ack : NULL, now_ns);
}

static void receive_batch(
	struct worker *w, uint16_t port, struct port_packet *in, uint16_t n, uint64_t now_ns)
{
	for (uint16_t i = 0; i < n; i++) {
		if (i + 2 < n)
			rte_prefetch0(in[i + 2].payload);
		w->counters.drops[receive_packet(w, port, &in[i], now_ns)]++;
		if (in[i].mbuf)
			port_mbuf_put(in[i].mbuf);
	}
	w->counters.rx_packets += n;
}

uint32_t receive_port(struct worker *w, uint16_t port, uint64_t now_ns)
{
	struct port_packet in[BURST];
	uint16_t n = port_rx(w->port[port], w->index, in, BURST, now_ns);

	receive_batch(w, port, in, n, now_ns);
	if (w->steer)
		w->counters.drops[DROP_STEER_FULL] += steer_flush(w->steer, w->index);
	return n;
}

uint32_t receive_steered(struct worker *w, uint64_t now_ns)
{
	struct port_packet in[BURST];
	uint8_t port[BURST];
	uint16_t n = w->steer ? steer_take(w->steer, w->index, in, port, BURST) : 0;

	for (uint16_t first = 0, end; first < n; first = end) {
		for (end = first + 1; end < n && port[end] == port[first];)
			end++;
		receive_batch(w, port[first], &in[first], end - first, now_ns);
	}
	return n;
}

// A record that went raw lies already where the application will read it.
static enum verdict receive_raw(struct worker *w, struct session *s, const struct recv_record *r)
{
	enum verdict verdict = expand_record(&r->header, false, r->block, w->codec_workspace, NULL,
		r->block, session_checksums(s));

	if (verdict == VERDICT_ACCEPT)
		session_deliver(w, s, r, r->block);
	return verdict;
}

// A complete record goes to its application. When it does not, r->block stays the caller's.
static enum verdict receive_record(struct worker *w, const struct recv_record *r)
{
	struct session *s = conn_owner(r->conn);
	enum verdict verdict;
	uint8_t *raw;

	if (!r->compressed)
		return receive_raw(w, s, r);
	raw = session_block_get(w, s);
	if (!raw)
		return DROP_NO_BUFFER;
	verdict = expand_record(&r->header, true, r->block, w->codec_workspace, s->dictionary, raw,
		session_checksums(s));
	if (verdict != VERDICT_ACCEPT) {
		session_block_put(w, s, raw);
		return verdict;
	}
	session_deliver(w, s, r, raw);
	session_block_put(w, s, r->block);
	return VERDICT_ACCEPT;
}

uint32_t receive_records(struct worker *w, uint64_t now_ns)
{
	struct recv_record r;
	uint32_t n = 0;

	for (; transport_take_record(w->transport, &r); n++) {
		enum verdict verdict = receive_record(w, &r);

		if (verdict == VERDICT_ACCEPT)
			continue;
		// Its packets authenticated, but it does not decode: only its session ends.
		w->counters.drops[verdict]++;
		if (verdict == DROP_BLOCK_DICTIONARY)
			((struct session *)conn_owner(r.conn))->dictionary_refused =
				r.header.dictionary;
		session_block_put(w, conn_owner(r.conn), r.block);
		transport_abort(w->transport, r.conn,
			verdict == DROP_NO_BUFFER ? CLOSE_APPLICATION : CLOSE_CORRUPT, now_ns);
	}
	return n;
}
