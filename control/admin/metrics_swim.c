// Metrics of membership: who is seen how, and what it costs.
#include "control/admin/metrics.h"
#include "control/admin/openmetrics.h"
#include "control/admin/rpc.h"
#include "control/net/gossip.h"

struct counter {
	const char *label;
	uint64_t value;
};

// A family of counters with one label.
static void counters(json_t *families, const char *name, const char *help, const char *label,
	const struct counter *counter, uint32_t count)
{
	json_t *samples = openmetrics_family(families, OPENMETRICS_COUNTER, name, "", help);

	for (uint32_t i = 0; i < count; i++)
		openmetrics_sample(samples, json_pack("{s:s}", label, counter[i].label),
			json_integer((json_int_t)counter[i].value));
}

#define COUNTERS(families, name, help, label, list) \
	counters(families, name, help, label, list, sizeof(list) / sizeof((list)[0]))

static void metrics_members(json_t *families, const struct gossip *gossip)
{
	json_t *states = openmetrics_family(families, OPENMETRICS_GAUGE, "sluice_members", "",
		"nodes of the cluster by their state, this one included");
	uint32_t counts[MEMBER_STATE_COUNT];
	struct members_view view;

	members_get(gossip->members.own, &view);
	members_count(&view, counts);
	for (int state = MEMBER_ALIVE; state < MEMBER_STATE_COUNT; state++)
		openmetrics_sample(states, json_pack("{s:s}", "state", member_state_names[state]),
			json_integer(counts[state]));
}

static void metrics_each_member(json_t *families, const struct gossip *gossip)
{
	json_t *rtt = openmetrics_family(families, OPENMETRICS_GAUGE, "sluice_member_rtt_seconds",
		"seconds", "round trip time of the last probe of a member");
	uint32_t rows = 0;
	struct members_view view;
	struct swim_view now;

	members_get(gossip->members.own, &view);
	for (uint32_t i = 0; i < view.count && rows < METRICS_MEMBERS_MAX; i++) {
		const struct member *member = &view.member[i];

		if (member->self || !swim_member(gossip->swim, member->index, &now) || !now.rtt_ns)
			continue;
		openmetrics_sample(rtt, json_pack("{s:o}", "member", rpc_text(member->name)),
			json_real((double)now.rtt_ns / 1e9));
		rows++;
	}
}

// One histogram, however many members there are.
static void metrics_rtt(json_t *families, const struct gossip *gossip)
{
	double bounds[GOSSIP_RTT_BOUNDS];

	for (uint32_t i = 0; i < GOSSIP_RTT_BOUNDS; i++)
		bounds[i] = (double)gossip_rtt_bounds_ns[i] / 1e9;
	openmetrics_histogram(openmetrics_family(families, OPENMETRICS_HISTOGRAM,
				      "sluice_swim_probe_rtt_seconds", "seconds",
				      "round trip times of probes that this node sent and their "
				      "members answered in time"),
		bounds, gossip->rtt_count, GOSSIP_RTT_BOUNDS, (double)gossip->rtt_sum_ns / 1e9);
}

static void metrics_rejected(
	json_t *families, const struct gossip *gossip, const struct swim_report *report)
{
	struct counter list[KEYRING_RESULT_COUNT + SWIM_RESULT_COUNT];
	uint32_t count = 0;

	for (int i = KEYRING_OK + 1; i < KEYRING_RESULT_COUNT; i++)
		list[count++] = (struct counter){keyring_result_names[i], gossip->sealed_in[i]};
	// What was opened and then not taken; the keyring has a reason "version" of its own.
	list[count++] = (struct counter){"swim_version", report->rejected[SWIM_VERSION]};
	list[count++] = (struct counter){"cluster", report->rejected[SWIM_CLUSTER]};
	list[count++] = (struct counter){
		"malformed", report->rejected[SWIM_SHORT] + report->rejected[SWIM_MALFORMED]};
	list[count++] = (struct counter){"full", report->rejected[SWIM_FULL]};
	counters(families, "sluice_swim_rejected",
		"datagrams and frames of membership that were not taken, or not all of them, by "
		"why",
		"reason", list, count);
}

static void metrics_probes(json_t *families, const struct swim_report *report)
{
	const struct counter probes[] = {{"all", report->probes},
		{"indirect", report->probes_indirect}, {"failed", report->probes_failed}};
	const struct counter suspicions[] = {{"raised", report->suspected},
		{"refuted", report->refuted}, {"confirmed", report->declared_dead}};

	COUNTERS(families, "sluice_swim_probes", "probes of members, by what became of them",
		"kind", probes);
	COUNTERS(families, "sluice_swim_suspicions",
		"suspicions that this node raised, that it refuted of itself, and that ended with "
		"a member declared dead",
		"kind", suspicions);
}

void metrics_swim(json_t *families, const struct gossip *gossip, bool each_member)
{
	struct swim_report report;

	metrics_rtt(families, gossip);
	if (!gossip->swim)
		return;
	swim_report(gossip->swim, &report);
	const struct counter datagrams[] = {
		{"in", report.datagrams_in}, {"out", report.datagrams_out}};
	const struct counter bytes[] = {{"in", report.bytes_in + report.frame_bytes_in},
		{"out", report.bytes_out + report.frame_bytes_out}};
	const struct counter frames[] = {{"in", report.frames_in}, {"out", report.frames_out}};

	metrics_members(families, gossip);
	if (each_member)
		metrics_each_member(families, gossip);
	openmetrics_sample(openmetrics_family(families, OPENMETRICS_GAUGE, "sluice_swim_health", "",
				   "ill-health of this node, 0 when it is well: it judges others "
				   "so much more slowly"),
		json_object(), json_integer(report.health));
	openmetrics_sample(openmetrics_family(families, OPENMETRICS_GAUGE, "sluice_swim_updates",
				   "", "news about members under way"),
		json_object(), json_integer(report.updates));
	metrics_probes(families, &report);
	COUNTERS(families, "sluice_swim_datagrams", "datagrams of membership", "direction",
		datagrams);
	COUNTERS(families, "sluice_swim_frames", "frames of anti-entropy, over connections",
		"direction", frames);
	COUNTERS(families, "sluice_swim_payload_bytes",
		"bytes of datagrams and frames, before encryption", "direction", bytes);
	openmetrics_sample(
		openmetrics_family(families, OPENMETRICS_COUNTER, "sluice_swim_sends_lost", "",
			"datagrams that the kernel did not take"),
		json_object(), json_integer((json_int_t)gossip->sends_lost));
	metrics_rejected(families, gossip, &report);
}
