// The whole process, as its main thread sees it. One of these, in main.c.
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/app/door.h"
#include "dataplane/config.h"
#include "dataplane/worker.h"
#include "lib/shm/region.h"

// Letters of workers that came while the main thread waited for another one.
#define DEFERRED_MAX (APPS_MAX * 2)

struct dataplane {
	struct config config;
	int lock_fd;
	uint64_t boot_id;
	struct dictionaries dictionaries;
	struct eal *eal;
	struct port *port[PORTS_MAX];
	uint16_t ports;
	struct steer *steer;
	struct worker worker[WORKERS_MAX];
	uint16_t workers; // running
	struct region tables_region;
	struct plane_dataplane *tables;
	struct door *door;
	uint16_t apps_of[WORKERS_MAX]; // attached applications of each worker

	// control
	bool control_attached;
	pid_t control_pid;
	struct region control_region; // its memory, read-only here
	int wake_fd, wake_peer_fd;    // a byte into wake_fd wakes control; it got wake_peer_fd
	struct plane_link plane;      // channel 0
	uint16_t control_letter;      // number of the last MAIL_CONTROL_*
	uint32_t control_done;        // workers that answered it
	struct mail deferred[DEFERRED_MAX];
	uint32_t deferred_count;

	uint64_t eal_due_ns, ports_published_ns;
	bool stop;
};

extern const struct door_hooks dataplane_hooks; // command/hooks.c

// command/plane.c: control attaches and leaves; its commands to the main thread.
enum ipc_result plane_attach(
	struct dataplane *dp, pid_t pid, int region_fd, struct door_welcome *welcome);
void plane_detach(struct dataplane *dp);
void plane_commands(struct dataplane *dp);
enum ipc_result plane_connect_wanted(
	struct dataplane *dp, const struct door_connect *connect, char *text);

// command/hooks.c: letters from the workers. hooks_letters only
// collects them (legal inside a hook), hooks_deferred acts.
void hooks_letters(struct dataplane *dp);
void hooks_deferred(struct dataplane *dp);

// observe/tables.c
int tables_init(struct dataplane *dp);
void tables_dictionaries(struct dataplane *dp); // once, before control attaches
void tables_ports(struct dataplane *dp);
void tables_apps(struct dataplane *dp); // and listeners
