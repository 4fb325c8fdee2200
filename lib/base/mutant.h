// Known bugs, put back on purpose: raft-sim must find each (tests/raft). A build for the tests has
// them all and chooses one when it runs; in every other build they are the constant false.
#pragma once

#include <stdbool.h>

enum mutant {
	MUTANT_NONE,
	MUTANT_COMMIT_BY_COUNTING, // R1: entries of earlier terms are committed by counting
	MUTANT_CHANGE_EARLY,       // R2: members change before the own term's no-op is committed
	MUTANT_READ_EARLY,         // R3: reads before the own term's no-op is committed
	MUTANT_LEASE_DRIFT,        // R4: a lease that clocks of other rates outlive
	MUTANT_SESSION,            // R5: answers of before a removal count
	MUTANT_COUNT_UNWRITTEN,    // R8: the leader counts itself before its disk is done
	MUTANT_CONF_STAYS,         // R9: a configuration that is cut off holds
	MUTANT_VOTE_UNWRITTEN,     // R14: a vote is told before it is durable
	MUTANT_ACK_UNWRITTEN,      // a follower acknowledges what is not durable
	MUTANT_FLUSH_SKIPPED,      // the store does not wait for the disk
	MUTANT_CRC_SKIPPED,        // the store takes what it reads
	MUTANT_READ_STALE,         // reads ask nobody, with or without a lease
	MUTANT_APPLY_TWICE,        // a repeated request is applied again
	MUTANT_COUNT,
};

#ifdef SLUICE_MUTANTS
extern enum mutant mutant_chosen;

static inline bool mutant(enum mutant mutant)
{
	return mutant == mutant_chosen;
}
#else
static inline bool mutant(enum mutant mutant)
{
	(void)mutant;
	return false;
}
#endif
