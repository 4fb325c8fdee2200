// The tables of the dataplane, copied out of its read-only region into plain structs. Nothing here
// changes anything.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/ipc/plane.h"

struct tables {
	const struct plane_dataplane *shared; // NULL: not attached
};

// What does not change while a dataplane lives. All zero when not attached.
struct tables_info {
	uint64_t boot_id;
	uint64_t started_ns; // CLOCK_MONOTONIC
	uint32_t pid;
	uint32_t workers, ports; // bounded by PLANE_WORKERS_MAX, PLANE_PORTS_MAX
	bool hugepages;
	char version[32];
	char cipher_backend[16];
};

struct tables_worker { // a plain copy of struct plane_worker
	uint64_t heartbeat_ns, turns, busy_turns, sleeps, cycles_busy, cycles_total;
	uint64_t rx_packets, tx_packets, steered;
	uint64_t bytes_memcpy, bytes_memcpy_sealed, bytes_memcpy_opened;
	uint64_t events_lost, sessions_refused, tid;
	uint64_t drops[PLANE_DROPS_MAX];
};

// All of these return false when there is no such row now (or not attached). Texts in the copies
// are always terminated.
bool tables_info(const struct tables *tables, struct tables_info *info);
bool tables_worker(const struct tables *tables, uint32_t worker, struct tables_worker *row);
bool tables_port(const struct tables *tables, uint32_t port, struct plane_port *row);
bool tables_app(
	const struct tables *tables, uint32_t app, struct plane_app *row); // false for a free one
bool tables_listener(const struct tables *tables, uint32_t index,
	struct plane_listener *row); // false for a free one
// The dictionary with this id.
bool tables_dictionary(const struct tables *tables, uint32_t id, struct plane_dictionary *row);

// Walks the sessions that are not free: start with *cursor = 0, until false.
bool tables_session_next(const struct tables *tables, uint32_t *cursor, struct session_stats *row);
// The same, of one worker.
bool tables_worker_session_next(
	const struct tables *tables, uint32_t worker, uint32_t *cursor, struct session_stats *row);
// The session with this connection id.
bool tables_session(const struct tables *tables, uint32_t cid, struct session_stats *row);

// Texts of numbers; never NULL.
const char *tables_drop_name(const struct tables *tables, uint32_t drop); // "" past the last
const char *tables_drop_sentence(const struct tables *tables, uint32_t drop);
const char *tables_close_sentence(const struct tables *tables, uint32_t reason);
const char *tables_limited_name(const struct tables *tables, uint32_t limited_by);
