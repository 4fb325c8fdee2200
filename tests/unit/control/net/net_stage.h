// The stage of the tests of calls and of the listener: two nodes in one loop, and strangers. Time
// is what the test says it is (the program is linked with --wrap=clock_gettime and --wrap=time):
// however long nobody gives it a CPU, no timer of either side runs out meanwhile.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/net/calls.h"
#include "control/net/listener.h"

#define WAIT_MS 5 // of a turn, in which the kernel may bring something

extern uint64_t clock_ns; // a turn moves it
extern int64_t later_s;   // than the machine's date; OpenSSL does not know

struct side {
	struct config config;
	struct tls tls;
	struct directory directory;
	struct listener listener;
	struct calls calls;
	bool answers; // to OFFER with REFUSE "no", to SYNC with the same bytes
	int asked, greeted, links_down;
	uint64_t link; // of what was asked last
	struct message last;
	int heard;           // messages of lanes
	uint32_t heard_next; // the number that the next one of them has, if none is lost
	uint64_t heard_bytes;
	bool disorder; // one was older than one before it, or not as it was sent
	// What came of its own calls.
	int ended, by_end[4];
	uint64_t answer_link;
	char why[REASON_SIZE];
	struct message answer;
	uint32_t go_on; // answers of a SYNC that are answered once more
	bool loses;     // its connection breaks inside of on_end, before it goes on
	uint8_t data[64];
};

struct stage {
	struct loop *loop;
	struct side a, b;
};

// Starts one side; its certificates may be set before.
void side_begin(struct stage *s, struct side *side, const char *name, const char *peer);
void side_end(struct side *side);
// a knows b, and b is not there: both(s) starts it.
int setup(void **state);
int teardown(void **state);
void both(struct stage *s);
void turn(struct stage *s);
void turn_until(struct stage *s, const int *counter, int wanted);
void turns(struct stage *s, uint64_t ns); // so much time passes
// a asks b; the patience for a connection is 1.5 s, for the answer 5 s.
void ask(struct stage *s, enum message_type type, uint32_t request);
void ask_with(struct stage *s, const struct message *message);
// a tells b over its lane: `size` bytes that begin with `number`.
enum lane_sent tell(struct stage *s, uint32_t number, uint32_t size);
// a asks whoever is at b's address.
void ask_seed(struct stage *s, const void *data, size_t size);
int open_channels(const struct calls *calls);
int open_links(const struct listener *listener);
struct pool_counts counts(const struct stage *s); // of a's pool
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

#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
