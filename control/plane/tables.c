// The tables of the dataplane, copied out of its read-only region into plain structs.
#include "control/plane/tables.h"

#include <string.h>

#include "lib/shm/seqlock.h"

#define TABLES_TRIES 100 // a writer is inside for less than a microsecond; a dead one for ever

#define TERMINATE(text) ((text)[sizeof(text) - 1] = 0)

static uint32_t tables_bound(uint32_t value, uint32_t max)
{
	return value < max ? value : max;
}

bool tables_info(const struct tables *tables, struct tables_info *info)
{
	const struct plane_dataplane *shared = tables->shared;

	memset(info, 0, sizeof(*info));
	if (!shared)
		return false;
	info->boot_id = shared->boot_id;
	info->started_ns = shared->started_ns;
	info->pid = shared->pid;
	info->workers = tables_bound(shared->workers, PLANE_WORKERS_MAX);
	info->ports = tables_bound(shared->ports, PLANE_PORTS_MAX);
	info->hugepages = shared->hugepages != 0;
	memcpy(info->version, shared->program_version, sizeof(info->version));
	TERMINATE(info->version);
	memcpy(info->cipher_backend, shared->cipher_backend, sizeof(info->cipher_backend));
	TERMINATE(info->cipher_backend);
	return true;
}

static uint64_t tables_load(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

bool tables_worker(const struct tables *tables, uint32_t worker, struct tables_worker *row)
{
	const struct plane_worker *from;

	if (!tables->shared || worker >= tables_bound(tables->shared->workers, PLANE_WORKERS_MAX))
		return false;
	from = &tables->shared->worker[worker];
	row->heartbeat_ns = tables_load(&from->heartbeat_ns);
	row->turns = tables_load(&from->turns);
	row->busy_turns = tables_load(&from->busy_turns);
	row->sleeps = tables_load(&from->sleeps);
	row->cycles_busy = tables_load(&from->cycles_busy);
	row->cycles_total = tables_load(&from->cycles_total);
	row->rx_packets = tables_load(&from->rx_packets);
	row->tx_packets = tables_load(&from->tx_packets);
	row->steered = tables_load(&from->steered);
	row->bytes_memcpy = tables_load(&from->bytes_memcpy);
	row->bytes_memcpy_sealed = tables_load(&from->bytes_memcpy_sealed);
	row->bytes_memcpy_opened = tables_load(&from->bytes_memcpy_opened);
	row->events_lost = tables_load(&from->events_lost);
	row->sessions_refused = tables_load(&from->sessions_refused);
	row->tid = tables_load(&from->tid);
	for (int i = 0; i < PLANE_DROPS_MAX; i++)
		row->drops[i] = tables_load(&from->drops[i]);
	return true;
}

bool tables_port(const struct tables *tables, uint32_t port, struct plane_port *row)
{
	const struct plane_port *from;

	if (!tables->shared || port >= tables_bound(tables->shared->ports, PLANE_PORTS_MAX))
		return false;
	from = &tables->shared->port[port];
	if (!seqlock_read(&from->seq, from, row, sizeof(*row), TABLES_TRIES))
		return false;
	TERMINATE(row->name);
	TERMINATE(row->driver);
	return true;
}

bool tables_app(const struct tables *tables, uint32_t app, struct plane_app *row)
{
	const struct plane_app *from;

	if (!tables->shared || app >= PLANE_APPS_MAX)
		return false;
	from = &tables->shared->app[app];
	if (!seqlock_read(&from->seq, from, row, sizeof(*row), TABLES_TRIES))
		return false;
	TERMINATE(row->name);
	return row->pid != 0;
}

bool tables_listener(const struct tables *tables, uint32_t index, struct plane_listener *row)
{
	const struct plane_listener *from;

	if (!tables->shared || index >= PLANE_LISTENERS_MAX)
		return false;
	from = &tables->shared->listener[index];
	if (!seqlock_read(&from->seq, from, row, sizeof(*row), TABLES_TRIES))
		return false;
	TERMINATE(row->service);
	return row->service[0] != 0;
}

static bool tables_session_at(
	const struct tables *tables, uint32_t worker, uint32_t slot, struct session_stats *row)
{
	const struct plane_session *from = &tables->shared->session[worker][slot];

	if (!seqlock_read(&from->seq, &from->stats, row, sizeof(*row), TABLES_TRIES))
		return false;
	TERMINATE(row->peer);
	TERMINATE(row->service);
	return row->state != SESSION_FREE;
}

bool tables_dictionary(const struct tables *tables, uint32_t id, struct plane_dictionary *row)
{
	for (uint32_t i = 0; tables->shared && id != 0 && i < DICTIONARIES_MAX; i++) {
		*row = tables->shared->dictionary[i];
		if (row->id == id)
			return true;
	}
	return false;
}

bool tables_session_next(const struct tables *tables, uint32_t *cursor, struct session_stats *row)
{
	uint32_t end;

	if (!tables->shared)
		return false;
	end = tables_bound(tables->shared->workers, PLANE_WORKERS_MAX) * PLANE_SESSIONS_MAX;
	while (*cursor < end) {
		uint32_t at = (*cursor)++;

		if (tables_session_at(
			    tables, at / PLANE_SESSIONS_MAX, at % PLANE_SESSIONS_MAX, row))
			return true;
	}
	return false;
}

bool tables_worker_session_next(
	const struct tables *tables, uint32_t worker, uint32_t *cursor, struct session_stats *row)
{
	if (!tables->shared || worker >= tables_bound(tables->shared->workers, PLANE_WORKERS_MAX))
		return false;
	while (*cursor < PLANE_SESSIONS_MAX)
		if (tables_session_at(tables, worker, (*cursor)++, row))
			return true;
	return false;
}

// A connection id is worker:8 | slot:16 | generation:8.
bool tables_session(const struct tables *tables, uint32_t cid, struct session_stats *row)
{
	uint32_t worker = cid >> 24, slot = cid >> 8 & 0xffff;

	if (!tables->shared || worker >= tables_bound(tables->shared->workers, PLANE_WORKERS_MAX) ||
		slot >= PLANE_SESSIONS_MAX)
		return false;
	return tables_session_at(tables, worker, slot, row) && row->session == cid;
}

// Written before WELCOME, but still the other side's memory: no text is read past its field.
static const char *tables_text(const char *text, size_t size)
{
	return memchr(text, 0, size) ? text : "";
}

#define TABLES_TEXT(tables, field, index)                                          \
	((tables)->shared && (index) < sizeof((tables)->shared->field) /           \
						sizeof((tables)->shared->field[0]) \
			? tables_text((tables)->shared->field[index],              \
				  sizeof((tables)->shared->field[index]))          \
			: "")

const char *tables_drop_name(const struct tables *tables, uint32_t drop)
{
	return TABLES_TEXT(tables, drop_names, drop);
}

const char *tables_drop_sentence(const struct tables *tables, uint32_t drop)
{
	return TABLES_TEXT(tables, drop_sentences, drop);
}

const char *tables_close_sentence(const struct tables *tables, uint32_t reason)
{
	return TABLES_TEXT(tables, close_sentences, reason);
}

const char *tables_limited_name(const struct tables *tables, uint32_t limited_by)
{
	return TABLES_TEXT(tables, limited_names, limited_by);
}
