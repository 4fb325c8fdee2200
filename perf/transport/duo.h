// Two threads, each pinned to a CPU of its own, that do what they are told for as long as they are
// told: the two sides of a link. In between they sleep, so that a sample of something else has the
// CPUs.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct duo;

// Runs until *stop. Called on the side's thread.
typedef void duo_job(void *state, const atomic_bool *stop);

// Both threads started and known to DPDK, or NULL with a sentence.
struct duo *duo_new(char *error, size_t error_size);
void duo_free(struct duo *duo); // NULL is legal
// Both jobs for `duration_ns`; either may be NULL. Returns the time they really ran.
uint64_t duo_run(struct duo *duo, duo_job *first, void *first_state, duo_job *second,
	void *second_state, uint64_t duration_ns);
// While jobs run, the thread that waits for them calls this each 2 ms; NULL: nobody.
void duo_look(struct duo *duo, void (*look)(void *state), void *state);
// CPU time that both threads have used, ns.
uint64_t duo_cpu_ns(const struct duo *duo);
