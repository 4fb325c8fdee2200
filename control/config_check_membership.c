// What the configuration may say of membership: who is asked first, how fast it is, who may read
// it.
#include <stdio.h>
#include <string.h>

#include "control/config_check.h"
#include "control/net/gossip.h"

// A number that replaces the preset's.
struct pace_key {
	const char *key;
	size_t raw, config; // offsets: char *, uint32_t
	uint32_t min, max;
};

#define PACE(key, min, max)                                               \
	{                                                                 \
#key, offsetof(struct raw_membership, key),               \
			offsetof(struct config_membership, key), min, max \
	}

static const struct pace_key pace_keys[] = {
	PACE(probe_interval_ms, 50, 60000),
	PACE(probe_timeout_ms, 20, 30000),
	PACE(gossip_interval_ms, 20, 10000),
	PACE(sync_interval_ms, 1000, 3600000),
	PACE(suspicion_multiplier, 1, 20),
};

static int check_paces(const struct check *check, const struct raw_membership *raw)
{
	struct config_membership *membership = &check->config->membership;
	char why[SETUP_WHY_SIZE];

	for (size_t i = 0; i < COUNT(pace_keys); i++) {
		const struct pace_key *pace = &pace_keys[i];
		const char *text = *(char *const *)((const char *)raw + pace->raw);
		uint32_t *number = (uint32_t *)((char *)membership + pace->config);

		if (text && !setup_number(number, text, pace->min, pace->max, why))
			return check_fail(check, "membership.%s: %s", pace->key, why);
	}
	return 0;
}

static int check_seeds(const struct check *check, const struct raw_membership *raw)
{
	struct config_membership *membership = &check->config->membership;
	char key[32];

	for (uint32_t i = 0; i < raw->seeds_count; i++) {
		struct config_seed *seed = &membership->seeds[i];

		snprintf(key, sizeof(key), "membership.seeds[%u]", i);
		if (check_endpoint(check, key, raw->seeds[i], 1, &seed->address, &seed->port) < 0)
			return -1;
		membership->seeds_count++;
	}
	return 0;
}

// Others must be told an address that leads here.
static int check_advertise(const struct check *check, const char *text)
{
	struct config *config = check->config;
	struct address *advertise = &config->membership.advertise, listen = config->listen_address;
	bool any = address_is_none(listen) || (address_is_ipv4(listen) && !address_ipv4(listen));
	char host[ADDRESS_TEXT_SIZE];

	if (!text && any)
		return check_fail(check,
			"membership.advertise: is missing; control.listen %s is no address that "
			"others can reach, so write the one that they shall use",
			address_text(host, listen));
	if (text && (!address_parse(advertise, text) || address_is_none(*advertise) ||
			    address_is_multicast(*advertise) ||
			    address_ipv4(*advertise) == UINT32_MAX ||
			    (address_is_ipv4(*advertise) && !address_ipv4(*advertise))))
		return check_fail(check,
			"membership.advertise: '%s' is not the address of one node, for example "
			"192.0.2.1",
			text);
	if (!text)
		*advertise = listen;
	return 0;
}

// Datagrams in the clear: only by name, or where control traffic is in the clear anyway.
static int check_encryption(const struct check *check, const struct raw_membership *raw)
{
	static const char *const choices[] = {"null", "aes-256-gcm", NULL};
	const struct config_security *security = &check->config->security;
	char why[SETUP_WHY_SIZE];
	int choice = 1;

	if (raw->encryption && !setup_choice(&choice, raw->encryption, choices, why))
		return check_fail(check, "membership.encryption: %s", why);
	if (choice == 0 && !raw->encryption_quoted)
		return check_fail(check,
			"membership.encryption: null without quotes is YAML's \"no value\"; write "
			"encryption: \"null\" when datagrams shall go in the clear, or leave the "
			"key out");
	if (choice == 0 && security->keyring[0])
		return check_fail(check, "membership.encryption: \"null\" and security.keyring "
					 "contradict each other; leave one of them out");
	check->config->membership.clear = !security->keyring[0];
	if (choice == 0 || security->keyring[0] || (!security->ca[0] && !raw->encryption))
		return 0;
	return check_fail(check,
		"security.keyring: is missing; nodes with certificates encrypt their membership's "
		"datagrams, and sluice pki issue %s makes the file, cluster.keys (membership: "
		"{encryption: \"null\"}, by name, runs without)",
		check->config->node);
}

// The numbers together: those written and those of the preset.
static int check_together(const struct check *check)
{
	struct swim_config swim;
	const char *why;

	gossip_swim_config(check->config, 1, &swim);
	why = swim_config_check(&swim);
	return why ? check_fail(check, "membership: %s", why) : 0;
}

int check_membership(const struct check *check)
{
	static const char *const presets[] = {"lan", "wan", NULL};
	static const struct raw_membership nothing;
	const struct raw_membership *raw =
		check->raw->membership ? check->raw->membership : &nothing;
	struct config_membership *membership = &check->config->membership;
	char why[SETUP_WHY_SIZE];
	int preset = CONFIG_LAN;

	if (raw->preset && !setup_choice(&preset, raw->preset, presets, why))
		return check_fail(check, "membership.preset: %s", why);
	membership->preset = (enum config_preset)preset;
	if (check_name(check, "membership.cluster", raw->cluster ? raw->cluster : "sluice",
		    membership->cluster) < 0 ||
		check_paces(check, raw) < 0 || check_encryption(check, raw) < 0 ||
		check_advertise(check, raw->advertise) < 0 || check_seeds(check, raw) < 0)
		return -1;
	return check_together(check);
}
