// The numbers of a session row, with a sentence each.
#include "control/admin/figures.h"

#include <string.h>

#define FIGURE(name_, kind_, field_, sentence_)                                                 \
	{                                                                                       \
		.name = name_, .kind = kind_, .offset = offsetof(struct session_stats, field_), \
		.sentence = sentence_,                                                          \
	}

const struct figure figures[] = {
	FIGURE("level", FIGURE_U8, level, "level of the codec, 0: the codec's default"),
	FIGURE("level_now", FIGURE_U8, level_now,
		"level of the codec that the next record gets (codec_now); with auto it changes"),
	FIGURE("segment_bytes", FIGURE_U32, segment_size,
		"payload of one full packet as both links take it"),
	FIGURE("path_segment_bytes", FIGURE_U32, path_segment,
		"payload of the largest packet that the path is known to carry; 66 bytes more are "
		"the path MTU (IPv4)"),
	FIGURE("path_falls", FIGURE_U32, path_falls,
		"times that large packets vanished, and the smallest were gone back to"),
	FIGURE("raw_sent_bytes", FIGURE_U64, raw_bytes_sent,
		"what the application sent and the peer acknowledged"),
	FIGURE("stored_sent_bytes", FIGURE_U64, stored_bytes_sent,
		"what the peer acknowledged, as the codec stored it"),
	FIGURE("raw_received_bytes", FIGURE_U64, raw_bytes_received,
		"what complete records held, expanded"),
	FIGURE("stored_received_bytes", FIGURE_U64, stored_bytes_received,
		"what complete records held, as the codec stored it"),
	FIGURE("records_sent", FIGURE_U64, records_sent, "records acknowledged by the peer"),
	FIGURE("records_received", FIGURE_U64, records_received, "records completed"),
	FIGURE("blocks_raw", FIGURE_U64, blocks_raw,
		"records a codec was asked for and that went raw, the sum of the next nine"),
	FIGURE("blocks_raw_little", FIGURE_U64, blocks_raw_by[RAW_LITTLE],
		"the codec was tried and would have saved less than 12.5 %"),
	FIGURE("blocks_raw_urgent", FIGURE_U64, blocks_raw_by[RAW_URGENT],
		"urgent, and the codec had no room or no time in that turn of the worker"),
	FIGURE("blocks_raw_no_room", FIGURE_U64, blocks_raw_by[RAW_NO_ROOM],
		"the application's arena has no room for packed records"),
	FIGURE("blocks_raw_fast", FIGURE_U64, blocks_raw_by[RAW_FAST],
		"auto: the flow did not wait for its path, packing would have gained nothing"),
	FIGURE("blocks_raw_small", FIGURE_U64, blocks_raw_by[RAW_SMALL],
		"auto: smaller than 256 bytes"),
	FIGURE("blocks_raw_random", FIGURE_U64, blocks_raw_by[RAW_RANDOM],
		"auto: they look as if they were packed or encrypted already"),
	FIGURE("blocks_raw_skipped", FIGURE_U64, blocks_raw_by[RAW_SKIPPED],
		"auto: those before them did not pack; one is tried again now and then"),
	FIGURE("blocks_raw_busy", FIGURE_U64, blocks_raw_by[RAW_BUSY],
		"auto: the flow waited for its path, but the worker had no time to pack"),
	FIGURE("blocks_raw_held", FIGURE_U64, blocks_raw_by[RAW_HELD],
		"auto: fewer than 8 records in a row had waited for their path, or a codec was too "
		"slow a while ago"),
	FIGURE("dictionary", FIGURE_U8, dictionary,
		"id of the dictionary that was asked for, 0: none; dictionary_state says what "
		"became of it"),
	FIGURE("blocks_dictionary", FIGURE_U64, blocks_dictionary,
		"records packed with the dictionary"),
	FIGURE("blocks_no_dictionary", FIGURE_U64, blocks_no_dictionary,
		"records packed without it, because the peer does not have the same"),
	FIGURE("rekeys", FIGURE_U32, rekeys,
		"times that the key of what this end sends changed; the peer counts its own"),
	FIGURE("wire_sent_bytes", FIGURE_U64, wire_bytes_sent,
		"UDP payload sent, headers and retransmissions included"),
	FIGURE("wire_received_bytes", FIGURE_U64, wire_bytes_received, "UDP payload received"),
	FIGURE("packets_sent", FIGURE_U64, packets_sent, "packets of all types"),
	FIGURE("packets_received", FIGURE_U64, packets_received, "packets of all types"),
	FIGURE("data_packets_sent", FIGURE_U64, data_packets_sent,
		"packets that carried data, first time or again"),
	FIGURE("retransmits", FIGURE_U64, retransmits, "data packets sent again"),
	FIGURE("spurious", FIGURE_U64, spurious,
		"data packets taken for lost that had arrived after all; not all were sent again"),
	FIGURE("duplicates", FIGURE_U64, duplicates, "packets received that were known already"),
	FIGURE("cuts", FIGURE_U64, cuts, "times the window was cut because of loss"),
	FIGURE("timeouts", FIGURE_U64, timeouts, "retransmission timeouts"),
	FIGURE("in_flight", FIGURE_U32, in_flight, "packets on their way"),
	FIGURE("cwnd_segments", FIGURE_MILLI, cwnd_milli, "congestion window, in full packets"),
	FIGURE("rate_bytes_per_s", FIGURE_U64, rate_Bps, "pacing rate"),
	FIGURE("srtt_ns", FIGURE_U64, srtt_ns, "smoothed round trip time"),
	FIGURE("rttvar_ns", FIGURE_U64, rttvar_ns, "variation of the round trip time"),
	FIGURE("min_rtt_ns", FIGURE_U64, min_rtt_ns, "shortest round trip time seen"),
};

const size_t figures_count = sizeof(figures) / sizeof(figures[0]);

json_t *figure_json(const struct figure *figure, const struct session_stats *s)
{
	const uint8_t *at = (const uint8_t *)s + figure->offset;
	uint64_t wide;
	uint32_t narrow;

	switch (figure->kind) {
	case FIGURE_U8:
		return json_integer(*at);
	case FIGURE_U32:
		memcpy(&narrow, at, sizeof(narrow));
		return json_integer(narrow);
	case FIGURE_U64:
	case FIGURE_MILLI:
		memcpy(&wide, at, sizeof(wide));
		return figure->kind == FIGURE_U64 ? json_integer((json_int_t)wide)
						  : json_real((double)wide / 1000.0);
	}
	return json_null();
}

const struct figure *figure_find(const char *name)
{
	for (size_t i = 0; i < figures_count; i++)
		if (strcmp(figures[i].name, name) == 0)
			return &figures[i];
	return NULL;
}
