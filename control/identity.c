// The certificates of this node while it runs.
#include "control/identity.h"

#include <openssl/crypto.h>
#include <string.h>
#include <time.h>

#include "control/log.h"

// Once for every step of its age: a log that says it every day is not read.
static void identity_tell_age(struct own_identity *identity)
{
	const struct pki_certificate *own = &identity->tls.certificate;
	enum pki_age age = pki_age(own, time(NULL));
	char when[PKI_TIME_SIZE];

	if (age == identity->told)
		return;
	identity->told = age;
	pki_time_text(when, age == PKI_NOT_YET ? own->not_before : own->not_after);
	if (age == PKI_EXPIRED)
		log_error("This node's certificate expired %s: no peer takes it any more. Replace "
			  "it: sluice pki issue %s --replace.",
			when, own->node);
	else if (age == PKI_EXPIRING)
		log_warning("This node's certificate expires %s. Replace it: sluice pki issue %s "
			    "--replace.",
			when, own->node);
	else if (age == PKI_NOT_YET)
		log_warning("This node's certificate is valid from %s; look at the clock.", when);
}

static void identity_tell(const struct own_identity *identity)
{
	const struct pki_certificate *own = &identity->tls.certificate;
	char when[PKI_TIME_SIZE];

	log_info("This node's certificate: %s of %s, %s, serial %s, until %s.", own->node,
		own->issuer, own->algorithm, own->serial, pki_time_text(when, own->not_after));
}

void identity_reload(struct own_identity *identity)
{
	if (!identity->tls.context) {
		log_info("This node has no certificates to read again.");
		return;
	}
	if (tls_reload(&identity->tls, identity->error, sizeof(identity->error)) < 0) {
		log_warning("The certificates were not taken, the former ones stay: %s.",
			identity->error);
		return;
	}
	identity->told = PKI_GOOD;
	identity_tell(identity);
	identity_tell_age(identity);
	if (identity->on_reloaded)
		identity->on_reloaded(identity->owner);
}

static void identity_on_time(void *owner)
{
	struct own_identity *identity = owner;

	if (tls_changed(&identity->tls))
		identity_reload(identity);
	identity_tell_age(identity);
	loop_timer_start(identity->loop, &identity->timer, (uint64_t)IDENTITY_LOOK_MS * 1000000,
		identity_on_time, identity);
}

int identity_start(struct own_identity *identity, const struct config_security *config,
	const char *node, struct loop *loop, char *error, size_t error_size)
{
	*identity = (struct own_identity){.loop = loop, .told = PKI_GOOD};
	if (tls_init(&identity->tls, config, node, error, error_size) < 0)
		return -1;
	if (!identity->tls.context)
		return 0;
	identity_tell(identity);
	if (config->pq == CONFIG_PQ_PREFER && !identity->tls.hybrid)
		log_warning("%s has no " TLS_GROUP_HYBRID " (3.5 or newer has): the key exchange "
			    "with peers is X25519, which a quantum computer could undo one day.",
			OpenSSL_version(OPENSSL_VERSION));
	identity_on_time(identity);
	return 0;
}

int identity_check(
	const struct config_security *config, const char *node, char *error, size_t error_size)
{
	struct own_identity identity = {.told = PKI_GOOD};

	if (tls_init(&identity.tls, config, node, error, error_size) < 0)
		return -1;
	if (identity.tls.context)
		identity_tell_age(&identity);
	tls_fini(&identity.tls);
	return 0;
}

void identity_stop(struct own_identity *identity)
{
	if (identity->loop)
		loop_timer_stop(identity->loop, &identity->timer);
	tls_fini(&identity->tls);
}
