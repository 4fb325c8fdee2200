// The packet buffers of a port: one pool, with elements of the port's own size.
#include <rte_mbuf_pool_ops.h>
#include <stdio.h>

#include "dataplane/port/port_private.h"
#include "dataplane/port/sizes.h"

_Static_assert(SIZES_HEADROOM == RTE_PKTMBUF_HEADROOM, "sizes.h");
_Static_assert(SIZES_MBUF == sizeof(struct rte_mbuf), "sizes.h");

// rte_pktmbuf_pool_create, but for the flag: without it a mempool adds lines to an element to
// spread it over memory channels, and an af_xdp buffer of a page becomes larger than a page.
static struct rte_mempool *pool_make(const struct port_config *c, const char *name)
{
	struct rte_pktmbuf_pool_private about = {
		.mbuf_data_room_size = (uint16_t)(SIZES_HEADROOM + sizes_frame(c))};
	struct rte_mempool *pool = rte_mempool_create_empty(name, sizes_buffer_count(c),
		SIZES_MBUF + SIZES_HEADROOM + sizes_frame(c), SIZES_POOL_CACHE, sizeof(about),
		SOCKET_ID_ANY, c->driver == PORT_AF_XDP ? RTE_MEMPOOL_F_NO_SPREAD : 0);

	if (!pool)
		return NULL;
	if (rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL) != 0)
		goto failed;
	rte_pktmbuf_pool_init(pool, &about);
	if (rte_mempool_populate_default(pool) < 0)
		goto failed;
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
failed:
	rte_mempool_free(pool);
	return NULL;
}

bool pool_new(struct port *p, char *error, size_t size)
{
	const struct port_config *c = &p->config;
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "link_%08x",
		address_tag(c->address)); // a pool's name is shorter than a link's
	p->pool = pool_make(c, name);
	if (!p->pool)
		snprintf(error, size, "link %s: no memory for %u buffers of %u bytes", c->name,
			sizes_buffer_count(c), sizes_element(c));
	return p->pool != NULL;
}
