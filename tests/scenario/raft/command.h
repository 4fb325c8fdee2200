// A line of a scenario: a verb, then words and key=value.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/scenario/raft/world.h"

enum { ARGS_MAX = 24, WORD_MAX = 256 };

struct arg {
	char key[32]; // empty: a word alone
	char value[WORD_MAX];
};

struct command {
	const char *where; // file:line
	char verb[32];
	struct arg arg[ARGS_MAX];
	uint32_t args;
};

// Ends the program with `where` and a sentence when the line cannot be read.
void command_read(struct command *command, const char *where, const char *line);
void wrong(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));
bool has(const struct command *command, const char *key);
// NULL: not there.
const char *text_of(const struct command *command, const char *key);
uint64_t number_of(const struct command *command, const char *key, uint64_t otherwise);
// The word at this place among those alone; ends the program if there is none.
const char *word_at(const struct command *command, uint32_t at);
uint64_t number_at(const struct command *command, uint32_t at);

// What a scenario may say.
struct verb {
	const char *name, *help;
	void (*run)(struct world *world, const struct command *command);
};
extern const struct verb VERBS[];
extern const uint32_t VERBS_COUNT;

void command_run(struct world *world, const struct command *command);

// do_nodes.c
void do_add_nodes(struct world *world, const struct command *command);
void do_start(struct world *world, const struct command *command);
void do_crash(struct world *world, const struct command *command);
void do_restart(struct world *world, const struct command *command);
void do_pause(struct world *world, const struct command *command);
void do_resume(struct world *world, const struct command *command);
void do_clock(struct world *world, const struct command *command);
// do_raft.c
void do_campaign(struct world *world, const struct command *command);
void do_elect(struct world *world, const struct command *command);
void do_propose(struct world *world, const struct command *command);
void do_change(struct world *world, const struct command *command);
void do_read(struct world *world, const struct command *command);
void do_transfer(struct world *world, const struct command *command);
void do_compact(struct world *world, const struct command *command);
void do_disk(struct world *world, const struct command *command);
void do_write_done(struct world *world, const struct command *command);
// do_time.c
void do_tick(struct world *world, const struct command *command);
void do_wait(struct world *world, const struct command *command);
void do_run(struct world *world, const struct command *command);
void do_stabilize(struct world *world, const struct command *command);
// do_net.c
void do_deliver(struct world *world, const struct command *command);
void do_drop(struct world *world, const struct command *command);
void do_cut(struct world *world, const struct command *command);
void do_isolate(struct world *world, const struct command *command);
void do_heal(struct world *world, const struct command *command);
void do_net(struct world *world, const struct command *command);
// do_show.c
void do_status(struct world *world, const struct command *command);
void do_log(struct world *world, const struct command *command);
void do_peers(struct world *world, const struct command *command);
void do_members(struct world *world, const struct command *command);
void do_state(struct world *world, const struct command *command);

// Of number_at(0): one that exists, and is up.
struct node *node_of(struct world *world, const struct command *command);
struct node *node_up(struct world *world, const struct command *command);
void config_read(struct raft_config *config, const struct command *command);
// What the disks have to do is done; false: nothing. Of `nodes` (bits by id).
bool disks_turn(struct world *world, uint32_t nodes);
// All that can move by itself moves, until nothing does. Only `nodes` (bits by id).
void stabilize(struct world *world, uint32_t nodes);
