// Messages as bytes: each type comes back the same; what cannot be is refused; a newer version is
// understood as far as it says that it can be.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "control/cluster/raft/codec.h"
#include "control/cluster/raft/conf.h"
#include "lib/base/bytes.h"

enum { ROOM = 8192 };

static const uint8_t DATA[] = "bytes of an entry";
static struct raft_conf conf = {.index = 4,
	.members = 2,
	.member = {{.id = 1, .session = 1, .roles = RAFT_VOTER, .name = "a"},
		{.id = 2, .session = 4, .roles = RAFT_LEARNER, .name = "b"}}};
static uint8_t conf_bytes[RAFT_CONF_MAX], change_bytes[CONF_CHANGES_MAX];
static struct raft_entry entries[3];
static uint32_t change_size;

static int prepare(void **state)
{
	struct raft_change change = {.kind = RAFT_REMOVE, .id = 2};
	struct raft_conf entry_conf = conf;

	(void)state;
	entry_conf.index = 13;
	entries[0] = (struct raft_entry){.index = 11, .term = 3, .kind = RAFT_NOOP};
	entries[1] = (struct raft_entry){
		.index = 12, .term = 3, .kind = RAFT_DATA, .size = sizeof(DATA), .data = DATA};
	entries[2] = (struct raft_entry){.index = 13, .term = 5, .kind = RAFT_CONF};
	entries[2].size = conf_write(&entry_conf, conf_bytes);
	entries[2].data = conf_bytes;
	change_size = changes_write(&change, 1, change_bytes);
	return 0;
}

static struct raft_message append(void)
{
	return (struct raft_message){.type = RAFT_MSG_APPEND,
		.from = 1,
		.to = 2,
		.term = 5,
		.session = 4,
		.index = 10,
		.log_term = 2,
		.commit = 9,
		.entries = 3,
		.entry = entries};
}

static struct raft_message install(void)
{
	return (struct raft_message){.type = RAFT_MSG_INSTALL,
		.from = 1,
		.to = 2,
		.term = 5,
		.session = 4,
		.index = 10,
		.log_term = 2,
		.offset = 7,
		.total = 100,
		.size = sizeof(DATA),
		.data = DATA,
		.conf = &conf};
}

static struct raft_message propose(uint8_t kind)
{
	return (struct raft_message){.type = RAFT_MSG_PROPOSE,
		.from = 1,
		.to = 2,
		.term = 5,
		.context = UINT64_MAX,
		.kind = kind,
		.size = kind == RAFT_CONF ? change_size : sizeof(DATA),
		.data = kind == RAFT_CONF ? change_bytes : DATA};
}

static void same_numbers(const struct raft_message *a, const struct raft_message *b)
{
	assert_int_equal(a->type, b->type);
	assert_true(a->reject == b->reject && a->force == b->force);
	assert_true(a->quarantined == b->quarantined);
	assert_true(a->result == b->result && a->kind == b->kind);
	assert_true(a->from == b->from && a->to == b->to && a->term == b->term);
	assert_true(a->session == b->session && a->index == b->index);
	assert_true(a->log_term == b->log_term && a->commit == b->commit);
	assert_true(a->hint == b->hint && a->hint_term == b->hint_term);
	assert_true(a->context == b->context && a->offset == b->offset && a->total == b->total);
	assert_true(a->entries == b->entries && a->size == b->size);
}

static void same(const struct raft_message *a, const struct raft_message *b)
{
	same_numbers(a, b);
	if (b->size)
		assert_memory_equal(a->data, b->data, b->size);
	assert_int_equal(a->conf != NULL, b->conf != NULL);
	if (b->conf)
		assert_memory_equal(a->conf, b->conf, sizeof(*b->conf));
	for (uint32_t i = 0; i < b->entries; i++) {
		assert_int_equal(a->entry[i].index, b->entry[i].index);
		assert_int_equal(a->entry[i].term, b->entry[i].term);
		assert_int_equal(a->entry[i].kind, b->entry[i].kind);
		assert_int_equal(a->entry[i].size, b->entry[i].size);
		if (b->entry[i].size)
			assert_memory_equal(a->entry[i].data, b->entry[i].data, b->entry[i].size);
	}
}

// On the heap, of the exact size: a sanitizer sees the first byte read behind it.
static enum raft_result read_copy(const uint8_t *bytes, size_t size)
{
	static struct raft_scratch scratch;
	uint8_t *copy = malloc(size ? size : 1);
	struct raft_message message;
	enum raft_result result;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	result = raft_message_read(&message, &scratch, copy, size);
	free(copy);
	return result;
}

static void come_back(const struct raft_message *message)
{
	static struct raft_scratch scratch;
	uint8_t bytes[ROOM];
	struct raft_message back;
	size_t size = raft_message_write(message, bytes, sizeof(bytes));

	assert_int_equal(size, raft_message_size(message));
	assert_int_equal(raft_message_write(message, bytes, size - 1), 0);
	assert_int_equal(raft_message_write(message, bytes, size), size);
	assert_int_equal(raft_message_read(&back, &scratch, bytes, size), RAFT_OK);
	same(&back, message);
	for (size_t cut = 0; cut < size; cut++)
		assert_int_equal(read_copy(bytes, cut), RAFT_MALFORMED);
	bytes[size] = 0;
	assert_int_equal(read_copy(bytes, size + 1), RAFT_MALFORMED);
}

static void message__each_type_comes_back_the_same(void **state)
{
	struct raft_message with[] = {append(), install(), propose(RAFT_DATA), propose(RAFT_CONF)};

	(void)state;
	for (uint32_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		come_back(&with[i]);
	for (uint32_t type = 1; type < RAFT_MSG_COUNT; type++) {
		struct raft_message m = {.type = (enum raft_message_type)type,
			.from = UINT64_MAX,
			.to = 1,
			.term = INT64_MAX,
			.session = 101,
			.index = 102,
			.log_term = 103,
			.commit = 104,
			.hint = 105,
			.hint_term = 106,
			.context = UINT64_MAX,
			.offset = 107,
			.total = 108,
			.result = RAFT_RESULT_COUNT - 1,
			.reject = type & 1,
			.force = type & 2,
			.quarantined = type & 4};

		m.conf = type == RAFT_MSG_INSTALL ? &conf : NULL;
		m.kind = type == RAFT_MSG_PROPOSE ? RAFT_DATA : 0;
		come_back(&m);
	}
}

static void message_max__holds_the_largest(void **state)
{
	struct raft_config config = {.batch_bytes = 2 * RAFT_ENTRY_MAX, .chunk_bytes = 64};
	static struct raft_entry many[RAFT_ENTRIES_MAX];
	struct raft_message m = {.entries = RAFT_ENTRIES_MAX, .entry = many};

	(void)state;
	for (uint32_t i = 0; i < RAFT_ENTRIES_MAX; i++)
		many[i].size = 2 * RAFT_ENTRY_MAX / RAFT_ENTRIES_MAX;
	assert_int_equal(raft_message_max(&config), raft_message_size(&m));
	config.batch_bytes = 1; // one entry goes, whatever its size
	many[0].size = RAFT_ENTRY_MAX;
	m.entries = 1;
	assert_true(raft_message_max(&config) >= raft_message_size(&m));
	config.chunk_bytes = 8 * RAFT_ENTRY_MAX;
	m = (struct raft_message){.size = config.chunk_bytes, .conf = &conf};
	assert_true(raft_message_max(&config) >= raft_message_size(&m));
}

// A byte of a message that is right is set; then it is wrong.
static void refuse(const struct raft_message *message, size_t at, uint8_t byte)
{
	uint8_t bytes[ROOM];
	size_t size = raft_message_write(message, bytes, sizeof(bytes));

	assert_int_equal(read_copy(bytes, size), RAFT_OK);
	assert_true(at < size);
	bytes[at] = byte;
	assert_int_equal(read_copy(bytes, size), RAFT_MALFORMED);
}

static void refuse_message(const struct raft_message *message)
{
	uint8_t bytes[ROOM];
	size_t size = raft_message_write(message, bytes, sizeof(bytes));

	assert_true(size > 0);
	assert_int_equal(read_copy(bytes, size), RAFT_MALFORMED);
}

static void message_read__refuses_a_wrong_header(void **state)
{
	struct raft_message m = append();

	(void)state;
	refuse(&m, 0, 0); // below its own minimum
	refuse(&m, 1, 0);
	refuse(&m, 2, 0); // type
	refuse(&m, 2, RAFT_MSG_COUNT);
	refuse(&m, 2, RAFT_MSG_HEARTBEAT); // that has no entries
	refuse(&m, 3, 8);                  // a flag
	refuse(&m, 4, RAFT_RESULT_COUNT);
	refuse(&m, 5, RAFT_DATA);
	refuse(&m, 7, RAFT_CODEC_HEADER - 1);
	refuse(&m, 7, RAFT_CODEC_HEADER + 1);
	refuse(&m, 8 + 7, 0);  // from
	refuse(&m, 8 + 7, 2);  // to itself
	refuse(&m, 16 + 7, 0); // to
	refuse(&m, 24, 0x80);  // a term beyond 2^63
	refuse(&m, 40, 0x80);  // an index
	refuse(&m, 104, 0x40); // entries
	refuse(&m, 105, 2);    // one too few: bytes are left
	refuse(&m, 105, 4);    // one too many
	refuse(&m, 107, 1);    // a configuration that is none
	refuse(&m, 111, 1);    // data
	m = install();
	refuse(&m, 107, 0);
	refuse(&m, 2, RAFT_MSG_APPEND);
}

static void message_read__refuses_wrong_entries(void **state)
{
	struct raft_message m = append();
	struct raft_entry saved[3];

	(void)state;
	memcpy(saved, entries, sizeof(saved));
	entries[1].term = 2; // goes back
	refuse_message(&m);
	memcpy(entries, saved, sizeof(saved));
	entries[2].term = 6; // newer than the leader
	refuse_message(&m);
	memcpy(entries, saved, sizeof(saved));
	m.log_term = 4; // newer than what follows
	refuse_message(&m);
	m = append();
	entries[1].kind = (enum raft_entry_kind)0;
	refuse_message(&m);
	entries[1].kind = (enum raft_entry_kind)4;
	refuse_message(&m);
	entries[1].kind = RAFT_NOOP; // of none
	refuse_message(&m);
	entries[1].kind = RAFT_CONF; // that cannot be read
	refuse_message(&m);
	memcpy(entries, saved, sizeof(saved));
	m.index = 11; // of another index than it says
	refuse_message(&m);
}

// More than there is room for when they are read, and one that no log takes.
static void message_read__refuses_too_much(void **state)
{
	enum { MANY = RAFT_ENTRIES_MAX + 1, LARGE = RAFT_ENTRY_MAX + 1 };
	static struct raft_entry noops[MANY];
	static uint8_t large[LARGE], bytes[LARGE + 1024];
	struct raft_message m = append();

	(void)state;
	for (uint32_t i = 0; i < MANY; i++)
		noops[i] = (struct raft_entry){.term = 3, .kind = RAFT_NOOP};
	m.entry = noops;
	m.entries = MANY - 1;
	assert_int_equal(read_copy(bytes, raft_message_write(&m, bytes, sizeof(bytes))), RAFT_OK);
	m.entries = MANY;
	assert_int_equal(
		read_copy(bytes, raft_message_write(&m, bytes, sizeof(bytes))), RAFT_MALFORMED);
	noops[0] =
		(struct raft_entry){.term = 3, .kind = RAFT_DATA, .size = LARGE - 1, .data = large};
	m.entries = 1;
	assert_int_equal(read_copy(bytes, raft_message_write(&m, bytes, sizeof(bytes))), RAFT_OK);
	noops[0].size = LARGE;
	assert_int_equal(
		read_copy(bytes, raft_message_write(&m, bytes, sizeof(bytes))), RAFT_MALFORMED);
	m = (struct raft_message){.type = RAFT_MSG_HEARTBEAT, .from = 1, .to = 2, .term = 5};
	m.size = 4; // it has no data
	m.data = large;
	refuse_message(&m);
}

static void message_read__refuses_a_wrong_chunk_or_proposal(void **state)
{
	struct raft_message m = install();

	(void)state;
	m.offset = 100 - sizeof(DATA) + 1;
	refuse_message(&m);
	m.offset = 101;
	m.size = 0;
	refuse_message(&m);
	m = install();
	m.index = 3; // older than its configuration
	refuse_message(&m);
	m = install();
	m.log_term = 6;
	refuse_message(&m);
	m = propose(RAFT_NOOP);
	refuse_message(&m);
	m = propose(RAFT_CONF);
	m.size--;
	refuse_message(&m);
}

// N reads N + 1: fields that are added stand behind those of now, and may be left alone.
static void message_read__understands_a_newer_one(void **state)
{
	static struct raft_scratch scratch;
	struct raft_message m = append(), back;
	uint8_t bytes[ROOM], newer[ROOM];
	size_t size = raft_message_write(&m, bytes, sizeof(bytes));

	(void)state;
	memcpy(newer, bytes, RAFT_CODEC_HEADER);
	memset(newer + RAFT_CODEC_HEADER, 0xee, 24);
	memcpy(newer + RAFT_CODEC_HEADER + 24, bytes + RAFT_CODEC_HEADER, size - RAFT_CODEC_HEADER);
	newer[0] = RAFT_CODEC_VERSION + 1;
	newer[3] |= 0x40; // a flag that we do not know
	be16_put(newer + 6, RAFT_CODEC_HEADER + 24);
	assert_int_equal(raft_message_read(&back, &scratch, newer, size + 24), RAFT_OK);
	same(&back, &m);
	newer[1] = RAFT_CODEC_VERSION + 1; // it says that it cannot be understood without
	assert_int_equal(read_copy(newer, size + 24), RAFT_VERSION);
}

static void names__of_everything(void **state)
{
	(void)state;
	for (uint32_t i = 1; i < RAFT_MSG_COUNT; i++)
		assert_string_not_equal(raft_message_name((enum raft_message_type)i), "?");
	for (uint32_t i = 0; i < RAFT_RESULT_COUNT; i++)
		assert_string_not_equal(raft_result_text((enum raft_result)i), "?");
	for (uint32_t i = 0; i < RAFT_ROLE_COUNT; i++)
		assert_string_not_equal(raft_role_name((enum raft_role)i), "?");
	assert_string_equal(raft_message_name((enum raft_message_type)0), "?");
	assert_string_equal(raft_message_name(RAFT_MSG_COUNT), "?");
	assert_string_equal(raft_result_text(RAFT_RESULT_COUNT), "?");
	assert_string_equal(raft_role_name(RAFT_ROLE_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message__each_type_comes_back_the_same),
		cmocka_unit_test(message_max__holds_the_largest),
		cmocka_unit_test(message_read__refuses_a_wrong_header),
		cmocka_unit_test(message_read__refuses_wrong_entries),
		cmocka_unit_test(message_read__refuses_too_much),
		cmocka_unit_test(message_read__refuses_a_wrong_chunk_or_proposal),
		cmocka_unit_test(message_read__understands_a_newer_one),
		cmocka_unit_test(names__of_everything),
	};
	return cmocka_run_group_tests(tests, prepare, NULL);
}
