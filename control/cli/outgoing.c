// A file that is being sent.
#include "control/cli/outgoing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int outgoing_fail(struct outgoing *out, const char *what, int number)
{
	snprintf(out->text, sizeof(out->text), "%s%s%s", what, number ? ": " : "",
		number ? strerror(number) : "");
	return -1;
}

static int outgoing_check(struct outgoing *out)
{
	const char *refused;

	if (fstat(out->fd, &out->before) != 0)
		return outgoing_fail(out, "cannot look at it", errno);
	if (S_ISDIR(out->before.st_mode))
		return outgoing_fail(
			out, "is a folder; pack it first: tar -cf FOLDER.tar FOLDER", 0);
	if (!S_ISREG(out->before.st_mode))
		return outgoing_fail(out, "is not a regular file", 0);
	refused = transfer_name_refuse(out->name, strlen(out->name));
	if (refused) {
		snprintf(out->text, sizeof(out->text), "cannot be sent: %s", refused);
		return -1;
	}
	return 0;
}

int outgoing_open(struct outgoing *out, const char *path)
{
	const char *slash = strrchr(path, '/');

	*out = (struct outgoing){.path = path, .name = slash ? slash + 1 : path};
	// Not blocking: opening a FIFO would wait for a writer.
	out->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (out->fd < 0)
		return outgoing_fail(out, "cannot be opened", errno);
	if (outgoing_check(out) != 0) {
		outgoing_close(out);
		return -1;
	}
	out->size = (uint64_t)out->before.st_size;
	out->sha = EVP_MD_CTX_new();
	if (!out->sha || !EVP_DigestInit_ex(out->sha, EVP_sha256(), NULL)) {
		outgoing_close(out);
		return outgoing_fail(out, "SHA-256 cannot be started", 0);
	}
	(void)posix_fadvise(out->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

void outgoing_offer(const struct outgoing *out, struct transfer_message *offer)
{
	offer->type = TRANSFER_OFFER;
	snprintf(offer->name, sizeof(offer->name), "%s", out->name);
	offer->size = out->size;
	offer->mode = out->before.st_mode & 0777;
	offer->mtime_ns =
		(int64_t)out->before.st_mtim.tv_sec * 1000000000 + out->before.st_mtim.tv_nsec;
	offer->resume = 0;
}

int outgoing_read(struct outgoing *out, uint8_t *data, struct transfer_block *block)
{
	uint64_t left = out->size - out->offset;
	uint32_t size = left < TRANSFER_BLOCK ? (uint32_t)left : TRANSFER_BLOCK, got = 0;

	if (size == 0)
		return 0;
	while (got < size) {
		ssize_t n = pread(out->fd, data + got, size - got, (off_t)(out->offset + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return outgoing_fail(out, "reading failed", errno);
		if (n == 0)
			return outgoing_fail(out, "shrank while it was being sent", 0);
		got += (uint32_t)n;
	}
	if (!EVP_DigestUpdate(out->sha, data, size))
		return outgoing_fail(out, "hashing failed", 0);
	block->offset = out->offset;
	block->size = size;
	out->offset += size;
	return 1;
}

int outgoing_finish(struct outgoing *out, uint8_t sha256[32])
{
	unsigned size = 32;
	struct stat now;

	if (fstat(out->fd, &now) != 0)
		return outgoing_fail(out, "cannot look at it", errno);
	if (now.st_size != out->before.st_size)
		return outgoing_fail(out,
			now.st_size > out->before.st_size ? "grew while it was being sent"
							  : "shrank while it was being sent",
			0);
	// Same size, yet written to: half of the old and half of the new may have been sent.
	if (now.st_mtim.tv_sec != out->before.st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != out->before.st_mtim.tv_nsec)
		return outgoing_fail(out, "was written to while it was being sent", 0);
	if (!EVP_DigestFinal_ex(out->sha, sha256, &size))
		return outgoing_fail(out, "hashing failed", 0);
	return 0;
}

void outgoing_close(struct outgoing *out)
{
	if (out->fd >= 0)
		close(out->fd);
	EVP_MD_CTX_free(out->sha);
	out->fd = -1;
	out->sha = NULL;
}
