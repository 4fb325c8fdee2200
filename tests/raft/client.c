// Clients: each has one operation under way, at any node that runs; what it saw goes into the
// history. Every value is put once.
#include <string.h>

#include "tests/raft/raft_sim.h"

// A client gives up later than the replica does: then nobody will answer.
#define CLIENT_NS (2 * SECOND)

// Writes of a key of which nobody knows whether they were done; then it is only read: the search
// for an order doubles with each.
enum { UNKNOWN_MAX = 12 };

static struct kv_bytes key_of(uint32_t key)
{
	static const char names[] = "abcdefgh";

	return (struct kv_bytes){(const uint8_t *)&names[key], 1};
}

static struct kv_bytes value_of(uint64_t *value, uint8_t bytes[512], uint32_t pad)
{
	memset(bytes, 0x5a, sizeof(*value) + pad);
	memcpy(bytes, value, sizeof(*value));
	return (struct kv_bytes){bytes, (uint32_t)sizeof(*value) + pad};
}

static uint64_t value_in(const struct kv_item *item)
{
	uint64_t value = 0;

	if (item->value.size >= sizeof(value))
		memcpy(&value, item->value.data, sizeof(value));
	return value;
}

// Pads follow from the value: a comparison must know all of it.
static uint32_t pad_of(const struct world *w, uint64_t value)
{
	return (uint32_t)(rng_mix(value ^ w->options.seed) % 400);
}

static void request(struct world *w, const struct op *op, uint8_t bytes[2][512])
{
	struct kv_request *request = &w->request;
	struct kv_op *first = &request->op[0];
	uint64_t value = op->value, expected = op->expected;

	request->compares = request->elses = 0;
	request->thens = 1;
	memset(first, 0, sizeof(*first));
	first->range = (struct kv_range){.reach = KV_KEY, .key = key_of(op->key)};
	first->kind = op->kind == OP_GET ? KV_GET : op->kind == OP_DELETE ? KV_DELETE : KV_PUT;
	if (first->kind == KV_PUT)
		first->value = value_of(&value, bytes[0], pad_of(w, value));
	if (op->kind != OP_SWAP)
		return;
	request->compares = 1;
	request->compare[0] = (struct kv_compare){
		.target = KV_VERSION, .relation = KV_EQUAL, .key = key_of(op->key)};
	if (!expected) // nothing is there
		return;
	request->compare[0].target = KV_VALUE;
	request->compare[0].value = value_of(&expected, bytes[1], pad_of(w, expected));
}

bool client_call(
	struct world *w, uint32_t number, enum op_kind kind, uint32_t key, struct node *node)
{
	struct client *client = &w->client[number];
	struct op *op = &w->history[w->ops];
	uint8_t bytes[2][512];
	uint64_t cookie = w->ops;

	if (w->ops == HISTORY_MAX)
		return false;
	client->op = w->ops++;
	*op = (struct op){.kind = kind,
		.client = number,
		.key = key,
		.node = node->index,
		.call_ns = w->now_ns,
		.floor = w->revision};
	if (kind == OP_PUT || kind == OP_SWAP)
		op->value = ++w->value;
	if (kind == OP_SWAP)
		op->expected = client->guess[key];
	request(w, op, bytes);
	disk_sim_at(node->disk, w->now_ns);
	if (kind == OP_GET)
		replica_read(node->replica, node_now(w, node), cookie, &w->request);
	else
		replica_write(node->replica, node_now(w, node), cookie, &w->request);
	node_after(w, node);
	return true;
}

static struct node *any_running(struct world *w)
{
	uint32_t first = (uint32_t)rng_below(&w->rng, w->nodes);

	for (uint32_t i = 0; i < w->nodes; i++) {
		struct node *node = &w->node[(first + i) % w->nodes];

		if (node_runs(node))
			return node;
	}
	return NULL;
}

static void give_up(struct world *w, uint32_t number)
{
	struct client *client = &w->client[number];
	struct op *op = &w->history[client->op];

	if (op->outcome == OP_PENDING) {
		op->outcome = OP_UNKNOWN;
		op->return_ns = w->now_ns;
		w->unknown[op->key] += op->kind != OP_GET;
	}
	client->op = HISTORY_MAX;
}

static void turn(struct world *w, uint32_t number)
{
	static const enum op_kind kinds[] = {
		OP_PUT, OP_PUT, OP_PUT, OP_GET, OP_GET, OP_GET, OP_SWAP, OP_SWAP, OP_DELETE};
	struct client *client = &w->client[number];
	struct node *node = any_running(w);
	uint32_t key = (uint32_t)rng_below(&w->rng, w->keys);
	enum op_kind kind = kinds[rng_below(&w->rng, 9)];

	if (client->op < HISTORY_MAX && w->now_ns >= w->history[client->op].call_ns + CLIENT_NS)
		give_up(w, number);
	if (w->unknown[key] >= UNKNOWN_MAX)
		kind = OP_GET;
	if (client->op == HISTORY_MAX && node && w->now_ns < w->end_ns)
		client_call(w, number, kind, key, node);
	if (w->now_ns < w->end_ns || client->op < HISTORY_MAX)
		world_call(w, w->now_ns + 1 + rng_below(&w->rng, 2 * w->think_ns), number, turn);
}

void client_start(struct world *w)
{
	for (uint32_t i = 0; i < w->clients; i++)
		world_call(w, rng_below(&w->rng, SECOND), i, turn);
}

bool clients_idle(const struct world *w)
{
	for (uint32_t i = 0; i < w->clients; i++)
		if (w->client[i].op < HISTORY_MAX)
			return false;
	return true;
}

static void done(struct world *w, struct op *op, const struct kv_result *result)
{
	struct client *client = &w->client[op->client];
	bool changes;

	if (result->status != KV_OK) {
		world_fail(w, "operation %u: %s", (uint32_t)(op - w->history),
			kv_status_text(result->status));
		return;
	}
	op->held = op->kind == OP_DELETE ? result->op[0].deleted > 0 : result->held;
	if (op->kind == OP_GET)
		op->value = result->items ? value_in(&result->item[0]) : 0;
	if (op->kind == OP_GET || (op->kind != OP_DELETE && op->held))
		client->guess[op->key] = op->value;
	changes = op->kind == OP_PUT || (op->kind == OP_SWAP && op->held);
	if (result->revision < op->floor + changes)
		world_fail(w,
			"operation %u at node %u: revision %llu, but %llu was answered before it "
			"began",
			(uint32_t)(op - w->history), op->node, (unsigned long long)result->revision,
			(unsigned long long)op->floor);
	if (result->revision > w->revision)
		w->revision = result->revision;
	w->done_writes += changes;
}

void client_on_answer(void *owner, uint64_t cookie, const struct replica_answer *answer)
{
	const struct node *node = owner;
	struct world *w = node->world;
	struct op *op = &w->history[cookie];

	if (cookie >= HISTORY_MAX || op->outcome != OP_PENDING)
		return;
	op->return_ns = w->now_ns;
	switch (answer->outcome) {
	case REPLICA_DONE:
		op->outcome = OP_DONE;
		done(w, op, answer->result);
		break;
	case REPLICA_REFUSED:
		op->outcome = OP_REFUSED;
		break;
	case REPLICA_UNKNOWN:
		op->outcome = OP_UNKNOWN;
		w->unknown[op->key]++;
		break;
	}
	world_hash(w, cookie << 8 ^ op->outcome);
	world_trace(w, "client %u, node %u: %s of %c: %s, %llu", op->client, op->node,
		(const char *const[]){"put", "get", "delete", "swap"}[op->kind], 'a' + op->key,
		op->outcome == OP_DONE      ? op->held || op->kind != OP_SWAP ? "done" : "not so"
		: op->outcome == OP_REFUSED ? raft_result_text(answer->why)
					    : "unknown",
		(unsigned long long)op->value);
	w->client[op->client].op = HISTORY_MAX;
}

void client_on_crash(struct world *w, const struct node *node)
{
	for (uint32_t i = 0; i < w->clients; i++)
		if (w->client[i].op < HISTORY_MAX &&
			w->history[w->client[i].op].node == node->index)
			give_up(w, i);
}
