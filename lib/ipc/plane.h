// The border between control and the dataplane: commands down, events up, tables to read.
// docs/shm.md is the prose. Channel 0 is the dataplane's main thread, channel 1 + w is worker w.
#pragma once

#include <assert.h>
#include <stdint.h>

#include "lib/base/address.h"
#include "lib/base/trace.h"
#include "lib/ipc/names.h"
#include "lib/ipc/stats.h"
#include "lib/shm/broadcast.h"
#include "lib/shm/ring.h"

#define PLANE_VERSION         11u
#define PLANE_CONTROL_MAGIC   0x43434c53u // "SLCC", control's region
#define PLANE_DATAPLANE_MAGIC 0x50434c53u // "SLCP", the dataplane's region for control

enum plane_limits {
	PLANE_WORKERS_MAX = 16,
	PLANE_CHANNELS = PLANE_WORKERS_MAX + 1,
	PLANE_COMMAND_SLOTS = 64,
	PLANE_EVENT_SLOTS = 256,
	PLANE_SESSIONS_MAX = 1024, // of one worker
	PLANE_PORTS_MAX = 16,
	PLANE_APPS_MAX = 64,
	PLANE_LISTENERS_MAX = 64,
	PLANE_DROPS_MAX = 48,
	PLANE_TRACES_MAX = 8, // sessions traced at once, all workers together
	PLANE_TRACE_SLOTS = 4096,
	PLANE_MEMBERS_MAX = 16384,
	// So long a worker keeps what was reserved and not opened: longer than any attempt of
	// control's lasts.
	PLANE_RESERVED_MS = 330000,
};

enum plane_command_type {
	// to a worker
	PLANE_RESERVE = 1, // app -> event RESERVED{cid} or REFUSED
	PLANE_OPEN,        // cid from RESERVE, or 0: reserve and open at once (accepting side) ->
			   // RESERVED, later OPENED / CLOSED. The accepting side with a cid hears
			   // RESERVED when its end is ready
	PLANE_CLOSE,       // cid; flags 1: at once, result: enum close_reason to report (0: closed
			   // here)
	PLANE_TRACE, // cid, ring; flags 1: every step of its congestion control goes there under
		     // the number `request`; flags 0: no more
	// to the main thread
	PLANE_CONNECT_FAILED = 32, // request, result, text: goes to the application that asked
	PLANE_SHUTDOWN,
};

enum plane_event_type {
	// from a worker
	PLANE_RESERVED = 1,
	PLANE_REFUSED, // request, result, text
	PLANE_OPENED,  // cid
	PLANE_CLOSED,  // cid, reason; flags PLANE_CLOSED_TELL: the text says more than the reason
	// from the main thread
	PLANE_CONNECT_WANTED = 32, // request, app, worker, node, service, codec, level,
	// controller, dictionary, timeout_ms; sent again to a control that attaches anew
	PLANE_TABLES, // applications or listeners changed: look at the tables
};

#define PLANE_CLOSED_TELL 1u

struct plane_command {
	uint16_t type; // enum plane_command_type
	uint16_t flags;
	uint32_t request; // control's own number, echoed; CONNECT_FAILED: the dataplane's
	uint32_t cid;
	uint16_t app; // index; 0xffff: none, a session without an application (it discards what it
		      // gets)
	uint16_t app_generation;  // of plane_app: a stale one is refused
	uint32_t connect_request; // OPEN of an initiator: the application's request id (cookie of
				  // APP_RX_OPENED)
	uint32_t peer_cid;
	uint64_t peer_boot_id;
	uint8_t session_id[16];
	uint32_t segment_size;
	struct address peer_address;
	uint16_t peer_port; // UDP, of the worker that owns the peer's end
	uint16_t port;      // index of the link to use
	uint8_t initiator;
	uint8_t codec, level;
	uint8_t cipher; // enum cipher_id
	uint32_t result;
	char peer[NAME_SIZE];
	char service[NAME_SIZE];
	char text[REASON_SIZE];
	uint8_t secret_send[32], secret_receive[32]; // place of the packet keys, per connection and
						     // direction; wiped after use
	uint8_t controller;                          // enum controller_id
	uint8_t ring;                                // TRACE: index of a plane_trace
	uint8_t dictionary;                          // OPEN: id that was asked for, 0: none
	uint8_t dictionary_state;                    // OPEN: enum dictionary_state
	uint8_t dictionary_sha256[DICTIONARY_SHA256_SIZE]; // OPEN: of the file, if it was agreed on
	uint8_t reserved[40];
};

static_assert(sizeof(struct plane_command) == 512, "plane_command is ABI");

struct plane_event {
	uint16_t type; // enum plane_event_type
	uint16_t flags;
	uint32_t request;
	uint32_t cid;
	uint16_t app;
	uint16_t app_generation;
	uint16_t worker; // CONNECT_WANTED: where the application lives
	uint8_t codec, level;
	uint32_t result;
	uint32_t reason; // enum close_reason
	uint32_t timeout_ms;
	char node[NAME_SIZE];
	char service[NAME_SIZE];
	char text[REASON_SIZE];
	uint8_t controller; // enum controller_id
	uint8_t dictionary; // CONNECT_WANTED: id, 0: none
	uint8_t reserved[62];
};

static_assert(sizeof(struct plane_event) == 384, "plane_event is ABI");

// A node of the cluster as control sees it.
struct plane_member {
	char name[NAME_SIZE];
	struct address address;   // of its control process
	struct address dataplane; // of its first link; none: it has told of none
	uint64_t boot_id;         // of its dataplane, 0: none runs
	uint32_t incarnation;
	uint16_t port;  // of its control process
	uint8_t state;  // enum member_state of control/cluster/members/members.h
	uint8_t prefix; // length, of `dataplane`
	uint8_t reserved[16];
};

static_assert(sizeof(struct plane_member) == 128, "plane_member is ABI");

// The members sorted by name (strcmp), twice: number n is written into list n % 2 while number
// n - 1, in the other one, is read. lib/ipc/members.h has both sides.
struct plane_members {
	_Atomic uint64_t writing;   // the number that is being written, or was last
	_Atomic uint64_t published; // the number that may be read; 0: none yet
	struct {
		uint32_t count;
		uint32_t reserved[15];
		struct plane_member member[PLANE_MEMBERS_MAX];
	} list[2];
};

// Control creates and writes this; the dataplane maps it read-only.
struct plane_control {
	uint32_t magic, version;
	uint64_t size;
	uint32_t pid;
	uint32_t reserved[11];
	struct {
		struct ring_tail command_tail;
		struct ring_head event_head;
		_Alignas(64) uint8_t
			command_slots[PLANE_COMMAND_SLOTS * sizeof(struct plane_command)];
	} channels[PLANE_CHANNELS];
	_Alignas(64) struct plane_members members;
};

struct plane_app { // main writes
	_Atomic uint32_t seq;
	uint32_t pid; // 0: free
	uint32_t uid;
	uint16_t generation;
	uint16_t worker;
	uint32_t blocks;
	uint32_t sessions;
	char name[NAME_SIZE]; // comm of the process
};

struct plane_listener { // main writes
	_Atomic uint32_t seq;
	uint16_t app; // valid when service is not empty
	uint16_t app_generation;
	uint32_t flags; // enum door_flag
	char service[NAME_SIZE];
};

// What the device behind a link does for the dataplane.
enum plane_offload {
	PLANE_OFFLOAD_TX_IPV4, // checksum of the IPv4 header
	PLANE_OFFLOAD_TX_UDP,
	PLANE_OFFLOAD_TX_VLAN, // puts the tag in
	PLANE_OFFLOAD_RX_IPV4,
	PLANE_OFFLOAD_RX_UDP,
	PLANE_OFFLOAD_RX_VLAN, // takes the tag off
	PLANE_OFFLOAD_COUNT,
};

struct plane_port { // main writes; counters by the workers, summed by main once a second or on
		    // change
	_Atomic uint32_t seq;
	uint32_t up; // 1: link is up
	char name[NAME_SIZE];
	char driver[16];
	uint32_t mtu;
	struct address address;
	uint32_t prefix;
	uint32_t segment_size;
	uint16_t udp_port; // of worker 0; worker w: + w
	uint8_t mac[6];
	uint16_t vlan;     // 0: frames have no tag
	uint32_t offloads; // 1 << enum plane_offload
	uint64_t rx_packets, tx_packets, rx_bytes, tx_bytes, rx_missed, tx_refused;
};

struct plane_dictionary { // main writes, at start; does not change
	uint32_t id;      // 0: free
	uint32_t zstd_id; // that the file gives itself
	uint32_t size;    // bytes of the file
	uint32_t reserved;
	uint8_t sha256[DICTIONARY_SHA256_SIZE]; // of the file
};

struct plane_worker {                  // its worker writes, relaxed
	_Atomic uint64_t heartbeat_ns; // CLOCK_MONOTONIC of the last turn published
	_Atomic uint64_t turns, busy_turns, sleeps;
	_Atomic uint64_t cycles_busy, cycles_total;
	_Atomic uint64_t rx_packets, tx_packets, steered;
	_Atomic uint64_t
		bytes_memcpy; // bytes moved by a bare copy (transform.md says which are allowed)
	_Atomic uint64_t bytes_memcpy_sealed; // of which: null cipher, the seal copy
	_Atomic uint64_t bytes_memcpy_opened; // of which: null cipher, the open copy
	_Atomic uint64_t events_lost;         // control's ring was full
	_Atomic uint64_t sessions_refused;    // no slot, or no receive buffers of the application
	_Atomic uint64_t tid;
	_Atomic uint64_t drops[PLANE_DROPS_MAX]; // by enum verdict
};

struct plane_session { // its worker writes
	_Atomic uint32_t seq;
	uint32_t reserved;
	struct session_stats stats;
};

struct plane_trace_slot {
	uint32_t number; // the trace it belongs to
	uint32_t reserved;
	struct trace_record record;
};

// Written by the worker of the traced session. Control gives a ring to one trace at a time, and to
// the next one only when `number` is 0 again: then its worker has let go.
struct plane_trace {
	struct broadcast written;
	_Atomic uint32_t number; // 0: nobody writes
	_Alignas(64) uint8_t slots[PLANE_TRACE_SLOTS * sizeof(struct plane_trace_slot)];
};

// The dataplane creates and writes this; control maps it read-only.
struct plane_dataplane {
	uint32_t magic, version;
	uint64_t size;
	uint64_t boot_id;
	uint64_t started_ns; // CLOCK_MONOTONIC
	uint32_t pid;
	uint32_t workers, ports;
	uint32_t hugepages;      // 1: packet memory is in hugepages
	char cipher_backend[16]; // what seals and opens packets: "imb" or "evp"
	char program_version[32];
	char drop_names[PLANE_DROPS_MAX][24]; // text of plane_worker.drops, so that control needs
					      // no dataplane header
	char drop_sentences[PLANE_DROPS_MAX][96];
	char close_sentences[16][96]; // by enum close_reason
	char limited_names[8][16];    // by enum limited_by
	struct {
		struct ring_tail event_tail;
		struct ring_head command_head;
		_Alignas(64) uint8_t event_slots[PLANE_EVENT_SLOTS * sizeof(struct plane_event)];
	} channels[PLANE_CHANNELS];
	struct plane_port port[PLANE_PORTS_MAX];
	struct plane_app app[PLANE_APPS_MAX];
	struct plane_listener listener[PLANE_LISTENERS_MAX];
	struct plane_dictionary dictionary[DICTIONARIES_MAX];
	_Alignas(64) struct plane_worker worker[PLANE_WORKERS_MAX];
	_Alignas(64) struct plane_session session[PLANE_WORKERS_MAX][PLANE_SESSIONS_MAX];
	struct plane_trace trace[PLANE_TRACES_MAX];
};
