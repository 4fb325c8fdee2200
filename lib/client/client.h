// The private side of libsluice: one attachment. One thread at a time uses it, so nothing here is
// atomic.
#pragma once

#include "lib/client/sluice.h"
#include "lib/ipc/app.h"
#include "lib/ipc/door.h"
#include "lib/shm/region.h"
#include "lib/shm/ring.h"

enum client_limits {
	CLIENT_SESSIONS_MAX =
		4 *
		APP_SESSIONS_MAX, // the dataplane's, and those whose CLOSED waits for the last SENT
	CLIENT_REQUESTS_MAX = 16, // the dataplane refuses more
	CLIENT_EVENTS_TURN = 32,  // taken from the ring at once
	CLIENT_PACKS_MAX = 16,    // sessions and streams whose messages gather at the same time
	CLIENT_ERROR_SIZE = 256,
};

#define CLIENT_NONE UINT32_MAX

// Of enum close_reason of dataplane/transport/transport.h, which applications cannot include; a
// test compares.
enum client_close {
	CLIENT_CLOSE_LOCAL = 1,
	CLIENT_CLOSE_PEER = 2,
};

enum client_buffer_state {
	CLIENT_BUFFER_FREE,
	CLIENT_BUFFER_HELD,      // the caller's
	CLIENT_BUFFER_IN_FLIGHT, // Sluice's until SENT
};

struct client_buffer { // of ours, for sending
	enum client_buffer_state state;
	uint32_t next; // free list
	uint32_t session;
	uint32_t stream;
	uint64_t cookie; // the caller's; what travels is the index of the buffer
	bool packed;     // IN_FLIGHT: a record of messages, not the caller's
};

struct client_pack { // messages that gather for one session and stream
	uint32_t session;
	uint32_t stream;
	uint32_t buffer; // index
	uint32_t used;   // bytes
};

struct client_block {      // of the arena, received
	bool held;         // the caller's until sluice_buffer_put
	bool packed;       // a record of messages: held until `messages` is 0
	uint32_t messages; // given out and not yet back; one more while the walk is in it
	uint32_t session;
};

struct client_walk { // the record of messages that is being given out
	bool on;
	uint32_t block; // index
	uint32_t session, stream;
	uint32_t size, at; // bytes
};

struct client_session {
	bool used;
	bool hidden;  // nobody waits for it any more: aborted, its events are swallowed
	bool closing; // no more sends
	bool aborted;
	bool closed;    // CLOSED was taken from the ring, and waits for in_flight to become 0
	bool lost;      // messages of ours did not arrive
	bool malformed; // the peer wrote a record of messages that is none: nothing more of it
	bool abort_due; // the ring had no room for our ABORT
	uint32_t session;
	uint32_t row;       // of the arena's info
	uint32_t in_flight; // sends
	uint32_t close_reason;
	struct session_stats last; // as last seen
};

enum client_request_state {
	CLIENT_REQUEST_FREE,
	CLIENT_REQUEST_WAITING,
	CLIENT_REQUEST_FAILED, // error and text wait for sluice_receive
};

struct client_request {
	enum client_request_state state;
	uint32_t request;
	int error;
	char text[REASON_SIZE];
};

struct sluice {
	int socket;
	int wake;
	int epoll;
	struct region region; // ours
	struct region arena;  // the dataplane's, read-only
	struct app_region *mine;
	const struct app_arena *theirs;
	uint8_t *buffers;
	uint32_t buffers_count;
	const uint8_t *blocks;
	uint32_t blocks_count;
	uint32_t worker, workers; // as the dataplane says; from 1

	struct ring_producer tx;
	struct ring_producer returns;
	struct ring_consumer rx;
	bool asleep;      // our flag in the ring is set, and the wake socket may hold bytes
	bool starved;     // something was refused for want of a buffer or of room: answers matter
	bool relieved;    // ... and one came since
	uint64_t spin_ns; // sluice_wait looks so long before it sleeps
	uint32_t spin_misses;                    // in a row
	uint32_t spin_skipped;                   // waits that did not spin since the last that did
	struct app_rx taken[CLIENT_EVENTS_TURN]; // copied out of the ring, not yet looked at
	uint32_t taken_first, taken_count;
	struct client_walk walk;
	struct client_pack pack[CLIENT_PACKS_MAX];
	uint32_t packs; // in use

	bool detached; // the dataplane is gone
	bool broken;   // it wrote nonsense: its rings are not read any more
	bool detached_told;
	uint32_t turns; // of sluice_receive, to look at the socket now and then

	uint32_t free_first;
	struct client_buffer buffer[APP_BLOCKS_MAX];
	struct client_block block[APP_BLOCKS_MAX];
	struct client_session session[CLIENT_SESSIONS_MAX];
	uint32_t sessions_closed; // whose CLOSED is due now
	uint32_t aborts_due;
	uint32_t request_last;
	struct client_request request[CLIENT_REQUESTS_MAX];
	uint32_t listen_request; // sluice_listen waits for this one; 0: none
	struct door_message listen_result;

	char error[CLIENT_ERROR_SIZE];
};

// error.c: keeps the sentence, returns `error`. With sluice NULL: of this thread's sluice_attach.
__attribute__((format(printf, 3, 4))) int client_fail(
	struct sluice *sluice, int error, const char *format, ...);
// Which SLUICE_E_* a refusal of the dataplane is.
int client_error_of(uint32_t ipc_result);
const char *client_close_sentence(uint32_t close_reason);

// connect.c: whether a node or a service can have this name, NULL not: 1 to 63 bytes.
bool client_name_fits(const char *name);

// answer.c: takes what came over data.sock; sets `detached` on hang-up.
void client_read_socket(struct sluice *sluice);
void client_detach(struct sluice *sluice, const char *why);
// As client_detach, and nothing of its rings is believed any more.
void client_break(struct sluice *sluice, const char *why);
// The next request number; never 0.
uint32_t client_next_request(struct sluice *sluice);
struct client_request *client_request_find(struct sluice *sluice, uint32_t request);

// session.c
struct client_session *client_session_find(struct sluice *sluice, uint32_t session);
struct client_session *client_session_add(struct sluice *sluice, uint32_t session, uint32_t row);
// Copies the info row, when it still is this session's.
void client_session_look(struct sluice *sluice, struct client_session *session);
// Publishes a descriptor without a record. 0 or SLUICE_E_AGAIN.
int client_session_order(struct sluice *sluice, uint32_t session, enum app_tx_op op);
// Ends it at once, now or as soon as the ring has room.
void client_session_abort(struct sluice *sluice, struct client_session *session);

// send.c: publishes a record; its buffer is Sluice's from here. 0, SLUICE_E_AGAIN or UNREACHABLE.
int client_send_record(struct sluice *sluice, struct client_session *session, struct app_tx *tx);

// message.c: hands over what has gathered for this stream, so that a record stays behind it, ...
int client_pack_flush_stream(struct sluice *sluice, uint32_t session, uint32_t stream);
// ... or for this session,
int client_pack_flush_session(struct sluice *sluice, uint32_t session);
// or throws it away. True: there was something.
bool client_pack_drop(struct sluice *sluice, uint32_t session);
// All of them, and what else waited for room in the ring.
int client_flush(struct sluice *sluice);

// walk.c: starts to give out a record of messages.
void client_walk_start(struct sluice *sluice, const struct app_rx *rx);
// The next message of it. False: it has no more.
bool client_walk_next(struct sluice *sluice, struct sluice_event *event);

// wait.c: no more wake-ups wanted; empties the wake socket.
void client_awake(struct sluice *sluice);
// receive.c: whether sluice_receive has something, or sluice_message room again, without looking at
// the socket.
bool client_has_event(struct sluice *sluice);

// buffer.c. Index of the send buffer that starts at `memory`, or CLIENT_NONE.
uint32_t client_buffer_index(const struct sluice *sluice, const void *memory);
void client_buffers_init(struct sluice *sluice);
void client_buffer_free(struct sluice *sluice, uint32_t index);
void client_block_return(struct sluice *sluice, uint32_t index);
// One message less of a block of them; the last one returns it.
void client_block_message_put(struct sluice *sluice, uint32_t index);
