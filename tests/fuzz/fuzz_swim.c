// What reaches a member: datagrams and frames of anti-entropy, raw and behind a header that fits,
// while time passes. Memory is bounded, state stays consistent, what goes out can be read.
#include "control/cluster/swim/core.h"
#include "control/cluster/swim/frame.h"
#include "tests/fuzz/fuzz.h"

enum { MEMBERS = 48, KNOWN = 8, STEPS_MAX = 64 };

static struct swim *swim;
static struct identities *identities;
static void *identities_memory, *swim_memory;
static struct swim_config config;
static struct swim_output out;

static void begin(void)
{
	swim_config_init(&config, SWIM_LAN);
	memcpy(config.name, "self", 5);
	memcpy(config.cluster, "c", 2);
	config.address = address_from_ipv4(0x0a000001);
	config.port = 7000;
	config.members_max = MEMBERS;
	config.updates_max = MEMBERS / 2;
	if (!swim_memory) {
		swim_memory = aligned_alloc(64, swim_size(&config));
		identities_memory =
			aligned_alloc(64, (identities_size(MEMBERS + 2) + 63) & ~(size_t)63);
	}
	identities = identities_init(identities_memory, MEMBERS + 2);
	swim = swim_init(swim_memory, &config, identities, 1000000000);
	FUZZ_CHECK(swim);
	swim_output_clear(&out);
	for (uint8_t i = 0; i < KNOWN; i++) {
		struct record record = {.state = SWIM_ALIVE, .incarnation = 1, .name = "a"};

		record.name[0] = (char)('a' + i);
		record.identity = (struct identity_want){.name = record.name,
			.address = address_from_ipv4(0x0a000002u + i),
			.port = 7000};
		FUZZ_CHECK(on_alive(swim, &record, &out) == SWIM_OK);
	}
	FUZZ_CHECK(swim_join(swim, 1000000000, address_from_ipv4(0x0a000002), 7000));
}

static void members_check(void)
{
	uint32_t counts[SWIM_STATE_COUNT] = {0};
	struct swim_view view;

	for (uint32_t i = 0; i < swim_end(swim); i++) {
		if (!swim_member(swim, i, &view))
			continue;
		counts[view.state]++;
		FUZZ_CHECK(swim_find(swim, view.name) == i);
		FUZZ_CHECK(view.meta_size <= SWIM_META_MAX && view.port);
		for (const char *c = view.name; *c; c++)
			FUZZ_CHECK(*c > ' ' && *c <= '~');
		FUZZ_CHECK(view.state == SWIM_ALIVE || swim->members[i].listed);
	}
	FUZZ_CHECK(memcmp(counts, swim->counts, sizeof(counts)) == 0);
	FUZZ_CHECK(swim->troubled_count <= MEMBERS && swim->order_count <= MEMBERS);
	FUZZ_CHECK(swim->updates_count <= MEMBERS / 2);
	FUZZ_CHECK(swim->members[SWIM_SELF].state == SWIM_ALIVE);
	FUZZ_CHECK(swim_count(swim) >= 1 && identities_used(identities) <= MEMBERS + 2);
}

// Another node takes every datagram that we make.
static void sends_check(void)
{
	for (uint32_t i = 0; i < out.sends; i++) {
		const struct swim_send *send = &out.send[i];
		struct reader reader = {.at = send->bytes, .left = send->size};
		struct message message;
		struct control control;
		struct rumour rumour;
		struct record record;

		FUZZ_CHECK(send->size <= SWIM_DATAGRAM_MAX);
		FUZZ_CHECK(header_read(&reader, swim->cluster) == SWIM_OK);
		while (message_next(&reader, &message)) {
			if (message.kind <= SWIM_NACK)
				FUZZ_CHECK(control_read(&message, &control));
			else if (message.kind == SWIM_SAY_ALIVE)
				FUZZ_CHECK(alive_read(&message, &record));
			else
				FUZZ_CHECK(rumour_read(&message, &rumour));
		}
		FUZZ_CHECK(!reader.bad);
	}
}

static void frame_check(const struct swim_frame *frame)
{
	static struct digest digest;
	struct reader reader = {.at = frame->bytes, .left = frame->size};
	struct stream_ping pong;
	struct page page;
	struct record record;
	enum frame_kind kind;

	if (frame->size == 0)
		return;
	FUZZ_CHECK(frame->size <= SWIM_FRAME_MAX);
	FUZZ_CHECK(frame_read(&reader, swim->cluster, &kind) == SWIM_OK);
	if (kind == FRAME_DIGEST) {
		FUZZ_CHECK(digest_read(&reader, &digest) && reader.left == 0);
		return;
	}
	if (kind == FRAME_PONG) {
		FUZZ_CHECK(stream_ping_read(&reader, &pong) && reader.left == 0);
		FUZZ_CHECK(strcmp(pong.from, "self") == 0);
		return;
	}
	FUZZ_CHECK(kind == FRAME_RECORDS && page_read(&reader, &page));
	for (uint32_t i = 0; i < page.count; i++)
		FUZZ_CHECK(record_read(&reader, &record));
	FUZZ_CHECK(reader.left == 0);
}

static void after(void)
{
	members_check();
	sends_check();
	frame_check(&out.sync);
	frame_check(&out.answer);
	swim_output_clear(&out);
}

// Bytes of the input, behind a header or not, in a copy of the exact size.
static void hear(struct fuzz_input *input, uint8_t how, uint64_t now)
{
	struct address from = address_from_ipv4(0x0a000002u + (how >> 4));
	size_t size = fuzz_number(input, 2) % 2048, head = 0;
	uint8_t *bytes;

	if (size > input->left)
		size = input->left;
	bytes = calloc(1, CODEC_HEADER + size + 1);
	if (how & 2) {
		struct writer writer = {.bytes = bytes, .room = CODEC_HEADER};

		header_write(&writer, swim->cluster);
		head = CODEC_HEADER;
	}
	fuzz_bytes(input, bytes + head, size);
	bytes = realloc(bytes, head + size + 1);
	// What is no pong of a is none, whatever it says; and it changes nothing.
	if (how & 1 && swim_is_stream_pong(swim, 1, bytes, head + size))
		FUZZ_CHECK(memmem(bytes, head + size, "\4self\1a", 7));
	if (how & 1)
		swim_on_sync(swim, now, bytes, head + size, &out);
	else
		swim_on_datagram(swim, now, from, 7000, bytes, head + size, &out);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {.at = data, .left = size};
	uint64_t now = 1000000000;

	begin();
	after();
	for (int step = 0; input.left && step < STEPS_MAX; step++) {
		uint8_t how = (uint8_t)fuzz_number(&input, 1);

		if (how & 4) {
			now += fuzz_number(&input, 2) * 10000000;
			swim_on_tick(swim, now, &out);
		} else {
			hear(&input, how, now);
		}
		after();
		FUZZ_CHECK(swim_next_ns(swim) != UINT64_MAX);
	}
	swim_fini(swim);
	FUZZ_CHECK(identities_used(identities) == 0);
	return 0;
}
