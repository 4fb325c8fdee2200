// The stage of the tests of peers: two nodes' control connections in one loop, and strangers. Time
// is what the test says it is (the program is linked with --wrap=clock_gettime and --wrap=time):
// however long nobody gives it a CPU, no timer of either side runs out meanwhile.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/net/peers.h"

#define WAIT_MS 5 // of a turn, in which the kernel may bring something

extern uint64_t clock_ns; // a turn moves it
extern int64_t later_s;   // than the machine's date; OpenSSL does not know

struct side {
	struct config config;
	struct tls tls;
	struct peers peers;
	int ups, downs, boots, messages, links_down;
	uint64_t link, boot_id;
	char why[REASON_SIZE];
	struct message last;
};

struct stage {
	struct loop *loop;
	struct side a, b;
};

// Starts one side; its certificates and its peer's port may be set before.
void side_begin(
	struct stage *s, struct side *side, const char *name, const char *peer, uint64_t boot_id);
// Only a is there, and tries to reach b.
int setup(void **state);
int teardown(void **state);
void both(struct stage *s);
void turn(struct stage *s);
void turn_until(struct stage *s, const int *counter, int wanted);
// Its certificate is `name`'s, of the authority in `folder`.
void side_certify(struct side *side, const char *folder, const char *name);
// A new authority for both; returns its folder, which the caller frees.
char *certify_both(struct stage *s, const char *name_of_b);
// Somebody connects to a: the socket.
int stranger(const struct stage *s);
// Sends a frame.
void put(int fd, const char *json);
// What comes back until the connection is closed: the payload of the last frame, or "".
void last_word(struct stage *s, int fd, char text[1024]);
int incoming_count(const struct peers *peers);

#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
