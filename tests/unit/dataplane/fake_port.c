// See fake_port.h.
#include "tests/unit/dataplane/fake_port.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/port/eal.h"
#include "dataplane/port/mbuf.h"

static int64_t live;

int64_t fake_mbufs(void)
{
	return live;
}

void fake_port_init(struct port *p, struct port *peer, uint32_t ipv4)
{
	*p = (struct port){.peer = peer,
		.up = true,
		.resolves = true,
		.room = UINT32_MAX,
		.mbufs = UINT32_MAX};
	p->config = (struct port_config){.name = "fake",
		.mtu = MTU_MIN,
		.address = ADDRESS_IPV4(ipv4),
		.prefix = 24,
		.udp_base_port = WIRE_UDP_PORT,
		.queues = 1};
}

void fake_port_fini(struct port *p)
{
	for (; p->count > 0; p->count--)
		port_mbuf_put(p->queue[p->head++ % FAKE_QUEUE]);
}

const struct port_config *port_config(const struct port *p)
{
	return &p->config;
}

uint32_t port_offloads(const struct port *p)
{
	(void)p;
	return 0;
}

bool port_is_memory(const struct port *p)
{
	return p->config.driver == PORT_MEMIF;
}

bool port_link_up(const struct port *p)
{
	return p->up;
}

const struct port_counters *port_counters(const struct port *p, uint16_t queue)
{
	(void)queue;
	return &p->counters;
}

// ---- buffers: one allocation each, so that a sanitizer sees a use after the end ----

struct rte_mbuf *port_mbuf_get(struct port *p, uint16_t queue)
{
	const size_t room = RTE_PKTMBUF_HEADROOM + MTU_MAX + 64;
	struct rte_mbuf *mbuf;

	(void)queue;
	if (p->mbufs == 0)
		return NULL;
	if (p->mbufs != UINT32_MAX)
		p->mbufs--;
	mbuf = aligned_alloc(64, (sizeof(*mbuf) + room + 63) & ~(size_t)63);
	assert(mbuf != NULL);
	memset(mbuf, 0, sizeof(*mbuf));
	mbuf->buf_addr = mbuf + 1;
	mbuf->buf_len = (uint16_t)room;
	mbuf->data_off = RTE_PKTMBUF_HEADROOM;
	mbuf->nb_segs = 1;
	rte_mbuf_refcnt_set(mbuf, 1);
	live++;
	return mbuf;
}

void port_mbuf_put(struct rte_mbuf *mbuf)
{
	assert(rte_mbuf_refcnt_read(mbuf) == 1);
	rte_mbuf_refcnt_set(mbuf, 0);
	live--;
	free(mbuf);
}

// ---- routes ----

bool port_route_init(struct port *p, uint16_t queue, struct port_route *route, struct address dst,
	uint16_t dst_port)
{
	(void)queue, (void)dst_port;
	memset(route, 0, sizeof(*route));
	route->next_hop = dst;
	return !address_is_none(dst) && !address_equal(dst, p->config.address);
}

enum verdict port_route_ready(
	struct port *p, uint16_t queue, struct port_route *route, uint64_t now_ns)
{
	(void)queue, (void)route, (void)now_ns;
	return p->resolves ? VERDICT_ACCEPT : DROP_NEIGHBOUR;
}

// ---- packets ----

void port_frame(
	struct port *p, const struct port_route *route, struct rte_mbuf *mbuf, uint32_t size)
{
	(void)route;
	assert(size + NET_IPV4_SIZE + NET_UDP_SIZE <= p->config.mtu);
	mbuf->data_len = (uint16_t)(NET_HEADERS_SIZE + size);
	mbuf->pkt_len = mbuf->data_len;
}

static void port_carry(struct port *p, struct rte_mbuf *mbuf)
{
	struct port *to = p->peer;

	p->counters.tx_packets++;
	if (to == NULL || to->count == FAKE_QUEUE ||
		(p->on_tx != NULL && !p->on_tx(p->context, mbuf_header(mbuf),
					     (uint32_t)mbuf->data_len - NET_HEADERS_SIZE))) {
		port_mbuf_put(mbuf);
		return;
	}
	to->queue[(to->head + to->count++) % FAKE_QUEUE] = mbuf;
}

void fake_port_inject(struct port *to, const uint8_t *payload, uint32_t size)
{
	struct rte_mbuf *mbuf = port_mbuf_get(to, 0);

	assert(to->count < FAKE_QUEUE);
	memcpy(mbuf_header(mbuf), payload, size);
	mbuf->data_len = (uint16_t)(NET_HEADERS_SIZE + size);
	mbuf->pkt_len = mbuf->data_len;
	to->queue[(to->head + to->count++) % FAKE_QUEUE] = mbuf;
}

uint16_t port_tx(struct port *p, uint16_t queue, struct rte_mbuf **mbufs, uint16_t n)
{
	uint16_t taken = 0;

	(void)queue;
	p->asked++;
	for (; p->up && p->room > 0 && taken < n; taken++) {
		if (p->room != UINT32_MAX)
			p->room--;
		port_carry(p, mbufs[taken]);
	}
	p->counters.tx_refused += (uint64_t)(n - taken);
	return taken;
}

uint16_t port_rx(
	struct port *p, uint16_t queue, struct port_packet *out, uint16_t max, uint64_t now_ns)
{
	uint16_t n = 0;

	(void)queue, (void)now_ns;
	for (; n < max && p->count > 0; n++, p->head++, p->count--) {
		struct rte_mbuf *mbuf = p->queue[p->head % FAKE_QUEUE];

		out[n] = (struct port_packet){.mbuf = mbuf,
			.payload = mbuf_header(mbuf),
			.size = (uint32_t)mbuf->data_len - NET_HEADERS_SIZE,
			.src = p->peer->config.address,
			.src_port = p->peer->config.udp_base_port,
			.dst_port = p->config.udp_base_port};
	}
	p->counters.rx_packets += n;
	return n;
}

// ---- threads and memory: plain ones ----

int eal_thread_join(const char *name, int cpu, char *error, size_t error_size)
{
	(void)name, (void)cpu, (void)error, (void)error_size;
	return 0;
}

void eal_thread_leave(void)
{
}

bool eal_hugepages(const struct eal *eal)
{
	(void)eal;
	return false;
}
