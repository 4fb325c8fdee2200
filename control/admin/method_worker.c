// worker.list: what each poll-mode core does, and every packet it dropped, by reason.
#include "control/admin/method.h"

static json_t *worker_drops(const struct tables *tables, const struct tables_worker *worker)
{
	json_t *drops = json_object();

	// 0 is "accepted", no drop.
	for (uint32_t i = 1; i < PLANE_DROPS_MAX; i++)
		if (tables_drop_name(tables, i)[0])
			json_object_set_new(drops, tables_drop_name(tables, i),
				json_integer((json_int_t)worker->drops[i]));
	return drops;
}

static json_t *worker_row(
	const struct method_call *call, uint32_t index, const struct tables_worker *w)
{
	// The clock may have been read before the worker published its last turn.
	uint64_t age = call->now_ns > w->heartbeat_ns ? call->now_ns - w->heartbeat_ns : 0;
	double busy = w->cycles_total ? (double)w->cycles_busy / (double)w->cycles_total : 0.0;

	return json_pack("{s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
			 "s:I, s:o}", //
		"worker", (json_int_t)index, "tid", (json_int_t)w->tid, "heartbeat_age_ns",
		(json_int_t)age, //
		"busy_ratio", busy, "turns", (json_int_t)w->turns, "busy_turns",
		(json_int_t)w->busy_turns,                                                  //
		"sleeps", (json_int_t)w->sleeps, "rx_packets", (json_int_t)w->rx_packets,   //
		"tx_packets", (json_int_t)w->tx_packets, "steered", (json_int_t)w->steered, //
		"events_lost", (json_int_t)w->events_lost, "sessions_refused",
		(json_int_t)w->sessions_refused, "bytes_memcpy",
		(json_int_t)w->bytes_memcpy,                               //
		"bytes_memcpy_sealed", (json_int_t)w->bytes_memcpy_sealed, //
		"bytes_memcpy_opened", (json_int_t)w->bytes_memcpy_opened, //
		"drops", worker_drops(&call->node->plane.tables, w));
}

static json_t *worker_drop_sentences(const struct tables *tables)
{
	json_t *sentences = json_object();

	for (uint32_t i = 1; i < PLANE_DROPS_MAX; i++)
		if (tables_drop_name(tables, i)[0])
			json_object_set_new(sentences, tables_drop_name(tables, i),
				json_string(tables_drop_sentence(tables, i)));
	return sentences;
}

json_t *method_worker_list(struct method_call *call, struct rpc_error *error)
{
	const struct tables *tables = &call->node->plane.tables;
	json_t *workers = json_array();
	struct tables_worker worker;

	(void)error;
	for (uint32_t i = 0; i < PLANE_WORKERS_MAX; i++)
		if (tables_worker(tables, i, &worker))
			json_array_append_new(workers, worker_row(call, i, &worker));
	return json_pack(
		"{s:o, s:o}", "workers", workers, "drop_sentences", worker_drop_sentences(tables));
}
