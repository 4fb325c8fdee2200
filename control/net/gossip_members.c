// What the SWIM core knows of members becomes the snapshot, and lines in the log.
#include <stdio.h>
#include <string.h>

#include "control/log.h"
#include "control/net/gossip_internal.h"

// ---- the snapshot ----

static void gossip_on_publish(void *owner)
{
	struct gossip *gossip = owner;

	gossip->published_ns = loop_now_ns(gossip->loop);
	if (members_publish(&gossip->members) == 0) {
		if (gossip->on_published)
			gossip->on_published(gossip->owner);
		return;
	}
	log_error("Out of memory: what is known of members is as it was, and tried again.");
	loop_timer_start(gossip->loop, &gossip->publish, 1000000000, gossip_on_publish, gossip);
}

// In the next turn of the loop, with all that this one brings. It copies all members, here and for
// the workers, so that the pause grows with their number: 10,000 that come and go cost a few
// percent of a core, not half of one.
static void publish_soon(struct gossip *gossip)
{
	uint64_t now_ns = loop_now_ns(gossip->loop);
	uint64_t due_ns =
		gossip->published_ns + gossip->members.order_count * (GOSSIP_PUBLISH_US * 1000ull);

	if (gossip->publish.place || !members_changed(&gossip->members))
		return;
	loop_timer_start(gossip->loop, &gossip->publish, due_ns > now_ns ? due_ns - now_ns : 0,
		gossip_on_publish, gossip);
}

static enum member_state state_of(enum swim_state state)
{
	switch (state) {
	case SWIM_ALIVE:
		return MEMBER_ALIVE;
	case SWIM_SUSPECT:
		return MEMBER_SUSPECT;
	case SWIM_DEAD:
		return MEMBER_DEAD;
	case SWIM_LEFT:
		return MEMBER_LEFT;
	case SWIM_ABSENT:
	case SWIM_STATE_COUNT:
		break;
	}
	return MEMBER_NONE;
}

void gossip_members_take(struct gossip *gossip, uint32_t index)
{
	struct swim_view view;
	struct member member = {.index = index};

	if (!swim_member(gossip->swim, index, &view) || state_of(view.state) == MEMBER_NONE) {
		members_forget(&gossip->members, index);
		publish_soon(gossip);
		return;
	}
	snprintf(member.name, sizeof(member.name), "%s", view.name);
	member.address = view.address;
	member.port = view.port;
	member.state = (uint8_t)state_of(view.state);
	member.self = index == SWIM_SELF;
	member.incarnation = view.incarnation;
	member.meta_version = view.meta_version;
	member.since_ns = view.since_ns;
	member.rtt_ns = view.rtt_ns;
	if (meta_decode(&member.meta, view.meta, view.meta_size) < 0)
		log_debug("Metadata of member %s is malformed and counts as none.", member.name);
	if (members_set(&gossip->members, &member) < 0)
		log_error("Out of memory: member %s is not shown.", member.name);
	publish_soon(gossip);
}

void gossip_members_reset(struct gossip *gossip)
{
	for (uint32_t i = 0; i < swim_end(gossip->swim); i++)
		members_forget(&gossip->members, i);
	publish_soon(gossip);
}

// ---- the log ----

// A few lines a second tell what is up; thousands would tell nothing.
bool gossip_line_is_allowed(struct gossip *gossip)
{
	uint64_t now_ns = loop_now_ns(gossip->loop);

	if (now_ns - gossip->lines_ns > 1000000000) {
		if (gossip->lines > GOSSIP_LINES_MAX)
			log_info("%u more changes of members in that second.",
				gossip->lines - GOSSIP_LINES_MAX);
		gossip->lines_ns = now_ns;
		gossip->lines = 0;
	}
	return ++gossip->lines <= GOSSIP_LINES_MAX;
}

static void change_tell(struct gossip *gossip, const struct swim_change *change)
{
	struct swim_view view;
	char address[CONFIG_ADDRESS_TEXT];

	if (change->from == change->to || change->to == SWIM_ABSENT ||
		!swim_member(gossip->swim, change->member, &view) ||
		!gossip_line_is_allowed(gossip))
		return;
	config_address_text(address, view.address, view.port);
	if (change->to == SWIM_SUSPECT)
		log_info("Member %s at %s does not answer; it is suspect.", view.name, address);
	else if (change->to == SWIM_DEAD)
		log_warning("Member %s at %s is dead.", view.name, address);
	else if (change->to == SWIM_LEFT)
		log_info("Member %s at %s has left.", view.name, address);
	else if (change->from == SWIM_SUSPECT)
		log_info("Member %s at %s answers again.", view.name, address);
	else
		log_info("Member %s at %s is here.", view.name, address);
}

void gossip_members_changed(struct gossip *gossip, const struct swim_change *change)
{
	change_tell(gossip, change);
	gossip_members_take(gossip, change->member);
}
