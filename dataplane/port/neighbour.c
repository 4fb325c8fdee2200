// Neighbour table: resolve, retry with back-off, confirm, age. A linear search is enough: routes
// remember the table's version, so it is done once per connection and change, not per packet.
#include "dataplane/port/neighbour.h"

#include <string.h>

void neighbour_init(struct neighbour_table *t)
{
	memset(t, 0, sizeof(*t));
	t->version = 1;
	t->due_ns = UINT64_MAX;
}

static struct neighbour *entry_find(struct neighbour_table *t, struct address ip)
{
	for (uint32_t i = 0; i < NEIGHBOURS_MAX; i++)
		if (address_equal(t->ips[i], ip))
			return &t->entries[i];
	return NULL;
}

static void entry_put(struct neighbour_table *t, struct neighbour *e)
{
	if (e->state == NEIGHBOUR_PENDING)
		t->pending--;
	else
		t->version++;
	t->ips[e - t->entries] = (struct address){0};
	memset(e, 0, sizeof(*e));
}

static void entry_ask(
	struct neighbour_table *t, struct neighbour *e, enum neighbour_state state, uint64_t now_ns)
{
	if (state == NEIGHBOUR_PENDING && e->state != NEIGHBOUR_PENDING)
		t->pending++;
	e->state = (uint8_t)state;
	e->tries = 0;
	e->ask_ns = now_ns;
	if (now_ns < t->due_ns)
		t->due_ns = now_ns;
}

static void entry_learn(
	struct neighbour_table *t, struct neighbour *e, const uint8_t mac[6], uint64_t now_ns)
{
	if (e->state == NEIGHBOUR_PENDING)
		t->pending--;
	if (e->state == NEIGHBOUR_PENDING || memcmp(e->mac, mac, sizeof(e->mac)) != 0)
		t->version++;
	memcpy(e->mac, mac, sizeof(e->mac));
	e->state = NEIGHBOUR_KNOWN;
	e->confirmed_ns = now_ns;
	if (now_ns + NEIGHBOUR_FRESH_NS < t->due_ns)
		t->due_ns = now_ns + NEIGHBOUR_FRESH_NS;
}

static bool entry_in_use(const struct neighbour *e, uint64_t now_ns)
{
	return e->used_ns != 0 && now_ns - e->used_ns < NEIGHBOUR_IDLE_NS;
}

// The entry of the given kind that was used least recently;
// unused ones (used_ns 0) by the time they were learnt.
static struct neighbour *entry_oldest(struct neighbour_table *t, bool pending, uint64_t now_ns)
{
	struct neighbour *oldest = NULL;

	for (uint32_t i = 0; i < NEIGHBOURS_MAX; i++) {
		struct neighbour *e = &t->entries[i];

		if (e->state == NEIGHBOUR_FREE || (e->state == NEIGHBOUR_PENDING) != pending)
			continue;
		if (!pending && entry_in_use(e, now_ns))
			continue;
		if (!oldest || e->used_ns < oldest->used_ns ||
			(e->used_ns == oldest->used_ns && e->confirmed_ns < oldest->confirmed_ns))
			oldest = e;
	}
	return oldest;
}

// A free entry, at the cost of one that nobody uses. `wanted`: by our own traffic, which may also
// take the place of the oldest unanswered question; what a stranger says may not.
static struct neighbour *entry_get(
	struct neighbour_table *t, struct address ip, bool wanted, uint64_t now_ns)
{
	struct neighbour *e = NULL;

	if (wanted && t->pending >= ARP_PENDING_MAX)
		entry_put(t, entry_oldest(t, true, now_ns));
	for (uint32_t i = 0; i < NEIGHBOURS_MAX && !e; i++)
		if (t->entries[i].state == NEIGHBOUR_FREE)
			e = &t->entries[i];
	if (!e) {
		e = entry_oldest(t, false, now_ns);
		if (!e && wanted)
			e = entry_oldest(t, true, now_ns);
		if (!e) {
			t->refused++;
			return NULL;
		}
		entry_put(t, e);
	}
	e->ip = t->ips[e - t->entries] = ip;
	return e;
}

const uint8_t *neighbour_resolve(struct neighbour_table *t, struct address ip, uint64_t now_ns)
{
	struct neighbour *e = entry_find(t, ip);

	if (!e) {
		e = entry_get(t, ip, true, now_ns);
		if (!e)
			return NULL;
		entry_ask(t, e, NEIGHBOUR_PENDING, now_ns);
	}
	e->used_ns = now_ns;
	if (e->state == NEIGHBOUR_KNOWN && now_ns - e->confirmed_ns >= NEIGHBOUR_FRESH_NS)
		entry_ask(t, e, NEIGHBOUR_PROBED, now_ns);
	return e->state == NEIGHBOUR_PENDING ? NULL : e->mac;
}

// What time alone does to an entry; true: its request is due now.
static bool entry_age(struct neighbour_table *t, struct neighbour *e, uint64_t now_ns)
{
	bool used = entry_in_use(e, now_ns);

	switch ((enum neighbour_state)e->state) {
	case NEIGHBOUR_FREE:
		return false;
	case NEIGHBOUR_KNOWN:
		if (now_ns - e->confirmed_ns < NEIGHBOUR_FRESH_NS)
			return false;
		if (!used) {
			entry_put(t, e);
			return false;
		}
		entry_ask(t, e, NEIGHBOUR_PROBED, now_ns);
		return true;
	case NEIGHBOUR_PENDING:
	case NEIGHBOUR_PROBED:
		break;
	}
	if (now_ns < e->ask_ns)
		return false;
	if (!used) {
		entry_put(t, e);
		return false;
	}
	if (e->state == NEIGHBOUR_PROBED && e->tries >= NEIGHBOUR_PROBES) {
		// It moved or died. In use, so it stays asked for,
		// but nothing goes to a silent address for ever.
		t->version++;
		if (t->pending >= ARP_PENDING_MAX) {
			entry_put(t, e);
			return false;
		}
		entry_ask(t, e, NEIGHBOUR_PENDING, now_ns);
	}
	return true;
}

static uint64_t entry_due(const struct neighbour *e)
{
	if (e->state == NEIGHBOUR_FREE)
		return UINT64_MAX;
	return e->state == NEIGHBOUR_KNOWN ? e->confirmed_ns + NEIGHBOUR_FRESH_NS : e->ask_ns;
}

bool neighbour_take_request(struct neighbour_table *t, struct address *ip, uint64_t now_ns)
{
	uint64_t due_ns = UINT64_MAX;

	if (now_ns < t->due_ns)
		return false;
	for (uint32_t i = 0; i < NEIGHBOURS_MAX; i++) {
		struct neighbour *e = &t->entries[i];
		uint64_t pause_ns;

		if (entry_age(t, e, now_ns)) {
			pause_ns = NEIGHBOUR_RETRY_NS << (e->tries < 4 ? e->tries : 4);
			e->ask_ns = now_ns + (pause_ns < NEIGHBOUR_RETRY_MAX_NS
							     ? pause_ns
							     : NEIGHBOUR_RETRY_MAX_NS);
			if (e->tries < UINT8_MAX)
				e->tries++;
			*ip = e->ip;
			return true; // due_ns is in the past still: the next call looks at the rest
		}
		if (entry_due(e) < due_ns)
			due_ns = entry_due(e);
	}
	t->due_ns = due_ns;
	return false;
}

bool neighbour_on_reply(
	struct neighbour_table *t, struct address ip, const uint8_t mac[6], uint64_t now_ns)
{
	struct neighbour *e = entry_find(t, ip);

	if (!e || e->state == NEIGHBOUR_KNOWN || e->tries == 0)
		return false;
	entry_learn(t, e, mac, now_ns);
	return true;
}

bool neighbour_on_request(
	struct neighbour_table *t, struct address ip, const uint8_t mac[6], uint64_t now_ns)
{
	struct neighbour *e = entry_find(t, ip);

	if (!e) {
		e = entry_get(t, ip, false, now_ns);
		if (!e)
			return false;
		e->state = NEIGHBOUR_PENDING; // so that learning it counts as news
		t->pending++;
		entry_learn(t, e, mac, now_ns);
		return true;
	}
	if (e->state != NEIGHBOUR_PENDING && memcmp(e->mac, mac, sizeof(e->mac)) != 0) {
		// It restarted with another address, or somebody
		// lies. Ask; until the answer, what we know stands.
		if (e->state == NEIGHBOUR_KNOWN)
			entry_ask(t, e, NEIGHBOUR_PROBED, now_ns);
		return false;
	}
	entry_learn(t, e, mac, now_ns);
	return true;
}
