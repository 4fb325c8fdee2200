// What the configuration may say of certificates, ciphers and keys.
#include "control/config_check.h"
#include "lib/ipc/cipher_names.h"

const char *const config_backend_names[] = {"auto", "imb", "evp", NULL};

// What is not written is encrypted: the cipher null works only by its name, which is in quotes.
static int check_cipher(const struct check *check, const struct raw_security *raw)
{
	struct config_security *security = &check->config->security;
	int cipher = CIPHER_AES_256_GCM;
	char why[SETUP_WHY_SIZE];

	if (raw->cipher && !setup_choice(&cipher, raw->cipher, cipher_choices, why))
		return check_fail(check, "security.cipher: %s", why);
	if (cipher == CIPHER_NULL && !raw->cipher_quoted)
		return check_fail(check,
			"security.cipher: null without quotes is YAML's \"no value\"; write "
			"cipher: \"null\" when packets shall go in the clear, or leave the key "
			"out for aes-256-gcm");
	security->cipher = (enum cipher_id)cipher;
	if (cipher == CIPHER_NULL || security->ca[0])
		return 0;
	return check_fail(check,
		"security.ca: is missing; %s wants this node's certificates, which sluice pki "
		"issue %s makes (cipher: \"null\", by name, runs without, for links you trust)",
		cipher_name(security->cipher), check->config->node);
}

// The node's certificates: all three files, or none.
static int check_certificates(const struct check *check, const struct raw_security *raw)
{
	struct config_security *security = &check->config->security;
	const struct {
		const char *key, *text;
		char *path;
	} files[] = {
		{"security.ca", raw->ca, security->ca},
		{"security.certificate", raw->certificate, security->certificate},
		{"security.key", raw->key, security->key},
	};
	bool any = raw->ca || raw->certificate || raw->key;

	for (size_t i = 0; any && i < COUNT(files); i++) {
		if (!files[i].text)
			return check_fail(check,
				"%s: is missing; ca, certificate and key go together, and sluice "
				"pki issue %s makes them",
				files[i].key, check->config->node);
		if (check_path(check, files[i].key, files[i].text, files[i].path,
			    CONFIG_PATH_SIZE) < 0)
			return -1;
	}
	return 0;
}

int check_security(const struct check *check)
{
	static const struct raw_security nothing;
	static const char *const pq_names[] = {"off", "prefer", "require", NULL};
	const struct raw_security *raw = check->raw->security ? check->raw->security : &nothing;
	struct config_security *security = &check->config->security;
	char why[SETUP_WHY_SIZE];
	int pq = CONFIG_PQ_PREFER, backend = CONFIG_BACKEND_AUTO;

	if (check_certificates(check, raw) < 0 || check_cipher(check, raw) < 0)
		return -1;
	if (raw->keyring && check_path(check, "security.keyring", raw->keyring, security->keyring,
				    CONFIG_PATH_SIZE) < 0)
		return -1;
	if (raw->backend && !setup_choice(&backend, raw->backend, config_backend_names, why))
		return check_fail(check, "security.backend: %s", why);
	security->backend = (enum config_backend)backend;
	if (raw->pq && !setup_choice(&pq, raw->pq, pq_names, why))
		return check_fail(check, "security.pq: %s", why);
	if (pq == CONFIG_PQ_REQUIRE && !security->ca[0])
		return check_fail(check, "security.pq: require wants certificates (security.ca): "
					 "without them nothing is exchanged");
	security->pq = (enum config_pq)pq;
	return 0;
}
