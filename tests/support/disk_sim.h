// A simulated disk behind control/store/disk.h, in virtual time, with every fault we know.
//
// What is written is kept per sector of 512 bytes until a flush that began after the write ended
// has ended well. A crash keeps any of what waits: of each sector the durable bytes or those of one
// of the writes; of names, and of the sizes of files, as much as a journal would have. The same
// seed and the same calls give the same disk.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/store/disk.h"

enum { DISK_SIM_SECTOR = 512 };

struct disk_sim_config {
	uint64_t seed;
	uint64_t write_ns, read_ns, flush_ns; // each takes so long,
	uint64_t jitter_ns;                   // and up to so much longer: ends in any order
	uint64_t bytes_max;                   // of all files; more is ENOSPC. 0: no end
};

// What happened to it, counted: a fault that never happens proves nothing.
struct disk_sim_counts {
	uint64_t writes, reads, flushes;
	uint64_t crashes;
	uint64_t sectors_lost; // that waited for a flush when it crashed
	uint64_t sectors_kept; // the same, but they survived
	uint64_t writes_torn;  // of which some sectors survived, and some did not
	uint64_t names_lost;   // creations, renames, removals
	uint64_t errors;       // that were injected
	uint64_t refused;      // for want of room
	uint64_t misdirected, rotten;
};

struct disk_sim;

// Ends the process when there is no memory.
struct disk_sim *disk_sim_new(const struct disk_sim_config *config);
void disk_sim_free(struct disk_sim *sim); // the same as disk->ops->free
// As it is now, with what waits; nothing is open and nothing under way on the copy.
struct disk_sim *disk_sim_copy(const struct disk_sim *sim);
struct disk *disk_sim_disk(struct disk_sim *sim);

// Time does not go back. Requests that are due by then may be polled.
void disk_sim_at(struct disk_sim *sim, uint64_t now_ns);
// When the next request ends; UINT64_MAX: none is under way.
uint64_t disk_sim_next_ns(const struct disk_sim *sim);

// Power is gone: all that is under way ends with -EIO at the next poll without touching anybody's
// memory, and so does whatever is begun, until power comes back. What waited is decided then.
void disk_sim_crash(struct disk_sim *sim);
// The same, but `keep` decides for each sector that waits: the writes of one sector are numbered
// from 1, the oldest; the last one that is kept is what the sector holds. Names and sizes are kept.
// NULL: nothing is kept, of names and sizes neither.
typedef bool (*disk_sim_keep)(
	void *owner, const char *name, uint64_t sector, uint32_t number, uint32_t of);
void disk_sim_crash_keep(struct disk_sim *sim, disk_sim_keep keep, void *owner);
// All that the program wrote is kept: the process ends, the machine does not.
void disk_sim_exit(struct disk_sim *sim);
void disk_sim_power(struct disk_sim *sim);

// ---- faults ----------------------------------------------------------------------------------

// The next requests of this kind, `count` of them, end with that error (negative errno). A write
// may have put some sectors; a flush that failed has made some durable, and the rest is forgotten:
// reads see it, a later flush does not write it (as Linux does).
void disk_sim_fail(struct disk_sim *sim, enum disk_op op, int error, uint32_t count);
// Nothing ends before that time.
void disk_sim_stall(struct disk_sim *sim, uint64_t until_ns);
// Flushes end well and do nothing.
void disk_sim_lie(struct disk_sim *sim, bool lies);
void disk_sim_room(struct disk_sim *sim, uint64_t bytes_max);
// The next write goes to another block of the same file, and ends well. False: not any more.
void disk_sim_misdirect(struct disk_sim *sim, bool next);
// Flips one bit. False: no such file, or it is not that long.
bool disk_sim_rot(struct disk_sim *sim, const char *name, uint64_t bit);
// Flips a bit of a durable sector that is not all zeros, of a file whose name begins so. False:
// there is none. `where` (DISK_NAME_MAX bytes): the name; NULL: nobody wants to know.
bool disk_sim_rot_any(struct disk_sim *sim, const char *begins, char *where, uint64_t *bit);

// ---- looking ---------------------------------------------------------------------------------

// Bytes of the file as the program sees them (durable: as they are after the worst crash); -1:
// there is no such file. Borrowed until the next call.
int64_t disk_sim_bytes(struct disk_sim *sim, const char *name, bool durable, const uint8_t **bytes);
uint64_t disk_sim_used(const struct disk_sim *sim); // of all files
const struct disk_sim_counts *disk_sim_counts(const struct disk_sim *sim);
