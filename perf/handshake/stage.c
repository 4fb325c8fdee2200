// Two nodes that shake hands. See stage.h.
#include "perf/handshake/stage.h"

#include <ftw.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DAY = 86400, TURNS_MAX = 16, FOLDER_SIZE = 128 };

static const char *const names[2] = {"a", "b"};

bool stage_has(const char *algorithm)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, algorithm);

	EVP_PKEY_free(key);
	return key != NULL;
}

static void file_of(char *path, const char *folder, const char *node, const char *file)
{
	snprintf(path, CONFIG_PATH_SIZE, "%s/%s/%s", folder, node, file);
}

static bool node_init(struct stage *s, int i, const struct pki_want *want, char *error)
{
	struct config_security *config = &s->config[i];
	struct pki_want node = *want;
	struct pki_certificate made;

	node.name = names[i];
	file_of(config->ca, want->folder, names[i], PKI_AUTHORITY);
	file_of(config->certificate, want->folder, names[i], PKI_NODE);
	file_of(config->key, want->folder, names[i], "node.key");
	return pki_issue(&node, &made, error) == 0 &&
	       tls_init(&s->tls[i], config, names[i], error, PKI_ERROR_SIZE) == 0;
}

static int path_remove(const char *path, const struct stat *about, int kind, struct FTW *at)
{
	(void)about;
	(void)kind;
	(void)at;
	return remove(path);
}

// Whatever pki made in it.
static void folder_remove(const char *folder)
{
	nftw(folder, path_remove, 8, FTW_DEPTH | FTW_PHYS);
}

static bool nodes_init(struct stage *s, enum pki_algorithm algorithm, char *error)
{
	const char *base = getenv("TMPDIR");
	char folder[FOLDER_SIZE];
	struct pki_want want = {.folder = folder,
		.name = "perf",
		.algorithm = algorithm,
		.not_before = time(NULL) - DAY,
		.not_after = time(NULL) + DAY};
	struct pki_certificate made;
	bool good;

	base = base && base[0] == '/' ? base : "/tmp";
	if (snprintf(folder, sizeof(folder), "%s/sluice-perf-XXXXXX", base) >=
			(int)sizeof(folder) ||
		!mkdtemp(folder)) {
		snprintf(error, PKI_ERROR_SIZE, "no folder can be made in %.100s", base);
		return false;
	}
	good = pki_init(&want, &made, error) == 0 && node_init(s, 0, &want, error) &&
	       node_init(s, 1, &want, error);
	folder_remove(folder);
	return good;
}

struct stage *stage_new(enum pki_algorithm algorithm, enum config_pq pq)
{
	struct stage *s = calloc(1, sizeof(*s));
	char error[PKI_ERROR_SIZE] = "no socket";

	if (!s)
		return NULL;
	s->fd[0] = s->fd[1] = -1;
	s->config[0].pq = s->config[1].pq = pq;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, s->fd) == 0 &&
		nodes_init(s, algorithm, error))
		return s;
	fprintf(stderr, "sluice-perf: no two nodes: %s\n", error);
	stage_free(s);
	return NULL;
}

void stage_free(struct stage *s)
{
	if (!s)
		return;
	stage_hang_up(s);
	for (int i = 0; i < 2; i++) {
		tls_fini(&s->tls[i]);
		if (s->fd[i] >= 0)
			close(s->fd[i]);
	}
	free(s);
}

void stage_hang_up(struct stage *s)
{
	for (int i = 0; i < 2; i++) {
		tls_session_free(s->session[i]);
		s->session[i] = NULL;
	}
}

static bool shaken(struct stage *s)
{
	enum tls_step step[2] = {TLS_WANTS_READ, TLS_WANTS_READ};

	for (int turn = 0; turn < TURNS_MAX; turn++) {
		for (int i = 0; i < 2; i++)
			if (step[i] != TLS_DONE)
				step[i] = tls_session_handshake(s->session[i]);
		if (step[0] == TLS_FAILED || step[1] == TLS_FAILED)
			return false;
		if (step[0] == TLS_DONE && step[1] == TLS_DONE)
			return true;
	}
	return false;
}

bool stage_shake(struct stage *s)
{
	stage_hang_up(s);
	s->session[0] = tls_session_new(&s->tls[0], s->fd[0], TLS_DIALS, names[1]);
	s->session[1] = tls_session_new(&s->tls[1], s->fd[1], TLS_LISTENS, NULL);
	if (s->session[0] && s->session[1] && shaken(s) &&
		strcmp(tls_session_peer(s->session[0]), names[1]) == 0 &&
		strcmp(tls_session_peer(s->session[1]), names[0]) == 0)
		return true;
	stage_hang_up(s);
	return false;
}
