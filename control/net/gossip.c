// Drives the SWIM core: the time and what came go in, what it decides is carried out.
#include "control/net/gossip.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "control/log.h"
#include "control/net/gossip_internal.h"
#include "control/net/message.h"

#define MS(ms) ((uint64_t)(ms)*1000000)

static void gossip_on_tick(void *owner);

// ---- what the core decides ----

static struct gossip_peer peer_of(const struct gossip *gossip, uint32_t member)
{
	struct gossip_peer peer = {.member = SWIM_NONE};
	struct swim_view view;

	if (member == SWIM_NONE || !swim_member(gossip->swim, member, &view))
		return peer;
	peer = (struct gossip_peer){.member = member, .address = view.address, .port = view.port};
	snprintf(peer.name, sizeof(peer.name), "%s", view.name);
	return peer;
}

static void carry_stream_pings(struct gossip *gossip)
{
	for (uint32_t i = 0; i < gossip->out->stream_pings; i++) {
		struct gossip_peer peer = peer_of(gossip, gossip->out->stream_ping[i]);
		uint8_t ping[SWIM_STREAM_PING_MAX];
		size_t size;

		if (peer.member == SWIM_NONE || !gossip->on_stream_ping)
			continue;
		size = swim_stream_ping(gossip->swim, peer.member, ping);
		size = gossip_frame_seal(gossip, ping, size, gossip->sealed);
		if (size)
			gossip->on_stream_ping(gossip->owner, &peer, gossip->sealed, size);
	}
}

static void carry_sync(struct gossip *gossip)
{
	const struct swim_frame *frame = &gossip->out->sync;
	struct gossip_peer peer;
	size_t size;

	if (frame->size == 0 || !gossip->on_sync)
		return;
	peer = peer_of(gossip, frame->member);
	if (peer.member == SWIM_NONE) {
		peer.address = frame->address;
		peer.port = frame->port;
	}
	size = gossip_frame_seal(gossip, frame->bytes, frame->size, gossip->sealed);
	if (size)
		gossip->on_sync(gossip->owner, &peer, gossip->sealed, size);
}

static void carry_conflict(struct gossip *gossip, const struct swim_conflict *conflict)
{
	struct gossip_peer known = peer_of(gossip, conflict->member);
	char other[CONFIG_ADDRESS_TEXT], here[CONFIG_ADDRESS_TEXT];

	if (!gossip_line_is_allowed(gossip))
		return;
	config_address_text(other, conflict->address, conflict->port);
	if (conflict->member == SWIM_SELF)
		log_error("Another node calls itself '%s', too: the one at %s. Who was here first "
			  "keeps the name; give one of them another.",
			gossip->config->node, other);
	else
		log_warning("Two nodes call themselves '%.63s': %s keeps the name, %s does not get "
			    "it. Give one of them another.",
			known.name, config_address_text(here, known.address, known.port), other);
}

static void carry_pong(struct gossip *gossip, const struct swim_pong *pong)
{
	for (int i = 0; i < GOSSIP_PINGS_MAX; i++) {
		struct gossip_ping ping = gossip->pings[i];

		if (ping.cookie != pong->cookie || ping.cookie == 0)
			continue;
		gossip->pings[i].cookie = 0;
		if (ping.on_pong)
			ping.on_pong(ping.owner, pong->ok, pong->rtt_ns);
		return;
	}
}

static void tick_arm(struct gossip *gossip)
{
	uint64_t next_ns = swim_next_ns(gossip->swim), now_ns = loop_now_ns(gossip->loop);

	if (next_ns == UINT64_MAX || swim_left(gossip->swim)) {
		loop_timer_stop(gossip->loop, &gossip->tick);
		return;
	}
	gossip->tick_due_ns = next_ns > now_ns ? next_ns : now_ns;
	loop_timer_start(
		gossip->loop, &gossip->tick, gossip->tick_due_ns - now_ns, gossip_on_tick, gossip);
}

uint64_t gossip_begin(struct gossip *gossip)
{
	assert(!gossip->carrying); // a callback called back: `out` would change under its reader
	swim_output_clear(gossip->out);
	return loop_now_ns(gossip->loop);
}

void gossip_carry(struct gossip *gossip)
{
	const struct swim_output *out = gossip->out;

	gossip->carrying = true;
	gossip_socket_send(gossip);
	for (uint32_t i = 0; i < out->changes; i++)
		gossip_members_changed(gossip, &out->change[i]);
	for (uint32_t i = 0; i < out->conflicts; i++)
		carry_conflict(gossip, &out->conflict[i]);
	carry_stream_pings(gossip);
	carry_sync(gossip);
	gossip_rtt_take(gossip, &out->probed);
	gossip->carrying = false;
	tick_arm(gossip);
	// Last: who hears a pong may ask again. What it asks begins with an empty `out`, so the
	// pongs of this one are taken off first.
	struct swim_pong pong[SWIM_PONGS_MAX];
	uint32_t pongs = out->pongs;

	memcpy(pong, out->pong, sizeof(pong));
	for (uint32_t i = 0; i < pongs; i++)
		carry_pong(gossip, &pong[i]);
}

// ---- what happens ----

static void gossip_on_tick(void *owner)
{
	struct gossip *gossip = owner;
	uint64_t now_ns = gossip_begin(gossip);

	gossip_health_lag(gossip, gossip->tick_due_ns, now_ns);
	swim_on_tick(gossip->swim, now_ns, gossip->out);
	gossip_carry(gossip);
}

void gossip_on_stream_pong(struct gossip *gossip, uint32_t member, bool ok)
{
	uint64_t now_ns;

	if (!gossip->swim)
		return;
	now_ns = gossip_begin(gossip);
	swim_on_stream_pong(gossip->swim, now_ns, member, ok, gossip->out);
	gossip_carry(gossip);
}

size_t gossip_on_sync(struct gossip *gossip, const uint8_t *frame, size_t size,
	uint8_t answer[KEYRING_FRAME_MAX], bool *last, const char **why)
{
	enum swim_result taken;
	uint64_t now_ns;
	size_t plain_size, answered;

	*last = true;
	*why = NULL;
	if (!gossip->swim || swim_left(gossip->swim))
		return 0;
	*why = gossip_frame_open(gossip, frame, size, &plain_size);
	if (*why)
		return 0;
	now_ns = gossip_begin(gossip);
	taken = swim_on_sync(gossip->swim, now_ns, gossip->plain, plain_size, gossip->out);
	*last = gossip->out->answer.last;
	answered = gossip->out->answer.size;
	if (answered)
		answered = gossip_frame_seal(gossip, gossip->out->answer.bytes, answered, answer);
	else
		*why = gossip_stranger_sentence(KEYRING_OK, taken);
	gossip_carry(gossip);
	return answered;
}

int gossip_ping(struct gossip *gossip, const char *node, gossip_pong_fn on_pong, void *owner,
	char *error, size_t error_size)
{
	uint32_t member = gossip->swim ? swim_find(gossip->swim, node) : SWIM_NONE;
	struct gossip_ping *ping = NULL;
	uint64_t now_ns;

	for (int i = 0; i < GOSSIP_PINGS_MAX && !ping; i++)
		ping = gossip->pings[i].cookie ? NULL : &gossip->pings[i];
	if (member == SWIM_NONE || member == SWIM_SELF) {
		snprintf(error, error_size,
			member == SWIM_SELF ? "'%.63s' is this node"
					    : "'%.63s' is no member; sluice members lists them",
			node);
		return -ENOENT;
	}
	if (swim_left(gossip->swim)) {
		snprintf(error, error_size, "this node has left the cluster");
		return -EINVAL;
	}
	now_ns = gossip_begin(gossip);
	if (++gossip->next_cookie == 0)
		gossip->next_cookie = 1;
	if (!ping || !swim_ping(gossip->swim, now_ns, member, gossip->next_cookie, gossip->out)) {
		snprintf(error, error_size, "too many pings are under way; try again");
		return -EBUSY;
	}
	*ping = (struct gossip_ping){gossip->next_cookie, on_pong, owner};
	gossip_carry(gossip);
	return 0;
}

void gossip_ping_forget(struct gossip *gossip, const void *owner)
{
	for (int i = 0; i < GOSSIP_PINGS_MAX; i++) {
		if (gossip->pings[i].owner == owner)
			gossip->pings[i].on_pong = NULL; // its pong frees the place
	}
}

// ---- what we say of ourselves ----

static void meta_tell(struct gossip *gossip)
{
	struct meta meta = {.boot_id = gossip->boot_id,
		.gone_id = gossip->gone_id,
		.consensus = gossip->consensus,
		.protocol_min = MESSAGE_VERSION,
		.protocol_max = MESSAGE_VERSION,
		.version = SLUICE_VERSION};
	uint8_t bytes[META_SIZE_MAX];
	size_t size;

	for (uint32_t i = 0; i < gossip->config->links_count && i < META_LINKS_MAX; i++)
		meta.links[meta.links_count++] =
			(struct meta_link){.address = gossip->config->links[i].address,
				.prefix = (uint8_t)gossip->config->links[i].prefix};
	size = meta_encode(&meta, bytes);
	gossip_begin(gossip);
	swim_meta_set(gossip->swim, loop_now_ns(gossip->loop), bytes, size);
	gossip_members_take(gossip, SWIM_SELF);
	gossip_carry(gossip);
}

void gossip_plane_set(struct gossip *gossip, uint64_t boot_id)
{
	if (gossip->boot_id == boot_id)
		return;
	gossip->boot_id = boot_id;
	if (gossip->swim && !swim_left(gossip->swim))
		meta_tell(gossip);
}

void gossip_plane_gone(struct gossip *gossip, uint64_t boot_id)
{
	gossip->gone_id = boot_id;
	if (gossip->swim && !swim_left(gossip->swim))
		meta_tell(gossip);
}

void gossip_consensus_set(struct gossip *gossip, uint32_t consensus)
{
	if (gossip->consensus == consensus)
		return;
	gossip->consensus = consensus;
	if (gossip->swim && !swim_left(gossip->swim))
		meta_tell(gossip);
}

// ---- start and stop ----

void gossip_swim_config(const struct config *config, uint16_t port, struct swim_config *to)
{
	const struct config_membership *membership = &config->membership;

	swim_config_init(to, membership->preset == CONFIG_WAN ? SWIM_WAN : SWIM_LAN);
	snprintf(to->name, sizeof(to->name), "%s", config->node);
	snprintf(to->cluster, sizeof(to->cluster), "%s", membership->cluster);
	to->address = address_is_none(membership->advertise) ? config->listen_address
							     : membership->advertise;
	to->port = port;
	if (membership->probe_interval_ms) { // a timeout that is not written keeps its share
		to->probe_timeout_ms = to->probe_timeout_ms * membership->probe_interval_ms /
				       to->probe_interval_ms;
		to->probe_interval_ms = membership->probe_interval_ms;
	}
	if (membership->probe_timeout_ms)
		to->probe_timeout_ms = membership->probe_timeout_ms;
	if (membership->gossip_interval_ms)
		to->gossip_interval_ms = membership->gossip_interval_ms;
	if (membership->sync_interval_ms)
		to->sync_interval_ms = membership->sync_interval_ms;
	if (membership->suspicion_multiplier)
		to->suspicion_multiplier = membership->suspicion_multiplier;
}

static void swim_free(struct gossip *gossip)
{
	if (gossip->swim)
		swim_fini(gossip->swim);
	free(gossip->swim);
	free(gossip->identities);
	gossip->swim = NULL;
	gossip->identities = NULL;
}

static void *aligned(size_t size)
{
	return aligned_alloc(64, (size + 63) / 64 * 64);
}

// A core that knows nobody. The later start has the higher incarnation.
static int swim_new(struct gossip *gossip, char *error, size_t error_size)
{
	struct swim_config config;
	uint32_t now = (uint32_t)time(NULL);
	void *memory, *table;
	const char *why;

	gossip_swim_config(gossip->config, gossip->port, &config);
	gossip->incarnation = now > gossip->incarnation ? now : gossip->incarnation + 1;
	config.incarnation = gossip->incarnation;
	if (getrandom(&config.seed, sizeof(config.seed), 0) != sizeof(config.seed))
		abort(); // the order of probes could be guessed
	why = swim_config_check(&config);
	if (why) {
		snprintf(error, error_size, "membership: %s", why);
		return -1;
	}
	memory = aligned(swim_size(&config));
	table = aligned(identities_size(config.members_max + 2));
	if (!gossip->out)
		gossip->out = calloc(1, sizeof(*gossip->out));
	if (!memory || !table || !gossip->out) {
		free(memory);
		free(table);
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	gossip->identities = identities_init(table, config.members_max + 2);
	gossip->swim = swim_init(memory, &config, gossip->identities, loop_now_ns(gossip->loop));
	assert(gossip->swim); // the table is new
	return 0;
}

void gossip_init(struct gossip *gossip, const struct config *config, struct loop *loop)
{
	memset(gossip, 0, sizeof(*gossip));
	gossip->config = config;
	gossip->loop = loop;
	gossip->fd = -1;
	members_init(&gossip->members);
}

int gossip_start(struct gossip *gossip, uint16_t port, char *error, size_t error_size)
{
	char text[CONFIG_ADDRESS_TEXT];
	int result;

	gossip->port = port;
	result = gossip_socket_open(gossip);
	if (result < 0)
		snprintf(error, error_size, "UDP %s, for membership, cannot be used: %s",
			config_address_text(text, gossip->config->listen_address, port),
			strerror(-result));
	if (result < 0 || gossip_keys_start(gossip, error, error_size) < 0 ||
		swim_new(gossip, error, error_size) < 0) {
		gossip_stop(gossip);
		return -1;
	}
	gossip_seeds_start(gossip);
	meta_tell(gossip);
	gossip_health_start(gossip);
	return 0;
}

void gossip_stop(struct gossip *gossip)
{
	gossip_health_stop(gossip);
	gossip_socket_close(gossip);
	gossip_keys_stop(gossip);
	loop_timer_stop(gossip->loop, &gossip->tick);
	loop_timer_stop(gossip->loop, &gossip->publish);
	loop_timer_stop(gossip->loop, &gossip->leaving);
	swim_free(gossip);
	free(gossip->out);
	gossip->out = NULL;
	members_fini(&gossip->members);
	members_init(&gossip->members);
}

// ---- leaving and coming back ----

static void gossip_on_leaving(void *owner)
{
	struct gossip *gossip = owner;
	uint64_t now_ns = gossip_begin(gossip);

	swim_on_tick(gossip->swim, now_ns, gossip->out);
	gossip_carry(gossip);
	if (!swim_left(gossip->swim)) {
		loop_timer_start(gossip->loop, &gossip->leaving, MS(20), gossip_on_leaving, gossip);
		return;
	}
	log_info("This node has left the cluster.");
	if (gossip->on_left)
		gossip->on_left(gossip->owner);
}

void gossip_leave(struct gossip *gossip)
{
	uint64_t now_ns;

	if (!gossip->swim) {
		if (gossip->on_left)
			gossip->on_left(gossip->owner);
		return;
	}
	now_ns = gossip_begin(gossip);
	swim_leave(gossip->swim, now_ns);
	gossip_members_take(gossip, SWIM_SELF);
	gossip_carry(gossip);
	gossip_on_leaving(gossip);
}

bool gossip_is_leaving(const struct gossip *gossip)
{
	return gossip->leaving.place;
}

void gossip_come_back(struct gossip *gossip)
{
	char error[CONFIG_ERROR_SIZE];

	gossip_members_reset(gossip);
	swim_free(gossip);
	if (swim_new(gossip, error, sizeof(error)) < 0) {
		log_error("%s.", error);
		abort(); // the same worked at start
	}
	meta_tell(gossip);
}
