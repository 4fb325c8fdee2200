// What a hostile sender says to `sluice serve`: messages and blocks in any order, whole and broken.
// Nothing but complete files may lie in the folder, and every answer must be a message.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "control/cli/receiver.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/control/cli/folder.h"

enum { SIZE_MAX_OFFERED = 2 * TRANSFER_BLOCK + 9 };

// SHA-256 of one zero byte and of nothing: so that some files are received.
static const uint8_t sha256_zero[32] = {0x6e, 0x34, 0x0b, 0x9c, 0xff, 0xb3, 0x7a, 0x98, 0x9c, 0xa5,
	0x44, 0xe6, 0xbb, 0x78, 0x0a, 0x2c, 0x78, 0x90, 0x1d, 0x3f, 0xb3, 0x37, 0x38, 0x76, 0x85,
	0x11, 0xa3, 0x06, 0x17, 0xaf, 0xa0, 0x1d};
static const uint8_t sha256_empty[32] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb,
	0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4,
	0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};

static struct folder folder = {.fd = -1};
static uint8_t record[TRANSFER_PREFIX + TRANSFER_BLOCK];

static void folder_end(void)
{
	folder_close(&folder);
}

static void folder_begin(void)
{
	snprintf(folder.path, sizeof(folder.path), "%s/sluice-fuzz-receiver-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	FUZZ_CHECK(mkdtemp(folder.path));
	folder.fd = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_CHECK(folder.fd >= 0);
	atexit(folder_end);
}

static int on_tell(void *owner, const struct transfer_message *message)
{
	struct transfer_message again;
	uint8_t bytes[TRANSFER_MESSAGE_MAX];
	size_t size = transfer_frame(bytes, message);

	(void)owner;
	FUZZ_CHECK(transfer_parse(&again, bytes, size) == NULL);
	FUZZ_CHECK(again.type == message->type && again.transfer == message->transfer);
	return 0;
}

static void on_report(void *owner, const struct receiver_report *report)
{
	struct stat st;

	(void)owner;
	if (report->what != RECEIVER_RECEIVED)
		return;
	FUZZ_CHECK(fstatat(folder.fd, report->name, &st, AT_SYMLINK_NOFOLLOW) == 0);
	FUZZ_CHECK(S_ISREG(st.st_mode) && (uint64_t)st.st_size == report->bytes);
}

static void take_name(struct fuzz_input *input, char name[TRANSFER_NAME_MAX + 1])
{
	static const char *const names[] = {"a", "b", "..", ".", "a/b", "/etc/passwd", "link",
		".a.sluice-abcdef.part", "", "folder", "-rf", "a\nb"};
	uint64_t n = fuzz_number(input, 1);

	if (n < sizeof(names) / sizeof(names[0]))
		snprintf(name, TRANSFER_NAME_MAX + 1, "%s", names[n]);
	else
		fuzz_bytes(input, name, n);
}

// A message that parses, about one of a few transfers.
static size_t take_message(struct fuzz_input *input)
{
	struct transfer_message m = {
		.type = 1 + (enum transfer_type)(fuzz_number(input, 1) % (TRANSFER_TYPE_COUNT - 1)),
		.transfer = 1 + (uint32_t)fuzz_number(input, 1) % 4,
		.size = fuzz_number(input, 3) % SIZE_MAX_OFFERED,
		.mode = (uint32_t)fuzz_number(input, 2),
		.stripes = 2,
	};

	if (m.type == TRANSFER_OFFER)
		take_name(input, m.name);
	memcpy(m.sha256, m.size ? sha256_zero : sha256_empty, sizeof(m.sha256));
	return transfer_frame(record, &m);
}

static size_t take_block(struct fuzz_input *input)
{
	struct transfer_block block = {
		.transfer = 1 + (uint32_t)fuzz_number(input, 1) % 4,
		.offset = fuzz_number(input, 1) % 4 * TRANSFER_BLOCK,
		.size = (uint32_t)fuzz_number(input, 2) % (TRANSFER_BLOCK + 1),
	};

	memset(record, 0, sizeof(record));
	transfer_block_frame(record, &block);
	return TRANSFER_PREFIX + block.size;
}

static size_t take_bytes(struct fuzz_input *input)
{
	size_t size = fuzz_number(input, 1) * 4;

	fuzz_bytes(input, record, size);
	return size;
}

// As it lies in a buffer: not a byte more than it has.
static int say(struct receiver *r, bool block, size_t size)
{
	uint8_t *bytes = fuzz_copy(record, size);
	int result = block ? receiver_on_block(r, bytes, size, 1)
			   : receiver_on_message(r, bytes, size, 1);

	free(bytes);
	return result;
}

static struct receiver *on_join(void *owner, const uint8_t token[TRANSFER_TOKEN_SIZE])
{
	struct receiver *main = owner;

	return memcmp(main->token, token, TRANSFER_TOKEN_SIZE) == 0 ? main : NULL;
}

// The upper bits say on which session: the one with the files, or one that may join it.
static int step(struct fuzz_input *input, struct receiver *main, struct receiver *stripe)
{
	uint64_t op = fuzz_number(input, 1);
	struct receiver *r = op & 0x80 ? stripe : main;

	switch (op % 4) {
	case 0:
		return say(r, false, take_message(input));
	case 1:
		return say(r, true, take_block(input));
	case 2:
		return say(r, false, take_bytes(input));
	default:
		return say(r, true, take_bytes(input));
	}
}

static void folder_check(void)
{
	DIR *list = opendir(folder.path);
	struct dirent *entry;

	while (list && (entry = readdir(list)) != NULL) {
		FUZZ_CHECK(!transfer_name_is_temp(entry->d_name, strlen(entry->d_name)));
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			unlinkat(folder.fd, entry->d_name, 0) != 0)
			FUZZ_CHECK(unlinkat(folder.fd, entry->d_name, AT_REMOVEDIR) == 0);
	}
	closedir(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	struct receiver r, stripe;

	if (folder.fd < 0)
		folder_begin();
	FUZZ_CHECK(symlinkat("/etc/passwd", folder.fd, "link") == 0);
	FUZZ_CHECK(mkdirat(folder.fd, "folder", 0700) == 0);
	receiver_init(&r, folder.fd, fuzz_number(&input, 1) & 1, "peer");
	r.tell = on_tell;
	r.report = on_report;
	receiver_init(&stripe, folder.fd, false, "peer");
	stripe.tell = on_tell;
	stripe.report = on_report;
	stripe.join = on_join;
	stripe.owner = &r;
	while (input.left && step(&input, &r, &stripe) == 0)
		;
	receiver_stop(&stripe, "the stripe ended");
	receiver_stop(&r, "the session ended");
	folder_check();
	return 0;
}
