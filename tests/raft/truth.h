// What all replicas together have shown: which entry was committed at which index, which entries
// there are at all, who led which term. No replica may ever show anything else.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct truth_entry {     // of a log, committed or not
	uint64_t term;   // of it
	uint64_t before; // term of the one before it
	uint64_t sum;    // of kind and data
	struct truth_entry *next;
};

struct truth_index {
	struct truth_entry *entries; // by term
	uint64_t term;               // of the committed one; 0: not known yet
	uint64_t seen_term;          // in which somebody first showed it as committed
	uint64_t hash;               // of the state when it was applied; 0: not known yet
};

struct truth {
	struct truth_index *index;
	uint64_t indices;
	uint64_t committed; // the highest index
	uint64_t *leader;   // of each term: node + 1
	uint64_t terms;
};

void truth_fini(struct truth *truth);
struct truth_index *truth_at(struct truth *truth, uint64_t index);
// False: another entry of that term was there.
bool truth_entry(struct truth *truth, uint64_t index, uint64_t term, uint64_t before, uint64_t sum);
// False: another one was committed there.
bool truth_commit(struct truth *truth, uint64_t index, uint64_t term, uint64_t now_term);
bool truth_applied(struct truth *truth, uint64_t index, uint64_t hash);
bool truth_leads(struct truth *truth, uint64_t term, uint32_t node);
