// The control socket for real:
// a node with tables made by hand, the production loop, and clients of every kind.
#include "control/admin/admin.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "control/admin/method.h"
#include "control/admin/rpc.h"
#include "control/admin/schema.h"
#include "control/node.h"

// ---- what node.c would do ----------------------------------------------------------------------

static struct {
	node_opened_fn on_opened;
	void *owner;
	uint32_t at_once; // what opening fails with before it returns; IPC_OK: it waits
	bool forgotten;
	uint32_t closed_cid;
	bool closed_now;
} fake;

uint32_t node_session_open(
	struct node *node, const struct session_want *want, node_opened_fn on_opened, void *owner)
{
	(void)node;
	(void)want;
	if (fake.at_once) {
		on_opened(owner, fake.at_once, 0, "no room");
		return 0;
	}
	fake.on_opened = on_opened;
	fake.owner = owner;
	return 77;
}

void node_session_forget(struct node *node, uint32_t request)
{
	(void)node;
	assert_int_equal(request, 77);
	fake.forgotten = true;
}

int node_session_close(
	struct node *node, uint32_t cid, bool at_once, char *error, size_t error_size)
{
	(void)node;
	(void)error;
	(void)error_size;
	fake.closed_cid = cid;
	fake.closed_now = at_once;
	return IPC_OK;
}

// ---- fixture -----------------------------------------------------------------------------------

struct fixture {
	struct node node;
	struct plane_dataplane *tables;
	char folder[64], path[128];
};

static void fill_session(struct session_stats *s, uint32_t cid, uint8_t first, uint8_t last)
{
	s->session = cid;
	s->state = SESSION_OPEN;
	s->session_id[0] = first;
	s->session_id[1] = 0xbb;
	s->session_id[2] = 0xcc;
	s->session_id[15] = last;
	s->srtt_ns = 123456;
	s->cwnd_milli = 10500;
	s->blocks_raw = 3;
	s->blocks_raw_by[RAW_LITTLE] = 2;
	s->blocks_raw_by[RAW_URGENT] = 1;
	s->limited_by = 1;
	s->app = 0xffff;
	snprintf(s->peer, sizeof(s->peer), "b");
	memcpy(s->service, "bad\xff", 4); // an application chose it
}

static void fill_tables(struct plane_dataplane *t)
{
	t->magic = PLANE_DATAPLANE_MAGIC;
	t->version = PLANE_VERSION;
	t->boot_id = UINT64_C(0xfedcba9876543210);
	t->pid = 4242;
	t->workers = t->ports = 1;
	snprintf(t->program_version, sizeof(t->program_version), "9.9");
	snprintf(t->drop_names[0], sizeof(t->drop_names[0]), "accepted");
	snprintf(t->drop_names[1], sizeof(t->drop_names[1]), "not_ipv4");
	snprintf(t->drop_sentences[1], sizeof(t->drop_sentences[1]), "neither IPv4 nor ARP");
	snprintf(t->limited_names[1], sizeof(t->limited_names[1]), "cwnd");
	snprintf(t->port[0].name, sizeof(t->port[0].name), "ab");
	snprintf(t->port[0].driver, sizeof(t->port[0].driver), "memif");
	t->port[0].up = 1;
	t->port[0].address = address_from_ipv4(0x0a4d0101);
	t->port[0].prefix = 30;
	t->worker[0].drops[1] = 5;
	t->app[0].pid = 99;
	memcpy(t->app[0].name, "we\xffird", 6);
	fill_session(&t->session[0][3].stats, 3u << 8 | 1, 0xaa, 1);
	fill_session(&t->session[0][4].stats, 4u << 8 | 1, 0xaa, 2);
	fill_session(&t->session[0][5].stats, 5u << 8 | 1, 0xdd, 3);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char error[256];

	*state = f;
	memset(&fake, 0, sizeof(fake));
	snprintf(f->folder, sizeof(f->folder), "/tmp/sluice-test-admin-XXXXXX");
	if (!mkdtemp(f->folder))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/control.sock", f->folder);
	f->tables = aligned_alloc(64, (sizeof(*f->tables) + 63) / 64 * 64);
	memset(f->tables, 0, sizeof(*f->tables));
	fill_tables(f->tables);
	f->node.plane.tables.shared = f->tables;
	f->node.loop = loop_new();
	gossip_init(&f->node.gossip, &f->node.config, f->node.loop);
	snprintf(f->node.config.node, sizeof(f->node.config.node), "a");
	snprintf(f->node.config.run_dir, sizeof(f->node.config.run_dir), "%s", f->folder);
	f->node.config.peers_count = 1;
	snprintf(f->node.config.peers[0].name, sizeof(f->node.config.peers[0].name), "b");
	return admin_start(&f->node, error, sizeof(error));
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	admin_stop(&f->node);
	gossip_stop(&f->node.gossip);
	loop_free(f->node.loop);
	assert_int_not_equal(access(f->path, F_OK), 0); // the file goes with the server
	rmdir(f->folder);
	free(f->tables);
	free(f);
	return 0;
}

static int client(const struct fixture *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, f->path, strlen(f->path));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void turns(struct fixture *f, int count)
{
	while (count-- > 0)
		assert_int_equal(loop_turn(f->node.loop, 1), 0);
}

// What came until now, "" for nothing, "EOF" for a hang-up.
static const char *heard(int fd)
{
	static char text[300000];
	size_t used = 0;
	ssize_t n;

	while ((n = recv(fd, text + used, sizeof(text) - 1 - used, 0)) > 0)
		used += (size_t)n;
	text[used] = '\0';
	if (used == 0 && n == 0)
		return "EOF";
	return text;
}

static void tell(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static const char *ask(struct fixture *f, const char *method, const char *params)
{
	char line[512];
	const char *answer;
	int fd = client(f);

	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"%s%s}\n",
		method, params ? ",\"params\":" : "", params ? params : "");
	tell(fd, line);
	turns(f, 6);
	answer = heard(fd);
	for (int i = 0; i < 1000 && !*answer; i++) { // membership has turns of its own
		turns(f, 1);
		answer = heard(fd);
	}
	close(fd);
	turns(f, 3);
	return answer;
}

static json_t *result_of(const char *answer)
{
	json_t *root = json_loads(answer, 0, NULL);
	json_t *result = json_incref(json_object_get(root, "result"));

	json_decref(root);
	if (!result)
		fail_msg("no result: %s", answer);
	return result;
}

static int code_of(const char *answer)
{
	json_t *root = json_loads(answer, 0, NULL);
	int code = (int)json_integer_value(json_object_get(json_object_get(root, "error"), "code"));

	json_decref(root);
	return code;
}

// ---- cases -------------------------------------------------------------------------------------

static void server__the_file_is_for_owner_and_group(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
}

static void server__every_method_of_the_schema_has_a_handler(void **state)
{
	struct fixture *f = *state;

	(void)f;
	for (const struct schema_method *m = schema_methods; m->name; m++)
		assert_non_null(method_find(m->name));
}

static void server__status(void **state)
{
	struct fixture *f = *state;
	json_t *r = result_of(ask(f, "status", NULL));

	assert_string_equal(json_string_value(json_object_get(r, "node")), "a");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(r, "control"), "pid")),
		getpid());
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(r, "dataplane"), "pid")), 4242);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(r, "dataplane"), "boot_id")),
		"fedcba9876543210");
	assert_int_equal(json_integer_value(json_object_get(r, "sessions")), 3);
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(json_object_get(r, "links"), 0), "address")),
		"10.77.1.1/30");
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(json_object_get(r, "apps"), 0), "name")),
		"we?ird");
	json_decref(r);

	f->node.plane.tables.shared = NULL; // no dataplane: the same shape, with nulls
	r = result_of(ask(f, "status", NULL));
	assert_true(json_is_null(json_object_get(json_object_get(r, "dataplane"), "pid")));
	assert_true(json_is_null(json_object_get(json_object_get(r, "dataplane"), "boot_id")));
	assert_int_equal(json_array_size(json_object_get(r, "links")), 0);
	json_decref(r);
}

static void server__members_by_their_state(void **state)
{
	struct fixture *f = *state;
	struct member member = {.name = "b\xff", .state = MEMBER_DEAD, .port = 7701, .index = 1};
	json_t *r, *row;

	member.address = (struct address)ADDRESS_IPV4(0x7f000001);
	member.meta.links[0] =
		(struct meta_link){.address = ADDRESS_IPV4(0x0a4d0102), .prefix = 30};
	member.meta.links_count = 1;
	assert_int_equal(members_set(&f->node.gossip.members, &member), 0);
	assert_int_equal(members_publish(&f->node.gossip.members), 0);
	r = result_of(ask(f, "members", NULL));
	assert_int_equal(json_array_size(json_object_get(r, "members")), 0); // it is down
	json_decref(r);
	r = result_of(ask(f, "members", "{\"down\":true}"));
	row = json_array_get(json_object_get(r, "members"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "name")), "b?");
	assert_string_equal(json_string_value(json_object_get(row, "state")), "dead");
	assert_string_equal(json_string_value(json_object_get(row, "address")), "127.0.0.1:7701");
	assert_true(json_is_null(json_object_get(row, "boot_id")));
	assert_string_equal(json_string_value(json_array_get(json_object_get(row, "links"), 0)),
		"10.77.1.2/30");
	json_decref(r);
	r = result_of(ask(f, "status", NULL));
	row = json_object_get(json_object_get(r, "membership"), "members");
	assert_int_equal(json_integer_value(json_object_get(row, "dead")), 1);
	json_decref(r);
}

// Membership alone, without a dataplane: of the fixture's node, or of another one.
static void membership_start(
	struct fixture *f, struct gossip *gossip, struct config *config, const char *name)
{
	char error[CONFIG_ERROR_SIZE];

	config->listen_address = (struct address)ADDRESS_IPV4(0x7f000001);
	config->membership.clear = true;
	config->peers_count = 0;
	snprintf(config->node, sizeof(config->node), "%s", name);
	snprintf(config->membership.cluster, NAME_SIZE, "test");
	gossip_init(gossip, config, f->node.loop);
	assert_int_equal(gossip_start(gossip, 0, error, sizeof(error)), 0);
}

static void server__join_says_whom_it_asks(void **state)
{
	struct fixture *f = *state;
	json_t *r;

	assert_int_equal(code_of(ask(f, "join", NULL)), RPC_UNREACHABLE); // it does not run
	membership_start(f, &f->node.gossip, &f->node.config, "a");
	assert_int_equal(code_of(ask(f, "join", NULL)), RPC_REFUSED); // there is nobody
	assert_int_equal(code_of(ask(f, "join", "{\"address\":\"b\"}")), RPC_PARAMS);
	assert_int_equal(code_of(ask(f, "join", "{\"address\":\"\"}")), RPC_PARAMS);
	assert_int_equal(code_of(ask(f, "join", "{\"address\":\"9.9.9.9:1\"}")), RPC_REFUSED);
	r = result_of(ask(f, "join", "{\"address\":\"127.0.0.1:7\"}"));
	assert_string_equal(json_string_value(json_array_get(json_object_get(r, "addresses"), 0)),
		"127.0.0.1:7");
	json_decref(r);
	f->node.config.membership.seeds_count = 1;
	f->node.config.membership.seeds[0] =
		(struct config_seed){.address = ADDRESS_IPV4(0x7f000001), .port = 8};
	r = result_of(ask(f, "join", NULL));
	assert_string_equal(json_string_value(json_array_get(json_object_get(r, "addresses"), 0)),
		"127.0.0.1:8");
	json_decref(r);
	f->node.stopping = true;
	assert_int_equal(code_of(ask(f, "join", NULL)), RPC_REFUSED);
	assert_int_equal(code_of(ask(f, "join", "{\"address\":\"127.0.0.1:7\"}")), RPC_REFUSED);
}

static void server__ping_says_why_not(void **state)
{
	static struct gossip other;
	static struct config config;
	struct fixture *f = *state;
	uint64_t until_ns = loop_now_ns(f->node.loop) + 20000000000;

	assert_int_equal(code_of(ask(f, "ping", "{\"node\":\"b\"}")), RPC_NOT_FOUND);
	membership_start(f, &f->node.gossip, &f->node.config, "a");
	assert_int_equal(code_of(ask(f, "ping", "{\"node\":\"x\"}")), RPC_NOT_FOUND);
	assert_int_equal(code_of(ask(f, "ping", "{\"node\":\"a\"}")), RPC_NOT_FOUND); // itself
	config.membership.seeds_count = 1;
	config.membership.seeds[0] =
		(struct config_seed){ADDRESS_IPV4(0x7f000001), f->node.gossip.port};
	membership_start(f, &other, &config, "b");
	while (swim_find(f->node.gossip.swim, "b") == SWIM_NONE &&
		loop_now_ns(f->node.loop) < until_ns)
		turns(f, 1);
	for (int i = 0; i < GOSSIP_PINGS_MAX; i++)
		f->node.gossip.pings[i].cookie = 1000 + (uint32_t)i;
	assert_int_equal(code_of(ask(f, "ping", "{\"node\":\"b\"}")), RPC_BUSY);
	until_ns = loop_now_ns(f->node.loop) + 20000000000;
	gossip_leave(&f->node.gossip);
	while (gossip_is_leaving(&f->node.gossip) && loop_now_ns(f->node.loop) < until_ns)
		turns(f, 1);
	assert_int_equal(code_of(ask(f, "ping", "{\"node\":\"b\"}")), RPC_REFUSED);
	gossip_stop(&other);
}

static void server__workers_and_drops(void **state)
{
	struct fixture *f = *state;
	json_t *r = result_of(ask(f, "worker.list", NULL));
	json_t *drops = json_object_get(json_array_get(json_object_get(r, "workers"), 0), "drops");

	assert_int_equal(json_integer_value(json_object_get(drops, "not_ipv4")), 5);
	assert_null(json_object_get(drops, "accepted"));
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(r, "drop_sentences"), "not_ipv4")),
		"neither IPv4 nor ARP");
	json_decref(r);
}

static void server__sessions_by_the_first_digits(void **state)
{
	struct fixture *f = *state;
	json_t *r = result_of(ask(f, "session.show", "{\"id\":\"DDbbcc\"}"));

	assert_string_equal(
		json_string_value(json_object_get(r, "id")), "ddbbcc00000000000000000000000003");
	assert_string_equal(json_string_value(json_object_get(r, "cid")), "00000501");
	assert_int_equal(json_integer_value(json_object_get(r, "srtt_ns")), 123456);
	assert_true(json_real_value(json_object_get(r, "cwnd_segments")) == 10.5);
	assert_string_equal(json_string_value(json_object_get(r, "limited_by")), "cwnd");
	assert_non_null(strstr(json_string_value(json_object_get(r, "raw_reason")),
		"of most: the codec would have saved less than 12.5 %"));
	assert_string_equal(json_string_value(json_object_get(r, "service")), "bad?");
	json_decref(r);
	assert_int_equal(
		code_of(ask(f, "session.show", "{\"id\":\"aabbcc\"}")), RPC_NOT_FOUND); // two
	assert_int_equal(
		code_of(ask(f, "session.show", "{\"id\":\"123456\"}")), RPC_NOT_FOUND); // none
	r = result_of(ask(f, "session.close", "{\"id\":\"ddbbcc\",\"now\":true}"));
	assert_int_equal(fake.closed_cid, 5u << 8 | 1);
	assert_true(fake.closed_now);
	json_decref(r);
}

static void server__open_answers_later(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	tell(fd, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"session.open\",\"params\":{\"node\":"
		 "\"b\"}}\n"
		 "{\"jsonrpc\":\"2.0\",\"id\":10,\"method\":\"version\"}\n");
	turns(f, 6);
	assert_string_equal(heard(fd), ""); // the second waits for the first
	fake.on_opened(fake.owner, IPC_OK, 5u << 8 | 1, NULL);
	turns(f, 3);

	const char *answers = heard(fd);

	assert_non_null(strstr(answers, "\"id\":9,\"result\":{\"id\":\"ddbbcc"));
	assert_non_null(strstr(answers, "\"id\":10"));
	close(fd);
	turns(f, 3);
	assert_false(fake.forgotten);
}

static void server__open_that_fails_at_once_or_later(void **state)
{
	struct fixture *f = *state;
	int fd;

	fake.at_once = IPC_REFUSED_FULL;
	assert_int_equal(code_of(ask(f, "session.open", "{\"node\":\"b\"}")), RPC_BUSY);
	assert_int_equal(
		code_of(ask(f, "session.open", "{\"node\":\"b\",\"level\":5}")), RPC_PARAMS);
	fake.at_once = IPC_REFUSED_NODE;
	assert_int_equal(code_of(ask(f, "session.open", "{\"node\":\"z\"}")), RPC_NOT_FOUND);
	fake.at_once = IPC_OK;
	fd = client(f);
	tell(fd, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"session.open\",\"params\":{\"node\":"
		 "\"b\"}}\n");
	turns(f, 6);
	fake.on_opened(fake.owner, IPC_TIMEOUT, 0, "the peer is silent");
	turns(f, 3);
	assert_int_equal(code_of(heard(fd)), RPC_TIMEOUT);
	close(fd);
}

static void server__an_asker_that_leaves_is_forgotten(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	tell(fd, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"session.open\",\"params\":{\"node\":"
		 "\"b\"}}\n");
	turns(f, 6);
	close(fd);
	turns(f, 6);
	assert_true(fake.forgotten);
}

static void server__refusals(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(code_of(ask(f, "nope", NULL)), RPC_METHOD);
	assert_int_equal(code_of(ask(f, "status", "{\"x\":1}")), RPC_PARAMS);
	assert_int_equal(code_of(ask(f, "status", "[1]")), RPC_PARAMS);
}

static void server__garbage_is_answered_and_the_client_stays(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	tell(fd, "hello\n\n  \n{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"version\"}\r\n");
	turns(f, 6);

	const char *answers = heard(fd);

	assert_non_null(strstr(answers, "-32700"));
	assert_non_null(strstr(answers, "\"id\":3,\"result\""));
	close(fd);
}

static void server__a_request_in_pieces_and_without_its_newline(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	tell(fd, "{\"jsonrpc\":\"2.0\",\"id\":3,");
	turns(f, 3);
	tell(fd, "\"method\":\"version\"}");
	turns(f, 3);
	assert_string_equal(heard(fd), "");
	shutdown(fd, SHUT_WR);
	turns(f, 4);
	assert_non_null(strstr(heard(fd), "\"id\":3,\"result\""));
	turns(f, 2);
	assert_string_equal(heard(fd), "EOF");
	close(fd);
}

static void server__a_line_too_long_is_said_and_dropped(void **state)
{
	struct fixture *f = *state;
	char chunk[8192];
	int fd = client(f);

	memset(chunk, 'x', sizeof(chunk));
	for (size_t sent = 0; sent < RPC_LINE_MAX; sent += sizeof(chunk)) {
		assert_int_equal(send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL), sizeof(chunk));
		turns(f, 2);
	}
	turns(f, 4);
	assert_non_null(strstr(heard(fd), "196608 bytes"));
	turns(f, 2);
	assert_string_equal(heard(fd), "EOF");
	close(fd);
}

static void server__a_client_that_does_not_read_waits_alone(void **state)
{
	struct fixture *f = *state;
	static const char line[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"help\"}\n";
	int slow = client(f), sent = 0;

	// It asks until its answers fill the socket; the server stops reading it.
	for (int i = 0; i < 5000; i++) {
		ssize_t n = send(slow, line, sizeof(line) - 1, MSG_NOSIGNAL);

		if (n != (ssize_t)sizeof(line) - 1)
			break;
		sent++;
		if (i % 16 == 0)
			turns(f, 1);
	}
	turns(f, 50);
	assert_true(sent < 5000);
	json_decref(result_of(ask(f, "version", NULL))); // others go on
	close(slow);
	turns(f, 5);
}

static void server__no_more_than_64_clients(void **state)
{
	struct fixture *f = *state;
	int fds[ADMIN_CLIENTS_MAX], extra;

	for (int i = 0; i < ADMIN_CLIENTS_MAX; i++) {
		fds[i] = client(f);
		turns(f, 2);
	}
	extra = client(f);
	turns(f, 3);
	assert_int_equal(code_of(heard(extra)), RPC_BUSY);
	close(extra);
	close(fds[0]);
	turns(f, 3);
	json_decref(result_of(ask(f, "version", NULL)));
	for (int i = 1; i < ADMIN_CLIENTS_MAX; i++)
		close(fds[i]);
	turns(f, 5);
}

static void admin_start__only_a_dead_socket_is_replaced(void **state)
{
	struct fixture *f = *state, other = *f;
	char error[256];
	int fd;

	assert_int_equal(admin_start(&other.node, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "answers"));
	admin_stop(&f->node);

	// What a killed process leaves: a socket file that nobody listens at.
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memcpy(address.sun_path, f->path, strlen(f->path));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	assert_int_equal(admin_start(&f->node, error, sizeof(error)), 0);
	json_decref(result_of(ask(f, "version", NULL)));

	// Anything else is left alone.
	admin_stop(&f->node);
	fd = open(f->path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	assert_int_equal(admin_start(&f->node, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "no socket"));
	unlink(f->path);
	assert_int_equal(admin_start(&f->node, error, sizeof(error)), 0);
}

// A client of another user, which only root can be for a moment: through the mode of the file
// nobody but root, the owner and the group get in, so the file is opened wide first.
static void server__strangers_are_turned_away(void **state)
{
	struct fixture *f = *state;
	int fd;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(f->folder, 0755), 0);
	assert_int_equal(chmod(f->path, 0666), 0);
	assert_int_equal(chown(f->path, 0, 54321), 0);
	assert_int_equal(setegid(65534), 0);
	assert_int_equal(seteuid(65534), 0);
	fd = client(f);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
	turns(f, 4);
	assert_int_equal(code_of(heard(fd)), RPC_PERMISSION);
	assert_string_equal(heard(fd), "EOF");
	close(fd);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(server__the_file_is_for_owner_and_group),
		CASE(server__every_method_of_the_schema_has_a_handler),
		CASE(server__status),
		CASE(server__members_by_their_state),
		CASE(server__join_says_whom_it_asks),
		CASE(server__ping_says_why_not),
		CASE(server__workers_and_drops),
		CASE(server__sessions_by_the_first_digits),
		CASE(server__open_answers_later),
		CASE(server__open_that_fails_at_once_or_later),
		CASE(server__an_asker_that_leaves_is_forgotten),
		CASE(server__refusals),
		CASE(server__garbage_is_answered_and_the_client_stays),
		CASE(server__a_request_in_pieces_and_without_its_newline),
		CASE(server__a_line_too_long_is_said_and_dropped),
		CASE(server__a_client_that_does_not_read_waits_alone),
		CASE(server__no_more_than_64_clients),
		CASE(server__strangers_are_turned_away),
		CASE(admin_start__only_a_dead_socket_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
