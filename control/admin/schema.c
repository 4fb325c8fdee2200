// The table of admin methods.
#include "control/admin/schema.h"

#include <string.h>

#include "control/cluster/kv/kv.h"
#include "control/config.h"
#include "lib/ipc/codec_names.h"
#include "lib/ipc/controller_names.h"

#define SESSION_ID                                                                              \
	{                                                                                       \
		.name = "id", .type = SCHEMA_HEX, .required = 1, .min = 6, .max = 32,           \
		.sentence = "session id, or the first digits of it when they name one session", \
	}

#define KEYRING_ID                                                                   \
	{                                                                            \
		.name = "id", .type = SCHEMA_HEX, .required = 1, .min = 8, .max = 8, \
		.sentence = "id of the key, as keyring list has it",                 \
	}
#define POOL_PEER(says)                                                         \
	{                                                                       \
		.name = "peer", .type = SCHEMA_STRING, .required = 1, .min = 1, \
		.max = NAME_SIZE - 1, .sentence = says,                         \
	}
#define POOL_PEER_OR_ALL POOL_PEER("name of the node, or \"all\"")

#define KV_KEY_PARAM                                                                              \
	{                                                                                         \
		.name = "key", .type = SCHEMA_STRING, .required = 1, .min = 1, .max = KV_KEY_MAX, \
		.sentence = "text, to 512 bytes",                                                 \
	}
#define KV_STALE_PARAM                                                       \
	{                                                                    \
		.name = "stale", .type = SCHEMA_BOOLEAN,                     \
		.sentence = "as this node has it: perhaps old, but at once", \
	}
#define CONSENSUS_TIMEOUT                                                                          \
	{                                                                                          \
		.name = "timeout_ms", .type = SCHEMA_INTEGER, .min = 100, .max = 60000,            \
		.standard = "10000",                                                               \
		.sentence = "how long it may take; a write that is late may be done all the same", \
	}
#define KV_PUT_MAX (128 * 1024)

static const char *const raft_actions[] = {"add", "learner", "promote", "demote", "remove", NULL};

const struct schema_method schema_methods[] = {
	{
		.name = "status",
		.level = LEVEL_VIEWER,
		.sentence = "the whole node in one look: both processes, links, sessions, "
			    "applications",
		.result =
			"node, version, uptime_s, cipher, certificate (null without one) {node, "
			"issuer, algorithm, serial, not_after, expires_in_s, state, "
			"hybrid_key_exchange, authorities[] {subject, serial, not_after, "
			"expires_in_s, state}, reload_error (why the files as they are now were "
			"not "
			"taken, or null)}, control {pid, uptime_s}, dataplane {pid, "
			"state, boot_id, "
			"hugepages, cipher_backend, workers, restarts, program_version, uptime_s}, "
			"links[], "
			"membership {cluster, left, members {STATE: count}, health, key "
			"(id of the one that seals, null: in the clear), keys_error}, consensus "
			"{state "
			"(off, asks, member, failed), why, leader, member (role of this node), "
			"term, members}, sessions, "
			"apps[] "
			"{name, pid, uid, worker, sessions}, listeners[] {service, pid, fallback}, "
			"dictionaries[] {id, zstd_id, bytes, sha256}",
	},
	{
		.name = "version",
		.level = LEVEL_VIEWER,
		.sentence = "versions of the programs and of the shared memory between them",
		.result = "control, dataplane (null when it is not attached), plane_abi",
	},
	{
		.name = "link.list",
		.level = LEVEL_VIEWER,
		.sentence = "links of the dataplane with their state and counters",
		.result = "links[] {name, driver, state, mtu, segment_bytes, address, vlan, mac, "
			  "offloads[], "
			  "udp_port, rx_packets, "
			  "tx_packets, rx_bytes, tx_bytes, rx_missed, tx_refused}",
	},
	{
		.name = "worker.list",
		.level = LEVEL_VIEWER,
		.sentence =
			"poll-mode workers: heartbeat, load, packets, and every drop by its reason",
		.result = "workers[] {worker, tid, heartbeat_age_ns, busy_ratio, turns, "
			  "busy_turns, sleeps, "
			  "rx_packets, tx_packets, steered, events_lost, sessions_refused, "
			  "bytes_memcpy, "
			  "bytes_memcpy_sealed, "
			  "bytes_memcpy_opened, drops {NAME: packets}}, drop_sentences {NAME: "
			  "sentence}",
	},
	{
		.name = "session.list",
		.level = LEVEL_VIEWER,
		.sentence = "sessions of this node, one short row each",
		.result = "sessions[] {id, cid, worker, peer, service, state, initiator, codec, "
			  "raw_sent_bytes, "
			  "raw_received_bytes, srtt_ns, rate_bytes_per_s, retransmits}",
	},
	{
		.name = "session.show",
		.level = LEVEL_VIEWER,
		.sentence = "every figure of one session",
		.result = "one object; its fields are listed under \"Figures of a session\"",
		.params = {SESSION_ID},
	},
	{
		.name = "session.open",
		.level = LEVEL_OPERATOR,
		.change = 1,
		.sentence = "opens an idle session with a peer, of no application at either end: "
			    "shows that the path works",
		.result = "id, cid",
		.params =
			{
				{.name = "node",
					.type = SCHEMA_STRING,
					.required = 1,
					.min = 1,
					.max = NAME_SIZE - 1,
					.sentence =
						"name of the peer, as the configuration has it"},
				{.name = "codec",
					.type = SCHEMA_CHOICE,
					.choices = codec_choices,
					.standard = "none",
					.sentence = "how records are compressed"},
				{.name = "level",
					.type = SCHEMA_INTEGER,
					.min = 0,
					.max = CODEC_LEVEL_MAX,
					.standard = "0",
					.sentence = CODEC_LEVEL_SENTENCE},
				{.name = "dictionary",
					.type = SCHEMA_INTEGER,
					.min = 0,
					.max = DICTIONARY_ID_MAX,
					.standard = "0",
					.sentence = DICTIONARY_SENTENCE},
				{.name = "controller",
					.type = SCHEMA_CHOICE,
					.choices = controller_choices,
					.standard = "aimd",
					.sentence = "congestion controller of both ends"},
				{.name = "timeout_ms",
					.type = SCHEMA_INTEGER,
					.min = 100,
					.max = 60000,
					.standard = "10000",
					.sentence = "how long the peer may take to answer"},
			},
	},
	{
		.name = "session.close",
		.level = LEVEL_OPERATOR,
		.change = 1,
		.sentence = "closes a session after what was sent is delivered",
		.result = "id, cid",
		.params =
			{
				SESSION_ID,
				{.name = "now",
					.type = SCHEMA_BOOLEAN,
					.sentence = "at once, without delivering what was sent"},
			},
	},
	{
		.name = "session.trace",
		.level = LEVEL_OPERATOR,
		.sentence = "streams every step of a session's congestion control, until it closes",
		.result =
			"lines, lost, ended; before that a notification (method "
			"\"session.trace\", no id) for each step, its params being: t_ns, event "
			"(start, ack, cut, path, lost), cwnd_segments, rate_Bps, rtt_ns, srtt_ns, "
			"in_flight, newly_acked, segment_bytes, limited_by, cut_reason (loss, "
			"timeout or null); "
			"of a gap only event and count",
		.params =
			{
				SESSION_ID,
				{.name = "seconds",
					.type = SCHEMA_INTEGER,
					.min = 0,
					.max = 86400,
					.standard = "0",
					.sentence = "end after so long, 0: only with the session"},
				{.name = "count",
					.type = SCHEMA_INTEGER,
					.min = 0,
					.max = 1000000000,
					.standard = "0",
					.sentence = "end after so many lines, 0: never"},
			},
	},
	{
		.name = "pool.show",
		.level = LEVEL_VIEWER,
		.sentence = "the pooled connections to the control processes of other nodes, and "
			    "who waits for one",
		.result = "total {nodes, connections, active, idle, pending, waiting, leaked, "
			  "paused, draining, utilisation, hint_hit_ratio, acquire_p50_ns, "
			  "acquire_p99_ns, and the counts of a node}, nodes[] {name, membership, "
			  "health (healthy, degraded, unhealthy, dead), breaker, connections, "
			  "active, idle, pending, waiting, paused, draining, rtt_ns, dial_ns, "
			  "retry_in_ns, failures, last_health_check_ns_ago, key_exchange (null "
			  "without TLS), reason (of the last dial that failed), requests, granted, "
			  "waited, refused, failed, dials, dials_failed, created, destroyed, "
			  "health_checks, health_checks_failed, reuse_ratio}, leaks[] {name, site, "
			  "age_ns}, options {as in the configuration's section pool}; active, idle "
			  "and pending count the requests that connections have room for",
	},
	{
		.name = "pool.drain",
		.level = LEVEL_OPERATOR,
		.change = 1,
		.sentence = "no new requests to a node; its connections are closed when what runs "
			    "on them has ended. Until pool.resume",
		.result = "peer",
		.params = {POOL_PEER_OR_ALL},
	},
	{
		.name = "pool.pause",
		.level = LEVEL_OPERATOR,
		.change = 1,
		.sentence = "requests to a node wait, and nothing is dialed, until pool.resume",
		.result = "peer",
		.params = {POOL_PEER_OR_ALL},
	},
	{
		.name = "pool.resume",
		.level = LEVEL_OPERATOR,
		.change = 1,
		.sentence = "undoes pool.drain and pool.pause",
		.result = "peer",
		.params = {POOL_PEER_OR_ALL},
	},
	{
		.name = "pool.warm",
		.level = LEVEL_OPERATOR,
		.change = 1,
		.sentence = "makes connections to a node ready, once",
		.result = "peer, connections",
		.params =
			{
				POOL_PEER("name of the node"),
				{.name = "connections",
					.type = SCHEMA_INTEGER,
					.min = 1,
					.max = 4,
					.standard = "1",
					.sentence = "how many"},
			},
	},
	{
		.name = "pool.explain",
		.level = LEVEL_VIEWER,
		.sentence = "what would become of a request to a node now, and why",
		.result = "peer, result (granted, waiting, refused), why, text, retry_in_ns, "
			  "ahead, node (as in pool.show)",
		.params = {POOL_PEER("name of the node")},
	},
	{
		.name = "members",
		.level = LEVEL_VIEWER,
		.sentence = "nodes of the cluster as this one sees them",
		.result =
			"cluster, generation (of the snapshot), left (this node has left), health "
			"(0: well; how much slower this node judges others), members[] {name, "
			"state "
			"(alive, suspect, dead, left), self, address, rtt_ns (null without a "
			"probe), "
			"state_age_s, incarnation, boot_id (of its dataplane, null: none runs), "
			"links[], version, protocol_min, protocol_max}",
		.params =
			{
				{.name = "down",
					.type = SCHEMA_BOOLEAN,
					.sentence = "also those that are dead or have left"},
			},
	},
	{
		.name = "members.watch",
		.level = LEVEL_VIEWER,
		.sentence = "as members with those that are down; then every change, as it is "
			    "noticed, until the client hangs up",
		.result =
			"as of members; after that a notification (method \"members.watch\", no "
			"id) "
			"for each change, its params being: name, from and to (a state, or none: "
			"not known before, or forgotten), address, event (change), generation (of "
			"the snapshot that has it), time_s (Unix), meta_changed (what the member "
			"says of itself, or its address), and the rest of a row of members. Of a "
			"new round trip time name, event (rtt), rtt_ns, time_s. A client that does "
			"not read loses what does not fit into 1 MiB; it is told how many, with "
			"the "
			"whole list: event (resync), lost, time_s, and what members answers. More "
			"requests on this connection are not read",
		.params =
			{
				{.name = "rtt",
					.type = SCHEMA_BOOLEAN,
					.sentence = "also the round trip time of every probe"},
			},
	},
	{
		.name = "join",
		.level = LEVEL_OPERATOR,
		.change = 1,
		.sentence = "asks nodes for the cluster that they are in; also ends a leave",
		.result = "addresses[] (that are asked until they answer)",
		.params =
			{
				{.name = "address",
					.type = SCHEMA_STRING,
					.min = 1,
					.max = CONFIG_ADDRESS_TEXT,
					.sentence =
						"ADDRESS:PORT of a control process; without it the "
						"configuration's seeds and peers, and after a "
						"leave some members that were here"},
			},
	},
	{
		.name = "leave",
		.level = LEVEL_ADMIN,
		.change = 1,
		.sentence = "says good-bye to the cluster; sessions go on, and the node runs alone "
			    "until join",
		.result = "members (that it is said to)",
	},
	{
		.name = "ping",
		.level = LEVEL_VIEWER,
		.sentence = "one ping to a member's control process",
		.result = "node, rtt_ns",
		.params =
			{
				{.name = "node",
					.type = SCHEMA_STRING,
					.required = 1,
					.min = 1,
					.max = NAME_SIZE - 1,
					.sentence = "name of a member"},
				{.name = "timeout_ms",
					.type = SCHEMA_INTEGER,
					.min = 100,
					.max = 60000,
					.standard = "10000",
					.sentence = "how long it may take to answer"},
			},
	},
	{
		.name = "keyring.list",
		.level = LEVEL_VIEWER,
		.sentence = "keys of membership's datagrams, by their ids: the first seals, all of "
			    "them open",
		.result = "file, keys[] {id, seals, opened (datagrams), opened_age_s (null: none "
			  "yet)}, reload_error (why the file as it is now was not taken, or null)",
	},
	{
		.name = "keyring.install",
		.level = LEVEL_ADMIN,
		.change = 1,
		.sentence = "adds a new key to this node's file, or those of another file: they "
			    "open from now on",
		.result = "installed[] (ids)",
		.params =
			{
				{.name = "from",
					.type = SCHEMA_STRING,
					.min = 1,
					.max = CONFIG_PATH_SIZE - 1,
					.sentence =
						"file of keys to add, absolute; without it a new "
						"one is made"},
			},
	},
	{
		.name = "keyring.use",
		.level = LEVEL_ADMIN,
		.change = 1,
		.sentence = "seals with this key from now on; every node must have it",
		.result = "id",
		.params = {KEYRING_ID},
	},
	{
		.name = "keyring.remove",
		.level = LEVEL_ADMIN,
		.change = 1,
		.sentence =
			"removes a key from this node's file; no node may seal with it any more",
		.result = "id",
		.params = {KEYRING_ID},
	},
	{
		.name = "kv.get",
		.level = LEVEL_VIEWER,
		.sentence = "the value of a key, with every write that was answered before",
		.result = "key, value (value_base64 if it is no text), create_revision, "
			  "mod_revision, version, revision (of all)",
		.params =
			{
				KV_KEY_PARAM,
				KV_STALE_PARAM,
				CONSENSUS_TIMEOUT,
			},
	},
	{
		.name = "kv.list",
		.level = LEVEL_VIEWER,
		.sentence = "keys in order, with their values",
		.result = "items[] {as of kv.get}, more (there are others behind the last one: ask "
			  "again with after), revision",
		.params =
			{
				{.name = "prefix",
					.type = SCHEMA_STRING,
					.min = 0,
					.max = KV_KEY_MAX,
					.standard = "",
					.sentence = "only keys that begin so"},
				{.name = "after",
					.type = SCHEMA_STRING,
					.min = 0,
					.max = KV_KEY_MAX,
					.standard = "",
					.sentence = "only keys behind this one"},
				{.name = "limit",
					.type = SCHEMA_INTEGER,
					.min = 1,
					.max = KV_ITEMS_MAX,
					.standard = "100",
					.sentence = "so many at most"},
				{.name = "keys",
					.type = SCHEMA_BOOLEAN,
					.sentence = "without the values"},
				KV_STALE_PARAM,
				CONSENSUS_TIMEOUT,
			},
	},
	{
		.name = "kv.put",
		.level = LEVEL_OPERATOR,
		.change = 1,
		.sentence = "sets the value of a key: answered when a majority of the members has "
			    "it on disk",
		.result = "revision, version",
		.params =
			{
				KV_KEY_PARAM,
				{.name = "value",
					.type = SCHEMA_STRING,
					.min = 0,
					.max = KV_PUT_MAX,
					.sentence = "text"},
				{.name = "value_base64",
					.type = SCHEMA_STRING,
					.min = 0,
					.max = KV_PUT_MAX * 4 / 3 + 4,
					.sentence = "any bytes"},
				{.name = "if_revision",
					.type = SCHEMA_INTEGER,
					.min = -1,
					.max = INT64_MAX,
					.standard = "-1",
					.sentence = "only if its mod_revision is this; 0: only if "
						    "there is no such key"},
				CONSENSUS_TIMEOUT,
			},
	},
	{
		.name = "kv.delete",
		.level = LEVEL_OPERATOR,
		.change = 1,
		.sentence = "removes a key, or all that begin so",
		.result = "deleted, revision",
		.params =
			{
				KV_KEY_PARAM,
				{.name = "prefix",
					.type = SCHEMA_BOOLEAN,
					.sentence = "all keys that begin so"},
				CONSENSUS_TIMEOUT,
			},
	},
	{
		.name = "raft.show",
		.level = LEVEL_VIEWER,
		.sentence =
			"this node's part in the cluster's consensus: leader, term, log, members",
		.result = "node, state (off, asks, member, failed), why (what is wrong, or what "
			  "recovery found), cluster, leader (a node, or null), role, term, commit, "
			  "applied, first, last, durable, quarantined, members[] {name, role "
			  "(voter, joining, learner, leaving), self, leader; of the leader also "
			  "match, progress, active, quarantined, in_flight}, store {backend, "
			  "error, full, durable, first, bytes, writes, flushes, snapshot}, kv "
			  "{revision, keys, used_bytes, quota_bytes, value_max}",
	},
	{
		.name = "raft.bootstrap",
		.level = LEVEL_ADMIN,
		.change = 1,
		.sentence = "begins a cluster's consensus with this node alone; others that "
			    "membership knows are added by themselves",
		.result = "cluster",
		.params =
			{
				{.name = "force",
					.type = SCHEMA_BOOLEAN,
					.sentence =
						"although another node is a member of one already"},
			},
	},
	{
		.name = "raft.transfer",
		.level = LEVEL_OPERATOR,
		.change = 1,
		.sentence = "hands leadership to another voter; only the leader can",
		.result = "node",
		.params =
			{
				{.name = "node",
					.type = SCHEMA_STRING,
					.required = 1,
					.min = 1,
					.max = NAME_SIZE - 1,
					.sentence = "name of a voter"},
			},
	},
	{
		.name = "raft.member",
		.level = LEVEL_ADMIN,
		.change = 1,
		.sentence = "changes who decides: adds (as a learner, that becomes a voter when it "
			    "has caught up), promotes, demotes, removes",
		.result = "node, action",
		.params =
			{
				{.name = "action",
					.type = SCHEMA_CHOICE,
					.required = 1,
					.choices = raft_actions,
					.sentence = "what"},
				{.name = "node",
					.type = SCHEMA_STRING,
					.required = 1,
					.min = 1,
					.max = NAME_SIZE - 1,
					.sentence = "name of the node"},
				CONSENSUS_TIMEOUT,
			},
	},
	{
		.name = "metrics",
		.level = LEVEL_VIEWER,
		.sentence = "everything that can be counted, for a monitoring system; the command "
			    "line writes it as OpenMetrics text",
		.result =
			"metrics[] {name, type (gauge, counter, histogram, info, stateset), unit, "
			"help, suffix (of the samples' name), samples[] {suffix (of a "
			"histogram's samples, each its own), labels {NAME: TEXT}, value}}",
		.params =
			{
				{.name = "members",
					.type = SCHEMA_BOOLEAN,
					.sentence = "also series of each member, of 256 at most"},
			},
	},
	{
		.name = "help",
		.level = LEVEL_VIEWER,
		.sentence = "this schema: every method with its level and its parameters",
		.result = "methods[] {name, level, change, sentence, result, params[] {name, type, "
			  "required, min, max, "
			  "choices, default, sentence}}",
		.params =
			{
				{.name = "method",
					.type = SCHEMA_STRING,
					.min = 1,
					.max = 64,
					.sentence = "only this method"},
			},
	},
	{.name = NULL},
};

const struct schema_method *schema_find(const char *name)
{
	for (const struct schema_method *m = schema_methods; m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

const char *schema_level_name(enum admin_level level)
{
	static const char *const names[] = {"none", "viewer", "operator", "admin"};

	return names[level];
}

const char *schema_type_name(enum schema_type type)
{
	static const char *const names[] = {"string", "integer", "boolean", "choice", "hex"};

	return names[type];
}
