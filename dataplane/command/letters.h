// Letters of the main thread to this worker: applications and control come and go.
#pragma once

#include <stdint.h>

struct worker;

uint32_t letters_take(struct worker *w, uint64_t now_ns);
// What is staged for applications is published. Those that broke the contract are reported to the
// main thread; those that left and are quiet are let go.
void letters_apps(struct worker *w, uint64_t now_ns);
