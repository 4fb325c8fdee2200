// Letters between the main thread and a worker.
#include "dataplane/command/mailbox.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct mail) % 8 == 0, "ring slots are multiples of 8");

void mailbox_init(struct mailbox *box)
{
	memset(box, 0, sizeof(*box));
	ring_producer_init(&box->producer, box->slots, &box->tail, &box->head, sizeof(struct mail),
		MAILBOX_SLOTS);
	ring_consumer_init(&box->consumer, box->slots, &box->tail, &box->head, sizeof(struct mail),
		MAILBOX_SLOTS);
}

bool mailbox_give(struct mailbox *box, const struct mail *mail)
{
	return ring_put(&box->producer, mail, 1) == 1;
}

bool mailbox_take(struct mailbox *box, struct mail *mail)
{
	return ring_take(&box->consumer, mail, 1) == 1;
}
