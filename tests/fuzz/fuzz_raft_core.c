// One node among members that say anything: whatever comes in whatever order, what must hold
// (raft_check) holds, every queue is bounded, and what leaves can be read by others.
#include "control/cluster/raft/codec.h"
#include "control/cluster/raft/conf.h"
#include "tests/fuzz/fuzz.h"

enum { SELF = 1, IDS = 5, STEPS = 400, ENTRIES = 4 };

struct world {
	struct raft *raft;
	struct fuzz_input input;
	struct raft_config config;
	uint64_t now_ns, context; // context: the last that was sent to others
	uint64_t applied;
	uint64_t write[RAFT_WRITES_MAX];
	uint32_t writes;
	bool chunk, last_chunk; // the caller has one
	struct raft_conf conf;
	struct raft_entry entry[ENTRIES];
	uint8_t conf_bytes[ENTRIES][RAFT_CONF_MAX];
	uint8_t data[4096];
};

static uint32_t below(struct world *world, uint32_t bound)
{
	return (uint32_t)fuzz_number(&world->input, 2) % bound;
}

// Near what the node knows, where the borders are, or far away.
static uint64_t some_index(struct world *world)
{
	struct raft_status status;
	uint64_t choice[6];

	raft_status(world->raft, &status);
	choice[0] = status.last;
	choice[1] = status.now.commit;
	choice[2] = status.first;
	choice[3] = status.snapshot_index;
	choice[4] = status.durable;
	choice[5] = below(world, 8) == 0 ? INT64_MAX - 4 : 0;
	return choice[below(world, 6)] + below(world, 4) - (below(world, 4) == 0);
}

static uint64_t some_term(struct world *world)
{
	struct raft_status status;
	uint64_t term;

	raft_status(world->raft, &status);
	term = status.now.term + below(world, 8) / 6 - below(world, 8) / 7;
	return term == 0 || term > INT64_MAX ? 1 : term;
}

static void make_conf(struct world *world, struct raft_conf *conf, uint64_t index)
{
	*conf = world->conf;
	conf->index = index;
	conf->members = 1 + below(world, world->conf.members);
	for (uint32_t i = 0; i < conf->members; i++) {
		conf->member[i].session = 1 + below(world, 2) * (index > 2);
		conf->member[i].roles = i == 0 ? RAFT_VOTER : (uint8_t)(1u << below(world, 3));
	}
}

static void make_entries(struct world *world, struct raft_message *message)
{
	uint64_t term = message->log_term;
	struct raft_conf conf;

	message->entries = below(world, ENTRIES + 1);
	message->entry = world->entry;
	for (uint32_t i = 0; i < message->entries; i++) {
		struct raft_entry *entry = &world->entry[i];

		if (term < message->term)
			term += below(world, 2);
		*entry = (struct raft_entry){.index = message->index + 1 + i,
			.term = term ? term : 1,
			.kind = (enum raft_entry_kind)(1 + below(world, 3)),
			.data = world->data};
		if (entry->kind == RAFT_DATA)
			entry->size = below(world, sizeof(world->data));
		if (entry->kind != RAFT_CONF)
			continue;
		make_conf(world, &conf, entry->index);
		if (conf_check(&conf)) {
			entry->kind = RAFT_NOOP;
			continue;
		}
		entry->data = world->conf_bytes[i];
		entry->size = conf_write(&conf, world->conf_bytes[i]);
	}
}

static void make_install(struct world *world, struct raft_message *message)
{
	static struct raft_conf conf;

	make_conf(world, &conf, message->index ? 1 : 0);
	message->conf = &conf;
	message->offset = below(world, 4) * 100;
	message->total = message->offset + below(world, 3) * 100;
	message->size = below(world, 2) * 100;
	message->data = world->data;
}

static void on_message(struct world *world)
{
	struct raft_message message = {
		.type = (enum raft_message_type)(1 + below(world, RAFT_MSG_COUNT - 1)),
		.from = 1 + below(world, IDS),
		.to = SELF,
		.reject = below(world, 3) == 0,
		.force = below(world, 2),
		.quarantined = below(world, 4) == 0,
		.result = (uint8_t)below(world, RAFT_RESULT_COUNT),
		.kind = (uint8_t)(RAFT_DATA + below(world, 2)),
		.term = some_term(world),
		.session = 1,
		.index = some_index(world),
		.log_term = some_term(world),
		.commit = some_index(world),
		.hint = some_index(world),
		.hint_term = some_term(world),
		.context = world->context + below(world, 3) - 1,
	};

	if (message.log_term > message.term)
		message.log_term = message.term;
	if (message.type == RAFT_MSG_APPEND)
		make_entries(world, &message);
	if (message.type == RAFT_MSG_INSTALL)
		make_install(world, &message);
	if (message.type == RAFT_MSG_PROPOSE) {
		message.data = world->data;
		message.size = below(world, sizeof(world->data));
	}
	raft_on_message(world->raft, world->now_ns, &message);
}

static void take_messages(struct world *world)
{
	static uint8_t bytes[1 << 20];
	static struct raft_scratch scratch;
	struct raft_message message, read;

	for (uint32_t i = 0; raft_take_message(world->raft, &message); i++) {
		size_t size;

		FUZZ_CHECK(i < 4096);
		if (message.context)
			world->context = message.context;
		if (message.type == RAFT_MSG_INSTALL)
			message.data = world->data;
		size = raft_message_write(&message, bytes, sizeof(bytes));
		FUZZ_CHECK(size > 0);
		FUZZ_CHECK(raft_message_read(&read, &scratch, bytes, size) == RAFT_OK);
	}
}

static void take_writes(struct world *world)
{
	struct raft_write write;
	struct raft_entry entry;

	while (raft_take_write(world->raft, world->now_ns, &write)) {
		FUZZ_CHECK(world->writes < RAFT_WRITES_MAX);
		FUZZ_CHECK(write.last + 1 >= write.first);
		FUZZ_CHECK(write.last + 1 - write.first <= RAFT_ENTRIES_MAX);
		for (uint64_t i = write.first; i <= write.last; i++)
			FUZZ_CHECK(raft_entry(world->raft, i, &entry));
		world->write[world->writes++] = write.id;
	}
}

static void end_writes(struct world *world)
{
	uint32_t count = world->writes ? 1 + below(world, world->writes) : 0;

	if (count == 0)
		return;
	raft_on_written(world->raft, world->now_ns, world->write[count - 1]);
	world->writes -= count;
	memmove(world->write, world->write + count, world->writes * sizeof(world->write[0]));
}

static void take_answers(struct world *world)
{
	struct raft_outcome outcome;
	struct raft_entry entry;
	struct raft_read read;

	while (raft_take_outcome(world->raft, &outcome))
		FUZZ_CHECK(outcome.result < RAFT_RESULT_COUNT);
	while (raft_take_read(world->raft, &read))
		FUZZ_CHECK(read.result < RAFT_RESULT_COUNT);
	while (raft_take_apply(world->raft, &entry)) {
		FUZZ_CHECK(entry.index == world->applied + 1);
		world->applied = entry.index;
		raft_applied(world->raft, entry.index);
	}
}

// A chunk is taken, written or not, and the last one installed or not: each its own step.
static void chunks(struct world *world)
{
	struct raft_chunk chunk;
	struct raft_status status;
	bool ok = below(world, 4) != 0;

	if (world->chunk) {
		world->chunk = false;
		raft_on_chunk(world->raft, world->now_ns, ok);
		world->last_chunk &= ok;
	} else if (world->last_chunk) {
		world->last_chunk = false;
		raft_on_installed(world->raft, world->now_ns, ok);
		raft_status(world->raft, &status);
		world->applied = status.now.applied;
	} else if (raft_take_chunk(world->raft, &chunk)) {
		world->chunk = true;
		world->last_chunk = chunk.offset + chunk.size == chunk.total;
	}
}

static void change(struct world *world)
{
	struct raft_change changes[2];
	uint32_t count = 1 + below(world, 2);

	for (uint32_t i = 0; i < count; i++) {
		changes[i] = (struct raft_change){.kind = (enum raft_change_kind)below(world, 5),
			.id = 1 + below(world, IDS)};
		memcpy(changes[i].name, "nx", 3);
		changes[i].name[1] = (char)('0' + changes[i].id);
	}
	raft_change(world->raft, world->now_ns, 3, changes, count);
}

static void step(struct world *world)
{
	switch (below(world, 24)) {
	case 0:
		world->now_ns += below(world, 3000) * 1000000ull;
		raft_on_tick(world->raft, world->now_ns);
		break;
	case 1:
	case 2:
		take_writes(world);
		break;
	case 3:
	case 4:
		end_writes(world);
		break;
	case 5:
		raft_propose(world->raft, world->now_ns, 1, world->data, below(world, 4096));
		break;
	case 6:
		raft_read(world->raft, world->now_ns, 2);
		break;
	case 7:
		change(world);
		break;
	case 8:
		raft_transfer(world->raft, world->now_ns, 1 + below(world, IDS));
		break;
	case 9:
		raft_compacted(world->raft, world->applied, 250);
		break;
	case 10:
	case 11:
		chunks(world);
		break;
	case 12:
		if (below(world, 64) == 0)
			raft_on_failed(world->raft, world->now_ns);
		break;
	case 13:
	case 14:
		take_messages(world);
		break;
	default:
		on_message(world);
	}
	take_answers(world);
	raft_check(world->raft);
}

static void configure(struct world *world)
{
	raft_config_init(&world->config);
	world->config.id = SELF;
	world->config.seed = fuzz_number(&world->input, 1);
	world->config.log_entries = 64;
	world->config.log_bytes = 64 * 1024;
	world->config.uncommitted_bytes = 16 * 1024;
	world->config.keep_entries = below(world, 8);
	world->config.chunk_bytes = 100;
	world->config.inflight_messages = 1 + below(world, 8);
	FUZZ_CHECK(!raft_config_check(&world->config));
	world->conf = (struct raft_conf){.index = 1, .members = 1 + below(world, IDS)};
	for (uint32_t i = 0; i < world->conf.members; i++) {
		world->conf.member[i] =
			(struct raft_member){.id = i + 1, .session = 1, .roles = RAFT_VOTER};
		memcpy(world->conf.member[i].name, "nx", 3);
		world->conf.member[i].name[1] = (char)('1' + i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;
	struct raft_boot boot = {.term = 0};
	void *memory;

	memset(&world, 0, sizeof(world));
	world.input = (struct fuzz_input){data, size};
	configure(&world);
	memory = aligned_alloc(64, raft_size(&world.config));
	FUZZ_CHECK(memory);
	boot.quarantined = below(&world, 8) == 0;
	boot.last_index = boot.quarantined * 3;
	boot.last_term = boot.quarantined;
	world.raft = raft_init(memory, &world.config, &boot);
	raft_start(world.raft, world.now_ns);
	if (below(&world, 4))
		FUZZ_CHECK(raft_bootstrap(world.raft, world.now_ns, &world.conf));
	for (uint32_t i = 0; i < STEPS && world.input.left > 0; i++)
		step(&world);
	free(memory);
	return 0;
}
