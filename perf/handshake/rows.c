// The domain "handshake": how often a second two nodes agree on a connection (both ends on one
// CPU), what of that is the key exchange, and how long the keys of a session take. Against the
// primitives alone: no TLS, no certificate parsed, no state.
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "perf/bench.h"
#include "perf/clock.h"
#include "perf/handshake/derive.h"
#include "perf/handshake/primitives.h"
#include "perf/handshake/stage.h"

enum { SAMPLE_MS = 20, PAIRS = 41 };

// bench.param: group | algorithm << 8.
enum group { P_256, X25519, X25519MLKEM768 };

static const char *const groups[] = {
	[P_256] = "P-256", [X25519] = "X25519", [X25519MLKEM768] = TLS_GROUP_HYBRID};
static const char *const algorithms[] = {[PKI_ED25519] = "ED25519", [PKI_ML_DSA_65] = "ML-DSA-65"};

static const char *group_of(const struct bench *bench)
{
	return groups[bench->param & 0xff];
}

static enum pki_algorithm algorithm_of(const struct bench *bench)
{
	return (enum pki_algorithm)(bench->param >> 8);
}

static const char *not_here(const char *what)
{
	static char text[BENCH_ERROR_MAX];

	snprintf(text, sizeof(text), "not here: OpenSSL %s has no %s (3.5 or newer has)",
		OpenSSL_version(OPENSSL_VERSION_STRING), what);
	return text;
}

static const char *shake_unavailable(const struct bench *bench)
{
	const char *algorithm = algorithms[algorithm_of(bench)];

	if ((bench->param & 0xff) == X25519MLKEM768 && !stage_has(TLS_GROUP_HYBRID))
		return not_here(TLS_GROUP_HYBRID);
	return stage_has(algorithm) ? NULL : not_here(algorithm);
}

// ---- work for so long -------------------------------------------------------------------------

// What is repeated; its state is the row's.
typedef bool shake_once(void *state);

// *hash: 1 when all of it succeeded.
static int repeat(shake_once *once, void *state, uint64_t duration_ns, struct bench_figures *out)
{
	uint64_t start = clock_ns();
	bool good;

	do {
		good = once(state);
		out->units++;
		out->ns = clock_ns() - start;
	} while (good && !bench_instant && out->ns < duration_ns);
	out->hash = good;
	if (!good)
		snprintf(out->error, sizeof(out->error), "a handshake failed");
	return good ? 0 : -1;
}

// ---- ours -------------------------------------------------------------------------------------

static void *tls_open(const struct bench *bench)
{
	bool hybrid = (bench->param & 0xff) == X25519MLKEM768;

	return stage_new(algorithm_of(bench), hybrid ? CONFIG_PQ_REQUIRE : CONFIG_PQ_OFF);
}

static bool tls_once(void *state)
{
	return stage_shake(state);
}

static int tls_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	return repeat(tls_once, state, duration_ns, out);
}

static void tls_close(void *state)
{
	stage_free(state);
}

static void *secrets_open(const struct bench *bench)
{
	struct stage *s = tls_open(bench);

	if (!s || stage_shake(s))
		return s;
	stage_free(s);
	return NULL;
}

// Both ends of a session that is agreed on, each direction, as packet_secrets.c asks for them.
static bool secrets_once(void *state)
{
	struct stage *s = state;
	uint8_t secret[2][TLS_SECRET_SIZE];

	for (uint8_t way = 0; way < 2; way++) {
		uint8_t context[DERIVE_CONTEXT] = {way};

		for (int end = 0; end < 2; end++)
			if (tls_session_secret(s->session[end], "EXPORTER-sluice-packet-1", context,
				    sizeof(context), secret[end]) != 0)
				return false;
		if (memcmp(secret[0], secret[1], TLS_SECRET_SIZE) != 0)
			return false;
	}
	return true;
}

static int secrets_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	return repeat(secrets_once, state, duration_ns, out);
}

// ---- the primitives ---------------------------------------------------------------------------

static void *exchange_open(const struct bench *bench)
{
	return primitives_new(group_of(bench), NULL);
}

static void *primitives_open(const struct bench *bench)
{
	return primitives_new(group_of(bench), algorithms[algorithm_of(bench)]);
}

static bool exchange_once(void *state)
{
	return primitives_exchange(state);
}

static int exchange_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	return repeat(exchange_once, state, duration_ns, out);
}

static bool primitives_once(void *state)
{
	return primitives_exchange(state) && primitives_authenticate(state);
}

static int primitives_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	return repeat(primitives_once, state, duration_ns, out);
}

static void its_close(void *state)
{
	primitives_free(state);
}

// ---- the rows ---------------------------------------------------------------------------------

#define ROW(ID, LIMIT, PARAM, OPEN, SAMPLE, CLOSE, WHERE)                                        \
	{                                                                                        \
		.id = "handshake/" ID, .unit = "1/s", .limit = LIMIT, .sample_ms = SAMPLE_MS,    \
		.pairs_max = PAIRS, .param = PARAM, .location = WHERE,                           \
		.unavailable = shake_unavailable, .open = OPEN, .sample = SAMPLE, .close = CLOSE \
	}
#define TLS(NAME, GROUP, ALGORITHM)                                                            \
	ROW("tls/" NAME, "handshake/limit/primitives/" NAME, GROUP | ALGORITHM << 8, tls_open, \
		tls_sample, tls_close, "control/net/tls_session.c:tls_session_handshake"),     \
		ROW("limit/primitives/" NAME, NULL, GROUP | ALGORITHM << 8, primitives_open,   \
			primitives_sample, its_close, NULL)
#define EXCHANGE(ID, LIMIT, GROUP) \
	ROW(ID, LIMIT, GROUP, exchange_open, exchange_sample, its_close, NULL)
#define BODY(ID, LIMIT, BODY_OF, WHERE)                                                        \
	{                                                                                      \
		.id = "handshake/" ID, .unit = "1/s", .limit = LIMIT, .amount = 1,             \
		.location = WHERE, .open = derive_open, .body = BODY_OF, .close = derive_close \
	}

const struct bench handshake_benches[] = {
	TLS("ed25519/x25519", X25519, PKI_ED25519),
	TLS("ed25519/x25519mlkem768", X25519MLKEM768, PKI_ED25519),
	TLS("ml-dsa-65/x25519mlkem768", X25519MLKEM768, PKI_ML_DSA_65),
	// What TLS would take without X25519; and what the hybrid costs more than X25519.
	EXCHANGE("limit/exchange/p-256", NULL, P_256),
	EXCHANGE("exchange/x25519", "handshake/limit/exchange/p-256", X25519),
	EXCHANGE("exchange/x25519mlkem768", "handshake/exchange/x25519", X25519MLKEM768),
	ROW("secrets", "handshake/limit/secrets", X25519, secrets_open, secrets_sample, tls_close,
		"control/net/tls_session.c:tls_session_secret"),
	BODY("limit/secrets", NULL, derive_exporter, NULL),
	BODY("keys", "handshake/limit/keys", derive_keys, "dataplane/transform/keys.c:keys_init"),
	BODY("limit/keys", NULL, derive_keys_bare, NULL),
	BODY("rekey", "handshake/limit/rekey", derive_rekey,
		"dataplane/transform/keys.c:keys_ahead"),
	BODY("limit/rekey", NULL, derive_rekey_bare, NULL),
};
const size_t handshake_benches_count = sizeof(handshake_benches) / sizeof(handshake_benches[0]);
