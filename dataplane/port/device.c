// The DPDK device behind a port: made or found, asked what it can, configured.
#include <errno.h>
#include <rte_bus_vdev.h>
#include <rte_cycles.h>
#include <rte_errno.h>
#include <stdio.h>

#include "dataplane/port/port_private.h"
#include "dataplane/port/sizes.h"

#define DEVICE_ARGS_SIZE 512

// The largest MTU of a device: ethdev counts header and checksum of a frame where the driver does
// not say what it adds.
static uint32_t device_mtu_max(const struct rte_eth_dev_info *info)
{
	uint32_t by_frame = info->max_rx_pktlen - RTE_ETHER_HDR_LEN - RTE_ETHER_CRC_LEN;

	if (info->max_mtu != UINT16_MAX)
		return info->max_mtu;
	return by_frame < info->max_mtu ? by_frame : info->max_mtu;
}

static bool device_check(const struct port *p, const char *name, char *error, size_t size)
{
	const struct port_config *c = &p->config;
	struct rte_eth_dev_info info;
	uint32_t queues, mtu;

	if (!port_kind(p)->takes_mtu || rte_eth_dev_info_get(p->id, &info) != 0)
		return true;
	queues = RTE_MIN(info.max_rx_queues, info.max_tx_queues);
	mtu = device_mtu_max(&info);
	if (queues >= c->queues && mtu >= c->mtu)
		return true;
	if (queues < c->queues)
		snprintf(error, size,
			"link %s: device %s has %u queue%s, and each of the %u workers needs one: "
			"configure at most %u worker%s",
			c->name, name, queues, queues == 1 ? "" : "s", c->queues, queues,
			queues == 1 ? "" : "s");
	else if (mtu < MTU_MIN)
		snprintf(error, size,
			"link %s: device %s carries at most %u bytes, and %u are needed", c->name,
			name, mtu, MTU_MIN);
	else
		snprintf(error, size,
			"link %s: device %s carries an MTU of at most %u: configure mtu %u",
			c->name, name, mtu, mtu);
	return false;
}

// Only links that take it are told the MTU: memif advertises frames of 1518 bytes and has no
// mtu_set, but carries whatever fits bsize; af_packet's mtu_set would change the kernel's
// interface.
static void device_conf(struct port *p, struct rte_eth_conf *conf)
{
	struct rte_eth_dev_info info;

	*conf = (struct rte_eth_conf){0};
	if (rte_eth_dev_info_get(p->id, &info) != 0)
		return;
	p->offload = offload_choose(
		&p->config, port_kind(p)->memory, info.rx_offload_capa, info.tx_offload_capa);
	conf->rxmode.offloads = p->offload.rx;
	conf->txmode.offloads = p->offload.tx;
	if (!port_kind(p)->takes_mtu)
		return;
	conf->rxmode.mtu = p->config.mtu;
	if (port_kind(p)->names_device)
		rss_choose(&p->rss, &p->config, &info);
	if (!p->rss.possible)
		return;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf = (struct rte_eth_rss_conf){.rss_key = p->rss.key,
		.rss_key_len = (uint8_t)p->rss.key_size,
		.rss_hf = p->rss.types};
}

static int device_configure(struct port *p)
{
	const struct port_config *c = &p->config;
	uint16_t rx = (uint16_t)sizes_ring(c), tx = rx;
	struct rte_eth_conf conf;
	int result;

	device_conf(p, &conf);
	result = rte_eth_dev_configure(p->id, c->queues, c->queues, &conf);
	if (result == 0 && port_kind(p)->takes_mtu)
		result = rte_eth_dev_adjust_nb_rx_tx_desc(p->id, &rx, &tx);
	for (uint16_t q = 0; result == 0 && q < c->queues; q++)
		result = rte_eth_rx_queue_setup(
			p->id, q, rx, (unsigned)SOCKET_ID_ANY, NULL, p->pool);
	for (uint16_t q = 0; result == 0 && q < c->queues; q++)
		result = rte_eth_tx_queue_setup(p->id, q, tx, (unsigned)SOCKET_ID_ANY, NULL);
	return result;
}

// `error` is filled when the device is there and cannot do what is configured.
static int device_try(struct port *p, const char *name, const char *args, char *error, size_t size)
{
	// rte_vdev_init, not hotplug: that one talks to secondary
	// processes, after which no thread can be registered.
	int result = p->config.driver == PORT_PCI ? 0 : rte_vdev_init(name, args);

	if (result < 0)
		return result;
	if (rte_eth_dev_get_port_by_name(name, &p->id) != 0)
		result = -ENODEV;
	else if (!device_check(p, name, error, size))
		result = -ENOTSUP;
	else
		result = device_configure(p);
	if (result < 0 && p->config.driver != PORT_PCI)
		rte_vdev_uninit(name);
	return result;
}

// The kernel gives a queue of an interface back a moment after the end of the process that had its
// af_xdp socket; until then the driver says "Invalid argument". So it is asked again, for 2.5 s:
// on a busy machine the moment is long.
static int device_try_patient(
	struct port *p, const char *name, const char *args, char *error, size_t size)
{
	int result = device_try(p, name, args, error, size);

	for (unsigned ms = 10; result == -EINVAL && p->config.driver == PORT_AF_XDP && ms <= 1280;
		ms *= 2) {
		rte_delay_us_sleep(ms * 1000);
		result = device_try(p, name, args, error, size);
	}
	return result;
}

bool device_open(struct port *p, char *error, size_t size)
{
	char name[RTE_ETH_NAME_MAX_LEN], args[DEVICE_ARGS_SIZE];
	const char *plural = p->config.queues == 1 ? "" : "s";
	int result;

	vdev_name(p, name);
	vdev_args(p, args, sizeof(args));
	error[0] = 0;
	result = device_try_patient(p, name, args, error, size);
	p->device = result >= 0;
	if (p->device || error[0])
		return p->device;
	if (p->config.driver == PORT_PCI && result == -ENODEV)
		snprintf(error, size,
			"link %s: no driver of DPDK takes PCI device %s: is it a network card, and "
			"may this process open its file in /dev/vfio?",
			p->config.name, name);
	else
		snprintf(error, size, "link %s: device %s refuses \"%s\" with %u queue%s: %s",
			p->config.name, name, args, p->config.queues, plural,
			rte_strerror(-result));
	return false;
}

int device_start(struct port *p)
{
	int result = rte_eth_dev_start(p->id);

	// Drivers write a table of their own when they start.
	if (result == 0 && p->rss.possible && !rss_table_set(p->id, &p->rss))
		fprintf(stderr,
			"sluice-dataplane: link %s: the card does not take an RSS table; packets "
			"pass from worker to worker\n",
			p->config.name);
	return result;
}

void device_close(struct port *p)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	vdev_name(p, name);
	if (p->device && p->config.driver == PORT_PCI)
		rte_eth_dev_close(p->id);
	else if (p->device)
		rte_vdev_uninit(name);
	p->device = false;
}
