// The path's MTU in the life of a connection: when probes go, and what it means when they arrive,
// when they do not, and when large packets of data vanish.
#include "dataplane/transport/conn.h"

#define PATH_PROBE_NS 50000000ull     // patience with the first probe of a size; doubles
#define PATH_AGAIN_NS 600000000000ull // after a search that ended below what the links take

// What a packet carries changes. The window keeps its bytes when packets grow, but does not fall
// below the start window: nobody begins smaller because of a search.
static void path_resize(struct transport *t, struct conn *c, uint64_t now_ns)
{
	uint32_t segment = c->path.cells * c->cut.size;
	if (segment > c->segment)
		cc_rescale(&c->cc, (double)c->segment / segment);
	c->segment = segment;
	pacer_segment(&c->pacer, segment);
	conn_repace(t, c, now_ns);
	if (c->traced)
		conn_trace_step(t, c, TRACE_PATH, TRACE_CUT_NONE, 0, now_ns);
	conn_run(t, c);
}

static void path_ask(struct transport *t, struct conn *c, uint64_t now_ns)
{
	if (c->path.trying) {
		conn_control(t, c, CONTROL_PATH);
		return;
	}
	c->control &= (uint16_t)~CONTROL_PATH;
	c->path.due_ns = c->path.cells < c->path.cells_max ? now_ns + PATH_AGAIN_NS : NEVER;
	conn_arm(t, c, c->path.due_ns);
}

void conn_path_search(struct transport *t, struct conn *c, uint64_t now_ns)
{
	if (path_search(&c->path))
		path_ask(t, c, now_ns);
}

void conn_path_sent(struct transport *t, struct conn *c, uint64_t pn, uint64_t now_ns)
{
	uint64_t wait = PATH_PROBE_NS << c->path.tries;
	uint64_t timeout = rtt_timeout(&c->rtt, c->path.tries);
	c->path.pn = pn;
	c->path.sent_ns = now_ns;
	c->path.due_ns = now_ns + (wait > timeout ? wait : timeout);
	conn_arm(t, c, c->path.due_ns);
}

void conn_path_acked(struct transport *t, struct conn *c, uint32_t cells, uint64_t now_ns)
{
	if (!path_passed(&c->path, cells))
		return;
	path_resize(t, c, now_ns);
	path_ask(t, c, now_ns);
}

void conn_path_lost(struct transport *t, struct conn *c, uint64_t pn, uint64_t now_ns)
{
	if (pn != c->path.pn)
		return;
	path_failed(&c->path);
	path_ask(t, c, now_ns);
}

// A probe that nobody answered failed only if the peer was heard since it went: else nothing
// passes, whatever its size. With the next one goes a small packet that shows it.
void conn_path_on_time(struct transport *t, struct conn *c, uint64_t now_ns)
{
	if (c->path.pn == 0) {
		conn_path_search(t, c, now_ns);
		return;
	}
	uint64_t pn = c->path.pn;
	bool heard = c->last_heard_ns > c->path.sent_ns;
	c->path.due_ns = NEVER;
	if (sent_log_flight(&c->log, pn, pn + 1) == pn) {
		conn_lose(c, pn);
		sent_log_settle(&c->log);
	}
	if (heard)
		path_failed(&c->path);
	c->path.pn = 0;
	path_ask(t, c, now_ns);
	conn_control(t, c, CONTROL_PROBE);
}

void conn_path_event(struct transport *t, struct conn *c, uint64_t now_ns)
{
	if (!path_on_event(&c->path))
		return;
	c->stats.path_falls++;
	path_resize(t, c, now_ns);
	conn_path_search(t, c, now_ns);
}
