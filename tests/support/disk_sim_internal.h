// What the files of the simulated disk share.
#pragma once

#include "tests/sim/rng.h"
#include "tests/support/disk_sim.h"

enum {
	SIM_FILES_MAX = 128, // with names or without
	SIM_NAME_OPS_MAX = 128,
};

// Bytes of one sector that wait for a flush. In the order of the writes.
struct sector {
	uint64_t at;    // sector of the file
	uint64_t write; // number of the request
	uint64_t flush; // number of the first flush that began after the write ended; 0: none yet
	bool ended;
	uint8_t bytes[DISK_SIM_SECTOR];
};

struct file {
	bool used;
	uint32_t opened;         // so often
	uint8_t *seen, *durable; // `room` bytes each
	uint64_t size, durable_size, room;
	struct sector *waiting;
	uint32_t waits, waits_room;
};

struct names {
	uint32_t count;
	struct name {
		char text[DISK_NAME_MAX];
		uint32_t file;
	} name[SIM_FILES_MAX];
};

enum name_kind { NAME_PUT, NAME_MOVE, NAME_DROP };

struct name_op {
	enum name_kind kind;
	char from[DISK_NAME_MAX], to[DISK_NAME_MAX];
	uint32_t file;
};

struct request {
	enum disk_op op;
	int file;       // as the program knows it
	uint32_t index; // of struct file
	uint64_t offset, token, ends_ns, number;
	uint64_t upto;     // of a flush: bytes of the file, or names ever changed, when it began
	uint64_t checksum; // of a write: its memory stays put until its end
	void *bytes;
	uint32_t size;
	int error;
};

struct disk_sim {
	struct disk disk; // first
	struct disk_sim_config config;
	struct disk_sim_counts counts;
	struct rng rng;
	uint64_t now_ns, stalled_ns;
	uint64_t number; // of the last request
	bool off, lies, misdirect;
	struct {
		int error;
		uint32_t count;
	} fail[DISK_FLUSH + 1];
	struct file file[SIM_FILES_MAX];
	int32_t open[DISK_FILES_MAX]; // index of struct file, or -1
	struct names names, durable_names;
	struct name_op op[SIM_NAME_OPS_MAX]; // that wait for a flush of the folder
	uint32_t ops;
	uint64_t ops_before; // so many became durable ever
	struct request request[DISK_REQUESTS_MAX];
	uint32_t requests;
};

// disk_sim_file.c

// What the program sees, and what waits. `torn`: any of the sectors, not all.
void file_write(struct disk_sim *sim, struct file *file, const struct request *request, bool torn);
void file_ended(struct file *file, uint64_t write);
void file_resize(struct file *file, uint64_t size);
void file_flush_begin(struct file *file, uint64_t flush);
// `size`: as it was when the flush began.
void file_flush_end(struct file *file, uint64_t flush, uint64_t size);
void file_flush_failed(struct disk_sim *sim, struct file *file, uint64_t flush);
void file_free(struct file *file);
void file_copy(struct file *to, const struct file *from);

// disk_sim_names.c

int names_find(const struct names *names, const char *text); // of struct file, or -1
void names_change(struct disk_sim *sim, const struct name_op *op);
void names_flush(struct disk_sim *sim, uint64_t upto);
void names_forget(struct disk_sim *sim); // whatever is not durable
// Files that nobody can reach any more.
void names_sweep(struct disk_sim *sim);

// disk_sim.c

extern const struct disk_ops disk_sim_ops;
