// Mutual TLS between two control processes, over real sockets: who is believed, who is not and
// what both ends say of it, and what a stranger gets.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "control/net/packet_secrets.h"
#include "control/pki/pki.h"
#include "tests/unit/control/pki/folder.h"

#define TURNS_MAX 400

// One node: where its certificates are, and what of them it has read.
struct node {
	struct config_security config;
	struct tls tls;
};

struct end {
	struct conn conn;
	int connected, messages, closed;
	char why[REASON_SIZE];
	struct message last;
};

struct stage {
	char *folder;
	struct loop *loop;
	int listener;
	uint16_t port;
	struct node a, b;
	struct end dialler, acceptor;
};

// ---- certificates ----

static void authority(const struct stage *s, const char *name)
{
	char folder[128], error[PKI_ERROR_SIZE];
	struct pki_want want = {.folder = folder,
		.name = "cluster",
		.not_before = time(NULL) - 864000,
		.not_after = time(NULL) + 864000};
	struct pki_certificate made;

	snprintf(folder, sizeof(folder), "%s/%s", s->folder, name);
	assert_int_equal(pki_init(&want, &made, error), 0);
}

// A certificate of `ca` for `name` that is valid `from` to `to` seconds from now.
static void issue(const struct stage *s, struct node *node, const char *ca, const char *name,
	int64_t from, int64_t to)
{
	char folder[128], error[PKI_ERROR_SIZE];
	struct pki_want want = {.folder = folder,
		.name = name,
		.not_before = time(NULL) + from,
		.not_after = time(NULL) + to,
		.replace = true};
	struct pki_certificate made;

	snprintf(folder, sizeof(folder), "%s/%s", s->folder, ca);
	assert_int_equal(pki_issue(&want, &made, error), 0);
	snprintf(node->config.ca, sizeof(node->config.ca), "%s/%s/ca.crt", folder, name);
	snprintf(node->config.certificate, sizeof(node->config.certificate), "%s/%s/node.crt",
		folder, name);
	snprintf(node->config.key, sizeof(node->config.key), "%s/%s/node.key", folder, name);
	node->config.pq = CONFIG_PQ_PREFER;
	tls_fini(&node->tls);
	if (tls_init(&node->tls, &node->config, name, error, sizeof(error)) < 0)
		fail_msg("%s", error);
}

// ---- two connections ----

static void on_connected(void *owner)
{
	((struct end *)owner)->connected++;
}

static void on_message(void *owner, const struct message *message)
{
	struct end *end = owner;

	end->messages++;
	end->last = *message;
}

static void on_closed(void *owner, const char *why)
{
	struct end *end = owner;

	end->closed++;
	snprintf(end->why, sizeof(end->why), "%s", why);
}

static const struct conn_events events = {
	.on_connected = on_connected, .on_message = on_message, .on_closed = on_closed};

static void end_init(struct end *end, const struct tls *tls)
{
	conn_close(&end->conn);
	*end = (struct end){
		.conn = {.fd = -1, .tls = tls, .peer = "b", .owner = end, .events = &events}};
}

static void turn(struct stage *s)
{
	assert_int_equal(loop_turn(s->loop, 5), 0);
}

static void turn_until(struct stage *s, const int *counter)
{
	for (int i = 0; i < TURNS_MAX && *counter == 0; i++)
		turn(s);
	assert_int_not_equal(*counter, 0);
}

static int accept_one(const struct stage *s)
{
	int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	assert_true(fd >= 0);
	assert_int_equal(loop_turn(s->loop, 0), 0);
	return fd;
}

// The acceptor has nobody to tell when it has believed; the dialler greets it, as peers do.
static void meet(struct stage *s, const struct tls *dials, const struct tls *accepts)
{
	end_init(&s->dialler, dials);
	end_init(&s->acceptor, accepts);
	assert_int_equal(
		conn_dial(&s->dialler.conn, s->loop, address_from_ipv4(INADDR_LOOPBACK), s->port),
		0);
	assert_int_equal(conn_open(&s->acceptor.conn, s->loop, accept_one(s)), 0);
}

static void greet(struct stage *s)
{
	struct message ping = {.type = MESSAGE_PING, .request = 7};

	turn_until(s, &s->dialler.connected);
	assert_int_equal(conn_send(&s->dialler.conn, &ping), 0);
}

static void expect_good(struct stage *s)
{
	struct message pong = {.type = MESSAGE_PONG, .request = 8};

	greet(s);
	turn_until(s, &s->acceptor.messages);
	assert_int_equal(s->acceptor.last.request, 7);
	assert_int_equal(s->acceptor.connected, 0); // it did not dial
	assert_int_equal(conn_send(&s->acceptor.conn, &pong), 0);
	turn_until(s, &s->dialler.messages);
	assert_int_equal(s->dialler.last.request, 8);
	assert_string_equal(conn_peer(&s->acceptor.conn), "a");
	assert_string_equal(conn_peer(&s->dialler.conn), "b");
}

static int setup(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	struct stage *s = calloc(1, sizeof(*s));

	signal(SIGPIPE, SIG_IGN);
	s->folder = folder_new();
	s->loop = loop_new();
	s->dialler.conn.fd = s->acceptor.conn.fd = -1;
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(s->listener, 8), 0);
	getsockname(s->listener, (struct sockaddr *)&at, &size);
	s->port = ntohs(at.sin_port);
	authority(s, "ours");
	issue(s, &s->a, "ours", "a", -60, 3600);
	issue(s, &s->b, "ours", "b", -60, 3600);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct stage *s = *state;

	conn_close(&s->dialler.conn);
	conn_close(&s->acceptor.conn);
	tls_fini(&s->a.tls);
	tls_fini(&s->b.tls);
	close(s->listener);
	loop_free(s->loop);
	folder_free(s->folder);
	free(s);
	return 0;
}

static void tls__both_are_believed(void **state)
{
	struct stage *s = *state;

	meet(s, &s->a.tls, &s->b.tls);
	expect_good(s);
	assert_string_equal(
		conn_group(&s->dialler.conn), s->a.tls.hybrid ? TLS_GROUP_HYBRID : "x25519");
	assert_string_equal(conn_group(&s->dialler.conn), conn_group(&s->acceptor.conn));
}

static void tls_session_secret__is_both_ends(void **state)
{
	struct stage *s = *state;
	uint8_t one[TLS_SECRET_SIZE], other[TLS_SECRET_SIZE], context[25] = {1};
	const char *label = "EXPORTER-test";

	meet(s, &s->a.tls, &s->b.tls);
	expect_good(s);
	assert_int_equal(tls_session_secret(s->dialler.conn.session, label, context, 25, one), 0);
	assert_int_equal(
		tls_session_secret(s->acceptor.conn.session, label, context, 25, other), 0);
	assert_memory_equal(one, other, sizeof(one));
	context[24] = 1;
	assert_int_equal(
		tls_session_secret(s->acceptor.conn.session, label, context, 25, other), 0);
	assert_memory_not_equal(one, other, sizeof(one));
	context[24] = 0;
	meet(s, &s->a.tls, &s->b.tls); // another connection, other secrets
	expect_good(s);
	assert_int_equal(tls_session_secret(s->dialler.conn.session, label, context, 25, other), 0);
	assert_memory_not_equal(one, other, sizeof(one));
}

static void tls_session_not_after__is_the_peers(void **state)
{
	struct stage *s = *state;
	int64_t now = time(NULL);

	meet(s, &s->a.tls, &s->b.tls);
	expect_good(s);
	assert_in_range(tls_session_not_after(s->dialler.conn.session), now + 3000, now + 3600);
	assert_false(conn_expired(&s->dialler.conn));
	assert_false(conn_expired(&(struct conn){.fd = -1, .state = CONN_OPEN})); // plain
	issue(s, &s->a, "ours", "a", -60, 7200);
	meet(s, &s->a.tls, &s->b.tls);
	expect_good(s);
	assert_in_range(tls_session_not_after(s->acceptor.conn.session), now + 7000, now + 7300);
}

// What one end sends with, the other receives with; nothing else has the same.
static void packet_secrets__cross(void **state)
{
	struct stage *s = *state;
	struct plane_command opener = {
		.initiator = 1, .cid = 0x01000101, .peer_cid = 0x00000501, .session_id = {1, 2, 3}};
	struct plane_command acceptor = {
		.cid = 0x00000501, .peer_cid = 0x01000101, .session_id = {1, 2, 3}};
	struct plane_command other = opener;
	struct conn *plain = &(struct conn){.fd = -1, .state = CONN_OPEN};

	meet(s, &s->a.tls, &s->b.tls);
	assert_int_equal(packet_secrets_fill(&s->dialler.conn, &opener), -1); // too early
	expect_good(s);
	assert_int_equal(packet_secrets_fill(&s->dialler.conn, &opener), 0);
	assert_int_equal(packet_secrets_fill(&s->acceptor.conn, &acceptor), 0);
	assert_memory_equal(opener.secret_send, acceptor.secret_receive, TLS_SECRET_SIZE);
	assert_memory_equal(opener.secret_receive, acceptor.secret_send, TLS_SECRET_SIZE);
	assert_memory_not_equal(opener.secret_send, opener.secret_receive, TLS_SECRET_SIZE);
	other.session_id[15] = 1;
	assert_int_equal(packet_secrets_fill(&s->dialler.conn, &other), 0);
	assert_memory_not_equal(other.secret_send, opener.secret_send, TLS_SECRET_SIZE);
	other = opener;
	other.cid++;
	assert_int_equal(packet_secrets_fill(&s->dialler.conn, &other), 0);
	assert_memory_not_equal(other.secret_send, opener.secret_send, TLS_SECRET_SIZE);
	other.peer_cid = 0;
	assert_int_equal(packet_secrets_fill(&s->dialler.conn, &other), -1);
	assert_int_equal(packet_secrets_fill(plain, &opener), -1);
	assert_int_equal(packet_secrets_fill(NULL, &opener), -1);
}

// More than a socket and a TLS record take at once, both ways.
static void tls__many_messages(void **state)
{
	struct stage *s = *state;
	struct message refuse = {.type = MESSAGE_REFUSE, .request = 1};

	memset(refuse.text, 'x', sizeof(refuse.text) - 1);
	meet(s, &s->a.tls, &s->b.tls);
	expect_good(s);
	s->acceptor.messages = 0;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(conn_send(&s->dialler.conn, &refuse), 0);
	for (int i = 0; i < TURNS_MAX && s->acceptor.messages < 1000; i++)
		turn(s);
	assert_int_equal(s->acceptor.messages, 1000);
	assert_string_equal(s->acceptor.last.text, refuse.text);
}

// A peer that does not read is dropped when what waits for it is too much, with TLS too.
static void tls__peer_that_does_not_read(void **state)
{
	struct stage *s = *state;
	struct message refuse = {.type = MESSAGE_REFUSE, .request = 1};
	int sent = 0;

	meet(s, &s->a.tls, &s->b.tls);
	expect_good(s);
	loop_watch_events(s->loop, &s->acceptor.conn.watch, 0);
	while (sent < 1000000 && conn_send(&s->dialler.conn, &refuse) == 0)
		sent++;
	assert_int_equal(s->dialler.conn.fd, -1);
	assert_true(sent > 1000);
}

// ---- who is not believed ----

// The acceptor refuses the dialler, which hears of it by an alert.
static void expect_acceptor_refuses(struct stage *s, const char *why, const char *dialler_why)
{
	greet(s);
	turn_until(s, &s->acceptor.closed);
	turn_until(s, &s->dialler.closed);
	assert_non_null(strstr(s->acceptor.why, why));
	assert_string_equal(s->dialler.why, dialler_why);
	assert_int_equal(s->acceptor.conn.state, CONN_SHAKING);
	assert_int_equal(s->acceptor.messages, 0);
	assert_int_equal(s->dialler.messages, 0);
	assert_null(conn_peer(&s->acceptor.conn));
}

static void expect_dialler_refuses(struct stage *s, const char *why, const char *acceptor_why)
{
	turn_until(s, &s->dialler.closed);
	turn_until(s, &s->acceptor.closed);
	if (!strstr(s->dialler.why, why))
		fail_msg("%s", s->dialler.why);
	assert_string_equal(s->acceptor.why, acceptor_why);
	assert_int_equal(s->dialler.connected, 0);
	assert_int_equal(s->acceptor.messages, 0);
}

static void tls__expired(void **state)
{
	struct stage *s = *state;

	issue(s, &s->a, "ours", "a", -3600, -60);
	meet(s, &s->a.tls, &s->b.tls);
	expect_acceptor_refuses(s, "its certificate 'a' expired 20",
		"it says that our certificate has expired, or is not valid yet");
	issue(s, &s->a, "ours", "a", -60, 3600);
	issue(s, &s->b, "ours", "b", -3600, -60);
	meet(s, &s->a.tls, &s->b.tls);
	expect_dialler_refuses(s, "its certificate 'b' expired 20",
		"it says that our certificate has expired, or is not valid yet");
}

static void tls__not_yet_valid(void **state)
{
	struct stage *s = *state;

	issue(s, &s->b, "ours", "b", 3600, 7200);
	meet(s, &s->a.tls, &s->b.tls);
	expect_dialler_refuses(s, "look at both clocks",
		"it says that our certificate has expired, or is not valid yet");
}

static void tls__another_authority(void **state)
{
	struct stage *s = *state;

	authority(s, "theirs"); // of the same name
	issue(s, &s->a, "theirs", "a", -60, 3600);
	issue(s, &s->b, "theirs", "b", -60, 3600);
	meet(s, &s->a.tls, &s->b.tls);
	expect_good(s); // each other they do
	issue(s, &s->b, "ours", "b", -60, 3600);
	meet(s, &s->a.tls, &s->b.tls);
	expect_dialler_refuses(s,
		"its certificate is of another authority ('cluster') than our security.ca",
		"it says that our certificate is of another authority than its security.ca");
}

// While one authority takes the place of another, nodes believe both.
static void tls__two_authorities(void **state)
{
	struct stage *s = *state;
	char error[PKI_ERROR_SIZE], command[1024];

	authority(s, "theirs");
	issue(s, &s->b, "theirs", "b", -60, 3600);
	snprintf(command, sizeof(command),
		"cat %s/ours/ca.crt %s/theirs/ca.crt >%s/both && cp %s/both %s && cp %s/both %s",
		s->folder, s->folder, s->folder, s->folder, s->a.config.ca, s->folder,
		s->b.config.ca);
	assert_int_equal(folder_run(command), 0);
	meet(s, &s->a.tls, &s->b.tls);
	expect_dialler_refuses(s,
		"its certificate is of another authority ('cluster') than our security.ca",
		"it says that our certificate is of another authority than its security.ca");
	assert_int_equal(tls_reload(&s->a.tls, error, sizeof(error)), 0);
	assert_int_equal(tls_reload(&s->b.tls, error, sizeof(error)), 0);
	meet(s, &s->a.tls, &s->b.tls);
	expect_good(s);
}

// b has a good certificate of the cluster, for another node.
static void tls__another_name(void **state)
{
	struct stage *s = *state;

	issue(s, &s->b, "ours", "c", -60, 3600);
	meet(s, &s->a.tls, &s->b.tls);
	expect_dialler_refuses(s, "its certificate is for node 'c', not for node 'b'",
		"it says that our certificate is not the one of this node's name, or is bad; its "
		"log says which");
}

static void tls__plain_and_tls(void **state)
{
	static const struct tls plain;
	struct stage *s = *state;

	meet(s, &plain, &s->b.tls);
	greet(s);
	turn_until(s, &s->acceptor.closed);
	assert_string_equal(
		s->acceptor.why, "it does not speak TLS; give it a certificate (security.ca)");
	meet(s, &s->a.tls, &plain);
	turn_until(s, &s->acceptor.closed);
	assert_string_equal(s->acceptor.why,
		"it speaks TLS, and this node has no certificate in its configuration");
}

// ---- strangers with a client of their own ----

struct stranger {
	SSL_CTX *context;
	SSL *ssl;
	int fd;
};

static struct stranger stranger(struct stage *s, int version, bool with_certificate)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(s->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct stranger x = {.context = SSL_CTX_new(TLS_client_method())};

	SSL_CTX_set_max_proto_version(x.context, version);
	if (with_certificate) {
		SSL_CTX_use_certificate_chain_file(x.context, s->a.config.certificate);
		SSL_CTX_use_PrivateKey_file(x.context, s->a.config.key, SSL_FILETYPE_PEM);
	}
	x.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(x.fd, (struct sockaddr *)&to, sizeof(to)), 0);
	x.ssl = SSL_new(x.context);
	SSL_set_fd(x.ssl, x.fd);
	SSL_set_connect_state(x.ssl);
	end_init(&s->acceptor, &s->b.tls);
	assert_int_equal(conn_open(&s->acceptor.conn, s->loop, accept_one(s)), 0);
	return x;
}

static void stranger_end(struct stranger *x)
{
	SSL_free(x->ssl);
	SSL_CTX_free(x->context);
	close(x->fd);
	ERR_clear_error();
}

// Runs both sides until the stranger is told something. Its handshake ends well before it hears.
static int stranger_run(struct stage *s, struct stranger *x)
{
	char bytes[64];
	int got = -1;

	for (int i = 0; i < TURNS_MAX && !s->acceptor.closed; i++) {
		struct timeval patience = {.tv_usec = 1000};

		setsockopt(x->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		got = SSL_read(x->ssl, bytes, sizeof(bytes));
		assert_true(got <= 0); // not a byte of ours
		turn(s);
	}
	assert_int_equal(s->acceptor.closed, 1);
	ERR_clear_error();
	got = SSL_read(x->ssl, bytes, sizeof(bytes));
	assert_true(got <= 0);
	return ERR_GET_REASON(ERR_peek_error());
}

static void strangers__no_certificate(void **state)
{
	struct stage *s = *state;
	struct stranger x = stranger(s, TLS1_3_VERSION, false);

	assert_int_equal(stranger_run(s, &x), SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED);
	assert_string_equal(s->acceptor.why, "it showed no certificate");
	assert_int_equal(s->acceptor.messages, 0);
	stranger_end(&x);
}

static void strangers__older_tls(void **state)
{
	struct stage *s = *state;
	struct stranger x = stranger(s, TLS1_2_VERSION, true);

	assert_int_equal(stranger_run(s, &x), SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
	assert_string_equal(s->acceptor.why, "it does not speak TLS 1.3");
	stranger_end(&x);
}

// A good certificate without its key: what anybody who has seen a handshake can show.
static void tls_init__another_key(void **state)
{
	struct stage *s = *state;
	struct node thief = {.config = s->a.config};
	char error[PKI_ERROR_SIZE];

	memcpy(thief.config.key, s->b.config.key, sizeof(thief.config.key));
	assert_int_equal(tls_init(&thief.tls, &thief.config, "a", error, sizeof(error)), -1);
	assert_non_null(strstr(error, "/b/node.key is not the key of security.certificate "));
}

// The first bytes of a real handshake, cut everywhere, then the end; and then nothing at all.
static void strangers__truncated(void **state)
{
	struct stage *s = *state;
	uint8_t hello[2048];
	struct stranger x = stranger(s, TLS1_3_VERSION, true);
	BIO *wire = BIO_new(BIO_s_mem());
	int size;

	SSL_set_bio(x.ssl, BIO_new(BIO_s_mem()), wire);
	BIO_up_ref(wire);
	SSL_do_handshake(x.ssl);
	size = BIO_read(wire, hello, sizeof(hello));
	assert_true(size > 100);
	for (int cut = 0; cut < size; cut += cut < 12 ? 1 : 37) {
		struct stranger y = stranger(s, TLS1_3_VERSION, true);

		assert_int_equal(send(y.fd, hello, (size_t)cut, 0), cut);
		turn(s);
		assert_int_equal(s->acceptor.closed, 0); // it waits; its owner's patience ends
		assert_int_equal(s->acceptor.conn.state, CONN_SHAKING);
		shutdown(y.fd, SHUT_WR);
		turn_until(s, &s->acceptor.closed);
		assert_true(s->acceptor.why[0]);
		stranger_end(&y);
	}
	BIO_free(wire);
	stranger_end(&x);
}

// Bytes that were changed or never were TLS: refused, and what comes back is an alert or nothing.
static void strangers__garbage(void **state)
{
	struct stage *s = *state;
	uint8_t bytes[600], back[64];
	unsigned seed = 1;

	for (int round = 0; round < 200; round++) {
		struct stranger x = stranger(s, TLS1_3_VERSION, true);
		ssize_t got;

		for (size_t i = 0; i < sizeof(bytes); i++) {
			seed = seed * 1103515245 + 12345;
			bytes[i] = (uint8_t)(seed >> 16);
		}
		if (round % 2) // looks like the head of a handshake record
			memcpy(bytes, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
		assert_int_equal(send(x.fd, bytes, sizeof(bytes), 0), sizeof(bytes));
		shutdown(x.fd, SHUT_WR);
		turn_until(s, &s->acceptor.closed);
		got = recv(x.fd, back, sizeof(back), MSG_DONTWAIT);
		assert_true(got <= 7); // one alert record: 5 + 2
		assert_true(got <= 0 || back[0] == 0x15);
		assert_int_equal(s->acceptor.messages, 0);
		stranger_end(&x);
	}
}

// ---- rotation ----

static void tls_reload__new_connections_use_it(void **state)
{
	struct stage *s = *state;
	char error[PKI_ERROR_SIZE], serial[48];
	struct message ping = {.type = MESSAGE_PING, .request = 9};
	struct tls kept;

	meet(s, &s->a.tls, &s->b.tls);
	expect_good(s);
	memcpy(serial, s->b.tls.certificate.serial, sizeof(serial));
	assert_false(tls_changed(&s->b.tls));
	kept = s->b.tls;
	s->b.tls.context = NULL; // issue() would free what we keep
	issue(s, &s->b, "ours", "b", -60, 7200);
	tls_fini(&s->b.tls);
	s->b.tls = kept;
	assert_true(tls_changed(&s->b.tls));
	assert_int_equal(tls_reload(&s->b.tls, error, sizeof(error)), 0);
	assert_false(tls_changed(&s->b.tls));
	assert_string_not_equal(s->b.tls.certificate.serial, serial);
	s->acceptor.messages = 0; // the open connection goes on
	assert_int_equal(conn_send(&s->dialler.conn, &ping), 0);
	turn_until(s, &s->acceptor.messages);
	meet(s, &s->a.tls, &s->b.tls);
	expect_good(s);
}

// What cannot be used changes nothing, and is not tried again until it changes.
static void tls_reload__bad_files(void **state)
{
	struct stage *s = *state;
	char error[PKI_ERROR_SIZE], command[2 * PKI_PATH_SIZE];

	snprintf(command, sizeof(command), "cp %s %s", s->a.config.certificate,
		s->b.config.certificate);
	assert_int_equal(folder_run(command), 0);
	assert_true(tls_changed(&s->b.tls));
	assert_int_equal(tls_reload(&s->b.tls, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "is not the key of security.certificate"));
	assert_false(tls_changed(&s->b.tls));
	snprintf(command, sizeof(command), "cp %s %s", s->a.config.key, s->b.config.key);
	assert_int_equal(folder_run(command), 0);
	assert_int_equal(tls_reload(&s->b.tls, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "is for node 'a', and this is node 'b'"));
	unlink(s->b.config.ca);
	assert_int_equal(tls_reload(&s->b.tls, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "/ca.crt cannot be read: No such file or directory"));
	meet(s, &s->a.tls, &s->b.tls);
	expect_good(s);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(tls__both_are_believed),
		STORY(tls_session_secret__is_both_ends),
		STORY(tls_session_not_after__is_the_peers),
		STORY(packet_secrets__cross),
		STORY(tls__many_messages),
		STORY(tls__peer_that_does_not_read),
		STORY(tls__expired),
		STORY(tls__not_yet_valid),
		STORY(tls__another_authority),
		STORY(tls__two_authorities),
		STORY(tls__another_name),
		STORY(tls__plain_and_tls),
		STORY(strangers__no_certificate),
		STORY(strangers__older_tls),
		STORY(tls_init__another_key),
		STORY(strangers__truncated),
		STORY(strangers__garbage),
		STORY(tls_reload__new_connections_use_it),
		STORY(tls_reload__bad_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
