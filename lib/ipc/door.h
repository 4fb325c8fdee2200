// data.sock: the one door for memory. SOCK_SEQPACKET, one fixed-size struct per message,
// descriptors by SCM_RIGHTS. Hang-up is death. Everything read here is copied, checked, then used.
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/ipc/names.h"

#define DOOR_MAGIC   0x524f4f44u // "DOOR"
#define DOOR_VERSION 3u

enum door_type {
	// client -> dataplane
	DOOR_HELLO_APP = 1, // descriptor: the application's region (struct app_region)
	DOOR_HELLO_CONTROL, // descriptor: control's region (struct plane_control)
	DOOR_LISTEN,        // service, flags; answered by DOOR_RESULT
	DOOR_UNLISTEN,      // service
	// Node, service, codec, level, dictionary, controller, timeout_ms; answered by
	// APP_RX_OPENED (cookie: the request) or DOOR_RESULT.
	DOOR_CONNECT,
	DOOR_DOORBELL, // control: a command waits in the ring of the main thread
	// dataplane -> client
	DOOR_WELCOME = 64, // descriptors: the dataplane's region for this client, a wake socket
			   // (readable = look at your ring)
	DOOR_RESULT,       // of `request`
};

enum door_flag {
	DOOR_LISTEN_FALLBACK = 1, // yields to any listener of the same service without this flag
	DOOR_LISTEN_SHARED = 2,   // others of the same process may listen too, if they all say so
};

struct door_message {
	uint32_t magic;
	uint16_t version;
	uint16_t type;    // enum door_type
	uint32_t request; // the client's, echoed in DOOR_RESULT; not 0 in CONNECT
	uint32_t result;  // enum ipc_result
	uint32_t flags;   // enum door_flag
	uint32_t timeout_ms;
	uint8_t codec;   // enum codec_id
	uint8_t level;   // 0: the codec's default
	uint16_t app;    // WELCOME: index of the application
	uint32_t blocks; // HELLO_APP: arena blocks wanted, 0 default; WELCOME: arena blocks given
	uint64_t region_size; // WELCOME: size of the region whose descriptor travels with it
	uint64_t boot_id;     // WELCOME
	uint8_t controller;   // CONNECT: enum controller_id
	uint8_t worker;       // 1 + its number; HELLO_APP: wanted, 0 any; WELCOME: given
	uint8_t workers;      // WELCOME: how many there are
	uint8_t dictionary;   // CONNECT: id, 0: none
	uint8_t reserved[4];
	char node[NAME_SIZE];
	char service[NAME_SIZE];
	char text[REASON_SIZE]; // RESULT: a sentence for people
};

static_assert(sizeof(struct door_message) == 344, "door_message is ABI");

// ---- one message over the socket (door.c) -----------------------------------------------------

#define DOOR_FDS_MAX 2 // descriptors that travel with one message

enum door_error {
	DOOR_E_HANGUP = 1, // the other side is gone
	DOOR_E_MALFORMED,  // size, magic, or more than DOOR_FDS_MAX descriptors
	DOOR_E_VERSION,    // well-formed, but of another version
};

// Empty message of a type: magic and version are set.
struct door_message door_message_init(enum door_type type);
// Sends without blocking; `fds` are borrowed. 0; DOOR_E_HANGUP; negative errno (-EAGAIN: the other
// side does not read).
int door_send(int socket, const struct door_message *message, const int *fds, int fds_count);
// Receives without blocking. On 0 the caller owns *fds_count descriptors (close-on-exec); on
// anything else there are none. DOOR_E_*, negative errno (-EAGAIN: nothing there). Texts are not
// checked: door_name_valid.
int door_receive(int socket, struct door_message *message, int fds[DOOR_FDS_MAX], int *fds_count);
// 1 to NAME_SIZE - 1 printable characters without blanks, zero-terminated.
bool door_name_valid(const char name[NAME_SIZE]);
