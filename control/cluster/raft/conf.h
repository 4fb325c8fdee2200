// Who is a member and counts for what: checks, changes, and the bytes of both. A change of one
// voter is simple; of more it goes through joint consensus (dissertation 4.3): who is in
// RAFT_VOTER_OLD decides, too, until conf_leave.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/cluster/raft/raft.h"

enum conf_limits {
	CONF_CHANGE_MAX = 10 + NAME_SIZE - 1, // bytes of one change
	CONF_CHANGES_MAX = 2 + RAFT_CHANGES_MAX * CONF_CHANGE_MAX,
};

// NULL, or a sentence that says what is wrong. Every conf that came from outside is checked.
const char *conf_check(const struct raft_conf *conf);
const struct raft_member *conf_find(const struct raft_conf *conf, uint64_t id);
// Position in conf->member; conf->members: nobody.
uint32_t conf_position(const struct raft_conf *conf, uint64_t id);
bool conf_is_joint(const struct raft_conf *conf);
// Of either configuration.
bool conf_is_voter(const struct raft_conf *conf, uint64_t id);
// How many have one of these roles.
uint32_t conf_count(const struct raft_conf *conf, uint8_t roles);

// next: what entry `index` says after these changes, all or none. RAFT_OK, RAFT_CHANGING (`now` is
// joint), RAFT_NO_MEMBER, RAFT_LAST_VOTER, RAFT_TOO_MANY, RAFT_MALFORMED: next is not touched.
// next may be now.
enum raft_result conf_change(struct raft_conf *next, const struct raft_conf *now, uint64_t index,
	const struct raft_change *changes, uint32_t count);
// The end of a change by joint consensus. `now` is joint. next may be now.
void conf_leave(struct raft_conf *next, const struct raft_conf *now, uint64_t index);

// Bytes that were written, RAFT_CONF_MAX at most. conf is right (conf_check).
uint32_t conf_write(const struct raft_conf *conf, uint8_t bytes[RAFT_CONF_MAX]);
// False: malformed; conf is not to be used then. It has been checked by conf_check.
bool conf_read(struct raft_conf *conf, const uint8_t *bytes, uint32_t size);

// Changes as RAFT_MSG_PROPOSE carries them. count <= RAFT_CHANGES_MAX.
uint32_t changes_write(
	const struct raft_change *changes, uint32_t count, uint8_t bytes[CONF_CHANGES_MAX]);
// How many; 0: malformed.
uint32_t changes_read(
	struct raft_change changes[RAFT_CHANGES_MAX], const uint8_t *bytes, uint32_t size);
