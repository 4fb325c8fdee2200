// Between the main thread and one worker of the same
// process: one SPSC ring each way. Bounded, never blocking.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/shm/ring.h"

enum mail_type {
	// main -> worker
	MAIL_APP_ATTACH = 1, // object: struct app_channel
	MAIL_APP_DETACH, // object: the same; answered by MAIL_APP_DETACHED when nothing refers to
			 // it
	MAIL_CONTROL_ATTACH, // object: const struct plane_control, value: wake socket, index: the
			     // letter's number; answered by MAIL_CONTROL_DONE
	MAIL_CONTROL_DETACH, // index as well; answered by MAIL_CONTROL_DONE: the mapping may go
	MAIL_STOP,
	// worker -> main
	MAIL_APP_DETACHED,
	MAIL_APP_BROKEN,   // object: it broke the ring contract; hang up on it
	MAIL_CONTROL_DONE, // index: of the letter that it answers
};

struct mail {
	uint16_t type; // enum mail_type
	uint16_t index;
	int32_t value;
	void *object;
};

#define MAILBOX_SLOTS 256u

struct mailbox {
	struct ring_tail tail;
	struct ring_head head;
	_Alignas(64) uint8_t slots[MAILBOX_SLOTS * sizeof(struct mail)];
	struct ring_producer producer;              // the sender's view
	_Alignas(64) struct ring_consumer consumer; // the receiver's view
};

void mailbox_init(struct mailbox *box);
// False when full: the sender keeps the letter and tries again.
bool mailbox_give(struct mailbox *box, const struct mail *mail);
bool mailbox_take(struct mailbox *box, struct mail *mail);
