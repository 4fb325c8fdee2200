// A disk that does what it has to, in order, when a command says so.
#include <stdlib.h>
#include <string.h>

#include "tests/scenario/raft/world.h"

static struct request *add(struct world *world, struct node *node)
{
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		abort();
	if (node->requests == QUEUE_MAX)
		violated(world, "%u wants too much of its disk at once", (unsigned)node->id);
	node->queue[node->requests++] = request;
	return request;
}

static void copy_entries(struct world *world, struct node *node, struct request *request)
{
	uint64_t first = request->write.first, last = request->write.last;

	if (first > last)
		return;
	request->entry = calloc(last - first + 1, sizeof(*request->entry));
	if (!request->entry)
		abort();
	for (uint64_t i = first; i <= last; i++) {
		struct stored *stored = &request->entry[i - first];
		struct raft_entry entry;

		if (i >= INDEX_MAX || !raft_entry(node->raft, i, &entry) ||
			entry.size > sizeof(stored->data))
			violated(world, "%u writes entry %u, which is none", (unsigned)node->id,
				(unsigned)i);
		*stored =
			(struct stored){.term = entry.term, .kind = entry.kind, .size = entry.size};
		memcpy(stored->data, entry.data, entry.size);
	}
}

void disk_write(struct world *world, struct node *node, const struct raft_write *write)
{
	struct request *request = add(world, node);

	request->kind = REQUEST_WRITE;
	request->write = *write;
	copy_entries(world, node, request);
}

void disk_chunk(struct world *world, struct node *node, const struct raft_chunk *chunk)
{
	struct request *request = add(world, node);
	bool last = chunk->offset + chunk->size == chunk->total;

	if (chunk->offset + chunk->size >= STATE_MAX)
		violated(world, "%u gets too large a snapshot", (unsigned)node->id);
	request->kind = REQUEST_CHUNK;
	request->offset = chunk->offset;
	request->size = chunk->size;
	memcpy(request->data, chunk->data, chunk->size);
	if (!last)
		return;
	request = add(world, node);
	request->kind = REQUEST_INSTALL;
	request->saved.index = chunk->index;
	request->saved.term = chunk->term;
	request->saved.size = (uint32_t)chunk->total;
	request->saved.conf = *chunk->conf;
}

static void end_write(struct world *world, struct node *node, const struct request *request)
{
	const struct raft_write *write = &request->write;
	struct disk *disk = node->disk;

	if (write->state) {
		disk->term = write->term;
		disk->vote = write->vote;
	}
	if (write->truncate && write->truncate <= disk->last)
		disk->last = write->truncate - 1;
	if (write->first <= write->last) {
		if (write->first != disk->last + 1)
			violated(world, "%u writes entry %u behind %u", (unsigned)node->id,
				(unsigned)write->first, (unsigned)disk->last);
		memcpy(&disk->entry[write->first], request->entry,
			(write->last - write->first + 1) * sizeof(*request->entry));
		disk->last = write->last;
	}
	raft_on_written(node->raft, clock_of(world, node), write->id);
}

static void end_install(struct world *world, struct node *node, const struct request *request)
{
	struct disk *disk = node->disk;

	disk->before.index = 0;
	disk->snapshot = request->saved;
	memcpy(disk->snapshot.state, node->received, sizeof(disk->snapshot.state));
	disk->snapshot.state[request->saved.size] = 0;
	disk->last = request->saved.index;
	memcpy(node->state, disk->snapshot.state, sizeof(node->state));
	node->applied = disk->last;
	raft_on_installed(node->raft, clock_of(world, node), true);
	say(world, "%u has installed the snapshot up to %u", (unsigned)node->id,
		(unsigned)disk->last);
}

void disk_end(struct world *world, struct node *node)
{
	struct request *request = node->queue[0];

	node->requests--;
	memmove(node->queue, node->queue + 1, node->requests * sizeof(node->queue[0]));
	switch (request->kind) {
	case REQUEST_WRITE:
		end_write(world, node, request);
		break;
	case REQUEST_CHUNK:
		memcpy(node->received + request->offset, request->data, request->size);
		raft_on_chunk(node->raft, clock_of(world, node), true);
		break;
	case REQUEST_INSTALL:
		end_install(world, node, request);
		break;
	}
	free(request->entry);
	free(request);
	settle(world, node);
}

void disk_forget(struct node *node)
{
	for (uint32_t i = 0; i < node->requests; i++) {
		free(node->queue[i]->entry);
		free(node->queue[i]);
	}
	node->requests = 0;
}
