// A memif link's connection: the client connects, and connects again; the server is there again by
// itself. Virtual devices by their own string are treated the same: they may be memif.
#include "dataplane/port/port_private.h"

#define MEMIF_START_NS   20000000ull   // no server: next try
#define MEMIF_CONNECT_NS 2000000000ull // connected but no answer: start again

static void client_stop(struct port *p)
{
	if (p->started)
		rte_eth_dev_stop(p->id);
	p->started = false;
}

// The driver connects once, in dev_start, and never again:
// after a hang-up it wants to be stopped and started.
static void client_step(struct port *p, bool up, uint64_t now_ns)
{
	bool was_up = atomic_load(&p->link_up);

	if (up || (p->started && !was_up && now_ns < p->retry_ns))
		return;
	if (was_up)
		p->retry_ns = 0;
	client_stop(p);
	if (now_ns < p->retry_ns)
		return;
	p->started = device_start(p) == 0;
	p->retry_ns = now_ns + (p->started ? MEMIF_CONNECT_NS : MEMIF_START_NS);
}

// Called with the port shut, which it leaves open only while there is a peer: on a device that is
// not started DPDK's own burst functions print an error per call.
void memif_step(struct port *p, uint64_t now_ns)
{
	bool up = p->started && port_device_up(p);

	if (!p->config.memif_server)
		client_step(p, up, now_ns);
	else if (!p->started)
		p->started = device_start(p) == 0;
	port_link_set(p, up);
	if (up)
		port_unshut(p);
}
