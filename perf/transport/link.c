// Links. See link.h.
#include "perf/transport/link.h"

#include <rte_bus_vdev.h>
#include <rte_ethdev.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/port/port_private.h"
#include "dataplane/port/sizes.h"
#include "perf/bench.h"
#include "perf/child.h"
#include "perf/clock.h"

#define LINK_PATIENCE_NS 5000000000ull
#define MBUFS            4096u // of each port: what a zero-copy memif keeps in both rings, and some
#define EXTRA_MEMORY_MB  64u

static const struct {
	const char *name;
	enum port_driver driver[2];
	const char *raw_mode;
} kinds[LINK_KINDS] = {
	[LINK_MEMIF] = {"memif", {PORT_MEMIF, PORT_MEMIF}, "zero-copy"},
	[LINK_VHOST] = {"vhost", {PORT_VIRTIO_USER, PORT_VHOST}, "copy"},
	[LINK_AF_PACKET] = {"af_packet", {PORT_AF_PACKET, PORT_AF_PACKET}, "copy"},
	[LINK_AF_XDP] = {"af_xdp", {PORT_AF_XDP, PORT_AF_XDP}, "copy"},
};

static bool is_kernel(enum link_kind kind)
{
	return kind == LINK_AF_PACKET || kind == LINK_AF_XDP;
}

const char *link_name(enum link_kind kind)
{
	return kinds[kind].name;
}

const char *link_unavailable(enum link_kind kind)
{
	return is_kernel(kind) && geteuid() != 0 ? "a veth link needs root" : NULL;
}

struct address link_address(unsigned side)
{
	return address_from_ipv4(0x0a000001 + side);
}

static int link_failed(struct link *l, const char *what)
{
	snprintf(l->error, sizeof(l->error), "%s", what);
	return -1;
}

static int command(const char *const *argv)
{
	int status = -1;

	free(child_read(argv, &status));
	return status == 0 ? 0 : -1;
}

// A veth in a namespace that ends with this process. IPv6 is off in it: the kernel stays silent.
static int veth_make(struct link *l, uint32_t mtu)
{
	static const char *const quiet[] = {
		"sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1", NULL};
	char text[12];
	const char *const add[] = {"ip", "link", "add", "perf0", "mtu", text, "type", "veth",
		"peer", "name", "perf1", "mtu", text, NULL};
	static const char *const up0[] = {"ip", "link", "set", "perf0", "up", NULL};
	static const char *const up1[] = {"ip", "link", "set", "perf1", "up", NULL};

	snprintf(text, sizeof(text), "%u", mtu);
	if (unshare(CLONE_NEWNET) < 0)
		return link_failed(l, "no network namespace can be made");
	command(quiet);
	if (command(add) < 0 || command(up0) < 0 || command(up1) < 0)
		return link_failed(l, "no veth link can be made (ip link add ... type veth)");
	return 0;
}

static void config_fill(const struct link *l, unsigned side, uint32_t mtu, struct port_config *c)
{
	*c = (struct port_config){.driver = kinds[l->kind].driver[side],
		.mtu = mtu,
		.address = link_address(side),
		.prefix = 24,
		.queues = 1,
		.memif_server = side == 1,
		.mbufs = is_kernel(l->kind) ? 0 : MBUFS};
	snprintf(c->name, sizeof(c->name), "perf%u", side);
	if (is_kernel(l->kind))
		snprintf(c->iface, sizeof(c->iface), "perf%u", side);
	else
		snprintf(c->socket, sizeof(c->socket), "%s/link", l->directory);
}

// One end of a memif of the same sizes, but in zero-copy mode, with buffers of the same pool.
static int raw_memif(struct link *l, unsigned side)
{
	struct port *p = l->port[side];
	const struct rte_eth_conf conf = {0};
	uint16_t slots = (uint16_t)sizes_ring(&p->config);
	char name[32], args[256];

	snprintf(name, sizeof(name), "net_memif_raw%u", side);
	snprintf(args, sizeof(args),
		"role=%s,id=7,socket=%s/raw,socket-abstract=no,bsize=%u,rsize=%d,zero-copy=%s",
		side ? "server" : "client", l->directory, sizes_frame(&p->config),
		__builtin_ctz(slots), side ? "no" : "yes");
	if (rte_vdev_init(name, args) < 0 ||
		rte_eth_dev_get_port_by_name(name, &l->raw[side]) != 0 ||
		rte_eth_dev_configure(l->raw[side], 1, 1, &conf) < 0 ||
		rte_eth_rx_queue_setup(l->raw[side], 0, slots, 0, NULL, p->pool) < 0 ||
		rte_eth_tx_queue_setup(l->raw[side], 0, slots, 0, NULL) < 0 ||
		rte_eth_dev_start(l->raw[side]) < 0)
		return link_failed(l, "no bare memif port");
	return 0;
}

static void raw_memif_close(const struct link *l, unsigned side)
{
	rte_eth_dev_stop(l->raw[side]);
	rte_eth_dev_close(l->raw[side]);
}

static bool raw_up(uint16_t id)
{
	struct rte_eth_link link = {0};

	return rte_eth_link_get_nowait(id, &link) == 0 && link.link_status;
}

static bool all_up(const struct link *l)
{
	return port_link_up(l->port[0]) && port_link_up(l->port[1]) &&
	       (!l->raw_own || (raw_up(l->raw[0]) && raw_up(l->raw[1])));
}

static int wait_up(struct link *l)
{
	const struct timespec nap = {.tv_nsec = 1000000};
	uint64_t until_ns = clock_ns() + LINK_PATIENCE_NS;

	while (!all_up(l)) {
		if (clock_ns() > until_ns)
			return link_failed(l, "the link does not come up");
		eal_step(l->eal, clock_ns());
		nanosleep(&nap, NULL);
	}
	return 0;
}

// The listening end first.
static int ports_open(struct link *l, uint32_t mtu)
{
	struct eal_config eal = {.name = "perf",
		.memory = bench_instant ? EAL_NO_HUGE : EAL_AUTO,
		.memory_mb = EXTRA_MEMORY_MB};
	struct port_config config[2];

	for (unsigned side = 0; side < 2; side++) {
		config_fill(l, side, mtu, &config[side]);
		eal.memory_mb += port_config_memory_mb(&config[side]);
	}
	l->eal = eal_start(&eal, l->error, sizeof(l->error));
	for (unsigned side = 2; l->eal && side-- > 0;) {
		l->port[side] = port_open(l->eal, &config[side], l->error, sizeof(l->error));
		if (!l->port[side])
			return -1;
	}
	return l->eal ? 0 : -1;
}

// Hugepages, or the driver has no zero-copy mode.
static int raw_open(struct link *l)
{
	l->raw_own = l->kind == LINK_MEMIF && eal_hugepages(l->eal);
	l->raw_mode = l->kind != LINK_MEMIF || l->raw_own ? kinds[l->kind].raw_mode : "copy";
	if (!l->raw_own)
		return 0;
	return raw_memif(l, 1) < 0 || raw_memif(l, 0) < 0 ? -1 : 0;
}

int link_open(struct link *l, enum link_kind kind, uint32_t mtu)
{
	memset(l, 0, sizeof(*l));
	l->kind = kind;
	snprintf(l->directory, sizeof(l->directory), "/tmp/sluice-perf-XXXXXX");
	if (!mkdtemp(l->directory)) {
		l->directory[0] = 0;
		return link_failed(l, "no folder can be made in /tmp");
	}
	if (is_kernel(kind) && veth_make(l, mtu) < 0)
		return -1;
	if (ports_open(l, mtu) < 0 || raw_open(l) < 0 || wait_up(l) < 0)
		return -1;
	// Now: a virtio-user device is another one after each connect.
	for (unsigned side = 0; side < 2 && !l->raw_own; side++)
		l->raw[side] = l->port[side]->id;
	return 0;
}

static void remove_socket(const struct link *l, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", l->directory, name);
	unlink(path);
}

void link_close(struct link *l)
{
	for (unsigned side = 0; side < 2; side++)
		if (l->port[side])
			port_close(l->port[side]);
	for (unsigned side = 0; side < 2 && l->raw_own; side++)
		raw_memif_close(l, side);
	if (l->eal)
		eal_stop(l->eal);
	if (!l->directory[0])
		return;
	remove_socket(l, "link");
	remove_socket(l, "raw");
	rmdir(l->directory);
}
