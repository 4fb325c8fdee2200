// Membership in the process: drives the SWIM core (control/cluster/swim) with datagrams of one UDP
// socket, timers, and the health of this process; keeps the snapshot of the members
// (control/cluster/members) true to it.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "control/cluster/keyring/keyring.h"
#include "control/cluster/members/members.h"
#include "control/cluster/swim/swim.h"
#include "control/config.h"
#include "control/loop.h"
#include "control/plane/tables.h"

enum gossip_limits {
	GOSSIP_BATCH = 32,  // datagrams of one system call
	GOSSIP_BATCHES = 4, // in one turn of the loop, which has other guests
	GOSSIP_PINGS_MAX = 16,
	GOSSIP_HEALTH_MS = 250,    // how often loop and dataplane are looked at
	GOSSIP_LOOK_MS = 5000,     // how often the file of keys is looked at
	GOSSIP_PUBLISH_US = 10,    // for each member between two snapshots
	GOSSIP_LINES_MAX = 16,     // log lines about members in one second
	GOSSIP_STRANGER_MS = 1000, // one line about strangers in so long
	GOSSIP_RTT_BOUNDS = 13,
};

// Upper bounds, inclusive, of what round trips of probes are counted by.
extern const uint64_t gossip_rtt_bounds_ns[GOSSIP_RTT_BOUNDS];

// To whom something goes over a connection of the pool.
struct gossip_peer {
	uint32_t member;        // SWIM_NONE: a seed that nobody has met yet
	char name[NAME_SIZE];   // empty then
	struct address address; // of its control process
	uint16_t port;
};

// Addresses that are asked for the cluster.
struct gossip_seeds {
	uint32_t count;
	struct config_seed seed[SWIM_SEEDS_MAX];
};

// Result of gossip_ping. rtt_ns is of the answer.
typedef void (*gossip_pong_fn)(void *owner, bool ok, uint64_t rtt_ns);

struct gossip_ping {
	uint32_t cookie; // 0: free
	gossip_pong_fn on_pong;
	void *owner;
};

struct gossip {
	const struct config *config;
	const struct tables *tables; // the dataplane's; borrowed, set after gossip_init
	struct loop *loop;
	struct members members;
	struct swim *swim; // NULL: not started
	struct identities *identities;
	struct swim_output *out;
	bool carrying; // `out` is being carried out
	uint8_t plain[KEYRING_FRAME_PLAIN_MAX], sealed[KEYRING_FRAME_MAX]; // a frame on its way
	uint32_t incarnation;
	uint64_t boot_id;   // of our dataplane, told to all
	uint32_t consensus; // enum meta_consensus, told to all
	uint64_t gone_id;   // of the one that died last
	int fd;             // -1
	struct gossip_batches *batches;
	uint16_t port; // UDP and TCP
	struct loop_watch watch;
	struct loop_timer tick, publish, health, look, leaving;
	uint64_t tick_due_ns, health_due_ns, published_ns;
	uint32_t health_extra;

	struct keyring keyring;
	struct stat keys_stat;              // of the file as it was read
	char keys_error[CONFIG_ERROR_SIZE]; // why it was not taken as it is now, or empty

	uint64_t sealed_in[KEYRING_RESULT_COUNT];  // datagrams that came, by what the keyring said
	uint64_t sends_lost;                       // the socket was full
	uint64_t rtt_count[GOSSIP_RTT_BOUNDS + 1]; // direct probes by bound; the last: above all
	uint64_t rtt_sum_ns;
	uint64_t stranger_ns, strangers; // when one was told last; not told since
	uint64_t lines_ns;
	uint32_t lines;

	uint32_t next_cookie;
	struct gossip_ping pings[GOSSIP_PINGS_MAX];

	// SWIM over connections: set after gossip_init. They may not call gossip_* before they
	// return.
	// A ping to a member: a frame for the other end's gossip_on_sync; its answer is for
	// gossip_is_stream_pong, and what that says for gossip_on_stream_pong.
	void (*on_stream_ping)(
		void *owner, const struct gossip_peer *to, const uint8_t *frame, size_t size);
	// The first frame of an exchange, sent over a connection. Each frame that comes back on it
	// goes to gossip_on_sync, whose answer goes back on the same connection, until there is
	// none.
	void (*on_sync)(
		void *owner, const struct gossip_peer *to, const uint8_t *frame, size_t size);
	void (*on_left)(void *owner);      // after gossip_leave
	void (*on_published)(void *owner); // there is a new snapshot
	void *owner;
	// A direct probe was answered; for whoever shows it, NULL: nobody does.
	void (*on_rtt)(void *rtt_owner, uint32_t member, uint64_t rtt_ns);
	void *rtt_owner;
};

// Zeroes and prepares; allocates nothing. gossip_stop is legal from here on.
void gossip_init(struct gossip *gossip, const struct config *config, struct loop *loop);
// Socket, keys, seeds. `port`: where control listens; 0: the kernel chooses gossip->port. 0, or -1
// with a sentence.
int gossip_start(struct gossip *gossip, uint16_t port, char *error, size_t error_size);
// At once: others will find out. gossip_leave tells them before.
void gossip_stop(struct gossip *gossip);
// Good-bye to everybody; on_left is called when it is out, within a few rounds of gossip, maybe at
// once. Then nothing is sent or heard until gossip_join.
void gossip_leave(struct gossip *gossip);
// Saying good-bye: gossip_leave was called, on_left not yet.
bool gossip_is_leaving(const struct gossip *gossip);
// Another seed; 0, or -1: there are SWIM_SEEDS_MAX. Comes back after gossip_leave, when that is
// over, and then asks what gossip_join_known does, too: legal unless gossip_is_leaving.
int gossip_join(struct gossip *gossip, struct address address, uint16_t port);
// The seeds and peers of the configuration (again), and after gossip_leave some of the members that
// were here then. `asked`: who is asked; nobody: then nothing happens. Legal as gossip_join.
void gossip_join_known(struct gossip *gossip, struct gossip_seeds *asked);
// What this node is told to be: the configuration's numbers over the preset's.
void gossip_swim_config(const struct config *config, uint16_t port, struct swim_config *to);

// Our dataplane: 0 when none is attached.
void gossip_plane_set(struct gossip *gossip, uint64_t boot_id);
// It is gone for sure, and its sessions with it.
void gossip_plane_gone(struct gossip *gossip, uint64_t boot_id);
// What we are to the consensus, an enum meta_consensus.
void gossip_consensus_set(struct gossip *gossip, uint32_t consensus);
// One ping. 0: on_pong is called later, once; or with a sentence -ENOENT (no other member of that
// name), -EINVAL (this node has left), -EBUSY (GOSSIP_PINGS_MAX are under way).
int gossip_ping(struct gossip *gossip, const char *node, gossip_pong_fn on_pong, void *owner,
	char *error, size_t error_size);
// on_pong with this owner is not called any more.
void gossip_ping_forget(struct gossip *gossip, const void *owner);

void gossip_on_stream_pong(struct gossip *gossip, uint32_t member, bool ok);
// A frame that came over a connection, sealed, a ping or of the core. The answer's size, 0: none;
// `last`: the other end will not answer that one. `why`: the sentence of a refusal, or NULL.
size_t gossip_on_sync(struct gossip *gossip, const uint8_t *frame, size_t size,
	uint8_t answer[KEYRING_FRAME_MAX], bool *last, const char **why);
// What came back for a ping: is it that member's, and sealed with a key of ours?
bool gossip_is_stream_pong(
	struct gossip *gossip, uint32_t member, const uint8_t *frame, size_t size);

// What a start would say of the keys: 0, or -1 with a sentence.
int gossip_keys_check(const struct config *config, char *error, size_t error_size);
// Change the file of keys of this node, and take it at once. 0, or -1 with a sentence in `error`
// (PKI_ERROR_SIZE): then neither is changed.
// A new key, or (from != NULL) those of another file that are not there yet; `ids`: of what came.
int gossip_keys_install(struct gossip *gossip, const char *from, char ids[KEYS_MAX][KEYS_ID_TEXT],
	uint32_t *count, char *error);
int gossip_keys_use(struct gossip *gossip, const char *id, char *error);
int gossip_keys_remove(struct gossip *gossip, const char *id, char *error);
// The file of keys is read again, whether it changed or not.
void gossip_keys_reload(struct gossip *gossip);
