// A file that is being received.
#include "control/cli/incoming.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TEMP_NAME_MAX 200 // bytes of NAME inside the temporary name, so that it stays below 255
#define TEMP_TRIES    100

static int incoming_fail(
	struct incoming_error *error, enum transfer_reason reason, const char *what, int number)
{
	error->reason = number == ENOSPC || number == EDQUOT || number == EFBIG ? TRANSFER_NO_SPACE
										: reason;
	if (number)
		snprintf(error->text, sizeof(error->text), "%s: %s", what, strerror(number));
	else
		snprintf(error->text, sizeof(error->text), "%s", what);
	return -1;
}

int incoming_dir_open(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool incoming_dir_gone(int dir)
{
	struct stat st;

	return fstat(dir, &st) == 0 && st.st_nlink == 0;
}

// ---- the temporary file ------------------------------------------------------------------------

// The name has no slash, so O_NOFOLLOW and O_EXCL say the same;
// openat2 says it once more where there is one.
static int temp_create(int dir, const char *name)
{
	struct open_how how = {
		.flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		.mode = 0600,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	long fd = syscall(SYS_openat2, dir, name, &how, sizeof(how));

	// A seccomp filter that does not know the call says EPERM.
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(dir, name, (int)how.flags, 0600);
	return (int)fd;
}

// The lock says that this file's receiver lives; a sweep takes the lock first. Between creation and
// lock a sweep may win: then the file has no name any more, and another one is made.
static bool temp_lock(int fd)
{
	struct stat st;

	return flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_nlink == 1;
}

// Not in the middle of a UTF-8 character: some file systems refuse that.
static int temp_name_size(const char *name)
{
	size_t size = strlen(name);

	if (size <= TEMP_NAME_MAX)
		return (int)size;
	for (size = TEMP_NAME_MAX; size > 1 && ((unsigned char)name[size] & 0xc0) == 0x80;)
		size--;
	return (int)size;
}

static void temp_letters(char letters[7])
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	uint8_t random[6] = {0};

	// A poor name only costs another try.
	if (getrandom(random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		random[0] = (uint8_t)getpid();
	for (int i = 0; i < 6; i++)
		letters[i] = alphabet[random[i] % (sizeof(alphabet) - 1)];
	letters[6] = '\0';
}

static int temp_open(struct incoming *in)
{
	char letters[7];

	for (int tries = 0; tries < TEMP_TRIES; tries++) {
		temp_letters(letters);
		snprintf(in->temp, sizeof(in->temp),
			".%.*s" TRANSFER_TEMP_MARK "%s" TRANSFER_TEMP_END, temp_name_size(in->name),
			in->name, letters);
		in->fd = temp_create(in->dir, in->temp);
		if (in->fd >= 0 && temp_lock(in->fd))
			return 0;
		if (in->fd >= 0)
			close(in->fd);
		else if (errno != EEXIST)
			return -1;
		in->fd = -1;
	}
	errno = EEXIST;
	return -1;
}

// Space is taken before the first byte moves.
// File systems that cannot do it find out while writing.
static int temp_reserve(const struct incoming *in)
{
	int result;

	if (in->size == 0)
		return 0;
	do
		result = fallocate(in->fd, 0, 0, (off_t)in->size);
	while (result != 0 && errno == EINTR);
	return result == 0 || errno == EOPNOTSUPP || errno == ENOSYS ? 0 : -1;
}

static bool temp_is_stale(int dir, const char *name, int *fd)
{
	struct stat st;

	*fd = -1;
	if (!transfer_name_is_temp(name, strlen(name)))
		return false;
	*fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	return *fd >= 0 && fstat(*fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       flock(*fd, LOCK_EX | LOCK_NB) == 0;
}

int incoming_sweep(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd, removed = 0;
	DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *entry;

	if (!list) {
		if (copy >= 0)
			close(copy);
		return 0;
	}
	while ((entry = readdir(list)) != NULL) {
		if (temp_is_stale(dir, entry->d_name, &fd) && unlinkat(dir, entry->d_name, 0) == 0)
			removed++;
		if (fd >= 0)
			close(fd);
	}
	closedir(list);
	return removed;
}

// ---- open --------------------------------------------------------------------------------------

static int incoming_check_name(const struct incoming *in, struct incoming_error *error)
{
	const char *refused = transfer_name_refuse(in->name, strlen(in->name));
	struct stat st;

	if (refused)
		return incoming_fail(error, TRANSFER_BAD_NAME, refused, 0);
	if (fstatat(in->dir, in->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0
				       : incoming_fail(error, TRANSFER_IO,
						 "cannot look for the name", errno);
	if (S_ISDIR(st.st_mode))
		return incoming_fail(
			error, TRANSFER_EXISTS, "a folder of this name exists at the receiver", 0);
	if (!in->overwrite)
		return incoming_fail(error, TRANSFER_EXISTS,
			"a file of this name exists at the receiver, whose serve runs without "
			"--overwrite",
			0);
	return 0;
}

int incoming_open(struct incoming *in, int dir, const struct transfer_message *offer,
	bool overwrite, struct incoming_error *error)
{
	*in = (struct incoming){
		.dir = dir,
		.fd = -1,
		.overwrite = overwrite,
		.size = offer->size,
		.mode = offer->mode & 0777,
		.mtime_ns = offer->mtime_ns,
	};
	memcpy(in->name, offer->name, sizeof(in->name));
	if (incoming_check_name(in, error) != 0)
		return -1;
	if (temp_open(in) != 0)
		return incoming_dir_gone(dir) ? incoming_fail(error, TRANSFER_IO,
							"the folder of the receiver was removed", 0)
					      : incoming_fail(error, TRANSFER_IO,
							"the receiver cannot create a file", errno);
	in->sha = EVP_MD_CTX_new();
	if (!in->sha || !EVP_DigestInit_ex(in->sha, EVP_sha256(), NULL)) {
		incoming_abandon(in);
		return incoming_fail(error, TRANSFER_IO, "the receiver cannot start SHA-256", 0);
	}
	if (temp_reserve(in) != 0) {
		int number = errno;

		incoming_abandon(in);
		return incoming_fail(
			error, TRANSFER_IO, "the receiver has no room for the file", number);
	}
	return 0;
}

// ---- blocks ------------------------------------------------------------------------------------

static uint32_t block_expected_size(const struct incoming *in, uint64_t offset)
{
	return in->size - offset < TRANSFER_BLOCK ? (uint32_t)(in->size - offset) : TRANSFER_BLOCK;
}

static bool ahead_test(const struct incoming *in, uint64_t number)
{
	uint64_t bit = number % INCOMING_WINDOW;

	return in->ahead[bit / 64] >> bit % 64 & 1;
}

static void ahead_flip(struct incoming *in, uint64_t number)
{
	uint64_t bit = number % INCOMING_WINDOW;

	in->ahead[bit / 64] ^= UINT64_C(1) << bit % 64;
}

static int block_check(
	const struct incoming *in, const struct transfer_block *block, struct incoming_error *error)
{
	uint64_t number = block->offset / TRANSFER_BLOCK;

	if (block->offset >= in->size || block->size != block_expected_size(in, block->offset))
		return incoming_fail(error, TRANSFER_PROTOCOL,
			"a block lies outside the file that was offered", 0);
	if (block->offset < in->hashed || ahead_test(in, number))
		return incoming_fail(error, TRANSFER_PROTOCOL, "a block came twice", 0);
	if (number - in->hashed / TRANSFER_BLOCK >= INCOMING_WINDOW)
		return incoming_fail(
			error, TRANSFER_PROTOCOL, "a block came too far ahead of a missing one", 0);
	return 0;
}

static int write_all(int fd, const uint8_t *data, size_t size, uint64_t offset)
{
	while (size > 0) {
		ssize_t n = pwrite(fd, data, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		size -= (size_t)n;
		offset += (size_t)n;
	}
	return 0;
}

static int read_all(int fd, uint8_t *data, size_t size, uint64_t offset)
{
	while (size > 0) {
		ssize_t n = pread(fd, data, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO; // somebody cut our file
		if (n <= 0)
			return -1;
		data += n;
		size -= (size_t)n;
		offset += (size_t)n;
	}
	return 0;
}

static bool hash_add(struct incoming *in, const uint8_t *data, uint32_t size)
{
	in->hashed += size;
	return EVP_DigestUpdate(in->sha, data, size);
}

// Blocks that came early are hashed from the page cache once the gap before them is closed.
static int hash_ahead(struct incoming *in)
{
	while (in->hashed < in->size && ahead_test(in, in->hashed / TRANSFER_BLOCK)) {
		uint32_t size = block_expected_size(in, in->hashed);

		if (!in->bounce && !(in->bounce = malloc(TRANSFER_BLOCK)))
			return -1;
		if (read_all(in->fd, in->bounce, size, in->hashed) != 0)
			return -1;
		ahead_flip(in, in->hashed / TRANSFER_BLOCK);
		if (!hash_add(in, in->bounce, size))
			return -1;
	}
	return 0;
}

int incoming_write(struct incoming *in, const struct transfer_block *block, const uint8_t *data,
	struct incoming_error *error)
{
	if (block_check(in, block, error) != 0)
		return -1;
	if (write_all(in->fd, data, block->size, block->offset) != 0)
		return incoming_fail(error, TRANSFER_IO, "writing failed at the receiver", errno);
	in->received += block->size;

	errno = 0;
	if (block->offset != in->hashed)
		ahead_flip(in, block->offset / TRANSFER_BLOCK);
	else if (!hash_add(in, data, block->size) || hash_ahead(in) != 0)
		return incoming_fail(error, TRANSFER_IO, "hashing failed at the receiver", errno);
	if (in->hashed - in->flushed >= INCOMING_FLUSH) {
		// Only a head start: what it cannot do, fsync does.
		(void)sync_file_range(in->fd, (off_t)in->flushed, (off_t)(in->hashed - in->flushed),
			SYNC_FILE_RANGE_WRITE);
		in->flushed = in->hashed;
	}
	return 0;
}

bool incoming_complete(const struct incoming *in)
{
	return in->hashed == in->size;
}

// ---- end ---------------------------------------------------------------------------------------

static void incoming_fini(struct incoming *in)
{
	if (in->fd >= 0)
		close(in->fd); // and with it the lock
	EVP_MD_CTX_free(in->sha);
	free(in->bounce);
	in->fd = -1;
	in->sha = NULL;
	in->bounce = NULL;
}

void incoming_abandon(struct incoming *in)
{
	if (in->fd >= 0)
		unlinkat(in->dir, in->temp, 0);
	incoming_fini(in);
}

int incoming_check(struct incoming *in, const struct transfer_message *end, uint8_t sha256[32],
	struct incoming_error *error)
{
	unsigned size = 32;

	if (!incoming_complete(in) || end->size != in->size)
		return incoming_fail(error, TRANSFER_PROTOCOL,
			"the file ended at another size than was offered", 0);
	if (!EVP_DigestFinal_ex(in->sha, sha256, &size))
		return incoming_fail(error, TRANSFER_IO, "hashing failed at the receiver", 0);
	if (memcmp(sha256, end->sha256, 32) != 0)
		return incoming_fail(
			error, TRANSFER_MISMATCH, "SHA-256 differs between sender and receiver", 0);
	return 0;
}

static int settle_flush(struct incoming *in, struct incoming_error *error)
{
	int64_t seconds = in->mtime_ns / 1000000000, rest = in->mtime_ns % 1000000000;
	struct timespec times[2] = {
		{.tv_nsec = UTIME_OMIT},
		{.tv_sec = seconds - (rest < 0), .tv_nsec = rest < 0 ? rest + 1000000000 : rest},
	};

	// A file system without permissions or such times still holds the bytes;
	// these two are a courtesy.
	(void)!fchmod(in->fd, in->mode);
	(void)!futimens(in->fd, times);
	// fsync, not fdatasync: mode and time belong to the promise.
	if (fsync(in->fd) != 0)
		return incoming_fail(error, TRANSFER_IO, "flushing failed at the receiver", errno);
	return 0;
}

// A link refuses to replace, too; for file systems whose rename cannot.
static int rename_by_link(const struct incoming *in)
{
	if (linkat(in->dir, in->temp, in->dir, in->name, 0) != 0)
		return -1;
	return unlinkat(in->dir, in->temp, 0);
}

static int settle_rename(const struct incoming *in, struct incoming_error *error)
{
	int result = renameat2(
		in->dir, in->temp, in->dir, in->name, in->overwrite ? 0 : RENAME_NOREPLACE);

	if (result != 0 && !in->overwrite && (errno == EINVAL || errno == ENOSYS))
		result = rename_by_link(in);
	if (result != 0 && errno == EEXIST)
		return incoming_fail(error, TRANSFER_EXISTS,
			"a file of this name appeared at the receiver meanwhile", 0);
	if (result != 0 && errno == ENOENT)
		return incoming_fail(error, TRANSFER_IO,
			"the incomplete file, or its folder, was removed at the receiver", 0);
	if (result != 0)
		return incoming_fail(
			error, TRANSFER_IO, "the receiver cannot rename the file", errno);
	return 0;
}

int incoming_settle(struct incoming *in, struct incoming_error *error)
{
	if (settle_flush(in, error) != 0 || settle_rename(in, error) != 0) {
		incoming_abandon(in);
		return -1;
	}
	incoming_fini(in);
	if (fsync(in->dir) != 0)
		return incoming_fail(error, TRANSFER_IO,
			"the file is complete under its name, but flushing its folder failed",
			errno);
	return 0;
}
