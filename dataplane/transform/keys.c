// Phases: which key seals and opens a packet, and when the next one begins.
#include "dataplane/transform/keys.h"

#include <string.h>

#include "dataplane/wire/wire.h"

// The secret becomes the key of a phase, and then the secret of the phase after it.
static bool keys_derive(
	const struct keys *keys, struct keys_direction *d, struct seal_key *key, bool seals)
{
	uint8_t bytes[SEAL_KEY_MAX];
	bool done;

	secret_expand(d->secret, "sluice key", bytes, (uint8_t)keys->cipher->key_size);
	done = keys->cipher->key_set(key, keys->cipher, keys->library, bytes, seals);
	secret_expand(d->secret, "sluice iv", key->iv, SEAL_IV_SIZE);
	key->header_size = WIRE_HEADER_SIZE;
	secret_expand(d->secret, "sluice ku", d->secret, SECRET_SIZE);
	explicit_bzero(bytes, sizeof(bytes));
	return done;
}

static bool direction_init(const struct keys *keys, struct keys_direction *d,
	const uint8_t secret[SECRET_SIZE], bool seals, uint64_t now_ns)
{
	d->old = &d->key[0];
	d->now = &d->key[1];
	d->next = &d->key[2];
	d->since_ns = now_ns;
	if (keys->cipher->key_size == 0)
		return true;
	memcpy(d->secret, secret, SECRET_SIZE);
	d->ready = keys_derive(keys, d, d->now, seals) && keys_derive(keys, d, d->next, seals);
	return d->ready;
}

static uint64_t limit_or(uint64_t limit, uint64_t otherwise)
{
	return limit ? limit : otherwise;
}

bool keys_init(struct keys *keys, const struct seal_engine *engine, const struct cipher *cipher,
	const struct keys_limits *limits, const uint8_t secret_send[SECRET_SIZE],
	const uint8_t secret_receive[SECRET_SIZE], uint64_t now_ns)
{
	keys->cipher = cipher;
	keys->library = engine->library;
	keys->limits = (struct keys_limits){
		.packets = limit_or(limits->packets, KEYS_PACKETS),
		.packets_max = limit_or(limits->packets_max, KEYS_PACKETS_MAX),
		.ns = limit_or(limits->ns, KEYS_NS),
		.old_ns = limit_or(limits->old_ns, KEYS_OLD_NS),
	};
	if (direction_init(keys, &keys->send, secret_send, true, now_ns) &&
		direction_init(keys, &keys->receive, secret_receive, false, now_ns))
		return true;
	keys_fini(keys);
	return false;
}

void keys_fini(struct keys *keys)
{
	for (uint32_t i = 0; keys->cipher && i < 3; i++) {
		keys->cipher->key_wipe(&keys->send.key[i]);
		keys->cipher->key_wipe(&keys->receive.key[i]);
	}
	explicit_bzero(keys, sizeof(*keys));
}

static void direction_turn(struct keys_direction *d, struct seal_key *place, uint64_t pn)
{
	d->now = d->next;
	d->next = place;
	d->ready = false;
	d->first_pn = pn;
	d->phase++;
}

// Nothing is sealed with the former key again: the next one takes its place.
static void send_turn(struct keys *keys, uint64_t pn, uint64_t now_ns)
{
	direction_turn(&keys->send, keys->send.now, pn);
	keys->send.since_ns = now_ns;
	keys->wants = true;
}

// The key before the former one goes.
static void receive_turn(struct keys *keys, uint64_t pn, uint64_t now_ns)
{
	struct keys_direction *d = &keys->receive;
	struct seal_key *place = d->old;

	d->old = d->now;
	direction_turn(d, place, pn);
	d->old_until_ns = now_ns + keys->limits.old_ns;
	keys->wants = true;
}

static bool send_due(const struct keys *keys, uint64_t pn, uint64_t now_ns)
{
	return pn - keys->send.first_pn >= keys->limits.packets ||
	       now_ns - keys->send.since_ns >= keys->limits.ns;
}

// A phase that is due and cannot end yet: how near is packets_max? False: reached.
static bool send_wait(struct keys *keys, uint64_t pn)
{
	struct keys_direction *d = &keys->send;
	uint64_t sealed = pn - d->first_pn;

	if (d->ready && (d->asked_pn < d->first_pn || pn - d->asked_pn >= KEYS_ASK)) {
		d->asked_pn = pn;
		keys->asks = keys->wants = true;
	}
	if (sealed + KEYS_RESERVE >= keys->limits.packets_max)
		keys->spent = keys->wants = true;
	return sealed < keys->limits.packets_max;
}

const struct seal_key *keys_to_seal(
	struct keys *keys, uint64_t pn, uint64_t acked, uint64_t now_ns, bool *phase)
{
	struct keys_direction *d = &keys->send;

	if (d->first_pn == 0)
		d->first_pn = pn;
	if (keys->cipher->key_size > 0 && send_due(keys, pn, now_ns)) {
		if (d->ready && acked >= d->first_pn)
			send_turn(keys, pn, now_ns);
		else if (!send_wait(keys, pn))
			return NULL;
	}
	*phase = d->phase & 1;
	return d->now;
}

const struct seal_key *keys_to_open(
	const struct keys *keys, uint64_t pn, bool phase, uint64_t now_ns)
{
	const struct keys_direction *d = &keys->receive;

	if (phase == (d->phase & 1))
		return d->now;
	if (pn < d->first_pn)
		return d->old_until_ns > now_ns ? d->old : NULL;
	return d->ready ? d->next : NULL;
}

void keys_opened(struct keys *keys, const struct seal_key *key, uint64_t pn, uint64_t now_ns)
{
	struct keys_direction *d = &keys->receive;

	if (d->old_until_ns > 0 && now_ns >= d->old_until_ns)
		keys->wants = true;
	if (key == d->next)
		receive_turn(keys, pn, now_ns);
	else if (key == d->now && pn < d->first_pn)
		d->first_pn = pn; // the packet that began the phase overtook it
}

// What the former phase was opened with, once nothing is opened with it any more. Its place stays:
// a library may have allocated for it.
static bool receive_forget(struct keys *keys, uint64_t now_ns)
{
	static const uint8_t nothing[SEAL_KEY_MAX];
	struct keys_direction *d = &keys->receive;

	if (d->old_until_ns == 0 || now_ns < d->old_until_ns)
		return true;
	d->old_until_ns = 0;
	explicit_bzero(d->old->iv, sizeof(d->old->iv));
	return keys->cipher->key_set(d->old, keys->cipher, keys->library, nothing, false);
}

bool keys_ahead(struct keys *keys, uint64_t now_ns)
{
	keys->wants = keys->asks = false;
	if (!receive_forget(keys, now_ns))
		return false;
	if (!keys->send.ready)
		keys->send.ready = keys_derive(keys, &keys->send, keys->send.next, true);
	if (!keys->receive.ready)
		keys->receive.ready = keys_derive(keys, &keys->receive, keys->receive.next, false);
	return keys->send.ready && keys->receive.ready;
}
