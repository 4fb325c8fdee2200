// Messages between nodes: whatever the bytes, what is read holds every bound that the core relies
// on, and is written and read again as the same.
#include "control/cluster/raft/codec.h"
#include "control/cluster/raft/conf.h"
#include "tests/fuzz/fuzz.h"

static struct raft_scratch scratch, again_scratch;

static void entries_check(const struct raft_message *m)
{
	uint64_t term = m->log_term;

	FUZZ_CHECK(m->entries <= RAFT_ENTRIES_MAX);
	for (uint32_t i = 0; i < m->entries; i++) {
		const struct raft_entry *entry = &m->entry[i];
		struct raft_conf conf;

		FUZZ_CHECK(entry->index == m->index + 1 + i && entry->index > m->index);
		FUZZ_CHECK(entry->term > 0 && entry->term >= term && entry->term <= m->term);
		FUZZ_CHECK(entry->size <= RAFT_ENTRY_MAX);
		if (entry->kind == RAFT_CONF)
			FUZZ_CHECK(conf_read(&conf, entry->data, entry->size));
		term = entry->term;
	}
}

static void message_check(const struct raft_message *m)
{
	FUZZ_CHECK(m->type > 0 && m->type < RAFT_MSG_COUNT);
	FUZZ_CHECK(m->from && m->to && m->from != m->to);
	FUZZ_CHECK(m->result < RAFT_RESULT_COUNT);
	FUZZ_CHECK(m->term <= INT64_MAX && m->index <= INT64_MAX && m->commit <= INT64_MAX);
	FUZZ_CHECK((m->type == RAFT_MSG_INSTALL) == (m->conf != NULL));
	FUZZ_CHECK(m->type == RAFT_MSG_APPEND || m->entries == 0);
	if (m->conf)
		FUZZ_CHECK(!conf_check(m->conf) && m->offset + m->size <= m->total);
	entries_check(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = fuzz_copy(data, size);
	struct raft_message message, again;

	if (raft_message_read(&message, &scratch, bytes, size) == RAFT_OK) {
		size_t room = raft_message_size(&message);
		uint8_t *out = calloc(2, room);

		FUZZ_CHECK(out && room <= size);
		message_check(&message);
		FUZZ_CHECK(raft_message_write(&message, out, room) == room);
		FUZZ_CHECK(raft_message_read(&again, &again_scratch, out, room) == RAFT_OK);
		FUZZ_CHECK(raft_message_write(&again, out + room, room) == room);
		FUZZ_CHECK(memcmp(out, out + room, room) == 0);
		free(out);
	}
	free(bytes);
	return 0;
}
