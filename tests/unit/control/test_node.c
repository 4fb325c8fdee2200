// Two whole nodes in one loop, each with a stand-in dataplane: sessions open and close between
// them, processes die.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control/node.h"
#include "lib/ipc/members.h"
#include "tests/unit/control/pki/folder.h"
#include "tests/unit/control/plane/fake_dataplane.h"

#define UP_NS 30000000000ull // to start both dataplanes; a machine may be busy

struct stage {
	struct loop *loop;
	struct node a, b;
	char *pki; // folder of the authority; NULL: no certificates
	int answers, refused;
	uint32_t result, cid;
	char text[REASON_SIZE];
};

// Its certificates, and the cipher that wants them.
static void side_certify(struct stage *s, struct node *node, const char *name)
{
	struct config_security *config = &node->config.security;
	struct pki_want want = {.folder = s->pki,
		.name = name,
		.not_before = time(NULL) - 60,
		.not_after = time(NULL) + 3600};
	char error[PKI_ERROR_SIZE];
	struct pki_certificate made;

	assert_int_equal(pki_issue(&want, &made, error), 0);
	snprintf(config->ca, sizeof(config->ca), "%.64s/ca.crt", s->pki);
	snprintf(config->certificate, sizeof(config->certificate), "%.64s/%s/node.crt", s->pki,
		name);
	snprintf(config->key, sizeof(config->key), "%.64s/%s/node.key", s->pki, name);
	snprintf(config->keyring, sizeof(config->keyring), "%.64s/%s/cluster.keys", s->pki, name);
	config->cipher = CIPHER_AES_256_GCM;
	node->config.membership.clear = false;
}

static void side_begin(
	struct stage *s, struct node *node, const char *name, const char *peer, uint32_t host)
{
	struct config *config = &node->config;
	char error[256];

	snprintf(config->node, sizeof(config->node), "%s", name);
	snprintf(config->run_dir, sizeof(config->run_dir), "%s", "/tmp/sluice-test-node-XXXXXX");
	assert_non_null(mkdtemp(config->run_dir));
	fake_dataplane_path(config->program, sizeof(config->program));
	config->dataplane.workers = 1;
	config->listen_address = address_from_ipv4(0x7f000001);
	snprintf(config->membership.cluster, sizeof(config->membership.cluster), "test");
	config->membership.clear = true;
	calls_pool_preset(&config->pool, POOL_LAN);
	config->links_count = 1;
	snprintf(config->links[0].name, sizeof(config->links[0].name), "%s", "ab");
	config->links[0].address = address_from_ipv4(0x0a4d0100 + host);
	config->links[0].prefix = 30;
	config->peers_count = 1;
	snprintf(config->peers[0].name, sizeof(config->peers[0].name), "%s", peer);
	config->peers[0].control_address = address_from_ipv4(0x7f000001);
	config->peers[0].control_port = 1; // told when the other one listens
	config->peers[0].address = address_from_ipv4(0x0a4d0100 + (3 - host));
	if (s->pki)
		side_certify(s, node, name);
	assert_int_equal(node_init(node, s->loop), 0);
	assert_int_equal(node_start(node, error, sizeof(error)), 0);
}

static void side_end(struct node *node)
{
	static const char *const names[] = {"data.sock", "dataplane.log"};
	pid_t pid = node->plane.pid;
	char path[256];

	node_fini(node);
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", node->config.run_dir, names[i]);
		unlink(path);
	}
	rmdir(node->config.run_dir);
}

static int teardown(void **state)
{
	struct stage *s = *state;

	side_end(&s->a);
	side_end(&s->b);
	loop_free(s->loop);
	if (s->pki)
		folder_free(s->pki);
	free(s);
	return 0;
}

static bool up(const struct node *node)
{
	struct members_view view;

	members_get(node->gossip.members.own, &view);
	for (uint32_t i = 0; i < view.count; i++)
		if (view.member[i].meta.boot_id == 0)
			return false;
	return view.count == 2 && node->plane.state == PLANE_RUNNING;
}

// cmocka calls no teardown after a setup that failed: it gives everything back itself.
static int stage_begin(void **state, struct stage *s)
{
	uint64_t end_ns;

	*state = s;
	unsetenv("FAKE_MODE");
	s->loop = loop_new();
	side_begin(s, &s->a, "a", "b", 1);
	side_begin(s, &s->b, "b", "a", 2);
	s->a.config.peers[0].control_port = s->b.listener.port;
	s->b.config.peers[0].control_port = s->a.listener.port;
	gossip_join(&s->a.gossip, s->b.config.listen_address, s->b.listener.port);
	end_ns = loop_now_ns(s->loop) + UP_NS;
	while (!(up(&s->a) && up(&s->b)) && loop_now_ns(s->loop) < end_ns)
		loop_turn(s->loop, 20);
	if (up(&s->a) && up(&s->b))
		return 0;
	print_error("the nodes are not up: %s; %s\n", s->a.plane.error, s->b.plane.error);
	teardown(state);
	return -1;
}

static int setup(void **state)
{
	return stage_begin(state, calloc(1, sizeof(struct stage)));
}

static int setup_encrypted(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));
	struct pki_want want = {.folder = s->pki = folder_new(),
		.name = "cluster",
		.not_before = time(NULL) - 60,
		.not_after = time(NULL) + 3600};
	char error[PKI_ERROR_SIZE];
	struct pki_certificate made;

	assert_int_equal(pki_init(&want, &made, error), 0);
	return stage_begin(state, s);
}

static void on_opened(void *owner, uint32_t result, uint32_t cid, const char *text)
{
	struct stage *s = owner;

	s->answers++;
	s->refused += result != IPC_OK;
	s->result = result;
	s->cid = cid;
	snprintf(s->text, sizeof(s->text), "%s", text);
}

static void open_session(struct stage *s, const char *node)
{
	const struct session_want want = {.node = node, .timeout_ms = 3000};
	int before = s->answers;

	node_session_open(&s->a, &want, on_opened, s);
	for (int i = 0; i < 300 && s->answers == before; i++)
		loop_turn(s->loop, 20);
	assert_int_equal(s->answers, before + 1);
}

static uint32_t sessions(const struct node *node)
{
	struct session_stats row;
	uint32_t cursor = 0, count = 0;

	while (tables_session_next(&node->plane.tables, &cursor, &row))
		count++;
	return count;
}

static void turn_until_sessions(struct stage *s, const struct node *node, uint32_t wanted)
{
	for (int i = 0; i < 300 && sessions(node) != wanted; i++)
		loop_turn(s->loop, 10);
	assert_int_equal(sessions(node), wanted);
}

static void node__opens_and_closes(void **state)
{
	struct stage *s = *state;
	struct session_stats here, there;
	char error[160];
	uint32_t cursor = 0;

	open_session(s, "b");
	assert_int_equal(s->result, IPC_OK);
	assert_true(tables_session(&s->a.plane.tables, s->cid, &here));
	assert_true(tables_session_next(&s->b.plane.tables, &cursor, &there));
	assert_memory_equal(here.session_id, there.session_id, sizeof(here.session_id));
	assert_int_equal(here.peer_cid, there.session);
	assert_int_equal(there.peer_cid, here.session);
	assert_true(here.peer_boot_id == s->b.plane.boot_id);
	assert_true(there.peer_boot_id == s->a.plane.boot_id);
	assert_string_equal(there.service, SESSION_SERVICE_IDLE);
	assert_int_equal(node_session_close(&s->a, s->cid, true, error, sizeof(error)), IPC_OK);
	turn_until_sessions(s, &s->a, 0);
	assert_int_equal(
		node_session_close(&s->a, s->cid, true, error, sizeof(error)), IPC_INVALID);
}

// No slot of the ring to the dataplane keeps what a command carried.
static void expect_wiped(const struct node *node)
{
	const struct plane_control *mine = (const struct plane_control *)node->plane.mine.base;
	struct plane_command slot, zero = {0};

	for (int c = 0; c < 2; c++)
		for (size_t i = 0; i < PLANE_COMMAND_SLOTS; i++) {
			memcpy(&slot, mine->channels[c].command_slots + i * sizeof(slot),
				sizeof(slot));
			assert_memory_equal(
				slot.secret_send, zero.secret_send, sizeof(zero.secret_send));
			assert_memory_equal(slot.secret_receive, zero.secret_receive,
				sizeof(zero.secret_receive));
		}
}

// The stand-in dataplane refuses an end without two secrets that differ.
static void node__encrypted(void **state)
{
	struct stage *s = *state;
	struct session_stats here, there;
	uint32_t cursor = 0;

	for (int i = 0; i < 3; i++)
		open_session(s, "b");
	assert_int_equal(s->result, IPC_OK);
	assert_true(tables_session(&s->a.plane.tables, s->cid, &here));
	assert_int_equal(here.cipher, CIPHER_AES_256_GCM);
	turn_until_sessions(s, &s->b, 3);
	assert_true(tables_session_next(&s->b.plane.tables, &cursor, &there));
	assert_int_equal(there.cipher, CIPHER_AES_256_GCM);
	for (int i = 0; i < 10; i++)
		loop_turn(s->loop, 5);
	expect_wiped(&s->a);
	expect_wiped(&s->b);
	for (uint32_t i = 0; i < SESSION_OUTPUT_MAX; i++) // nor does what carries it there
		assert_int_equal(s->a.out->actions[i].command.secret_send[0] |
					 s->a.out->actions[i].command.secret_send[7],
			0);
}

// What workers read: who is here, with the dataplane that runs now.
static void node__gives_the_members_to_its_dataplane(void **state)
{
	struct stage *s = *state;
	const struct plane_control *mine = (const struct plane_control *)s->a.plane.mine.base;
	struct plane_member row = {0};

	for (int i = 0; i < 100 && row.boot_id != s->a.plane.boot_id; i++) {
		loop_turn(s->loop, 5);
		plane_members_find(&mine->members, "a", &row);
	}
	assert_int_equal(row.boot_id, s->a.plane.boot_id);
	assert_int_equal(address_ipv4(row.dataplane), 0x0a4d0101);
	assert_int_equal(row.prefix, 30);
	assert_int_equal(row.state, MEMBER_ALIVE);
	assert_false(plane_members_find(&mine->members, "x", &row));
}

// The event that would have said that the dataplane took the command was lost.
static void node__resync_wipes(void **state)
{
	struct plane_command secret = {.type = PLANE_TRACE, .secret_send = {0x5a}};
	struct stage *s = *state;
	const struct plane_dataplane *theirs =
		(const struct plane_dataplane *)s->a.plane.theirs.base;

	assert_int_equal(proxy_put(&s->a.plane.proxy, 1, &secret), 0);
	for (int i = 0; i < 500; i++) { // no turn of ours: nothing is heard
		if (atomic_load(&theirs->channels[1].command_head.head) ==
			s->a.plane.proxy.producer[1].tail)
			break;
		usleep(10000);
	}
	s->a.plane.on_resync(s->a.plane.owner);
	expect_wiped(&s->a);
}

// Both read their certificates again while sessions are being set up: none is lost, and those that
// are open go on.
static void node__certificates_are_read_again(void **state)
{
	const struct session_want want = {.node = "b", .timeout_ms = 5000};
	struct stage *s = *state;
	uint32_t cid;

	open_session(s, "b");
	cid = s->cid;
	for (int i = 0; i < 24; i++) {
		assert_int_not_equal(node_session_open(&s->a, &want, on_opened, s), 0);
		loop_turn(s->loop, 1);
		if (i == 6)
			identity_reload(&s->a.identity);
		if (i == 16)
			identity_reload(&s->b.identity);
	}
	for (int i = 0; i < 500 && s->answers < 25; i++)
		loop_turn(s->loop, 20);
	assert_int_equal(s->answers, 25);
	assert_int_equal(s->refused, 0);
	assert_true(tables_session(&s->a.plane.tables, cid, &(struct session_stats){0}));
}

static void node__another_cipher(void **state)
{
	struct stage *s = *state;

	s->b.config.security.cipher = CIPHER_NULL;
	open_session(s, "b");
	assert_int_equal(s->result, IPC_REFUSED_PEER);
	assert_string_equal(s->text, "node b has the cipher null, and node a wants aes-256-gcm; "
				     "write the same security.cipher on both");
}

static void node__many_sessions(void **state)
{
	const struct session_want want = {.node = "b", .timeout_ms = 5000};
	struct stage *s = *state;

	for (int i = 0; i < NODE_WAITERS_MAX; i++)
		assert_int_not_equal(node_session_open(&s->a, &want, on_opened, s), 0);
	assert_int_equal(
		node_session_open(&s->a, &want, on_opened, s), 0); // one too many: answered at once
	assert_int_equal(s->answers, 1);
	assert_int_equal(s->result, IPC_REFUSED_FULL);
	for (int i = 0; i < 500 && s->answers < 1 + NODE_WAITERS_MAX; i++)
		loop_turn(s->loop, 20);
	assert_int_equal(s->answers, 1 + NODE_WAITERS_MAX);
	assert_int_equal(sessions(&s->a), NODE_WAITERS_MAX);
	assert_int_equal(sessions(&s->b), NODE_WAITERS_MAX);
}

static void node__unknown_peer(void **state)
{
	struct stage *s = *state;

	open_session(s, "zebra");
	assert_int_equal(s->result, IPC_REFUSED_NODE);
	assert_string_equal(s->text, "node 'zebra' is not known here; the peers of node a are: b");
}

static void node__forgotten_waiter_is_not_called(void **state)
{
	const struct session_want want = {.node = "b", .timeout_ms = 3000};
	struct stage *s = *state;
	uint32_t request = node_session_open(&s->a, &want, on_opened, s);

	node_session_forget(&s->a, request);
	turn_until_sessions(s, &s->b, 1);
	for (int i = 0; i < 10; i++)
		loop_turn(s->loop, 10);
	assert_int_equal(s->answers, 0);
}

static void node__peers_dataplane_dies(void **state)
{
	struct stage *s = *state;

	open_session(s, "b");
	assert_int_equal(sessions(&s->a), 1);
	kill(s->b.plane.pid, SIGKILL);
	turn_until_sessions(s, &s->a, 0); // by the notice, long before a ping could tell
	for (int i = 0; i < 300 && s->b.plane.state != PLANE_RUNNING; i++)
		loop_turn(s->loop, 20);
	open_session(s, "b");
	assert_int_equal(s->result, IPC_OK);
}

static void node__own_dataplane_dies_during_the_set_up(void **state)
{
	const struct session_want want = {.node = "b", .timeout_ms = 3000};
	struct stage *s = *state;

	kill(s->a.plane.pid, SIGSTOP); // RESERVE is never answered
	node_session_open(&s->a, &want, on_opened, s);
	loop_turn(s->loop, 10);
	kill(s->a.plane.pid, SIGKILL);
	for (int i = 0; i < 300 && !s->answers; i++)
		loop_turn(s->loop, 10);
	assert_int_equal(s->result, IPC_UNREACHABLE);
	assert_string_equal(s->text, "the dataplane went away during the set-up");
}

static void node__peers_control_is_gone(void **state)
{
	struct stage *s = *state;
	char wanted[160];

	gossip_stop(&s->b.gossip);
	listener_stop(&s->b.listener);
	open_session(s, "b");
	snprintf(wanted, sizeof(wanted),
		"node b does not answer at 127.0.0.1:%u: Connection refused",
		s->a.config.peers[0].control_port);
	assert_int_equal(s->result, IPC_UNREACHABLE);
	assert_string_equal(s->text, wanted);
	turn_until_sessions(s, &s->a, 0); // the reservation is given back
}

static void node__worker_hangs(void **state)
{
	struct stage *s = *state;

	kill(s->a.plane.pid, SIGSTOP);
	open_session(s, "b");
	kill(s->a.plane.pid, SIGCONT);
	assert_int_equal(s->result, IPC_TIMEOUT);
	assert_string_equal(
		s->text, "the dataplane of node a did not answer its control process in time");
	// There was no row before the dataplane took RESERVE: its late RESERVED is answered first.
	for (int i = 0; i < 300 && s->a.plane.proxy.producer[1].tail < 2; i++)
		loop_turn(s->loop, 10);
	turn_until_sessions(s, &s->a, 0);
}

static void node__stop(void **state)
{
	struct stage *s = *state;

	node_stop(&s->a);
	node_stop(&s->a); // a second signal changes nothing
	assert_int_equal(loop_run(s->loop), 0);
	assert_int_equal(s->a.plane.state, PLANE_ABSENT);
	s->b.leave_dataplane = true;
	node_stop(&s->b);
	assert_int_equal(s->b.plane.state, PLANE_RUNNING);
	assert_int_equal(kill(s->b.plane.pid, 0), 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	signal(SIGPIPE, SIG_IGN); // as sluice-control does
	const struct CMUnitTest tests[] = {
		STORY(node__opens_and_closes),
		cmocka_unit_test_setup_teardown(node__encrypted, setup_encrypted, teardown),
		STORY(node__gives_the_members_to_its_dataplane),
		STORY(node__resync_wipes),
		cmocka_unit_test_setup_teardown(
			node__certificates_are_read_again, setup_encrypted, teardown),
		cmocka_unit_test_setup_teardown(node__another_cipher, setup_encrypted, teardown),
		STORY(node__many_sessions),
		STORY(node__unknown_peer),
		STORY(node__forgotten_waiter_is_not_called),
		STORY(node__peers_dataplane_dies),
		STORY(node__own_dataplane_dies_during_the_set_up),
		STORY(node__peers_control_is_gone),
		STORY(node__worker_hangs),
		STORY(node__stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
