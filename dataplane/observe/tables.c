// The tables of the main thread: who we are, what numbers mean, links, applications, listeners.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/command/report.h"
#include "dataplane/dataplane.h"
#include "lib/shm/seqlock.h"

// The tables' sizes are ABI, the limits are ours: they must agree.
static_assert((int)DROP_COUNT <= (int)PLANE_DROPS_MAX, "a name for every drop reason");
static_assert(CLOSE_REASON_COUNT <= 16, "a sentence for every close reason");
static_assert((int)CONNS_MAX == (int)PLANE_SESSIONS_MAX, "a row for every session");
static_assert((int)APPS_MAX == (int)PLANE_APPS_MAX, "a row for every application");
static_assert((int)WORKERS_MAX == (int)PLANE_WORKERS_MAX, "a row for every worker");
static_assert((int)PORTS_MAX == (int)PLANE_PORTS_MAX, "a row for every link");
static_assert((int)DOOR_LISTENERS_MAX == (int)PLANE_LISTENERS_MAX, "a row for every listener");
static_assert((int)PORT_OFFLOAD_TX_IPV4 == 1 << PLANE_OFFLOAD_TX_IPV4 &&
		      (int)PORT_OFFLOAD_TX_UDP == 1 << PLANE_OFFLOAD_TX_UDP &&
		      (int)PORT_OFFLOAD_TX_VLAN == 1 << PLANE_OFFLOAD_TX_VLAN &&
		      (int)PORT_OFFLOAD_RX_IPV4 == 1 << PLANE_OFFLOAD_RX_IPV4 &&
		      (int)PORT_OFFLOAD_RX_UDP == 1 << PLANE_OFFLOAD_RX_UDP &&
		      (int)PORT_OFFLOAD_RX_VLAN == 1 << PLANE_OFFLOAD_RX_VLAN,
	"port.h");

// Control shows reasons as text without knowing the dataplane's enums.
static void tables_texts(struct plane_dataplane *t)
{
	for (int i = 0; i < DROP_COUNT; i++) {
		snprintf(t->drop_names[i], sizeof(t->drop_names[i]), "%s",
			drop_name((enum verdict)i));
		snprintf(t->drop_sentences[i], sizeof(t->drop_sentences[i]), "%s",
			drop_sentence((enum verdict)i));
	}
	for (int i = 0; i < CLOSE_REASON_COUNT; i++)
		snprintf(t->close_sentences[i], sizeof(t->close_sentences[i]), "%s",
			close_reason_sentence((enum close_reason)i));
	for (int i = 0; i <= LIMITED_APP; i++)
		snprintf(t->limited_names[i], sizeof(t->limited_names[i]), "%s",
			limited_by_name((enum limited_by)i));
}

int tables_init(struct dataplane *dp)
{
	struct plane_dataplane *t;
	int error = region_create(
		&dp->tables_region, "sluice-tables", sizeof(*t), REGION_PAGES_ORDINARY);

	if (error)
		return error;
	t = dp->tables = (struct plane_dataplane *)dp->tables_region.base;
	t->magic = PLANE_DATAPLANE_MAGIC;
	t->version = PLANE_VERSION;
	t->size = sizeof(*t);
	t->boot_id = dp->boot_id;
	t->started_ns = clock_now();
	t->pid = (uint32_t)getpid();
	t->workers = dp->config.workers;
	t->ports = dp->config.links;
	t->hugepages = eal_hugepages(dp->eal);
	snprintf(t->program_version, sizeof(t->program_version), "%s", SLUICE_VERSION);
	tables_texts(t);
	return 0;
}

void tables_dictionaries(struct dataplane *dp)
{
	for (uint32_t i = 0; i < dp->dictionaries.count; i++) {
		const struct dictionary *d = dp->dictionaries.at[i];
		struct plane_dictionary *row = &dp->tables->dictionary[i];

		row->id = d->id;
		row->zstd_id = d->zstd_id;
		row->size = d->size;
		memcpy(row->sha256, d->sha256, sizeof(row->sha256));
	}
}

static void tables_port(struct dataplane *dp, uint16_t index)
{
	struct plane_port *shared = &dp->tables->port[index], row = {0};
	const struct port_config *config = port_config(dp->port[index]);

	row.up = port_link_up(dp->port[index]);
	snprintf(row.name, sizeof(row.name), "%s", config->name);
	snprintf(row.driver, sizeof(row.driver), "%s", setup_driver_names[config->driver]);
	row.mtu = config->mtu;
	row.address = config->address;
	row.prefix = config->prefix;
	row.segment_size = wire_segment_size(config->mtu);
	row.vlan = config->vlan;
	row.offloads = port_offloads(dp->port[index]);
	row.udp_port = config->udp_base_port;
	memcpy(row.mac, config->mac, sizeof(row.mac));
	for (uint16_t queue = 0; queue < config->queues; queue++) {
		const struct port_counters *c = port_counters(dp->port[index], queue);

		row.rx_packets += c->rx_packets;
		row.tx_packets += c->tx_packets;
		row.rx_bytes += c->rx_bytes;
		row.tx_bytes += c->tx_bytes;
		row.tx_refused += c->tx_refused;
	}
	seqlock_write(&shared->seq, (uint8_t *)shared + sizeof(shared->seq),
		(uint8_t *)&row + sizeof(row.seq), sizeof(row) - sizeof(row.seq));
}

void tables_ports(struct dataplane *dp)
{
	for (uint16_t i = 0; i < dp->ports; i++)
		tables_port(dp, i);
}

static void tables_app(struct dataplane *dp, uint16_t index)
{
	struct plane_app *shared = &dp->tables->app[index], row = {0};
	const struct app_channel *app = door_channel_at(dp->door, index);

	if (app) {
		row.pid = app->pid;
		row.uid = app->uid;
		row.generation = app->generation;
		row.worker = app->worker;
		row.blocks = app->blocks_count;
		memcpy(row.name, app->name, sizeof(row.name));
	}
	seqlock_write(&shared->seq, (uint8_t *)shared + sizeof(shared->seq),
		(uint8_t *)&row + sizeof(row.seq), sizeof(row) - sizeof(row.seq));
}

static void tables_listener(struct dataplane *dp, uint32_t index)
{
	struct plane_listener *shared = &dp->tables->listener[index], row = {0};
	const struct door_listener *listener = &door_listeners(dp->door)[index];

	row.app = listener->app.index;
	row.app_generation = listener->app.generation;
	row.flags = listener->flags;
	memcpy(row.service, listener->service, sizeof(row.service));
	seqlock_write(&shared->seq, (uint8_t *)shared + sizeof(shared->seq),
		(uint8_t *)&row + sizeof(row.seq), sizeof(row) - sizeof(row.seq));
}

void tables_apps(struct dataplane *dp)
{
	const struct plane_event event = {.type = PLANE_TABLES};

	for (uint16_t i = 0; i < APPS_MAX; i++)
		tables_app(dp, i);
	for (uint32_t i = 0; i < DOOR_LISTENERS_MAX; i++)
		tables_listener(dp, i);
	report_event(&dp->plane, &event);
}
