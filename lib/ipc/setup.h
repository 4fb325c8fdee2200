// What a node is told at start: one set of rules for control, which reads it from YAML, and for
// the dataplane, which is given it on its command line. Pure: no file, no clock, no machine.
//
// A function that refuses a text returns false with "'text' is not ..." in `why`; the caller puts
// its own name of the key in front: "links[0].mtu: " or "--link ab: mtu: ".
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/address.h"
#include "lib/ipc/names.h"

enum setup_limits {
	SETUP_LINKS_MAX = 16,
	SETUP_LINK_NAME_SIZE = 32,
	SETUP_SOCKET_SIZE = 108, // sun_path
	SETUP_DEVICE_SIZE = 192,
	SETUP_RUN_DIR_MAX = 90, // characters, so that every socket in it fits sun_path
	SETUP_PREFIX_MIN = 8,
	SETUP_PREFIX_MAX = 31,   // of IPv4
	SETUP_PREFIX_MAX6 = 127, // of IPv6
	SETUP_MTU_MIN = 1500,
	SETUP_MTU_MAX = 9000,
	SETUP_MTU_XDP_MAX = 3498, // a packet lies in one page less headroom and sk_buff's tail
	SETUP_VLAN_MAX = 4094,
	SETUP_VLAN_BYTES = 4,     // of a tag, which af_xdp has no room for beside its largest MTU
	SETUP_MTU_TAP_MAX = 1500, // DPDK's driver takes no larger frame (22.11)
	SETUP_WORKERS_MAX = 16,
	SETUP_CPU_MAX = 1023,
	SETUP_CORES_SIZE = 64,
	SETUP_MEMORY_MIN = 32, // MiB
	SETUP_MEMORY_MAX = 1024 * 1024,
	SETUP_UDP_PORT = 7654,
	SETUP_UDP_PORT_MIN = 1024,
	SETUP_UDP_PORT_MAX = 65535 - SETUP_WORKERS_MAX, // worker w answers on udp_port + w
	SETUP_FILE_SIZE = 256,
	SETUP_WHY_SIZE = 384,
};

enum setup_driver {
	SETUP_MEMIF,
	SETUP_AF_PACKET,
	SETUP_AF_XDP,
	SETUP_VHOST,       // one end of a vhost-user socket: listens
	SETUP_VIRTIO_USER, // the other: connects
	SETUP_TAP,
	SETUP_PCI,  // "pci:0000:03:00.0"
	SETUP_VDEV, // "vdev:net_ring0": DPDK's own device string
	SETUP_DRIVER_COUNT,
};
enum setup_role { SETUP_SERVER, SETUP_CLIENT };
enum setup_idle { SETUP_ADAPTIVE, SETUP_BUSY };
enum setup_hugepages { SETUP_HUGE_AUTO, SETUP_HUGE_REQUIRE, SETUP_HUGE_OFF };

struct setup_link {
	uint32_t given; // which keys setup_link_take has seen
	char name[SETUP_LINK_NAME_SIZE];
	enum setup_driver driver;
	enum setup_role role;           // memif
	char socket[SETUP_SOCKET_SIZE]; // memif, vhost, virtio-user; empty otherwise
	char interface[IFNAMSIZ];       // af_packet, af_xdp, tap; empty otherwise
	char device[SETUP_DEVICE_SIZE]; // pci: the address, whole; vdev: its string; else empty
	struct address address;
	uint32_t prefix; // length
	uint32_t mtu;
	uint32_t vlan; // 0: frames have no tag
	bool mac_set;
	uint8_t mac[6];
};

struct setup_dictionary {
	uint32_t id; // 0: not given
	char file[SETUP_FILE_SIZE];
};

struct setup_dataplane {
	uint32_t workers;
	enum setup_hugepages hugepages;
	uint32_t memory_mb; // 0: as much as the links need
	enum setup_idle idle;
	uint16_t udp_port;            // of worker 0
	char cores[SETUP_CORES_SIZE]; // as written; empty: the workers float
	uint16_t cores_count;
	uint16_t core[SETUP_WORKERS_MAX];
};

extern const char *const setup_driver_names[]; // by enum, NULL at the end
extern const char *const setup_role_names[];
extern const char *const setup_idle_names[];
extern const char *const setup_hugepages_names[];

bool setup_number(uint32_t *value, const char *text, uint32_t min, uint32_t max, char *why);
// Index of `text` in `names`.
bool setup_choice(int *choice, const char *text, const char *const *names, char *why);
// Node, peer or link: `size` is that of `name`.
bool setup_name(char *name, size_t size, const char *text, char *why);
bool setup_path(char *path, size_t size, const char *text, char *why);

// The driver as it is written: "memif", "pci:0000:03:00.0", "vdev:net_ring0". Returns `text`.
#define SETUP_DRIVER_TEXT (SETUP_DEVICE_SIZE + 8)
const char *setup_driver_text(char text[SETUP_DRIVER_TEXT], const struct setup_link *link);

// One key of a link: name, driver, role, socket, interface, address, mtu, vlan, mac. `link` begins
// as zeros.
bool setup_link_take(struct setup_link *link, const char *key, const char *text, char *why);
// All keys are taken: is any missing, does one not go with the driver, is links[index] another
// than those before it? Fills in what was not given. False: `key` is the one that `why` is about.
bool setup_link_end(struct setup_link *links, uint32_t index, const char **key, char *why);

// One key of a dictionary: id, file. `dictionary` begins as zeros.
bool setup_dictionary_take(
	struct setup_dictionary *dictionary, const char *key, const char *text, char *why);
// The same for dictionaries[index] as setup_link_end. The file is the dataplane's to judge.
bool setup_dictionary_end(
	const struct setup_dictionary *dictionaries, uint32_t index, const char **key, char *why);

// One key of the dataplane: workers, cores, idle, hugepages, memory_mb, udp_port.
void setup_dataplane_init(struct setup_dataplane *dataplane);
bool setup_dataplane_take(
	struct setup_dataplane *dataplane, const char *key, const char *text, char *why);
bool setup_dataplane_end(const struct setup_dataplane *dataplane, const char **key, char *why);
