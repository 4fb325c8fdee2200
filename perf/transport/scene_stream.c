// One way, as fast as it goes: records, messages, and the bare port.
#include <jansson.h>

#include "perf/transport/raw.h"
#include "perf/transport/scene.h"

enum { ETHERNET = 14, MESSAGE_RECORD = 32768, SMALL_FRAME = 64 };

// How the session stands at the end.
static json_t *stream_extra(const struct scene *s)
{
	const struct pair *p = s->pair;
	struct conn_stats c;

	conn_stats_get(transport_find(p->node[0].w.transport, p->session[0].end[0]->cid), &c);
	return json_pack("{s:s, s:b, s:f, s:I}", "raw_mode", p->link.raw_mode, "hugepages",
		eal_hugepages(p->link.eal), "cwnd_segments", c.cwnd_segments, "srtt_ns",
		(json_int_t)c.srtt_ns);
}

static void stream_end(struct scene *s)
{
	scene_extra(s, stream_extra(s));
	pair_settle(s->pair);
	scene_hash(s);
}

int scene_goodput(struct scene *s)
{
	struct pair *p = s->pair;
	uint64_t before = scene_bytes_received(p);

	scene_sources(s, 1, s->argument & 0xffffff, s->argument >> 24 ? s->argument >> 24 : 1);
	scene_go(s);
	s->out->units = scene_bytes_received(p) - before;
	stream_end(s);
	return 0;
}

int scene_messages(struct scene *s)
{
	struct endpoint_session *to = s->pair->session[0].end[1];
	uint64_t before = to->messages_received;

	scene_sources(s, 1, MESSAGE_RECORD, 1);
	s->pair->session[0].end[0]->message = s->argument;
	scene_go(s);
	s->out->units = to->messages_received - before;
	stream_end(s);
	return 0;
}

static int raw(struct scene *s, enum raw_payload payload)
{
	uint64_t frames =
		raw_stream(s->pair, s->mtu + ETHERNET, payload, s->duration_ns, &s->out->ns);

	s->out->units = frames * s->mtu;
	s->out->hash = 1;
	return 0;
}

int scene_raw(struct scene *s)
{
	return raw(s, RAW_PAYLOAD_LEFT);
}

int scene_raw_copied(struct scene *s)
{
	return raw(s, RAW_PAYLOAD_COPIED);
}

int scene_raw_frames(struct scene *s)
{
	s->out->units =
		raw_stream(s->pair, SMALL_FRAME, RAW_PAYLOAD_LEFT, s->duration_ns, &s->out->ns);
	s->out->hash = 1;
	return 0;
}
