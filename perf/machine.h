// The machine and the build that figures belong to.
#pragma once

struct json_t;

// Object: kernel, architecture, processor, cpus, pinned_to, memory_bytes, hypervisor, load. New
// reference.
struct json_t *machine_json(int pinned_to);
