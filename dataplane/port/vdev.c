// The DPDK device behind a port: its device string, its pool, its queues.
#include <errno.h>
#include <rte_bus_vdev.h>
#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_mbuf_pool_ops.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "dataplane/port/port_private.h"
#include "dataplane/port/sizes.h"

#define VDEV_ARGS_SIZE 512

_Static_assert(SIZES_HEADROOM == RTE_PKTMBUF_HEADROOM, "sizes.h");
_Static_assert(SIZES_MBUF == sizeof(struct rte_mbuf), "sizes.h");

static const char *const drivers[PORT_DRIVER_COUNT] = {
	[PORT_MEMIF] = "net_memif",
	[PORT_AF_PACKET] = "net_af_packet",
	[PORT_AF_XDP] = "net_af_xdp",
};

static void vdev_name(const struct port *p, char *name, size_t size)
{
	snprintf(name, size, "%s_%s", drivers[p->config.driver], p->config.name);
}

static uint32_t log2_of(uint32_t power)
{
	return (uint32_t)__builtin_ctz(power);
}

static void vdev_args(const struct port *p, char *args, size_t size)
{
	const struct port_config *c = &p->config;

	switch (c->driver) {
	case PORT_MEMIF:
		// socket-abstract defaults to yes: a name that any
		// process of the network namespace could bind first.
		snprintf(args, size,
			"role=%s,id=%u,socket=%s,socket-abstract=no,bsize=%u,rsize=%u,zero-copy=no,"
			"mac=%02x:%02x:%02x:%02x:%02x:%02x",
			c->memif_server ? "server" : "client", c->memif_id, c->socket,
			sizes_frame(c), log2_of(sizes_ring(c)), p->mac[0], p->mac[1], p->mac[2],
			p->mac[3], p->mac[4], p->mac[5]);
		return;
	case PORT_AF_PACKET: {
		uint32_t frame = sizes_frame(c), block = frame < 4096 ? 4096 : frame;

		snprintf(args, size,
			"iface=%s,qpairs=%u,blocksz=%u,framesz=%u,framecnt=%u,qdisc_bypass=1",
			c->iface, c->queues, block, frame, sizes_ring(c));
		return;
	}
	case PORT_AF_XDP:
		// busy_budget=0: the kernel's preferred busy polling wants settings of the
		// interface that are not ours to make, and starves a second socket on the same
		// queue's NAPI without them.
		snprintf(args, size,
			"iface=%s,start_queue=0,queue_count=%u,busy_budget=0,force_copy=%d",
			c->iface, c->queues, !c->zero_copy);
		return;
	case PORT_DRIVER_COUNT:
		break;
	}
}

// The directory must be ours alone: whoever can connect
// shares memory with us, and memif trusts its peer.
static bool socket_directory_check(const struct port *p, char *error, size_t size)
{
	char directory[PORT_SOCKET_SIZE];
	struct stat st;

	snprintf(directory, sizeof(directory), "%s", p->config.socket);
	*strrchr(directory, '/') = 0;
	if (stat(directory[0] ? directory : "/", &st) != 0 || !S_ISDIR(st.st_mode)) {
		snprintf(error, size, "link %s: there is no directory %s for the memif socket",
			p->config.name, directory);
		return false;
	}
	if (st.st_uid != geteuid() || st.st_mode & 077) {
		snprintf(error, size,
			"link %s: directory %s of the memif socket must belong to this user, with "
			"mode 0700: memif trusts "
			"whoever can connect",
			p->config.name, directory);
		return false;
	}
	return true;
}

// A server that was killed leaves its socket file, and
// bind() would refuse. Removed only when nobody listens.
static bool socket_stale_remove(const struct port *p, char *error, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int result;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", p->config.socket);
	result = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
	close(fd);
	if (result == ENOENT || (result == ECONNREFUSED && unlink(p->config.socket) == 0))
		return true;
	if (result == 0 || result == EAGAIN)
		snprintf(error, size, "link %s: another process serves the memif socket %s",
			p->config.name, p->config.socket);
	else
		snprintf(error, size, "link %s: %s is in the way of the memif socket: %s",
			p->config.name, p->config.socket, strerror(result));
	return false;
}

static bool memif_prepare(const struct port *p, char *error, size_t size)
{
	if (!socket_directory_check(p, error, size))
		return false;
	return !p->config.memif_server || socket_stale_remove(p, error, size);
}

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

static bool pool_new(struct port *p, char *error, size_t size)
{
	const struct port_config *c = &p->config;
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(
		name, sizeof(name), "link_%08x", c->ipv4); // a pool's name is shorter than a link's
	p->pool = pool_make(c, name);
	if (!p->pool)
		snprintf(error, size, "link %s: no memory for %u buffers of %u bytes", c->name,
			sizes_buffer_count(c), sizes_element(c));
	return p->pool != NULL;
}

// The MTU is not told to ethdev: memif advertises frames of 1518 bytes and has no mtu_set, but
// carries whatever fits bsize; af_packet's mtu_set would change the kernel's interface.
static int device_configure(struct port *p)
{
	const struct port_config *c = &p->config;
	struct rte_eth_conf conf = {0};
	int result = rte_eth_dev_configure(p->id, c->queues, c->queues, &conf);

	for (uint16_t q = 0; result == 0 && q < c->queues; q++)
		result = rte_eth_rx_queue_setup(
			p->id, q, (uint16_t)sizes_ring(c), (unsigned)SOCKET_ID_ANY, NULL, p->pool);
	for (uint16_t q = 0; result == 0 && q < c->queues; q++)
		result = rte_eth_tx_queue_setup(
			p->id, q, (uint16_t)sizes_ring(c), (unsigned)SOCKET_ID_ANY, NULL);
	return result;
}

static int device_open(struct port *p, const char *name, const char *args)
{
	// rte_vdev_init, not hotplug: that one talks to secondary
	// processes, after which no thread can be registered.
	int result = rte_vdev_init(name, args);

	if (result < 0)
		return result;
	if (rte_eth_dev_get_port_by_name(name, &p->id) != 0)
		result = -ENODEV;
	else
		result = device_configure(p);
	if (result < 0)
		rte_vdev_uninit(name);
	return result;
}

// The kernel gives a queue of an interface back a moment after the end of the process that had its
// af_xdp socket; until then the driver says "Invalid argument". So it is asked again, for 0.6 s.
static int device_open_patient(struct port *p, const char *name, const char *args)
{
	int result = device_open(p, name, args);

	for (unsigned ms = 10; result == -EINVAL && p->config.driver == PORT_AF_XDP && ms <= 320;
		ms *= 2) {
		rte_delay_us_sleep(ms * 1000);
		result = device_open(p, name, args);
	}
	return result;
}

bool vdev_open(struct port *p, char *error, size_t size)
{
	char name[RTE_ETH_NAME_MAX_LEN], args[VDEV_ARGS_SIZE];
	int result;

	if (p->config.driver == PORT_MEMIF && !memif_prepare(p, error, size))
		return false;
	if (!pool_new(p, error, size))
		return false;
	vdev_name(p, name, sizeof(name));
	vdev_args(p, args, sizeof(args));
	result = device_open_patient(p, name, args);
	if (result >= 0)
		return true;
	snprintf(error, size, "link %s: driver %s refuses \"%s\" with %u queue%s: %s",
		p->config.name, drivers[p->config.driver], args, p->config.queues,
		p->config.queues == 1 ? "" : "s", rte_strerror(-result));
	rte_mempool_free(p->pool);
	p->pool = NULL;
	return false;
}

void vdev_close(struct port *p)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	vdev_name(p, name, sizeof(name));
	rte_vdev_uninit(name);
	rte_mempool_free(p->pool);
	p->pool = NULL;
}
