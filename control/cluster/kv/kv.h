// The state machine that Raft replicates: keys and values in order, with revisions, transactions,
// watches and snapshots. Deterministic: what it holds depends on the entries applied and on nothing
// else, limits and quota included, which are part of it. No I/O, no clock, no randomness. It
// allocates; without memory the process ends, for a replica that skips an entry is another one.
//
// Bytes: docs/wire.md, "KV". One thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kv_sizes {
	KV_KEY_MAX = 512,             // bytes; at least 1
	KV_VALUE_MAX = 512 * 1024,    // that limits.value_max may say
	KV_COMPARES_MAX = 64,         // of a request
	KV_OPS_MAX = 128,             // of a request, then and else together
	KV_ITEMS_MAX = 1024,          // of a result, of all its gets
	KV_RESULT_MAX = 1 << 20,      // bytes of keys and values in a result
	KV_REQUEST_MAX = 1 << 20,     // bytes, encoded: RAFT_ENTRY_MAX
	KV_ENCODED_MAX = 1200 * 1024, // bytes of an encoded result at most
	KV_ENTRY_COST = 96,     // bytes that a key counts against the quota, beside key and value
	KV_ORIGINS_MAX = 64,    // whose requests are remembered
	KV_WINDOW = 1024,       // requests of one origin that are remembered
	KV_DELETES_MAX = 65536, // keys that one request deletes, so that it ends soon
};

#define KV_QUOTA_MIN     4096ull
#define KV_QUOTA_MAX     (4ull << 30)
#define KV_QUOTA_DEFAULT (64ull << 20)
#define KV_VALUE_DEFAULT (64u << 10)

struct kv_bytes {
	const uint8_t *data; // borrowed
	uint32_t size;
};

enum kv_reach {
	KV_KEY = 1, // this key
	KV_PREFIX,  // all that begin with it; empty: all
	KV_RANGE,   // from key on, below end; end empty: to the last
};

struct kv_range {
	enum kv_reach reach;
	struct kv_bytes key, end;
};

enum kv_target { KV_VALUE = 1, KV_VERSION, KV_CREATE_REVISION, KV_MOD_REVISION };
enum kv_relation { KV_EQUAL = 1, KV_NOT_EQUAL, KV_LESS, KV_GREATER };

// Holds when target(key) relation operand. Of a key that is not there the numbers are 0, and no
// comparison of its value holds.
struct kv_compare {
	enum kv_target target;
	enum kv_relation relation;
	struct kv_bytes key;
	struct kv_bytes value; // KV_VALUE
	uint64_t number;       // the others
};

enum kv_op_kind {
	KV_GET = 1,
	KV_PUT,
	KV_DELETE,
	KV_LIMITS, // value_max and quota from now on. What is there stays, whatever they are
};

struct kv_op {
	enum kv_op_kind kind;
	struct kv_range range; // PUT: KV_KEY
	struct kv_bytes value; // PUT
	struct kv_bytes after; // GET: only keys behind this one: the last that an answer had
	uint32_t limit;        // GET, DELETE: keys at most; 0: as many as a request may
	uint32_t value_max;    // LIMITS
	uint64_t quota;        // LIMITS
};

// All comparisons hold: the first `thens` ops are done, else the others: in order, each sees what
// those before it did, all or none. A put or delete alone has no comparison and one op.
struct kv_request {
	uint64_t origin;   // node that proposes it
	uint64_t boot;     // of its process: another one each time it starts
	uint64_t sequence; // 1, 2, ... of that process; 0: is not told from its repetition
	uint32_t compares, thens, elses;
	struct kv_compare compare[KV_COMPARES_MAX];
	struct kv_op op[KV_OPS_MAX];
};

enum kv_status {
	KV_OK = 0,
	KV_FULL,      // over the quota: nothing was done. Deletes alone always pass
	KV_TOO_LARGE, // a value is larger than value_max: nothing was done
	KV_REPEATED,  // was applied before, its answer went out then: nothing was done
	KV_EXPIRED,   // so much older than others of its origin that nobody knows: nothing was done
	KV_MALFORMED, // cannot be so: nothing was done
	KV_TOO_NEW,   // of a version that this node does not know: it must apply no further
	KV_STATUS_COUNT,
};

struct kv_item {
	struct kv_bytes key, value;
	uint64_t create_revision, mod_revision;
	uint64_t version; // 1 when it was created; +1 with each put
};

struct kv_op_result {
	enum kv_op_kind kind;
	bool more;             // GET, DELETE: there are others, beyond what limit and sizes allow
	uint32_t first, items; // GET: kv_result.item
	uint64_t deleted;      // DELETE
	uint64_t version;      // PUT
};

struct kv_result {
	enum kv_status status;
	bool held;         // all comparisons held
	uint64_t revision; // of the state afterwards
	uint32_t ops, items;
	struct kv_op_result op[KV_OPS_MAX];
	struct kv_item item[KV_ITEMS_MAX];
};

struct kv_config {
	uint32_t history_events; // that watches may go back, a power of two
	uint64_t history_bytes;
};

struct kv_state {
	uint64_t revision; // +1 with each request that changed something
	uint64_t applied;  // index of the last entry
	uint64_t keys;
	uint64_t used; // bytes of quota
	uint64_t quota;
	uint32_t value_max;
	uint64_t oldest; // the first revision that watches can begin with
	uint32_t events; // of history
	uint64_t event_bytes;
	bool snapshot; // is being made
};

struct kv;

void kv_config_init(struct kv_config *config);
struct kv *kv_new(const struct kv_config *config); // NULL: the defaults
void kv_free(struct kv *kv);

// Entry `index` (above all before it), hostile all the same. request: NULL, or what it said,
// borrowed from bytes (origin 0: malformed). result: NULL, or borrowed from kv until the next
// kv_apply or end of a restore.
enum kv_status kv_apply(struct kv *kv, uint64_t index, const uint8_t *bytes, size_t size,
	struct kv_request *request, struct kv_result *result);
// Entry `index` is none of ours (a no-op, a configuration).
void kv_pass(struct kv *kv, uint64_t index);
// Comparisons and gets alone, of the state as it is. Others: KV_MALFORMED.
enum kv_status kv_read(
	const struct kv *kv, const struct kv_request *request, struct kv_result *result);
// Whether the state would take it now, if nothing came between: for a clear answer before it is
// proposed. KV_FULL may be out of date both ways.
enum kv_status kv_admit(const struct kv *kv, const struct kv_request *request);
bool kv_get(const struct kv *kv, struct kv_bytes key, struct kv_item *item); // until the next apply

void kv_state(const struct kv *kv, struct kv_state *state);
// Of all that entries decide: equal on replicas that applied the same. Costs a few multiplications.
uint64_t kv_hash(const struct kv *kv);
// What must hold always, reading everything; stops the process where it does not.
void kv_check(const struct kv *kv);

// ---- watches ----

enum kv_event_kind { KV_EVENT_PUT = 1, KV_EVENT_DELETE };

struct kv_event {
	enum kv_event_kind kind;
	uint64_t revision;
	struct kv_item item; // DELETE: as it was. Until the next apply
	bool more;           // of this revision there are others that this watch has not seen
};

// Where one watcher stands in the history; nothing waits for it but what all share. Its memory is
// its owner's. Slow ones fall out of the history: KV_WATCH_COMPACTED.
struct kv_watch {
	struct kv_range range; // borrows
	uint64_t revision;     // the next one wanted
	uint64_t position;     // private
};

enum kv_watch_result {
	KV_WATCH_EVENT,
	KV_WATCH_UP_TO_DATE,
	KV_WATCH_COMPACTED, // gone: watch->revision is the oldest there is. Read anew
};

// From `revision` on; 0: what comes from now on.
void kv_watch_init(const struct kv *kv, struct kv_watch *watch, const struct kv_range *range,
	uint64_t revision);
enum kv_watch_result kv_watch_next(
	const struct kv *kv, struct kv_watch *watch, struct kv_event *event);

// ---- snapshots ----

// The state as it is now, as bytes, in slices: entries may be applied between them. One at a time.
// What they replace is kept until it is written: at worst as much memory again as there was.
void kv_snapshot_begin(struct kv *kv);
// Writes up to `room` bytes. 0: that was all.
size_t kv_snapshot_next(struct kv *kv, uint8_t *bytes, size_t room);
void kv_snapshot_end(struct kv *kv); // at any time

enum kv_restore_result {
	KV_RESTORE_OK,
	KV_RESTORE_MALFORMED, // no snapshot, or not whole
	KV_RESTORE_TOO_NEW,   // of a version that this node does not know
};

// Bytes of a snapshot in order, in pieces of any size; hostile. What kv holds stays until the end,
// and for good if that is not OK. With it history begins anew; a snapshot under way is given up.
void kv_restore_begin(struct kv *kv);
enum kv_restore_result kv_restore_add(struct kv *kv, const uint8_t *bytes, size_t size);
enum kv_restore_result kv_restore_end(struct kv *kv);

// ---- bytes and words ----

// Bytes, or 0: more than `room`, or no request that kv_request_parse would take.
size_t kv_request_encode(const struct kv_request *request, uint8_t *bytes, size_t room);
// Borrows bytes. OK, MALFORMED, TOO_NEW.
enum kv_status kv_request_parse(struct kv_request *request, const uint8_t *bytes, size_t size);
size_t kv_result_encode(const struct kv_result *result, uint8_t *bytes, size_t room);
enum kv_status kv_result_parse(struct kv_result *result, const uint8_t *bytes, size_t size);
// A sentence, with what to do.
const char *kv_status_text(enum kv_status status);
// Whether a range has this key.
bool kv_range_has(const struct kv_range *range, struct kv_bytes key);
