// Who is a member and counts for what.
#include "control/cluster/raft/conf.h"

#include <assert.h>
#include <string.h>

static bool name_is_right(const char name[NAME_SIZE])
{
	size_t i = 0;

	for (; i < NAME_SIZE && name[i]; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return i > 0 && i < NAME_SIZE;
}

static bool roles_are_right(uint8_t roles)
{
	switch (roles) {
	case RAFT_VOTER:
	case RAFT_VOTER | RAFT_VOTER_OLD:
	case RAFT_VOTER_OLD:
	case RAFT_VOTER_OLD | RAFT_LEARNER:
	case RAFT_LEARNER:
	case RAFT_LEARNER | RAFT_PROMOTE:
		return true;
	default:
		return false;
	}
}

static bool name_is_taken(const struct raft_conf *conf, const char *name, uint32_t members)
{
	for (uint32_t i = 0; i < members; i++)
		if (strncmp(conf->member[i].name, name, NAME_SIZE) == 0)
			return true;
	return false;
}

static const char *member_check(const struct raft_conf *conf, uint32_t i)
{
	const struct raft_member *member = &conf->member[i];

	if (member->id == RAFT_NOBODY || (i > 0 && member->id <= conf->member[i - 1].id))
		return "ids must ascend, and 0 is nobody's";
	if (!roles_are_right(member->roles))
		return "a member has roles that exclude each other";
	if (member->session > conf->index)
		return "a member was added by an entry that is newer than the configuration";
	if (!name_is_right(member->name))
		return "a name must have 1 to 63 printable characters without blanks";
	return name_is_taken(conf, member->name, i) ? "two members have the same name" : NULL;
}

const char *conf_check(const struct raft_conf *conf)
{
	const char *wrong = NULL;

	if (conf->index > INT64_MAX)
		return "its index cannot be";
	if (conf->members > RAFT_MEMBERS_MAX)
		return "there are too many members";
	for (uint32_t i = 0; i < conf->members && !wrong; i++)
		wrong = member_check(conf, i);
	if (wrong)
		return wrong;
	if (conf_count(conf, RAFT_VOTER) == 0)
		return "there is no voter";
	if (conf_count(conf, RAFT_VOTER | RAFT_PROMOTE) > RAFT_VOTERS_MAX ||
		conf_count(conf, RAFT_VOTER_OLD) > RAFT_VOTERS_MAX)
		return "there are too many voters";
	return NULL;
}

uint32_t conf_position(const struct raft_conf *conf, uint64_t id)
{
	uint32_t i = 0;

	while (i < conf->members && conf->member[i].id != id)
		i++;
	return i;
}

const struct raft_member *conf_find(const struct raft_conf *conf, uint64_t id)
{
	uint32_t i = conf_position(conf, id);

	return i < conf->members ? &conf->member[i] : NULL;
}

uint32_t conf_count(const struct raft_conf *conf, uint8_t roles)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < conf->members; i++)
		n += (conf->member[i].roles & roles) != 0;
	return n;
}

bool conf_is_joint(const struct raft_conf *conf)
{
	return conf_count(conf, RAFT_VOTER_OLD) > 0;
}

bool conf_is_voter(const struct raft_conf *conf, uint64_t id)
{
	const struct raft_member *member = conf_find(conf, id);

	return member && member->roles & (RAFT_VOTER | RAFT_VOTER_OLD);
}

static enum raft_result add(
	struct raft_conf *conf, uint64_t index, const struct raft_change *change, uint8_t roles)
{
	uint32_t at = 0;

	if (!name_is_right(change->name) || name_is_taken(conf, change->name, conf->members))
		return RAFT_MALFORMED;
	if (conf->members == RAFT_MEMBERS_MAX)
		return RAFT_TOO_MANY;
	while (at < conf->members && conf->member[at].id < change->id)
		at++;
	memmove(&conf->member[at + 1], &conf->member[at],
		(conf->members - at) * sizeof(conf->member[0]));
	conf->member[at] = (struct raft_member){.id = change->id, .session = index, .roles = roles};
	memcpy(conf->member[at].name, change->name, strnlen(change->name, NAME_SIZE - 1));
	conf->members++;
	return RAFT_OK;
}

// `roles` instead of any of `from`.
static enum raft_result turn(struct raft_member *member, uint8_t from, uint8_t roles)
{
	if (!member || !(member->roles & from))
		return RAFT_NO_MEMBER;
	member->roles = roles;
	return RAFT_OK;
}

// Who is removed keeps its place, with no role.
static enum raft_result apply(
	struct raft_conf *conf, uint64_t index, const struct raft_change *change)
{
	uint32_t at = conf_position(conf, change->id);
	struct raft_member *member = at < conf->members ? &conf->member[at] : NULL;

	if (change->id == RAFT_NOBODY)
		return RAFT_MALFORMED;
	switch (change->kind) {
	case RAFT_ADD_VOTER:
		return member ? turn(member, RAFT_LEARNER, RAFT_LEARNER | RAFT_PROMOTE)
			      : add(conf, index, change, RAFT_LEARNER | RAFT_PROMOTE);
	case RAFT_ADD_LEARNER:
		return member ? turn(member, RAFT_LEARNER, RAFT_LEARNER)
			      : add(conf, index, change, RAFT_LEARNER);
	case RAFT_MAKE_VOTER:
		return turn(member, RAFT_LEARNER, RAFT_VOTER);
	case RAFT_MAKE_LEARNER:
		return turn(member, RAFT_VOTER, RAFT_LEARNER);
	case RAFT_REMOVE:
		return turn(member, RAFT_VOTER | RAFT_LEARNER, 0);
	default:
		return RAFT_MALFORMED;
	}
}

static bool same_twice(const struct raft_change *changes, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		for (uint32_t j = 0; j < i; j++)
			if (changes[i].id == changes[j].id)
				return true;
	return false;
}

static bool votes(const struct raft_conf *conf, uint64_t id)
{
	const struct raft_member *member = conf_find(conf, id);

	return member && member->roles & RAFT_VOTER;
}

static uint32_t voters_changed(const struct raft_conf *next, const struct raft_conf *now)
{
	uint32_t n = 0;

	// nobody has left `next` yet
	for (uint32_t i = 0; i < next->members; i++)
		n += votes(next, next->member[i].id) != votes(now, next->member[i].id);
	return n;
}

static void forget_removed(struct raft_conf *conf)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < conf->members; i++)
		if (conf->member[i].roles)
			conf->member[kept++] = conf->member[i];
	memset(&conf->member[kept], 0, (conf->members - kept) * sizeof(conf->member[0]));
	conf->members = kept;
}

static void enter_joint(struct raft_conf *next, const struct raft_conf *now)
{
	for (uint32_t i = 0; i < next->members; i++)
		if (votes(now, next->member[i].id))
			next->member[i].roles |= RAFT_VOTER_OLD;
}

enum raft_result conf_change(struct raft_conf *next, const struct raft_conf *now, uint64_t index,
	const struct raft_change *changes, uint32_t count)
{
	struct raft_conf work = *now;
	enum raft_result result = RAFT_OK;

	if (conf_is_joint(now))
		return RAFT_CHANGING;
	if (count > RAFT_CHANGES_MAX)
		return RAFT_TOO_MANY;
	if (count == 0 || same_twice(changes, count))
		return RAFT_MALFORMED;
	for (uint32_t i = 0; i < count && result == RAFT_OK; i++)
		result = apply(&work, index, &changes[i]);
	if (result != RAFT_OK)
		return result;
	if (conf_count(&work, RAFT_VOTER) == 0)
		return RAFT_LAST_VOTER;
	if (conf_count(&work, RAFT_VOTER | RAFT_PROMOTE) > RAFT_VOTERS_MAX)
		return RAFT_TOO_MANY;
	if (voters_changed(&work, now) > 1)
		enter_joint(&work, now);
	forget_removed(&work);
	work.index = index;
	assert(!conf_check(&work));
	*next = work;
	return RAFT_OK;
}

void conf_leave(struct raft_conf *next, const struct raft_conf *now, uint64_t index)
{
	struct raft_conf work = *now;

	assert(conf_is_joint(now));
	for (uint32_t i = 0; i < work.members; i++)
		work.member[i].roles &= (uint8_t)~RAFT_VOTER_OLD;
	forget_removed(&work);
	work.index = index;
	*next = work;
}
