// A cluster's certificates: one authority, and one certificate for each node that it vouches for;
// and the keys of its datagrams, which all nodes share (cluster/keyring/keys.h).
// What `sluice pki` does, and what TLS between control processes reads.
//
// In the authority's folder (0700) lie ca.crt, ca.key and cluster.keys, and for each node a folder
// NODE with ca.crt, node.crt, node.key and cluster.keys: all that this node needs, and nothing
// else. Files are 0600.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/ipc/names.h"

enum pki_limits {
	PKI_PATH_SIZE = 512,
	PKI_ERROR_SIZE = 1200,  // enough for every sentence, with two paths
	PKI_FILE_MAX = 1 << 16, // bytes of a PEM file that we read
	PKI_NODE_DAYS = 365,    // how long a node's certificate lasts, and ...
	PKI_AUTHORITY_DAYS = 3650,
	PKI_WARN_DAYS = 30,    // before the end: people are told
	PKI_SKEW_SECONDS = 300 // that a clock elsewhere may be behind ours
};

#define PKI_AUTHORITY "ca.crt"
#define PKI_NODE      "node.crt"
#define PKI_KEY       "node.key"

enum pki_algorithm { PKI_ED25519, PKI_ML_DSA_65 };
extern const char *const pki_algorithms[]; // names by enum, NULL at the end

// What is asked for. Borrowed.
struct pki_want {
	const char *folder; // of the authority
	const char *name;   // of the node; of the cluster for an authority
	enum pki_algorithm algorithm;
	int64_t not_before, not_after; // Unix seconds; a node's ends with its authority's at the
				       // latest
	bool replace;                  // files that exist
};

// What a certificate says.
struct pki_certificate {
	char subject[NAME_SIZE]; // common name
	char issuer[NAME_SIZE];
	char node[NAME_SIZE]; // the one dNSName; empty: none, so it is no node's
	char algorithm[32];   // of its key: "ed25519"
	char serial[48];      // hexadecimal
	char sha256[65];      // of the whole certificate
	bool authority;
	int64_t not_before, not_after; // Unix seconds
};

enum pki_age { PKI_GOOD, PKI_EXPIRING, PKI_EXPIRED, PKI_NOT_YET };
enum pki_age pki_age(const struct pki_certificate *certificate, int64_t now);
extern const char *const pki_age_names[]; // by enum

// "2027-11-21 19:14 UTC"
#define PKI_TIME_SIZE 32
const char *pki_time_text(char text[PKI_TIME_SIZE], int64_t unix_s);

// What may be wrong with FOLDER/NODE beside its age.
enum pki_fit { PKI_FITS, PKI_FIT_OTHER_AUTHORITY, PKI_FIT_OTHER_KEY, PKI_FIT_KEY_UNUSABLE };
extern const char *const pki_fit_names[]; // by enum
// Is NODE's certificate signed by an authority of `folder`, and is the key beside it, if there is
// one, its own? What cannot be read is not judged: pki_read says why. `error` (PKI_ERROR_SIZE):
// why the key cannot be used, or empty.
enum pki_fit pki_fit(const char *folder, const char *node, char *error);

// Each: 0, or -1 with a sentence in `error` (PKI_ERROR_SIZE).
// A new authority in want->folder, and keys of the cluster unless it has them: nodes go on with
// theirs while the authority is replaced.
int pki_init(const struct pki_want *want, struct pki_certificate *made, char *error);
// A certificate for the node want->name, signed by the certificate of ca.crt that ca.key fits; all
// of ca.crt and the cluster's keys go with it.
int pki_issue(const struct pki_want *want, struct pki_certificate *made, char *error);
// Adds to `error`, of an authority's `file` that could not be read, what makes one if there is
// none.
void pki_say_init(const char *file, char *error);
// All certificates of a PEM file, which the caller frees. How many, or -1 with a sentence.
int pki_read(const char *file, struct pki_certificate **certificates, char *error);
